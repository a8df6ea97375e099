#!/bin/sh
# Makes experiments/oracle.json, the solved tasks that the program carries with it: one line per
# environment, parameters and horizon, what `vime-run oracle --json` prints. Takes 2 CPU minutes.
#   experiments/oracle.sh > oracle.json && mv oracle.json experiments/oracle.json
# RUNS.md, "Regret and score", says how it is used.
set -eu
vime_run=${VIME_RUN:-build/release/bin/vime-run}

solve() {
  echo "oracle.sh: $*" >&2
  line=$("$vime_run" oracle "$@" --threads "$(nproc)" --json)
  printf '%s%s' "$separator" "$(printf '%s' "$line" | tr -s ' \n' ' ')"
  separator=',
'
}

separator='[
'
for horizon in 200 500 999; do
  solve --env mountaincar --horizon "$horizon" --grid 601,201 --actions 81
done
# The shortest way to the reward, which without a discount might come at any time.
for horizon in 200 500; do
  solve --env mountaincar-sparse --horizon "$horizon" --gamma 0.99 --grid 601,201 --actions 3 \
    --random-episodes 100000
done
solve --env pendulum --grid 401,321 --actions 41 --episodes 10000
for limit in 1 2; do
  solve --env pendulum-sparse --set "env_params.torque_limit=$limit" --grid 401,321 --actions 21
done
for n in 10 20 50 100; do
  solve --env deepsea --set "env_params.n=$n" --grid "$((2 * n + 1)),401" --actions 101 --episodes 1
done
printf '\n]\n'
