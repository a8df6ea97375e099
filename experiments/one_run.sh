#!/bin/sh
# One run: the sparse mountain car with VIME. Interrupted, it goes on when called again.
#   PATH=$PWD/build/release/bin:$PATH experiments/one_run.sh [vime-run options...]
set -eu
vime-run --env mountaincar --eta 0.1 --seed 1 "$@"
