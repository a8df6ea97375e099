#!/bin/sh
# The sparse half cheetah under TRPO with and without VIME [H16, figure 1]: the reward is +1 for
# every step beyond 5 m. The policy of the paper (64, 32) and more iterations than elsewhere; the
# paper has 5,000.
#   PATH=$PWD/build/release/bin:$PATH experiments/paper/halfcheetah.sh [ITERATIONS]
# Ten seeds; a report and figures in sweeps/paper. Needs MuJoCo.
set -eu
sweep=sweeps/paper/halfcheetah
vime-sweep plan "$sweep" bonus=none,vime --seeds 1-10 --set env=halfcheetah-sparse \
  --set algo=trpo --set 'policy.hidden=[64,32]' --set iterations="${1:-300}"
vime-sweep run "$sweep" --jobs "$(nproc)"
vime-compare "$sweep" --baseline bonus=none --report --out "$sweep.html" --figures "$sweep-figures"
