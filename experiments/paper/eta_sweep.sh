#!/bin/sh
# How much bonus on the dense mountaincar-x? The ten values of the paper [H16, figure 5], ten seeds,
# TRPO, REINFORCE and ERWR, 100 iterations; prints the median over seeds of the mean return of all
# iterations beside the published medians.
#   PATH=$PWD/build/release/bin:$PATH experiments/paper/eta_sweep.sh
# Needs Box2D and jq. Reports and figures in sweeps/paper.
set -eu
etas="1e-4 3e-4 3e-3 0.01 0.03 0.1 0.3 1 3 10"
list=$(echo "$etas" | tr ' ' ',')
for algo in trpo reinforce erwr; do
  sweep=sweeps/paper/eta-$algo
  vime-sweep plan "$sweep" "eta=$list" --seeds 1-10 --set env=mountaincar-x \
    --set env_params.dense=1 --set algo=$algo
  vime-sweep run "$sweep" --jobs "$(nproc)"
  vime-compare "$sweep" --report --out "$sweep.html" --figures "$sweep-figures" >/dev/null
done

row() {
  printf '| %s |' "$1" && shift
  printf ' %s |' "$@" && echo
}
# shellcheck disable=SC2086  # one word for each eta
row eta $etas
echo "|---|---|---|---|---|---|---|---|---|---|---|"
for algo in trpo reinforce erwr; do
  case $algo in
    trpo) row "TRPO, published" -178 -135 -163 -125 -120 -99 -92 -201 -269 -284 ;;
    reinforce) row "REINFORCE, published" -232 -212 -199 -153 -124 -109 -110 -130 -243 -267 ;;
    erwr) row "ERWR, published" -413 -406 -393 -394 -219 -107 -96 -285 -305 -308 ;;
  esac
  # shellcheck disable=SC2046
  row "$algo, here" $(for eta in $etas; do
    cat sweeps/paper/eta-$algo/*/summary.json | jq -s --argjson eta "$eta" '
      map(select(.eta == $eta) | .auc_return) | sort |
      (.[(length - 1) / 2 | floor] + .[length / 2 | floor]) / 2 | round'
  done)
done
