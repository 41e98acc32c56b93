#!/usr/bin/env bash
# Runs the R tests on Debian trixie (R 4.5), whichever release this machine has: in a root of its
# own, made by debootstrap from the archive that apt uses here, and kept for the next time.
#
#   bash tools/trixie.sh [filter]    # as testthat's: a regular expression of tests' names
#
# Where the root cannot be made (no root rights, no network, no Debian) it says so and leaves it at
# that; tests that fail in it fail. Removing the folder named below makes the root anew.
set -uo pipefail
cd "$(dirname "$0")/.."
release=trixie
filter=${1:-}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/omicpoems
root=$cache/$release
log=$PWD/build/$release.log
mkdir -p build

skip() {
  printf '\n%s\n' "==== NOT RUN: the tests on Debian $release. $1 ====" >&2
  exit 0
}

# in_root COMMAND: in the project's copy there, with this machine's devices. What is mounted is gone
# when the command ends, however it ends.
in_root() {
  unshare --mount bash -c '
    mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" || exit 1
    exec chroot "$0" env -i PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
      LANG=C.UTF-8 NOT_CRAN=true CCACHE_NOHASHDIR=1 ${http_proxy+http_proxy="$http_proxy"} \
      ${https_proxy+https_proxy="$https_proxy"} bash -c "cd /omicpoems && $1"' "$root" "$1"
}

# The archive of this machine's Debian, as apt knows it once it has been updated.
find_archive() {
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 2>/dev/null |
    sed -n 's/^Debian //p' | sort -u | head -n 1
}

make_root() {
  command -v debootstrap >/dev/null ||
    { apt-get update -qq && apt-get install -y -qq debootstrap; } || return 1
  rm -rf --one-file-system "$root.new"
  unshare --mount debootstrap --variant=minbase "$release" "$root.new" "$archive" || return 1
  # Nobody misses the root when the power goes.
  echo force-unsafe-io >"$root.new/etc/dpkg/dpkg.cfg.d/unsafe-io"
  apt-config dump | grep -E '^Acquire::(http|https|Check-)' >"$root.new/etc/apt/apt.conf.d/90host"
  mv "$root.new" "$root"
}

[ "$(id -u)" = 0 ] || skip "Making a root needs the rights of root."
archive=$(find_archive)
if [ -z "$archive" ]; then
  apt-get update -qq
  archive=$(find_archive)
fi
[ -n "$archive" ] || skip "Apt knows no archive of Debian here."
unshare --mount true 2>/dev/null || skip "Nothing may be mounted here."
mkdir -p "$cache"
exec 9>"$cache/lock" && flock 9 # two clones may be at it

echo "== R on Debian $release =="
if [ ! -d "$root" ]; then
  make_root >"$log" 2>&1 9>&- || skip "Debootstrap could not make its root: $(tail -n 1 "$log")"
fi
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null
rm -rf "$root/omicpoems" && mkdir "$root/omicpoems"
tar -c --exclude=./build --exclude=./.git --exclude=./demo-out . | tar -x -C "$root/omicpoems"

# Objects of unchanged sources are kept between runs by ccache.
in_root '{ dpkg -s ccache make || { apt-get update && apt-get install -y ccache make; }; } &&
  bash tools/setup.sh test' >"$log" 2>&1 9>&- ||
  skip "What the tests need could not be installed: $(tail -n 1 "$log")"

in_root 'make build/installed' 9>&- || exit 1
in_root "export R_LIBS=/omicpoems/build/library
  Rscript tools/test.R build/r-counts '$filter'" 9>&- || exit 1
read -r passed failed skipped <"$root/omicpoems/build/r-counts"
echo "$release: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
