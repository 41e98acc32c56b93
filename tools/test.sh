#!/usr/bin/env bash
# Runs the whole test suite: R (testthat on the installed package), then the C++ core without R
# (GoogleTest), as it is and under AddressSanitizer and UndefinedBehaviorSanitizer. Ends with one
# line that counts all of it.
set -uo pipefail
passed=0 failed=0 skipped=0
jobs=$(nproc 2>/dev/null || echo 2)

# build_cpp FOLDER [CMAKE OPTION]...; FOLDER.log has what it says, FOLDER.built whether it came to
# its end.
build_cpp() {
  local folder=$1
  shift
  rm -f "$folder.built"
  { cmake -S tests/cpp -B "$folder" -DCMAKE_BUILD_TYPE=Release "$@" &&
    nice cmake --build "$folder" -j "$jobs" && touch "$folder.built"; } >"$folder.log" 2>&1
}

# run_cpp FOLDER: the tests that were built there.
run_cpp() {
  local folder=$1 log=build/ctest.log
  if ! [ -e "$folder.built" ]; then
    tail -n 40 "$folder.log"
    failed=$((failed + 1))
    return
  fi
  if ctest --test-dir "$folder" --output-on-failure -j "$jobs" --no-tests=error >$log; then
    tail -n 3 $log
  else
    cat $log
  fi
  local total bad
  total=$(sed -n 's/.*tests failed out of \([0-9]*\).*/\1/p' $log)
  bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of.*/\1/p' $log)
  if [ -z "$total" ]; then
    failed=$((failed + 1))
  else
    passed=$((passed + total - bad)) failed=$((failed + bad))
  fi
}

# Whether cmake is there and finds GoogleTest and nlohmann-json.
can_test_cpp() {
  command -v cmake >/dev/null || return 1
  mkdir -p build
  cmake -S tests/cpp -B build/cpp -DCMAKE_BUILD_TYPE=Release >build/cmake.log 2>&1
  ! grep -qE 'Could NOT find (GTest|nlohmann_json)' build/cmake.log
}

# The R tests use one processor for the most part, so that the C++ tests are built meanwhile.
builds_cpp=
if can_test_cpp; then
  {
    build_cpp build/cpp
    build_cpp build/cpp-sanitize -DSANITIZE=address,undefined
  } &
  builds_cpp=$!
fi

echo "== Folders of the core =="
if bash tools/rooms.sh; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
fi

echo "== R =="
if NOT_CRAN=true Rscript tools/test.R build/r-counts; then
  read -r p f s <build/r-counts
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
else
  failed=$((failed + 1))
fi

if [ -n "$builds_cpp" ]; then
  echo "== C++ core =="
  wait "$builds_cpp"
  run_cpp build/cpp
  echo "== C++ core on older instruction sets =="
  for level in avx2 baseline; do
    if OMICPOEMS_SIMD=$level build/cpp/core_tests --gtest_filter='Kernel.*' \
      >build/kernel.log 2>&1; then
      echo "$level: passed"
      passed=$((passed + 1))
    elif grep -q 'FAILED.*Kernel.IsTheLevelAskedFor' build/kernel.log && [ "$level" = avx2 ]; then
      echo "$level: this processor lacks it"
      skipped=$((skipped + 1))
    else
      cat build/kernel.log
      failed=$((failed + 1))
    fi
  done
  echo "== C++ core under AddressSanitizer and UndefinedBehaviorSanitizer =="
  run_cpp build/cpp-sanitize
else
  echo "The C++ tests are skipped: they need cmake, GoogleTest and nlohmann-json, which your" \
    "system's package manager has (Debian: cmake libgtest-dev nlohmann-json3-dev; Homebrew: cmake" \
    "googletest nlohmann-json)."
  skipped=$((skipped + 1))
fi

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
