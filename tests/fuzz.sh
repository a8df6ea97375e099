#!/usr/bin/env bash
# Fuzzes every reader of files with libFuzzer: no input may crash it, hang it or fill the memory.
# Needs the packages clang and libclang-rt-14-dev. Starts from tests/fuzz/corpus; what it finds
# beyond goes to build/fuzz/found, inputs that break a reader to build/fuzz/broken.
#   tests/fuzz.sh [seconds per reader, default 60] [READER...]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
readers=("${@:2}")
[ ${#readers[@]} -gt 0 ] || mapfile -t readers < <(ls tests/fuzz/corpus)

cmake --preset fuzz > /dev/null
cmake --build --preset fuzz -j "$(nproc)" --target "${readers[@]/#/fuzz_}" > build/fuzz/build.log ||
  { tail -40 build/fuzz/build.log; exit 1; }
TMPDIR=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)/vime_fuzz_XXXXXX")
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

broken=0
for reader in "${readers[@]}"; do
  found=build/fuzz/found/$reader
  mkdir -p "$found" build/fuzz/broken
  log=build/fuzz/$reader.log
  if "build/fuzz/bin/fuzz_$reader" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 \
    -dict=tests/fuzz/json.dict -artifact_prefix="build/fuzz/broken/$reader-" -print_final_stats=1 \
    "$found" "tests/fuzz/corpus/$reader" > "$log" 2>&1; then
    result=ok
  else
    broken=1
    result="BROKEN, see $log"
  fi
  echo "$reader: $result," \
    "$(sed -n 's/stat::number_of_executed_units: *//p' "$log") inputs," \
    "$(grep -o 'cov: [0-9]*' "$log" | tail -1)," \
    "$(sed -n 's/stat::peak_rss_mb: *//p' "$log") MB"
done
exit "$broken"
