#!/bin/sh
# Every bonus under TRPO, PPO and REINFORCE on eight tasks: seeds 1-10 to choose on, 11-30 to report;
# `tuned`, TRPO with the preset vime-mazes, was chosen on other seeds.
#   experiments/exploration.sh [run|tables|reports]
# run: 17,600 runs, one process per core; took about two and a half hours on two cores that did other
# work as well. Finished runs of the same build are kept in runs/exploration and not repeated; their
# checkpoints, about 3 MB each, are not needed for that and may be deleted. tables: prints those of
# experiments/RESULTS.md; needs jq. reports: one page of figures for each task and setting. Without
# an argument: all three.
set -eu
bin=${VIME_BIN:-build/release/bin}
out=runs/exploration
report_seeds="11 30"

# name, first seed, options
settings() {
  echo "trpo 1 --preset vime-learned --algo trpo"
  echo "ppo 1 --preset vime-learned --algo ppo"
  echo "reinforce 1 --preset vime-learned --algo reinforce"
  echo "tuned 11 --preset vime-mazes"
}
names() { while read -r name _; do echo "$name"; done; }

# name, noise dimensions, the largest return there is (cartpole-swingup-x: upright all the time)
tasks() {
  echo "mountaincar 0 100"
  echo "cartpole-swingup-x 0 500"
  echo "acrobot-sparse 0 1"
  echo "point-umaze 0 1"
  echo "deepsea 0 1"
  echo "hidden-room 0 100"
  echo "noisy-arm 4 100"
  echo "s-maze 8 100"
}

# name, options on top of the preset, in which the model learns. One setting each, but four of VIME:
# every bonus takes the model, the normalisation and the weight of the preset as they are.
# vime-published is the published model under that normalisation.
arms() {
  echo "vime"
  echo "vime-published --bnn-target next-observation --bnn-prior-scale constant" \
    "--bnn-likelihood fixed --bnn-kl-schedule constant --bnn-kl-weight 0.2" \
    "--bnn-learning-rate 1e-3 --bnn-sampling local"
  echo "vime-heteroscedastic --bnn-likelihood heteroscedastic"
  echo "vime-chain --set gain.chain=true"
  for bonus in state-norm l2 shuffled none count-grid count-hash blr variance bald rnd \
    disagreement compression l2-trajectory noise likelihood-gain gradient-steps; do
    echo "$bonus --bonus $bonus"
  done
}

run() {
  arms | while read -r arm options; do
    settings | while read -r setting first base; do
      tasks | while read -r task noise _; do
        for seed in $(seq "$first" 30); do
          echo "$base --env $task --set env_params.noise_dims=$noise --iterations 60 $options" \
            "--seed $seed --quiet --out $out/$setting/$task/$arm-s$seed"
        done
      done
    done
  done | xargs -P "$(nproc)" -L 1 "$bin/vime-run" || echo "some runs did not finish" >&2
}

# files SETTING TASK ARM FIRST_SEED LAST_SEED: the summaries that exist
files() {
  for seed in $(seq "$4" "$5"); do
    file=$out/$1/$2/$3-s$seed/summary.json
    [ ! -f "$file" ] || echo "$file"
  done
}

# solved SETTING FIRST_SEED LAST_SEED: runs solved, and the mean score: the mean return over the run
# as a share of the largest
solved() {
  echo "| bonus |$(tasks | while read -r task _; do printf ' %s |' "$task"; done)"
  echo "|---|$(tasks | while read -r _; do printf -- '---|'; done)"
  arms | while read -r arm _; do
    line="| $arm |"
    while read -r task _ largest; do
      line="$line $(files "$1" "$task" "$arm" "$2" "$3" | xargs cat /dev/null | jq -sr "
        if length == 0 then \"\" else \"\\(map(select(.solved)) | length), \" +
        (map(.auc_return // 0) | add / length / $largest * 1000 | round / 1000 | tostring) end") |"
    done <<TASKS
$(tasks)
TASKS
    echo "$line"
  done
}

# difference SETTING: of VIME and two rivals in score, with Welch's 95 % interval, on the report seeds
difference() {
  echo "| task | vime - state-norm | vime - l2 |"
  echo "|---|---|---|"
  tasks | while read -r task _ largest; do
    line="| $task |"
    for rival in state-norm l2; do
      # shellcheck disable=SC2046,SC2086  # one word for each file, two for the seeds
      line="$line $("$bin/vime-compare" $(files "$1" "$task" vime $report_seeds) \
        $(files "$1" "$task" "$rival" $report_seeds) --baseline "bonus=$rival" --format json |
        jq -r ".comparisons[0] | [.difference, .difference_low, .difference_high] |
          map(. / $largest * 1000 | round / 1000) | \"\\(.[0]) [\\(.[1]), \\(.[2])]\"") |"
    done
    echo "$line"
  done
}

tables() {
  for setting in $(settings | names); do
    # shellcheck disable=SC2086
    printf '\n%s, seeds 11-30: solved of 20, score\n\n' "$setting" && solved $setting $report_seeds
    printf '\n%s, seeds 11-30: difference in score\n\n' "$setting" && difference "$setting"
  done
  settings | while read -r setting first _; do
    [ "$first" = 1 ] || continue
    printf '\n%s, seeds 1-10, for choosing: solved of 10, score\n\n' "$setting" &&
      solved "$setting" 1 10
  done
}

reports() {
  for setting in $(settings | names); do
    tasks | while read -r task _; do
      "$bin/vime-compare" "$out/$setting/$task" --report-seeds 11-30 --report \
        --out "$out/$setting-$task.html" >/dev/null
    done
  done
}

case ${1:-all} in
  run | tables | reports) "$1" ;;
  all) run && tables && reports ;;
  *) echo "usage: $0 [run|tables|reports]" >&2; exit 2 ;;
esac
