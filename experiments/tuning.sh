#!/bin/sh
# Is VIME ahead because a preset was chosen for it? Here every arm is tuned over the same settings,
# drawn at random, for each task by itself and for all tasks together, and all meet on seeds that
# none was chosen on. The preset vime-sparse is what VIME has for all tasks together.
#   experiments/tuning.sh [search|final|report]
# search: 48 settings of each arm on each task, seeds 401-410.
# final: the best three of them, seeds 401-430.
# report: tables. Over all random settings, without any choice; for each task by itself the best
# setting, and the preset vime-mazes as it is, seeds 701-740; for all tasks together the best
# setting of each arm, and VIME's, seeds 741-780.
# Without an argument all three: 20,000 runs, about two hours on two cores. Needs jq. Finished runs
# are kept in runs/tuning and not repeated.
set -eu
vime_run=${VIME_RUN:-build/release/bin/vime-run}
out=runs/tuning
settings=48
finalists=3

# name, noise dimensions, the largest return there is
mazes() {
  echo "hidden-room 0 100"
  echo "noisy-arm 4 100"
  echo "s-maze 8 100"
}
standard_tasks() {
  echo "acrobot-sparse 0 1"
  echo "point-umaze 0 1"
  echo "deepsea 0 1"
}
# Not searched on, because every bonus solves the one, none the other.
other_tasks() {
  echo "mountaincar 0 100"
  echo "cartpole-swingup-x 0 500"
}

# name, options on top of the preset vime-mazes
rivals() {
  echo "vime"
  echo "state-norm --bonus state-norm"
  echo "l2 --bonus l2"
}
maze_rivals() {
  echo "vime-published --bnn-target next-observation --bnn-prior-scale constant" \
    "--bnn-likelihood fixed --bnn-kl-schedule constant --bnn-kl-weight 0.2 --bnn-sampling local"
  echo "shuffled --bonus shuffled"
}

# task, noise dimensions, largest return, arm, options: everything that is tuned
cells() {
  { mazes; standard_tasks; } | while read -r task; do rivals | sed "s/^/$task /"; done
  mazes | while read -r task; do maze_rivals | sed "s/^/$task /"; done
}

# cells_of ARM: of it the same, with the tasks and the arm `none` that were not searched on
cells_of() {
  {
    cells
    { mazes; standard_tasks; other_tasks; } | sed 's/$/ none --bonus none/'
    other_tasks | while read -r task; do { rivals; maze_rivals; } | sed "s/^/$task /"; done
    standard_tasks | while read -r task; do maze_rivals | sed "s/^/$task /"; done
  } | while read -r task noise largest arm options; do
    [ "$arm" != "$1" ] || echo "$task $noise $largest $arm $options"
  done
}
arms() { { rivals; maze_rivals; } | cut -d' ' -f1; }

# What a setting may change: an option and its values, that of the preset first.
choices() {
  echo "eta 0.1 0.03 0.3 1"
  echo "bonus-normalization mean median stddev"
  echo "bonus-window 10 1 30"
  echo "bonus-clip 10 3 100 1000"
  echo "bonus-center false true"
  echo "gamma 0.99 0.98 0.995"
  echo "policy-initial-stddev 2 1 1.5 3"
  echo "policy-hidden 32 64"
  echo "advantage-gae-lambda 1 0.97 0.9"
  echo "advantage-value linear mlp"
  echo "advantage-value-fit before after"
  echo "advantage-bootstrap true false"
  echo "advantage-standardize true false"
  echo "trpo-backtrack-ratio 0.8 0.5"
  echo "trpo-max-kl 0.01 0.005 0.02 0.04"
  echo "bnn-learning-rate 0.001 0.0003 0.003 0.01"
}

# setting N: its options. 1: the preset; 2 to 4: what earlier searches liked; from 5 on each option
# differs from the preset's with probability 0.3, the value drawn from the others (in 30 none does).
# Park and Miller's generator (CACM 31, 1988) makes the same settings with every awk.
setting() {
  case $1 in
    1) ;;
    2) echo "--bonus-clip 1000" ;;
    3) echo "--policy-initial-stddev 3" ;;
    4) echo "--policy-initial-stddev 1 --advantage-value-fit after --trpo-backtrack-ratio 0.5" ;;
    *) choices | awk -v n="$1" '
      function uniform() { state = state * 16807 % 2147483647; return state / 2147483647 }
      BEGIN { state = n * 100003; for (i = 0; i < 10; ++i) uniform() }
      { changed = uniform() < 0.3; value = $(3 + int(uniform() * (NF - 2)))
        if (changed) printf "--%s %s ", $1, value }' ;;
  esac
}

# Reads lines DIRECTORY OPTIONS..., runs each, one process per core, and keeps no checkpoints.
run_all() {
  # shellcheck disable=SC2016  # the inner shell expands them
  xargs -P "$(nproc)" -L 1 sh -c '
    directory=$1; shift
    "$0" --preset vime-mazes --iterations 60 --quiet --out "$directory" "$@" || exit 1
    rm -f "$directory/checkpoint"' "$vime_run" || echo "some runs did not finish" >&2
}

# runs TASK NOISE ARM SETTING FIRST_SEED LAST_SEED OPTIONS...: lines for run_all
runs() {
  prefix="$out/$1/$3/$4-s"
  common="--env $1 --set env_params.noise_dims=$2 $(setting "$4")"
  first=$5 last=$6
  shift 6
  for seed in $(seq "$first" "$last"); do
    echo "$prefix$seed $common $* --seed $seed"
  done
}

# solved TASK LARGEST ARM SETTING FIRST_SEED LAST_SEED: runs solved, and the mean score
solved() {
  for seed in $(seq "$5" "$6"); do
    cat "$out/$1/$3/$4-s$seed/summary.json"
  done | jq -sr --argjson largest "$2" --argjson runs $(($6 - $5 + 1)) '
    if length < $runs then error("runs are missing") else
    "\(map(select(.solved)) | length) " +
    "\(map(.auc_return // 0) | add / length / $largest * 1000 | round / 1000)" end'
}

# best TASK LARGEST ARM FIRST_SEED LAST_SEED: reads settings, prints them and what they solve, best
# first
best() {
  while read -r n _; do
    echo "$n $(solved "$1" "$2" "$3" "$n" "$4" "$5")"
  done | sort -k2,2nr -k3,3nr -k1,1n
}

# best_overall ARM FIRST_SEED LAST_SEED: the same over all tasks that the arm was searched on, by
# the sums of what they solve and score
best_overall() {
  while read -r n _; do
    cells | while read -r task _ largest arm _; do
      [ "$arm" != "$1" ] || solved "$task" "$largest" "$arm" "$n" "$2" "$3"
    done | awk -v n="$n" '{ solved += $1; score += $2 } END { print n, solved, score / NR }'
  done | sort -k2,2nr -k3,3nr -k1,1n
}

search() {
  for n in $(seq $settings); do
    cells | while read -r task noise _ arm options; do
      # shellcheck disable=SC2086  # options are words
      runs "$task" "$noise" "$arm" "$n" 401 410 $options
    done
  done | run_all
}

final() {
  for arm in $(arms); do
    seq $settings | best_overall "$arm" 401 410 | head -n $finalists >"$out/$arm.finalists"
  done
  cells | while read -r task noise largest arm options; do
    seq $settings | best "$task" "$largest" "$arm" 401 410 | head -n $finalists \
      >"$out/$task/$arm/finalists"
    for n in $(cut -d' ' -f1 "$out/$task/$arm/finalists" "$out/$arm.finalists" | sort -u); do
      # shellcheck disable=SC2086
      runs "$task" "$noise" "$arm" "$n" 411 430 $options
    done
  done | run_all
  for arm in $(arms); do
    best_overall "$arm" 401 430 <"$out/$arm.finalists" | head -n 1 >"$out/$arm.chosen"
  done
  cells | while read -r task _ largest arm _; do
    best "$task" "$largest" "$arm" 401 430 <"$out/$task/$arm/finalists" | head -n 1 \
      >"$out/$task/$arm/chosen"
  done
}

report_each() {
  cells | while read -r task noise _ arm options; do
    read -r chosen _ <"$out/$task/$arm/chosen"
    for n in 1 "$chosen"; do
      # shellcheck disable=SC2086
      runs "$task" "$noise" "$arm" "$n" 701 740 $options
    done
  done | sort -u | run_all
  echo "| task | arm | vime-mazes, 701-740 | tuned, 701-740 | tuned, 401-430 | setting |"
  echo "|---|---|---|---|---|---|"
  cells | sort -s -k1,1 | while read -r task _ largest arm _; do
    read -r chosen score <"$out/$task/$arm/chosen"
    echo "| $task | $arm | $(solved "$task" "$largest" "$arm" 1 701 740) |" \
      "$(solved "$task" "$largest" "$arm" "$chosen" 701 740) | $score | $(setting "$chosen") |"
  done
}

report_all() {
  read -r vime _ <"$out/vime.chosen"
  for arm in $(arms) none; do
    own=$vime
    [ "$arm" = none ] || read -r own _ <"$out/$arm.chosen"
    for n in $(printf '%s\n' "$vime" "$own" | sort -u); do
      cells_of "$arm" | while read -r task noise _ _ options; do
        # shellcheck disable=SC2086
        runs "$task" "$noise" "$arm" "$n" 741 780 $options
      done
    done
  done | run_all
  echo
  echo "| arm | setting |$(cells_of vime | while read -r task _; do printf ' %s |' "$task"; done)"
  echo "|---|---|$(cells_of vime | while read -r _; do printf -- '---|'; done)"
  for arm in $(arms) none; do
    own=$vime
    [ "$arm" = none ] || read -r own _ <"$out/$arm.chosen"
    for n in $(printf '%s\n' "$vime" "$own" | sort -u); do
      echo "| $arm | $(setting "$n") |$(cells_of vime | while read -r task _ largest _; do
        printf ' %s |' "$(solved "$task" "$largest" "$arm" "$n" 741 780)"
      done)"
    done
  done
}

# Without any choice: the share of runs solved over all random settings, seeds 401-410.
report_settings() {
  echo "| task | arm | share solved over the random settings, 401-410 |"
  echo "|---|---|---|"
  cells | while read -r task _ largest arm _; do
    for n in $(seq 5 $settings); do solved "$task" "$largest" "$arm" "$n" 401 410; done |
      awk -v row="| $task | $arm |" '{ sum += $1 } END { printf "%s %.2f |\n", row, sum / NR / 10 }'
  done
  echo
}

report() {
  report_settings
  report_each
  report_all
}

case ${1:-all} in
  search | final | report) "$1" ;;
  all) search; final; report ;;
  *) echo "usage: $0 [search|final|report]" >&2; exit 2 ;;
esac
