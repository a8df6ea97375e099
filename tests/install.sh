#!/usr/bin/env bash
# Installs a build under a prefix, moves the prefix, and there builds and runs a project that finds
# it by find_package(vime).
#   tests/install.sh [build directory, default build/release]
set -euo pipefail
build=$(realpath "${1:-build/release}")
example=$(realpath "$(dirname "$0")/example")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build" --prefix "$work/first" > /dev/null
mv "$work/first" "$work/moved"
# No path of the build or of the first prefix may be left in what others include or read.
if grep -rIl -e "$work/first" -e "$build" "$work/moved"; then
  echo "these files name directories of the build" >&2
  exit 1
fi

# A copy, so that headers of this tree cannot be found by accident.
cp -r "$example" "$work/project"
cmake -S "$work/project" -B "$work/project/build" -DCMAKE_PREFIX_PATH="$work/moved" > /dev/null
cmake --build "$work/project/build"
"$work/project/build/train_puck" | tail -1

for page in "$work"/moved/share/man/man1/*; do
  ! command -v mandoc > /dev/null || mandoc -T lint "$page"
done
[ -s "$work/moved/share/bash-completion/completions/vime-sweep" ]
[ -s "$work/moved/share/man/man1/vime-sweep-plan.1" ]

cd "$work"
moved/bin/vime-run --iterations 1 --batch-steps 200 --quiet --json --out run | grep '"status"'
moved/bin/vime-sweep plan sweep eta=0,0.1 --set iterations=1 --set batch_steps=200
moved/bin/vime-sweep run sweep
moved/bin/vime-compare sweep > table.md
echo "install: ok"
