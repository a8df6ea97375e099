#!/bin/sh
# Does the bonus help? Ten seeds with it, ten without, Welch's test, and a report with figures.
#   PATH=$PWD/build/release/bin:$PATH experiments/compare.sh [--set KEY=VALUE...]
set -eu
sweep=sweeps/compare
vime-sweep plan $sweep eta=0,0.1 --seeds 1-10 --preset mountaincar-vime "$@"
vime-sweep run $sweep --jobs "$(nproc)"
# Below 5 runs per arm there is no verdict. The metric that decides is named before looking.
vime-compare $sweep --baseline eta=0 --primary auc_return --report --out $sweep/report.html
