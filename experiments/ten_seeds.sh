#!/bin/sh
# The same run with ten seeds, one process per core; runs that are finished are skipped.
#   PATH=$PWD/build/release/bin:$PATH experiments/ten_seeds.sh [vime-run options...]
set -eu
# xargs exits with 123 when a run failed; the others still run.
seq 10 | xargs -P "$(nproc)" -I SEED \
  vime-run --env mountaincar --eta 0.1 --quiet "$@" --seed SEED --out runs/ten-seeds/SEED

# One line per seed: when it was solved (null: never) and the mean return over the whole run.
for seed in $(seq 10); do
  jq -r '"seed \(.seed)  solved at \(.solved_iteration)  return \(.auc_return)"' \
    "runs/ten-seeds/$seed/summary.json"
done
