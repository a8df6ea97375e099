#!/bin/sh
# TRPO and PPO on dense tasks without a bonus, for comparison with published returns.
#   experiments/dense.sh FIRST_SEED LAST_SEED
# Runs one process per core (4 presets x seeds; a second per run of pendulum, a minute or two per
# run of cart-pole) and prints a Markdown table. Needs jq. Finished runs are kept in runs/dense and
# not repeated.
set -eu
if [ $# -ne 2 ]; then
  echo "usage: $0 FIRST_SEED LAST_SEED" >&2
  exit 2
fi
vime_run=${VIME_RUN:-build/release/bin/vime-run}
out=runs/dense
presets="pendulum-trpo pendulum-ppo cartpole-dense-trpo cartpole-dense-ppo"

for preset in $presets; do
  for seed in $(seq "$1" "$2"); do
    echo "--preset $preset --seed $seed --quiet --out $out/$preset-s$seed"
  done
done | xargs -P "$(nproc)" -L 1 "$vime_run"

# Of every run: the return of its last policy without exploration noise, over 750 episodes, and the
# mean return of all episodes it was trained on.
echo "| seeds $1-$2 | last policy: mean | worst seed | best seed | all episodes: mean | sd of seeds |"
echo "|---|---|---|---|---|---|"
for preset in $presets; do
  for seed in $(seq "$1" "$2"); do
    run=$out/$preset-s$seed
    last=$("$vime_run" eval "$run" --episodes 750 | jq '.["eval/return_mean"]')
    jq -s --argjson last "$last" '
      reduce .[] as $line ({episodes: 0, sum: 0};
        .sum += ($line.episodes - .episodes) * $line["rollout/return_mean"]
        | .episodes = $line.episodes)
      | {last: $last, all: (.sum / .episodes)}' "$run/metrics.jsonl"
  done | jq -rs --arg preset "$preset" '
    def tenth: . * 10 | round / 10;
    def mean: add / length;
    def sd: mean as $m | (map((. - $m) * (. - $m)) | add / (length - 1)) | sqrt;
    map(.last) as $last | map(.all) as $all
    | "| \($preset) | \($last | mean | tenth) | \($last | min | tenth) | \($last | max | tenth) | \($all | mean | tenth) | \($all | sd | tenth) |"'
done
