#!/usr/bin/env bash
# Style of the code: lintr for R (.lintr), clang-format for C++ (.clang-format).
set -uo pipefail
failed=0
if command -v clang-format >/dev/null; then
  find src tests/cpp tests/fuzz -name '*.h' -o -name '*.cpp' | grep -v RcppExports |
    xargs clang-format --dry-run --Werror || failed=1
else
  echo "C++ is not looked at: clang-format is not installed."
fi
Rscript -e 'if (!requireNamespace("lintr", quietly = TRUE)) {
  cat("R is not looked at: lintr is not installed.\n")
} else {
  found <- lintr::lint_package(".")
  print(found)
  quit(status = length(found) > 0)
}' || failed=1
# R/ is one room: a name defined twice there has the meaning of whichever file comes last.
twice=$(grep -hoE "^[.A-Za-z][A-Za-z0-9._]* <-" R/*.R | sort | uniq -d)
if [ -n "$twice" ]; then
  echo "Defined more than once in R/: $twice"
  failed=1
fi
exit $failed
