#!/usr/bin/env bash
# Runs the scripts of experiments/ with tiny configurations, and on their results the one-liners of
# the README, as far as their tools are installed (packages jq, miller, python3-pandas; DuckDB is
# not in Debian).
#   tests/scripts.sh [directory of the programs, default build/release/bin]
set -euo pipefail
bin=$(realpath "${1:-build/release/bin}")
root=$(realpath "$(dirname "$0")/..")
export PATH=$bin:/usr/bin:$PATH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

flags=(--iterations 3 --batch-steps 200 --bnn-updates 5)
settings=(--set iterations=3 --set batch_steps=200 --set bnn.updates=5)
"$root/experiments/one_run.sh" "${flags[@]}" --quiet
"$root/experiments/ten_seeds.sh" "${flags[@]}" > ten_seeds.txt
[ "$(wc -l < ten_seeds.txt)" = 10 ]
"$root/experiments/eta_sweep.sh" "${settings[@]}" > eta_sweep.txt
[ "$(wc -l < sweeps/eta/results.csv)" = 26 ]  # five values, five seeds, the header
"$root/experiments/compare.sh" "${settings[@]}" > compare.txt
grep -q 'A: eta=0' compare.txt
grep -q '<svg' sweeps/compare/report.html

rm -rf runs sweeps
for seed in 1 2 3; do
  vime-run "${flags[@]}" --seed $seed --quiet
done
ran=0
sed -n '/<!-- one-liners -->/,/<!-- end -->/p' "$root/README.md" |
  grep -v -e '^<!--' -e '^```' > commands
while read -r command; do
  tool=${command%% *}
  if ! command -v "$tool" > /dev/null; then
    echo "not run, no $tool: $command"
    continue
  fi
  echo "\$ $command"
  bash -euo pipefail -c "$command" > output < /dev/null
  head -5 output
  # A line for each of the three runs, or of their three iterations.
  [ "$(grep -c '^[0-9]' output)" = 3 ]
  ran=$((ran + 1))
done < commands
[ "$ran" -ge 1 ]
echo "scripts: ok, $ran one-liners"
