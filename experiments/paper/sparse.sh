#!/bin/sh
# Sparse tasks under TRPO: no bonus, the l2 error of the model as bonus, VIME [H16, figure 1].
#   PATH=$PWD/build/release/bin:$PATH experiments/paper/sparse.sh
# Ten seeds; a report and figures for each task in sweeps/paper.
set -eu
for task in mountaincar cartpole-swingup-x; do
  sweep=sweeps/paper/sparse-$task
  vime-sweep plan "$sweep" bonus=none,l2,vime --seeds 1-10 --set env=$task --set algo=trpo
  vime-sweep run "$sweep" --jobs "$(nproc)"
  vime-compare "$sweep" --baseline bonus=none --report --out "$sweep.html" --figures "$sweep-figures"
done
