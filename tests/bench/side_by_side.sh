#!/usr/bin/env bash
# Times the kernels, the same work in Eigen and PyTorch, and the whole experiment in turns, and
# prints ratios, the goals they are held to and all rows as Markdown tables.
#   tests/bench/side_by_side.sh [ROUNDS]      (default 5; a round takes about half a minute)
# Environment: BUILD (build/release), PYTHON with PyTorch (/usr/bin/python3), SIMD (auto).
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
build=${BUILD:-build/release}
python=${PYTHON:-/usr/bin/python3}
simd=${SIMD:-auto}

if [ ! -x "$build/bin/kernel_bench" ]; then
  echo "side_by_side.sh: no $build/bin/kernel_bench; see tests/bench/README.md" >&2
  exit 1
fi
torch=yes
if ! "$python" -c 'import torch' 2>/dev/null; then
  echo "side_by_side.sh: $python has no PyTorch (Debian: python3-torch); left out" >&2
  torch=no
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
experiment() {  # KIND ROUND OPTIONS...
  local kind=$1 round=$2
  shift 2
  python3 tests/bench/cost.py "$build/bin/vime-run" --quiet --threads 1 --simd "$simd" "$@" \
    --out "$out/run-$kind-$round" >"$out/cost-$kind-$round.json"
}
for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  "$build/bin/kernel_bench" --simd="$simd" --benchmark_min_time=0.1 \
    --benchmark_enable_random_interleaving=true --benchmark_format=json \
    >"$out/kernel-$round.json" 2>"$out/messages" || { cat "$out/messages" >&2; exit 1; }
  if [ $torch = yes ]; then
    "$python" tests/bench/torch_vime.py --json --seconds 0.6 >"$out/torch-$round.json"
  fi
  experiment default "$round"
  experiment shared "$round" --preset vime-published
  experiment per-example "$round" --preset vime-published --bnn-training-noise per-example
done
cp "$out/run-default-1/run.json" "$out/run.json"
echo "\`tests/bench/side_by_side.sh $rounds\`:"
python3 tests/bench/report.py "$out"
