#!/usr/bin/env bash
# What vime-sweep adds to the runs of a sweep, in time and in memory; prints Markdown.
#   tests/bench/sweep_overhead.sh [ROUNDS]      (default 10; a round takes about five seconds)
# Time: each round runs ten tasks one after another from the shell, then the same ten with
# vime-sweep run --jobs 1; runs of a fifth of a second. In turn, so that a machine that gets busier
# does so for both. Memory: the peak of vime-sweep itself for 100 and for 1000 runs.
# Environment: BUILD (build/release).
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=$(realpath "${BUILD:-build/release}/bin")
rounds=${1:-10}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

plan() {  # RUNS UPDATES
  rm -rf "$work/sweep"
  "$bin/vime-sweep" plan "$work/sweep" --seeds "1-$1" --set iterations=2 --set batch_steps=1000 \
    --set "bnn.updates=$2" > "$work/plan" 2>&1
}
: > "$work/times"
for _ in $(seq "$rounds"); do
  plan 10 25000
  start=$EPOCHREALTIME
  for task in $(seq 10); do
    "$bin/vime-run" --manifest "$work/sweep/manifest.jsonl" --task "$task" --quiet
  done
  middle=$EPOCHREALTIME
  plan 10 25000
  restart=$EPOCHREALTIME
  "$bin/vime-sweep" run "$work/sweep" --jobs 1 2> "$work/log"
  echo "[$start, $middle, $restart, $EPOCHREALTIME]" >> "$work/times"
done
jq -s -r 'map(.[1] - .[0]) as $shell | map(.[3] - .[2]) as $sweep |
  def rounded: . * 1000 | round / 1000;
  "\(10 * length) runs of \(($shell | add) / (10 * length) | rounded) s: vime-sweep adds \(
  (($sweep | add) / ($shell | add) - 1) * 1000 | round / 10) % (single rounds: \(
  [$shell, $sweep] | transpose | map((.[1] / .[0] - 1) * 100 | round | tostring) | join(", ")))"' \
  "$work/times"

printf '\n| runs | peak of vime-sweep, MB | seconds |\n|---|---|---|\n'
for runs in 100 1000; do
  plan "$runs" 10
  start=$SECONDS
  "$bin/vime-sweep" run "$work/sweep" --jobs "$(nproc)" 2> "$work/log" &
  pid=$!
  peak=0
  while now=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2> /dev/null) &&
    [ -n "$now" ]; do
    peak=$now
    sleep 0.2
  done
  wait "$pid"
  "$bin/vime-sweep" merge "$work/sweep" --require-complete --out "$work/rows"
  echo "| $(wc -l < "$work/rows") | $((peak / 1024)).$((peak % 1024 * 10 / 1024)) | $((SECONDS - start)) |"
done
