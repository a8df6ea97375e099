#!/usr/bin/env bash
# Makes the Debian package of a build and looks at what is in it. With --clean also installs it in a
# fresh Debian 12 and uses it there; that needs root, the package debootstrap and a network.
#   tests/deb.sh [--clean] [build directory, default build/release]
set -euo pipefail
clean=false
if [ "${1:-}" = --clean ]; then clean=true; shift; fi
build=$(realpath "${1:-build/release}")
work=$(mktemp -d)
chmod 755 "$work"
trap 'umount "$work/root/proc" 2> /dev/null || true; rm -rf --one-file-system "$work"' EXIT

cpack --config "$build/CPackConfig.cmake" -B "$work/cpack" > "$work/cpack.log" ||
  { cat "$work/cpack.log"; exit 1; }
deb=$(ls "$work"/cpack/*.deb)
basename "$deb"
dpkg-deb -I "$deb" > "$work/control"
dpkg -c "$deb" > "$work/contents"
grep -E '^ (Version|Depends):' "$work/control"
for package in libc6 libstdc++6 liblbfgs0 libxxhash0; do
  grep -qF " $package (" "$work/control" || { echo "does not depend on $package" >&2; exit 1; }
done
for file in bin/vime-run bin/vime-sweep bin/vime-compare share/man/man1/vime-run.1 \
  share/bash-completion/completions/vime-run share/zsh/vendor-completions/_vime-run \
  share/fish/vendor_completions.d/vime-run.fish share/vime/presets/mountaincar-vime.json \
  share/vime/schemas/metrics.schema.json share/doc/vime/copyright; do
  grep -q " ./usr/$file\$" "$work/contents" || { echo "no $file in the package" >&2; exit 1; }
done
if grep -qE '\.(h|a)$' "$work/contents"; then echo "the library is in the package" >&2; exit 1; fi
if ! $clean; then echo "deb: ok, not installed"; exit; fi

debootstrap --variant=minbase bookworm "$work/root" > "$work/debootstrap.log" ||
  { tail "$work/debootstrap.log"; exit 1; }
cp "$deb" "$work/root/vime.deb"
mount -t proc proc "$work/root/proc"
chroot "$work/root" /bin/bash -euxc '
  export DEBIAN_FRONTEND=noninteractive LC_ALL=C
  apt-get install -y -q --no-install-recommends /vime.deb > /install.log || { cat /install.log; exit 1; }
  cd /tmp
  vime-run --version
  vime-run --preset mountaincar-vime --iterations 20 --quiet --json --out run | grep "\"solved\": true"
  vime-run --config /usr/share/vime/presets/mountaincar-none.json --iterations 1 --quiet
  vime-sweep plan sweep eta=0,0.1 --seeds 1-2 --set iterations=2 --set batch_steps=500
  vime-sweep run sweep
  vime-compare sweep | head -5
  source <(vime-run --completion bash); complete -p vime-run
  apt-get purge -y -q vime > /purge.log
  [ ! -e /usr/bin/vime-run ]
'
echo "deb: ok, installed and run in a clean Debian 12"
