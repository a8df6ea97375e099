#!/bin/sh
# Where a policy has been on the sparse mountain car, with and without VIME [H16, figure 3].
#   PATH=$PWD/build/release/bin:$PATH experiments/paper/visits.sh
# Ten seeds, the first ten iterations; the map of visits is in the report and among the figures in
# sweeps/paper.
set -eu
sweep=sweeps/paper/visits
vime-sweep plan "$sweep" bonus=none,vime --seeds 1-10 --set env=mountaincar --set algo=trpo \
  --set iterations=10
vime-sweep run "$sweep" --jobs "$(nproc)"
vime-compare "$sweep" --baseline bonus=none --report --out "$sweep.html" --figures "$sweep-figures"
