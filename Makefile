# Everything a user or developer runs. Each goal first installs what the machine lacks
# (tools/setup.sh) and is quick to repeat.

LIBRARY := build/library
CORES := $(shell nproc 2>/dev/null || echo 2)
SOURCES := DESCRIPTION NAMESPACE $(wildcard R/*.R src/*.cpp src/*.h src/*/*.cpp src/*/*.h \
  src/Makevars* data/*.rda inst/* inst/*/*)
export R_LIBS := $(CURDIR)/$(LIBRARY)$(if $(R_LIBS),:$(R_LIBS))

.PHONY: demo test test-slurm test-trixie test-threads fuzz check lint torture bench docs clean

demo: build/ready-demo build/installed
	Rscript inst/scripts/demo.R demo-out

test: build/ready-test build/installed
	bash tools/test.sh

# The tests that need SLURM, on one that lasts as long as they do.
test-slurm: build/ready-slurm build/installed
	bash tools/test-slurm.sh

# The R tests on Debian trixie, from any Debian, as root.
test-trixie:
	bash tools/trixie.sh

# The C++ tests that use several threads, under ThreadSanitizer.
test-threads: build/ready-test
	cmake -S tests/cpp -B build/cpp-threads -DCMAKE_BUILD_TYPE=Release -DSANITIZE=thread
	cmake --build build/cpp-threads -j $(CORES)
	build/cpp-threads/core_tests --gtest_brief=1 --gtest_filter='ThreadPool.*:ParallelFor.*:\
	Training.*:TrainingOnTheTape.*:SplitLearns.*:Mode.*:Variance.*:Slopes.*:FactorModel.*:Kernel.*'

# Random models on random cohorts, as libFuzzer chooses them, for so many seconds. What it learns
# is in build/fuzz/corpus, for the next time; it begins with long inputs, as short ones make one
# model only.
SECONDS := 600
fuzz: build/ready-fuzz
	cmake -S tests/fuzz -B build/fuzz -DCMAKE_CXX_COMPILER=clang++
	cmake --build build/fuzz -j $(CORES)
	mkdir -p build/fuzz/corpus
	[ "$$(ls -A build/fuzz/corpus)" ] || for i in $$(seq 200); do \
	  head -c 1024 /dev/urandom > build/fuzz/corpus/random$$i; done
	cd build/fuzz && ./fuzz_core -max_total_time=$(SECONDS) -max_len=1024 -len_control=0 \
	  -timeout=60 -rss_limit_mb=4096 corpus

# Options of R CMD check may follow: make check CHECK_OPTIONS=--no-tests.
check: build/ready-test
	bash tools/check.sh $(CHECK_OPTIONS)

lint: build/ready-lint
	bash tools/lint.sh

# Damaged fits, malformed calls, random problems and signals, for about an hour; SEED for others.
SEED := 1
torture: build/ready-test build/installed
	Rscript tests/torture/mutate.R seed=$(SEED) count=4000
	Rscript tests/torture/calls.R seed=$(SEED) count=6000
	Rscript tests/torture/problems.R seed=$(SEED) count=500
	Rscript tests/torture/signals.R seed=$(SEED) count=100
	Rscript tests/torture/checkpoints.R seed=$(SEED) count=100
	Rscript tests/torture/disks.R seed=$(SEED) count=100
	Rscript tests/torture/memory.R seed=$(SEED) count=50
	Rscript tests/torture/repeats.R seed=$(SEED) count=200

bench: build/ready-bench build/installed
	Rscript bench/accuracy.R
	Rscript bench/recovery.R
	Rscript bench/reconstruction.R
	Rscript bench/peers.R
	Rscript bench/speed.R

docs: build/ready-docs build/installed
	Rscript -e 'Rcpp::compileAttributes(".")' -e 'roxygen2::roxygenise(load_code = "installed")'

clean:
	rm -rf build src/*.o src/*/*.o src/*.so src/*.dll

# What a goal needs is looked for again when the list of it changes, or after `make clean`.
build/ready-%: tools/setup.sh tools/dependencies.R DESCRIPTION
	bash tools/setup.sh $*
	@mkdir -p build && touch $@

# From nothing, because R's own rules do not know which headers a source includes; without R's lock,
# which an interrupted build leaves behind to stop the next.
build/installed: $(SOURCES) | build/ready-demo
	mkdir -p $(LIBRARY)
	rm -f src/*.o src/*/*.o
	MAKEFLAGS=-j$(CORES) R CMD INSTALL --no-lock --preclean --clean --no-docs --library=$(LIBRARY) . \
	  > build/install.log 2>&1 || { tail -n 40 build/install.log; exit 1; }
	@touch $@
