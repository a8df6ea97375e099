#!/bin/sh
# Installs the Debian or Ubuntu packages that vime is built from and with.
set -eu
if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi
$as_root apt-get update -q
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends \
  g++ make cmake git libboost-dev libeigen3-dev liblbfgs-dev libcli11-dev \
  nlohmann-json3-dev libxxhash-dev doctest-dev
# Engines, for the tasks that they simulate; some releases do not have them.
for engine in libmujoco-dev libbox2d-dev; do
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -q --no-install-recommends "$engine" ||
    echo "install.sh: no $engine: vime-run --list envs will name the tasks that need it" >&2
done
