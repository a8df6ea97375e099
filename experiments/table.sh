#!/bin/sh
# The table of experiments/README.md: VIME, no bonus and the placebo on one task.
#   experiments/table.sh ENV FIRST_SEED LAST_SEED [vime-run options...]
# Runs one process per core and prints a Markdown table. Needs jq. Finished runs are kept in
# runs/table and not repeated.
set -eu
if [ $# -lt 3 ]; then
  echo "usage: $0 ENV FIRST_SEED LAST_SEED [vime-run options...]" >&2
  exit 2
fi
env=$1 first=$2 last=$3
shift 3
vime_run=${VIME_RUN:-build/release/bin/vime-run}
out=runs/table

# name, iterations, options
arms() {
  echo "eta0.1 40 --eta 0.1"
  echo "eta0 100 --eta 0"
  echo "shuffled 40 --eta 0.1 --bonus shuffled"
}

arms | while read -r name iterations options; do
  for seed in $(seq "$first" "$last"); do
    echo "--env $env --seed $seed --iterations $iterations $options --quiet" \
      "--out $out/$env-$name-s$seed" "$@"
  done
done | xargs -P "$(nproc)" -L 1 "$vime_run"

echo "| $env, seeds $first-$last | solved | iterations | median solved at | max | median first success, steps |"
echo "|---|---|---|---|---|---|"
arms | while read -r name iterations options; do
  for seed in $(seq "$first" "$last"); do cat "$out/$env-$name-s$seed/summary.json"; done |
    jq -rs --arg name "\`$options\`" --arg iterations "$iterations" '
      def median: sort | if length == 0 then "-" else .[(length - 1) / 2 | floor] end;
      ([.[].solved_iteration | values]) as $at |
      "| \($name) | \($at | length)/\(length) | \($iterations) | \($at | median) | \($at | max // "-") | \([.[].first_success_env_steps | values] | median) |"'
done
