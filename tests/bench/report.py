#!/usr/bin/env python3
"""Turns the files of side_by_side.sh into Markdown tables: goals and whether they hold, and rows.

usage: report.py DIRECTORY

Reads kernel-N.json (kernel_bench), torch-N.json (torch_vime.py; may be absent), cost-KIND-N.json
(cost.py) for rounds N, and run.json. Numbers are medians over rounds; a ratio is the median of the
ratios within each round, in which both sides ran within seconds of each other.
"""
import glob
import json
import os
import statistics
import sys

NORMALS = {"obs2": 10 * (32 + 2), "obs20": 10 * (32 + 20)}  # per transition


def load(directory, pattern):
    paths = glob.glob(os.path.join(directory, pattern))
    contents = []
    for path in sorted(paths):
        with open(path, encoding="utf-8") as file:
            contents.append(json.load(file))
    return contents


class Rounds:
    """Per-round values by name: ns, and peak% as NAME@peak."""

    def __init__(self, directory):
        kernel = load(directory, "kernel-*.json")
        torch = load(directory, "torch-*.json")
        self.context = kernel[0]["context"]
        self.torch = f"{torch[0]['torch']} with {torch[0]['blas']}" if torch else None
        self.rounds = [{} for _ in kernel]
        for values, result in zip(self.rounds, kernel):
            for row in result["benchmarks"]:
                name = row["name"].split("/iterations:")[0]
                for counter, suffix in (("ns", ""), ("peak%", "@peak"), ("GFLOP/s", "")):
                    if counter in row:
                        values[name + suffix] = row[counter]
        for values, result in zip(self.rounds, torch):
            values.update({"torch/" + name: value for name, value in result["rows"].items()})
        for kind in ("default", "shared", "per-example"):
            for values, result in zip(self.rounds, load(directory, f"cost-{kind}-*.json")):
                values[f"experiment/{kind}"] = result["cpu_s"]
                values[f"memory/{kind}"] = result["peak_mb"]

    def names(self, prefix):
        return [name for name in sorted(self.rounds[0])
                if name.startswith(prefix) and "@" not in name]

    def median(self, compute):
        """Median over rounds of compute(values); None where a value is missing."""
        try:
            return statistics.median(compute(values) for values in self.rounds)
        except KeyError:
            return None

    def value(self, name):
        return self.median(lambda v: v[name])

    def ratio(self, numerator, denominator):
        return self.median(lambda v: v[numerator] / v[denominator])


def goals(r):
    """(what, value, unit, at least or at most, bar); without a bar for comparison only."""
    for size, name, torch_bar, eigen_bar, script_bar, autograd_bar in (
            ("obs2", "obs 2", 12, 3, 35, 200), ("obs20", "obs 20", 6, None, 9, 50)):
        ours, train = f"bonus/taylor/fresh/{size}", f"train/shared/{size}"
        yield (f"bonus, {name}: PyTorch closed form / ours",
               r.ratio(f"torch/bonus/closed/{size}", ours), "x", ">=", torch_bar)
        yield (f"bonus, {name}: PyTorch einsum / ours",
               r.ratio(f"torch/bonus/einsum/{size}", ours), "x", None, None)
        yield (f"bonus, {name}: Eigen with normals in Eigen / ours",
               r.ratio(f"eigen/box-muller/{size}", ours), "x", None, None)
        yield (f"bonus, {name}: Eigen with our normals / ours",
               r.ratio(f"eigen/fresh/{size}", ours), "x", ">=", eigen_bar)
        yield (f"bonus, {name}: Eigen with std::normal_distribution / ours",
               r.ratio(f"eigen/std-normal/{size}", ours), "x", None, None)
        yield (f"bonus, {name}, both without noise: Eigen / ours",
               r.ratio(f"eigen/shared/{size}", f"bonus/taylor/shared/{size}"), "x", None, None)
        yield (f"bonus, {name}, without noise: share of the multiply-add peak",
               r.value(f"bonus/taylor/shared/{size}@peak"), "%", ">=",
               50 if size == "obs2" else None)
        yield (f"bonus, {name}, with noise: share of the peak", r.value(f"{ours}@peak"), "%", ">=",
               35 if size == "obs20" else None)
        yield (f"bonus, {name}: exact KL / Taylor, with noise",
               r.ratio(f"bonus/exact/fresh/{size}", ours), "x", "<=",
               1.25 if size == "obs2" else 1.5)
        yield (f"500 updates, {name}: TorchScript / ours",
               r.ratio(f"torch/train/script/shared/{size}", train), "x", ">=", script_bar)
        yield (f"500 updates, {name}: autograd / ours",
               r.ratio(f"torch/train/autograd/shared/{size}", train), "x", ">=", autograd_bar)
    yield ("rollout, mountaincar", r.median(lambda v: 1e3 / v["rollout/mountaincar"]),
           "M steps/s", ">=", 20)
    for rollout in r.names("rollout/"):
        env = rollout.removeprefix("rollout/")
        if not env.startswith("mountaincar"):
            yield (f"rollout, {env}: beyond the environment's own step",
                   r.median(lambda v, e=env: v[f"rollout/{e}"] - v[f"env-step/{e}"]), "ns", "<=",
                   25)
    yield ("half cheetah: steps per second / those of a bare mj_step",
           r.ratio("mj-step/halfcheetah", "env-step/halfcheetah"), "x", ">=", 0.9)
    yield "experiment, default", r.value("experiment/default"), "CPU s", "<=", 0.40
    yield "experiment, 10 samples, shared noise", r.value("experiment/shared"), "CPU s", "<=", 0.40
    yield "experiment, 10 samples, noise per example", r.value("experiment/per-example"), "CPU s", "<=", 0.50
    yield ("writing metrics / experiment",
           r.median(lambda v: 100 * 100 * 1e-9 * v["metrics/line"] / v["experiment/default"]), "%",
           "<=", 1)
    yield "peak memory of the experiment", r.value("memory/default"), "MB", "<=", 60


def number(value):
    return "-" if value is None else f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def verdict(value, sense, bar):
    if bar is None:
        return "", ""
    holds = "not measured"
    if value is not None:
        holds = "yes" if (value >= bar if sense == ">=" else value <= bar) else "**no**"
    return f"{sense} {bar}", holds


def print_goals(r):
    print("| | measured | goal | holds |\n|---|---|---|---|")
    for what, value, unit, sense, bar in goals(r):
        goal, holds = verdict(value, sense, bar)
        print(f"| {what} | {number(value)} {unit} | {goal} | {holds} |")


def print_rows(r):
    print("| per transition, update, step or number | ns | % of peak |\n|---|---|---|")
    for name in r.names(""):
        if name.startswith(("fma-peak", "experiment/", "memory/", "torch/bonus/chunk/")):
            continue
        peak = r.value(name + "@peak")
        print(f"| {name} | {number(r.value(name))} | {number(peak) if peak else ''} |")
    for size, normals in NORMALS.items():
        noise = r.median(lambda v, s=size, n=normals: (v[f"bonus/taylor/fresh/{s}"]
                                                       - v[f"bonus/taylor/shared/{s}"]) / n)
        print(f"| one normal inside the bonus, {size} | {number(noise)} | |")


def machine():
    """Model name of the processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
            return next(line.split(":", 1)[1].strip() for line in cpuinfo if "model name" in line)
    except (OSError, StopIteration):
        return "unknown processor"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    r = Rounds(sys.argv[1])
    with open(os.path.join(sys.argv[1], "run.json"), encoding="utf-8") as file:
        run = json.load(file)
    print(f"{r.context['date'][:10]}, {machine()}, {r.context['num_cpus']} cores, kernels "
          f"{r.context['kernels']}, {run['compiler']}, revision {run['git_revision']}"
          f"{' (modified)' if run['git_dirty'] else ''}; PyTorch {r.torch or 'not measured'}; "
          f"multiply-add peak of one core {number(r.value('fma-peak'))} GFLOP/s; one thread, CPU "
          f"time, medians of {len(r.rounds)} rounds.\n")
    print_goals(r)
    print()
    print_rows(r)


if __name__ == "__main__":
    main()
