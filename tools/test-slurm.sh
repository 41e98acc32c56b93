#!/usr/bin/env bash
# Runs the tests that need SLURM on one that lasts as long as they do. Where there is none to be had
# (not Debian, not root), says so and passes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export PATH=$PATH:/usr/sbin

for tool in sbatch slurmctld slurmd munged; do
  command -v "$tool" >/dev/null && continue
  echo "The tests on SLURM are skipped: there is no $tool (Debian: slurm-wlm munge)."
  exit 0
done
if [ "$(id -u)" != 0 ]; then
  echo "The tests on SLURM are skipped: its daemons are started as root."
  exit 0
fi
if ! Rscript -e 'stopifnot(requireNamespace("BiocParallel"), requireNamespace("batchtools"))' \
  >/dev/null 2>&1; then
  echo "The tests on SLURM are skipped: they need the R packages BiocParallel and batchtools."
  exit 0
fi

bash tools/slurm.sh start "$folder/slurm"
trap 'bash tools/slurm.sh stop "$folder/slurm"; rm -rf "$folder"' EXIT
export SLURM_CONF=$folder/slurm/slurm.conf OMICPOEMS_SLURM=1 NOT_CRAN=true
# Registries lie where the tests' temporary files do, which both sides see.
Rscript tools/test.R "$folder/counts" '^tune-slurm$'
read -r passed failed skipped <"$folder/counts"
echo "On SLURM: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
