#!/bin/sh
# How much bonus? Without, and eta from 0.001 to 1, five seeds each; the results as a table.
#   PATH=$PWD/build/release/bin:$PATH experiments/eta_sweep.sh [--set KEY=VALUE...]
set -eu
sweep=sweeps/eta
vime-sweep plan $sweep eta=0,1e-3..1*4 --seeds 1-5 --preset mountaincar-vime "$@"
# On a cluster instead: vime-sweep slurm $sweep --submit
vime-sweep run $sweep --jobs "$(nproc)"
# Fails when a run has no result, rather than showing the mean of those that have.
vime-sweep merge $sweep --require-complete --format csv --out $sweep/results.csv
vime-compare $sweep
