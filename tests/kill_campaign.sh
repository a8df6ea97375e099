#!/usr/bin/env bash
# Kills runs with SIGKILL, at random moments and while they write a file, reruns them until they are
# finished, and compares what they leave with a run that was not killed: metrics, evaluations and
# summary without their clocks, policy and visited states byte by byte.
#   tests/kill_campaign.sh [number of kills, default 100] [directory of apps_test, build/release/bin]
set -euo pipefail
cd "$(dirname "$0")/.."
VIME_KILLS=${1:-100} "${2:-build/release/bin}/apps_test" \
  --test-case='A run that is killed at random moments*'
