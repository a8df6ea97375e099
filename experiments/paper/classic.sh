#!/bin/sh
# Three classic tasks with their dense rewards under TRPO, REINFORCE and ERWR, with and without VIME
# [H16, figure 2]: is anything lost where no bonus is needed?
#   PATH=$PWD/build/release/bin:$PATH experiments/paper/classic.sh
# Ten seeds; a report and figures for each task and optimiser in sweeps/paper. mountaincar-x needs
# Box2D.
set -eu
for task in mountaincar-x cartpole-swingup-x doublependulum-x; do
  for algo in trpo reinforce erwr; do
    sweep=sweeps/paper/classic-$task-$algo
    vime-sweep plan "$sweep" bonus=none,vime --seeds 1-10 --set env=$task \
      --set env_params.dense=1 --set algo=$algo
    vime-sweep run "$sweep" --jobs "$(nproc)"
    vime-compare "$sweep" --baseline bonus=none --report --out "$sweep.html" \
      --figures "$sweep-figures"
  done
done
