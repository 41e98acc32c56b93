#!/usr/bin/env bash
# R CMD build and R CMD check, in build/. Fails on any error or warning.
set -euo pipefail
root=$PWD
mkdir -p build/check
cd build/check
rm -rf omicpoems_*.tar.gz omicpoems.Rcheck
R CMD build "$root" >build.log 2>&1 || { cat build.log; exit 1; }

options=()
command -v pdflatex >/dev/null || options+=(--no-manual)
export _R_CHECK_FORCE_SUGGESTS_=false
MAKEFLAGS=-j$(nproc 2>/dev/null || echo 2) R CMD check "${options[@]}" omicpoems_*.tar.gz || true
log=omicpoems.Rcheck/00check.log
! grep -qE '^Status:.*(ERROR|WARNING)|\.\.\. (\[.*\] )?(ERROR|WARNING)$' $log && grep -q '^Status:' $log
