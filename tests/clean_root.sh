#!/usr/bin/env bash
# The commands of the README in a fresh Debian 12, on a clone of this repository: the main job, and
# with --tests the tests too. The package has tests/deb.sh --clean. Needs root, debootstrap and the
# Debian mirror that this machine uses.
#   tests/clean_root.sh [--tests]
set -euo pipefail
cd "$(dirname "$0")/.."
blocks=(main\ job)
if [ "${1:-}" = --tests ]; then blocks+=(tests); fi
work=$(mktemp -d)
chmod 755 "$work"
trap 'umount "$work"/root/{dev/pts,proc} 2> /dev/null || true; rm -rf --one-file-system "$work"' EXIT

mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' |
  awk '$1 == "bookworm" && $2 == "main" {print $3; exit}')
debootstrap --variant=minbase bookworm "$work/root" ${mirror:+"$mirror"} > "$work/debootstrap.log" ||
  { tail "$work/debootstrap.log"; exit 1; }
mount -t proc proc "$work/root/proc"
mount -t devpts devpts "$work/root/dev/pts"  # the tests look at a terminal
# A clone of what is committed here: a fresh system has git only when install.sh has run.
git clone -q --no-hardlinks . "$work/root/vime"

for block in "${blocks[@]}"; do
  command=$(sed -n "/<!-- $block -->/,/<!-- end -->/p" README.md | grep -v -e '^<!--' -e '^```')
  echo "$block: $command"
  start=$SECONDS
  chroot "$work/root" /usr/bin/env -i PATH="$PATH" HOME=/root LC_ALL=C \
    bash -euo pipefail -c "cd /vime; $command" > "$work/log" 2>&1 || { tail -30 "$work/log"; exit 1; }
  tail -6 "$work/log" | tr '\r' '\n' | tail -6
  echo "$block: ok, $((SECONDS - start)) s"
done
