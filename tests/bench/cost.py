#!/usr/bin/env python3
"""Runs a command and prints what it cost as JSON: CPU and wall seconds, peak memory in MB.

usage: cost.py COMMAND [ARGUMENT...]

The output of the command is dropped; a failure is passed on.
"""
import json
import resource
import subprocess
import sys
import time


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    start = time.monotonic()
    code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=False).returncode
    wall = time.monotonic() - start
    if code != 0:
        sys.exit(f"cost.py: {' '.join(sys.argv[1:])} failed with code {code}")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"cpu_s": usage.ru_utime + usage.ru_stime, "wall_s": wall,
                      "peak_mb": usage.ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
