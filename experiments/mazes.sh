#!/bin/sh
# The diagnostic mazes under TRPO: VIME with a dynamics model that learns, its rivals and placebos.
#   experiments/mazes.sh FIRST_SEED LAST_SEED
# Runs one process per core (11 bonuses x 3 mazes x seeds, about 0.6 s each) and prints how many runs
# solved each maze. Needs jq. Finished runs are kept in runs/mazes and not repeated.
set -eu
if [ $# -ne 2 ]; then
  echo "usage: $0 FIRST_SEED LAST_SEED" >&2
  exit 2
fi
vime_run=${VIME_RUN:-build/release/bin/vime-run}
out=runs/mazes

mazes() {
  echo "hidden-room 0"
  echo "noisy-arm 4"
  echo "s-maze 8"
}

# name, options on top of the preset, which makes the model learn
arms() {
  echo "vime-learned"
  echo "vime-published --bnn-target next-observation --bnn-prior-scale constant" \
    "--bnn-likelihood fixed --bnn-kl-schedule constant --bnn-kl-weight 0.2" \
    "--bnn-learning-rate 1e-3 --bnn-sampling local"
  for bonus in blr variance l2 shuffled state-norm count-grid count-hash; do
    echo "$bonus --bonus $bonus"
  done
  echo "rnd --bonus rnd --bnn-learning-rate 1e-3"
  echo "eta0 --eta 0"
}

mazes | while read -r maze noise; do
  arms | while read -r name options; do
    for seed in $(seq "$1" "$2"); do
      echo "--preset vime-learned --env $maze --set env_params.noise_dims=$noise --iterations 60" \
        "$options --seed $seed --quiet --out $out/$maze-$name-s$seed"
    done
  done
done | xargs -P "$(nproc)" -L 1 "$vime_run"

echo "| solved, seeds $1-$2 | hidden-room | noisy-arm, 4 noise dims | s-maze, 8 noise dims |"
echo "|---|---|---|---|"
arms | while read -r name _; do
  line="| $name |"
  for maze in hidden-room noisy-arm s-maze; do
    solved=$(for seed in $(seq "$1" "$2"); do cat "$out/$maze-$name-s$seed/summary.json"; done |
      jq -s '[.[] | select(.solved)] | length')
    line="$line $solved |"
  done
  echo "$line"
done
