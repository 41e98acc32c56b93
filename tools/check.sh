#!/usr/bin/env bash
# R CMD build and R CMD check, in build/. Fails on any error or warning.
#
#   bash tools/check.sh [option of R CMD check]...
set -euo pipefail
root=$PWD
mkdir -p build/check
cd build/check
rm -rf omicpoems_*.tar.gz omicpoems.Rcheck

# Vignettes are built once, by R CMD build, where pandoc and their packages are there.
vignettes='all(sapply(c("BiocStyle", "knitr", "rmarkdown"), requireNamespace, quietly = TRUE)) &&
  rmarkdown::pandoc_available("2.0")'
options=(--no-build-vignettes "$@")
build_options=()
if ! Rscript -e "quit(status = !($vignettes))" >/dev/null 2>&1; then
  echo "The vignettes are not built: they need pandoc and the R packages BiocStyle, knitr and" \
    "rmarkdown."
  build_options+=(--no-build-vignettes)
  options=(--ignore-vignettes "$@")
fi
R CMD build ${build_options[@]+"${build_options[@]}"} "$root" >build.log 2>&1 ||
  { cat build.log; exit 1; }

# A TeX without the fonts of manuals cannot make one.
kpsewhich inconsolata.sty >/dev/null 2>&1 || options+=(--no-manual)
export _R_CHECK_FORCE_SUGGESTS_=false
MAKEFLAGS=-j$(nproc 2>/dev/null || echo 2) R CMD check "${options[@]}" omicpoems_*.tar.gz || true
log=omicpoems.Rcheck/00check.log
bad='^Status:.*(ERROR|WARNING)|\.\.\. (\[.*\] )?(ERROR|WARNING)$'
! grep -qE "$bad" $log && grep -q '^Status:' $log
