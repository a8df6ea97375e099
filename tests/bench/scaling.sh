#!/usr/bin/env bash
# Whether the cost of an iteration grows linearly, and whether two runs on two cores are twice as
# fast as one; prints Markdown tables.
#   tests/bench/scaling.sh [ROUNDS]      (default 3; a round takes about half a minute)
# Time per iteration is CPU time, the difference between a longer and a shorter run, so that
# start-up and the first iteration, which has no bonus yet, do not count.
# Environment: BUILD (build/release), VIME_OPTIONS (more options of vime-run).
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-3}
vime_run=${BUILD:-build/release}/bin/vime-run
read -r -a common <<<"--quiet --threads 1 ${VIME_OPTIONS:-}"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

cost() {  # OPTIONS...: JSON
  python3 tests/bench/cost.py "$vime_run" "${common[@]}" --out "$out/run" --if-exists overwrite "$@"
}
median() { jq -s 'sort | .[(length - 1) / 2 | floor]'; }

# One line per point: axis, value, iterations of the shorter run, options. The longer has two
# thirds more.
points() {
  for n in 1000:60 10000:30 100000:6 1000000:3; do
    echo "batch-steps ${n%:*} ${n#*:} --batch-steps ${n%:*}"
  done
  for n in 8:60 32:60 128:15 512:6; do echo "bnn-hidden ${n%:*} ${n#*:} --bnn-hidden ${n%:*}"; done
  for n in 1:60 10:60 100:15; do
    echo "bnn-num-samples ${n%:*} ${n#*:} --bnn-sampling local --bnn-num-samples ${n%:*}"
  done
}

for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  while read -r axis value iterations options; do
    read -r -a point <<<"$options"
    longer=$((iterations * 5 / 3))
    {
      cost "${point[@]}" --iterations "$iterations"
      cost "${point[@]}" --iterations "$longer"
    } | jq -s --argjson n $((longer - iterations)) \
      '{ms: ((.[1].cpu_s - .[0].cpu_s) * 1000 / $n), mb: .[1].peak_mb}' >>"$out/$axis-$value"
  done < <(points)
  on_core() {  # CORE: the cost of a run that stays there
    taskset -c "$1" python3 tests/bench/cost.py "$vime_run" "${common[@]}" --iterations 300 \
      --seed "$1" --out "$out/core$1" --if-exists overwrite
  }
  on_core 0 >>"$out/one"
  on_core 0 >"$out/first" &
  on_core 1 >"$out/second"
  wait
  jq -s '{cpu_s: (map(.cpu_s) | add / 2), wall_s: (map(.wall_s) | max)}' \
    "$out/first" "$out/second" >>"$out/two"
done

echo "\`tests/bench/scaling.sh $rounds\`, mountaincar, defaults but for one option, CPU time," \
  "medians of $rounds. Growth: how much faster than linear an iteration's time grows from the line" \
  "above; fixed costs keep it below 1."
echo
echo "| option | value | ms per iteration | growth / linear | peak MB |"
echo "|---|---|---|---|---|"
last_axis="" last_value="" last_ms=""
while read -r axis value _; do
  ms=$(jq .ms "$out/$axis-$value" | median)
  mb=$(jq .mb "$out/$axis-$value" | median)
  growth=
  if [ "$axis" = "$last_axis" ]; then
    growth=$(jq -n "$ms / $last_ms / ($value / $last_value) * 100 | round / 100")
  fi
  echo "| \`--$axis\` | $value | $(jq -n "$ms * 100 | round / 100") | $growth | $(jq -n "$mb | round") |"
  last_axis=$axis last_value=$value last_ms=$ms
done < <(points)
echo
# Throughput of two over one: by the clock on the wall, and as if nobody else used the cores.
gain() {  # FIELD
  jq -n --slurpfile one "$out/one" --slurpfile two "$out/two" --arg field "$1" '
    [range($one | length) | 2 * $one[.][$field] / $two[.][$field]] |
    sort | .[(length - 1) / 2 | floor] * 100 | round / 100'
}
wall=$(gain wall_s)
echo "Two runs on two cores: $wall times the throughput of one run on one core (goal >= 1.9:" \
  "$(jq -nr "if $wall >= 1.9 then \"holds\" else \"does not hold\" end"));" \
  "$(gain cpu_s) times by CPU time, which other users of the machine do not change."
