#!/usr/bin/env bash
# Builds the portable kernels for arm64 on an x86-64 Debian and runs the tests of the mathematics
# and of the bits under qemu: about ten minutes on two cores. As root, since it installs packages.
#   tests/arm64.sh [BUILD]      (default build/arm64)
# signature_test fails for `erwr` alone: libLBFGS has other bits there (CONTRIBUTING.md).
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/arm64}

export DEBIAN_FRONTEND=noninteractive
dpkg --add-architecture arm64
apt-get update -q >/dev/null
# Headers are those of x86-64; liblbfgs-dev cannot be installed for both.
apt-get install -y -q --no-install-recommends \
  g++-aarch64-linux-gnu qemu-user ninja-build libxxhash-dev:arm64 >/dev/null
mkdir -p "$build/packages"
(cd "$build/packages" && apt-get download -q liblbfgs-dev:arm64 >/dev/null &&
  dpkg -x liblbfgs-dev_*.deb .)
library=/usr/lib/aarch64-linux-gnu

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_EXE_LINKER_FLAGS=-static \
  -DVIME_WERROR=ON -DVIME_MUJOCO=OFF -DVIME_BOX2D=OFF \
  -DLBFGS_LIBRARY="$PWD/$build/packages$library/liblbfgs.a" -DXXHASH_LIBRARY=$library/libxxhash.a
tests=(math_test gaussian_test network_test signature_test)
cmake --build "$build" -j "$(nproc)" --target "${tests[@]}"

for test in "${tests[@]}"; do
  echo "== $test"
  status=0
  qemu-aarch64 "$build/bin/$test" >"$build/log" || status=$?
  tail -n 3 "$build/log"
  [ $status != 0 ] || continue
  differing=$(sed -n 's/.*logged: name := //p' "$build/log" | sort -u)
  if [ "$test" != signature_test ] || ! grep -q ' 1 failed | 0 skipped' "$build/log" ||
    [ "$differing" != $'mountaincar, erwr, linear\nmountaincar, erwr, mlp' ]; then
    cat "$build/log" >&2
    exit 1
  fi
  echo "other bits than on x86-64: $differing"
done
