#!/usr/bin/env bash
# Builds the portable kernels for arm64 on an x86-64 Debian and runs the tests of the mathematics and of
# the bits under qemu: about ten minutes on two cores. Run as root, since it installs packages.
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
(cd "$build/packages" && apt-get download -q liblbfgs-dev:arm64 >/dev/null && dpkg -x liblbfgs-dev_*.deb .)
library=/usr/lib/aarch64-linux-gnu

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_EXE_LINKER_FLAGS=-static \
  -DVIME_WERROR=ON -DVIME_MUJOCO=OFF -DVIME_BOX2D=OFF \
  -DLBFGS_LIBRARY="$PWD/$build/packages$library/liblbfgs.a" -DXXHASH_LIBRARY=$library/libxxhash.a
tests=(math_test gaussian_test network_test signature_test)
cmake --build "$build" -j "$(nproc)" --target "${tests[@]}"

failed=0
for test in "${tests[@]}"; do
  echo "== $test"
  qemu-aarch64 "$build/bin/$test" >"$build/$test.log" || failed=1
  sed -n 's/.*logged: name := /differs: /p' "$build/$test.log" | sort -u
  tail -n 2 "$build/$test.log"
done
differing=$(sed -n 's/.*logged: name := //p' "$build/signature_test.log" | sort -u)
if [ $failed = 1 ] && [ "$differing" != $'mountaincar, erwr, linear\nmountaincar, erwr, mlp' ]; then
  echo "arm64.sh: other bits than on x86-64, erwr aside" >&2
  exit 1
fi
