#!/usr/bin/env bash
# Installs what a goal of the Makefile needs and the machine lacks: through apt where this is
# Debian or Ubuntu and we are root, R packages from CRAN and Bioconductor otherwise.
#
#   bash tools/setup.sh demo|test|slurm|fuzz|lint|bench|docs
set -euo pipefail
goal=$1

can_use_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Whether R is Debian's own, or will be for want of any, so that R packages may be Debian's too. An
# R from elsewhere (of rocker's images, or built by hand) does not see those.
has_debian_r() {
  local rscript
  rscript=$(command -v Rscript) || return 0
  dpkg -S "$(readlink -f "$rscript")" >/dev/null 2>&1
}

# Reads the archive's list of packages, once.
apt_update() {
  [ -n "${apt_updated:-}" ] || apt-get update -qq
  apt_updated=yes
}

# Installs those of the named Debian packages that are not installed.
apt_install() {
  local missing=()
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  apt_update
  echo "Installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

if can_use_apt; then
  if has_debian_r; then apt_install r-base-core r-base-dev r-recommended; fi
  apt_install g++ make
  if [ "$goal" = test ]; then apt_install cmake libgtest-dev nlohmann-json3-dev libeigen3-dev; fi
  if [ "$goal" = fuzz ]; then apt_install cmake clang libclang-rt-dev libeigen3-dev; fi
  if [ "$goal" = lint ]; then apt_install clang-format; fi
  if [ "$goal" = slurm ]; then
    apt_install slurm-wlm munge || echo "SLURM could not be installed; its tests are skipped." >&2
  fi
  # For the report and the vignettes.
  if [ "$goal" = demo ] || [ "$goal" = test ]; then apt_install pandoc; fi
  # Only the peer of the speed benchmark needs it.
  if [ "$goal" = bench ]; then
    # OpenBLAS, because with Debian's reference BLAS the peer is several times slower.
    apt_install python3-torch libopenblas0-pthread ||
      echo "python3-torch could not be installed; bench/speed.R goes without the peer." >&2
  fi
fi
if ! command -v Rscript >/dev/null; then
  echo "R is not installed. Install R 4.2 or newer (https://www.r-project.org), then run this" \
    "again." >&2
  exit 1
fi

missing=$(Rscript tools/dependencies.R list "$goal")
if [ -n "$missing" ] && can_use_apt && has_debian_r; then
  # Debian's name of an R package is in lower case; those that Debian lacks come from CRAN or
  # Bioconductor below.
  apt_update
  packages=()
  for package in $missing; do
    for name in "r-cran-${package,,}" "r-bioc-${package,,}"; do
      if apt-cache show "$name" >/dev/null 2>&1; then packages+=("$name"); fi
    done
  done
  apt_install ${packages[@]+"${packages[@]}"} ||
    echo "Apt could not install all of them; what is still missing is sought elsewhere." >&2
fi
Rscript tools/dependencies.R install "$goal"
