#!/usr/bin/python3
"""Validates what real runs and sweeps write against the schemas of vime-run --schema.

Needs the package python3-jsonschema.  tests/schemas.py [directory of the programs]
"""

import copy
import json
import os
import subprocess
import sys
import tempfile

import jsonschema

BIN = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/release/bin")
TINY = ["--batch-steps", "100", "--horizon", "25", "--bnn-updates", "3", "--bnn-hidden", "4"]


def run(program, *arguments, expected=0):
    done = subprocess.run(
        [os.path.join(BIN, program), *arguments], stdout=subprocess.PIPE, check=False
    )
    assert done.returncode == expected, (program, arguments, done.returncode)
    return done.stdout.decode()


def validator(name):
    schema = json.loads(run("vime-run", "--schema", name))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def instances(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file] if path.endswith("l") else [json.load(file)]


def validate_run(directory):
    """Returns how many documents there were."""
    count = 0
    for name in ["run", "metrics", "eval", "summary", "policy", "states"]:
        path = os.path.join(directory, name + (".jsonl" if name in ("metrics", "eval") else ".json"))
        if not os.path.exists(path):
            continue
        for instance in instances(path):
            validator_of[name].validate(instance)
            count += 1
            # Nothing may be left out and nothing added.
            for key in instance:
                if key in validator_of[name].schema["required"]:
                    lacking = {k: v for k, v in instance.items() if k != key}
                    assert not validator_of[name].is_valid(lacking), (name, key)
            assert not validator_of[name].is_valid({**instance, "surprise": 1}), name
    return count


os.chdir(tempfile.mkdtemp())
NAMES = ["config", "eval", "metrics", "policy", "run", "states", "summary", "task"]
validator_of = {name: validator(name) for name in NAMES}

total = 0
for line in run("vime-run", "--list", "envs").splitlines():
    env = line.split()[0]
    if line.startswith(" "):
        continue
    arguments = ["--env", env, "--iterations", "2", "--eval-every", "1", "--eval-episodes", "2"]
    run("vime-run", *TINY, *arguments, "--quiet", "--out", env)
    total += validate_run(env)
for algo in ["reinforce", "npg", "trpo", "ppo", "erwr"]:
    run("vime-run", *TINY, "--algo", algo, "--iterations", "2", "--quiet", "--out", algo)
    total += validate_run(algo)
# Stopped by the clock; and without any bonus, where many metrics are null.
run("vime-run", *TINY, "--max-seconds", "1e-9", "--quiet", "--out", "stopped", expected=75)
run("vime-run", *TINY, "--bonus", "none", "--iterations", "1", "--quiet", "--out", "none")
for name, choice in [("a", ["--reinforce-learning-rate", "1e300"]), ("b", ["--eta", "1e308"])]:
    run("vime-run", *TINY, *choice, "--quiet", "--out", "diverged-" + name, expected=3)
    total += validate_run("diverged-" + name)
total += validate_run("stopped") + validate_run("none")

run("vime-sweep", "plan", "sweep", "eta=0,0.1", "policy.hidden=[4],[3]", "--seeds", "1-2")
for task in instances("sweep/manifest.jsonl"):
    validator_of["task"].validate(task)
    validator_of["config"].validate(task["config"])
    total += 1

config = json.loads(run("vime-run", "--print-config"))["config"]
validator_of["config"].validate(config)
for path, value in [("eta", -1), ("eta", "0.1"), ("bonus", "vimes"), ("iterations", 1.5)]:
    wrong = copy.deepcopy(config)
    assert path in wrong
    wrong[path] = value
    assert not validator_of["config"].is_valid(wrong), path
    code = subprocess.run([os.path.join(BIN, "vime-run"), "--print-config", "--config", "/dev/stdin"],
                          input=json.dumps(wrong).encode(), capture_output=True, check=False)
    assert code.returncode == 2, path  # the program agrees
assert not validator_of["config"].is_valid({"etta": 1})
print(f"schemas: ok, {total} documents")
