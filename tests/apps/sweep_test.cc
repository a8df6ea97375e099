// vime-sweep as its users meet it, with the real vime-run.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/support/vime_run.h"

namespace vime::testing {
namespace {

Result VimeSweep(const Arguments& arguments, const TemporaryDirectory& directory) {
  return Process(Arguments{VIME_SWEEP_PATH} + arguments, {.directory = directory.path()}).Wait();
}

// The settings of kTiny as --set.
const Arguments kTinySettings = {"--set", "iterations=4",      "--set", "batch_steps=100",
                                 "--set", "horizon=25",        "--set", "bnn.updates=3",
                                 "--set", "bnn.num_samples=2", "--set", "bnn.hidden=4"};

void MakePlan(const TemporaryDirectory& directory, const Arguments& axes,
              const std::string& seeds) {
  const Result plan =
      VimeSweep(Arguments{"plan", "s", "--seeds", seeds} + axes + kTinySettings, directory);
  CAPTURE(plan.err);
  REQUIRE(plan.exit_code == 0);
}

std::vector<Json> Rows(const TemporaryDirectory& directory) {
  std::vector<Json> rows;
  for (const std::string& line : Lines(VimeSweep({"merge", "s"}, directory).out)) {
    rows.push_back(Json::parse(line));
  }
  return rows;
}

// A shell that finds vime-run.
Result Shell(const std::string& command, const TemporaryDirectory& directory) {
  const std::string path = std::string("PATH=") +
                           std::filesystem::path(VIME_RUN_PATH).parent_path().string() + ":" +
                           std::getenv("PATH");
  return Process({"/bin/sh", "-c", command}, {.directory = directory.path(), .environment = {path}})
      .Wait();
}

TEST_CASE("A sweep is planned, run, counted and merged") {
  const TemporaryDirectory directory;
  const Result plan =
      VimeSweep(Arguments{"plan", "s", "eta=0,0.1", "--seeds", "1-3"} + kTinySettings, directory);
  REQUIRE(plan.exit_code == 0);
  CHECK(plan.out.starts_with("6 runs: 2 variants x 3 seeds\n"));
  CHECK(VimeSweep({"status", "s"}, directory).out == "6 runs, 6 missing\n");
  CHECK(VimeSweep({"merge", "s", "--require-complete"}, directory).exit_code == 1);
  CHECK(Rows(directory).size() == 6);  // also those without a result
  const Result run = VimeSweep({"run", "s", "--jobs", "3"}, directory);
  CAPTURE(run.err);
  CHECK(run.exit_code == 0);
  CHECK(Contains(run.err, "6 finished, 0 failed, 0 stopped"));
  CHECK(VimeSweep({"status", "s"}, directory).out == "6 runs, 6 finished\n");
  CHECK(VimeSweep({"merge", "s", "--require-complete"}, directory).exit_code == 0);
  for (const Json& row : Rows(directory)) {
    CHECK(row["status"] == "finished");
    const Json summary = Json::parse(Slurp(directory / row["run"] + "/summary.json"));
    CHECK(row["auc_return"] == summary["auc_return"]);
    CHECK(row["eta"] == summary["eta"]);
  }
  // A task of the plan is the run of the same options.
  const Arguments same = {"--set", "eta=0.1", "--out", "alone", "--quiet"};
  REQUIRE(VimeRun(kTinySettings + same, directory).exit_code == 0);
  CHECK(Reproducible(directory / Rows(directory)[1]["run"]) == Reproducible(directory / "alone"));
  const std::vector<std::string> csv =
      Lines(VimeSweep({"merge", "s", "--format", "csv"}, directory).out);
  REQUIRE(csv.size() == 7);
  for (const std::string& line : csv) {
    CHECK(std::count(line.begin(), line.end(), ',') ==
          std::count(csv[0].begin(), csv[0].end(), ','));
  }
  // Planning the same again changes nothing, planning something else is refused.
  const std::string manifest = Slurp(directory / "s/manifest.jsonl");
  MakePlan(directory, {"eta=0,0.1"}, "1-3");
  CHECK(Slurp(directory / "s/manifest.jsonl") == manifest);
  const Result other = VimeSweep({"plan", "s", "eta=0,0.2"}, directory);
  CHECK(other.exit_code == 2);
  CHECK(IsOneLine(other.err));
  CHECK(Contains(other.err, R"(runs that are not in this one, such as mountaincar-)"));
}

TEST_CASE("A plan grows by seeds, values and iterations, and keeps what is finished") {
  const TemporaryDirectory directory;
  MakePlan(directory, {"eta=0,0.1"}, "1");
  REQUIRE(VimeSweep({"run", "s"}, directory).exit_code == 0);
  const std::vector<Json> before = Rows(directory);
  MakePlan(directory, {"eta=0.2,0.1,0"}, "1-2");
  CHECK(VimeSweep({"status", "s"}, directory).out == "6 runs, 2 finished, 4 missing\n");
  const std::vector<Json> rows = Rows(directory);
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(rows[i] == before[i]);  // the same tasks
  REQUIRE(VimeSweep({"run", "s"}, directory).exit_code == 0);
  CHECK(Rows(directory)[0] == before[0]);  // wall_s too: it was not run again
  // More iterations extend all runs, which are not complete until then; fewer are refused.
  MakePlan(directory, {"eta=0.2,0.1,0", "iterations=6"}, "1-2");
  CHECK(Contains(VimeSweep({"status", "s"}, directory).out, "6 runs, 6 stopped\n"));
  CHECK(VimeSweep({"merge", "s", "--require-complete"}, directory).exit_code == 1);
  Arguments fewer = {"plan", "s", "eta=0.2,0.1,0", "iterations=5", "--seeds", "1-2"};
  const Result refused = VimeSweep(fewer + kTinySettings, directory);
  CHECK(refused.exit_code == 2);
  CHECK(Contains(refused.err, "with runs that go further, such as "));
  REQUIRE(VimeSweep({"run", "s"}, directory).exit_code == 0);
  CHECK(VimeSweep({"status", "s"}, directory).out == "6 runs, 6 finished\n");
  for (const Json& row : Rows(directory)) CHECK(row["iterations"] == 6);
}

TEST_CASE("A run that another process has is no failure of the sweep") {
  const TemporaryDirectory directory;
  MakePlan(directory, {"bnn.updates=3000", "iterations=1000"}, "1-2");
  const std::string run = directory / Rows(directory)[0]["run"].get<std::string>();
  Process other({VIME_RUN_PATH, "--manifest", "s/manifest.jsonl", "--task", "1", "--quiet"},
                {.directory = directory.path()});
  while (other.Running() && Slurp(run + "/metrics.jsonl").empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const Result result = VimeSweep({"run", "s", "--", "--max-seconds", "0.01"}, directory);
  CAPTURE(result.err);
  CHECK(result.exit_code == 75);
  CHECK(Contains(result.err, "0 finished, 0 failed, 1 stopped, 1 running elsewhere"));
  other.Signal(SIGTERM);
  CHECK(other.Wait().exit_code == 75);
}

TEST_CASE("A run counts as finished when it has left its summary, wherever -- would have it") {
  const TemporaryDirectory directory;
  MakePlan(directory, {"eta=0,0.1"}, "1");
  const Result printed = VimeSweep({"run", "s", "--", "eval"}, directory);
  CHECK(printed.exit_code == 2);
  CHECK(Contains(printed.err, "'eval'"));
  CHECK(IsOneLine(printed.err));  // not one a run
  for (const char* option : {"--out=elsewhere", "--out", "--task", "--manifest=m", "--version",
                             "--help", "--list=envs", "--print-config"}) {
    const Result refused = VimeSweep({"run", "s", "--", option}, directory);
    CHECK(refused.exit_code == 2);
    CHECK(IsOneLine(refused.err));
    CHECK(Contains(refused.err, "cannot follow --"));
  }
  CHECK(VimeSweep({"status", "s"}, directory).out == "2 runs, 2 missing\n");
  CHECK(VimeSweep({"--version"}, directory).out.starts_with("vime-sweep "));
}

TEST_CASE("Runs that fail or diverge neither stop the others nor stay hidden") {
  const TemporaryDirectory directory;
  MakePlan(directory, {"reinforce.learning_rate=0.02,1e300"}, "1-2");
  std::vector<Json> rows = Rows(directory);
  // The first task finds a directory that holds something else.
  std::filesystem::create_directories(directory / rows[0]["run"]);
  WriteText(directory / rows[0]["run"] + "/thesis.txt", "precious");
  const Result run = VimeSweep({"run", "s", "--jobs", "2"}, directory);
  CAPTURE(run.err);
  CHECK(run.exit_code == 1);
  CHECK(Contains(run.err, "1 finished, 3 failed, 0 stopped"));
  CHECK(Contains(run.err, "task 1  config  s/"));
  CHECK(Contains(run.err, "holds files that are not of a run"));
  CHECK(Contains(run.err, "task 2  diverged  s/"));
  CHECK(Contains(run.err, "policy is not finite"));
  CHECK(VimeSweep({"run", "s"}, directory).exit_code == 1);  // and again
  rows = Rows(directory);
  CHECK(rows[0]["status"] == "missing");
  CHECK(rows[1]["status"] == "diverged");
  CHECK(rows[2]["status"] == "finished");
  CHECK(VimeSweep({"merge", "s", "--require-complete"}, directory).exit_code == 1);
  CHECK(Slurp(directory / rows[0]["run"] + "/thesis.txt") == "precious");
}

TEST_CASE("A signal stops a sweep after checkpoints, and the same command goes on") {
  const TemporaryDirectory directory;
  MakePlan(directory, {"bnn.updates=3000"}, "1-4");
  Process process({VIME_SWEEP_PATH, "run", "s", "--jobs", "2"}, {.directory = directory.path()});
  const auto started = [&] {
    for (const Json& row : Rows(directory)) {
      const std::string run = row["run"];
      if (!Slurp((directory / run) + "/metrics.jsonl").empty()) return true;
    }
    return false;
  };
  while (process.Running() && !started()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  // As Slurm at a time limit, to all processes, as some batch systems do: a run ends at the second
  // SIGTERM that reaches it.
  process.Signal(SIGUSR1);
  process.SignalTree(SIGTERM);
  const Result result = process.Wait();
  CAPTURE(result.err);
  CHECK((result.exit_code == 75 || result.exit_code == 0));  // 0: all were finished by then
  CHECK(!Contains(VimeSweep({"status", "s"}, directory).out, "failed"));
  CHECK(VimeSweep({"run", "s", "--jobs", "2"}, directory).exit_code == 0);
  CHECK(VimeSweep({"status", "s"}, directory).out == "4 runs, 4 finished\n");
}

TEST_CASE("The second signal that ends a sweep ends its runs at once") {
  const TemporaryDirectory directory;
  MakePlan(directory, {"bnn.updates=10000000"}, "1-2");  // half a minute for an iteration
  Process process({VIME_SWEEP_PATH, "run", "s", "--jobs", "2"}, {.directory = directory.path()});
  const auto running = [&] {
    return Contains(VimeSweep({"status", "s"}, directory).out, "2 running");
  };
  while (process.Running() && !running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  process.Signal(SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // else the two may become one
  process.Signal(SIGTERM);
  CHECK(process.Wait().exit_code == 75);
  for (const Json& row : Rows(directory)) {  // no iteration was waited for
    CHECK(Slurp(directory / row["run"].get<std::string>() + "/metrics.jsonl").empty());
  }
}

TEST_CASE("Shards and xargs run every task once") {
  const TemporaryDirectory directory;
  MakePlan(directory, {"eta=0,0.1"}, "1-3");
  CHECK(VimeSweep({"run", "s", "--shard", "2/4"}, directory).exit_code == 0);
  CHECK(VimeSweep({"status", "s"}, directory).out == "6 runs, 2 finished, 4 missing\n");
  CHECK(Shell("seq 6 | xargs -P 2 -I K vime-run --manifest s/manifest.jsonl --task K --quiet",
              directory)
            .exit_code == 0);
  CHECK(VimeSweep({"status", "s"}, directory).out == "6 runs, 6 finished\n");
}

// A directory in the way of task 2, and what is left to do when it is gone.
void Block(const TemporaryDirectory& directory) {
  MakePlan(directory, {"eta=0,0.1"}, "1-3");
  const std::string run = directory / Rows(directory)[1]["run"].get<std::string>();
  std::filesystem::create_directories(run);
  WriteText(run + "/thesis.txt", "precious");
}
void Unblock(const TemporaryDirectory& directory) {
  CHECK(VimeSweep({"status", "s"}, directory).out == "6 runs, 5 finished, 1 missing\n");
  std::filesystem::remove(directory / Rows(directory)[1]["run"].get<std::string>() + "/thesis.txt");
}

TEST_CASE("make -k goes on after a task that fails, and then makes what is missing") {
  const TemporaryDirectory directory;
  Block(directory);
  WriteText(directory / "Makefile",
            "TASKS = $(shell seq $$(wc -l < s/manifest.jsonl))\n"
            "all: $(TASKS)\n"
            "$(TASKS):\n"
            "\tvime-run --manifest s/manifest.jsonl --task $@ --quiet && touch $@\n");
  const Result first = Shell("make -k -j 2", directory);
  CHECK(first.exit_code == 2);
  CHECK(Contains(first.err, "holds files that are not of a run"));
  Unblock(directory);
  const Result second = Shell("make -k -j 2", directory);
  CHECK(second.exit_code == 0);
  CHECK(Lines(second.out).size() == 1);  // the one command
  CHECK(VimeSweep({"status", "s"}, directory).out == "6 runs, 6 finished\n");
}

TEST_CASE("GNU parallel --resume-failed runs the task that failed and no other") {
  const TemporaryDirectory directory;
  if (Shell("parallel --version | grep -q '^GNU parallel'", directory).exit_code != 0) {
    MESSAGE("NOT TESTED: GNU parallel is not installed");
    return;
  }
  Block(directory);
  const std::string parallel =
      "seq 6 | parallel --will-cite -j 2 --joblog log --resume-failed "
      "vime-run --manifest s/manifest.jsonl --task {} --quiet";
  CHECK(Shell(parallel, directory).exit_code == 1);  // how many failed
  CHECK(Lines(Slurp(directory / "log")).size() == 1 + 6);
  Unblock(directory);
  CHECK(Shell(parallel, directory).exit_code == 0);
  CHECK(Lines(Slurp(directory / "log")).size() == 1 + 7);
  CHECK(VimeSweep({"status", "s"}, directory).out == "6 runs, 6 finished\n");
}

TEST_CASE("vime-sweep slurm prints a script that a shell accepts and that quotes what it holds") {
  const TemporaryDirectory directory;
  const std::string name = "it's a sweep";
  REQUIRE(VimeSweep({"plan", name, "--seeds", "1-8"}, directory).exit_code == 0);
  const Result printed =
      VimeSweep({"slurm", name, "--print", "--jobs", "3", "--", "--time=10"}, directory);
  REQUIRE(printed.exit_code == 0);
  CHECK(Contains(printed.out, "#SBATCH --array=1-8%3\n"));
  CHECK(Contains(printed.out, "#SBATCH --time=10\n"));
  REQUIRE(VimeSweep({"plan", "many", "--seeds", "1-1500"}, directory).exit_code == 0);
  const Result many = VimeSweep({"slurm", "many", "--print"}, directory);
  CHECK(Contains(many.out, "#SBATCH --array=1-1000\n"));
  WriteText(directory / "script", printed.out);
  CHECK(Process({"/bin/bash", "-n", directory / "script"}, {}).Wait().exit_code == 0);
  CHECK(VimeSweep({"slurm", name}, directory).exit_code == 2);
}

TEST_CASE("The tasks of a Slurm array share the runs of a sweep") {
  const TemporaryDirectory directory;
  MakePlan(directory, {}, "1-5");
  const Result printed = VimeSweep({"slurm", "s", "--print", "--array-size", "2"}, directory);
  REQUIRE(printed.exit_code == 0);
  CHECK(Contains(printed.out, "#SBATCH --array=1-2\n"));
  WriteText(directory / "script", printed.out);
  // In place of Slurm: srun runs what follows its options.
  WriteText(directory / "srun",
            "#!/bin/sh\nwhile case $1 in --*) ;; *) false; esac; do shift; done\n"
            "exec \"$@\"\n");
  std::filesystem::permissions(directory / "srun", std::filesystem::perms::owner_all);
  const auto task = [&](const std::string& number) {
    return Shell(
               "PATH=.:$PATH SLURM_CPUS_PER_TASK=2 SLURM_ARRAY_TASK_ID=" + number + " bash script",
               directory)
        .exit_code;
  };
  CHECK(task("2") == 0);
  CHECK(VimeSweep({"status", "s"}, directory).out == "5 runs, 2 finished, 3 missing\n");
  CHECK(task("1") == 0);
  CHECK(VimeSweep({"status", "s"}, directory).out == "5 runs, 5 finished\n");
}

TEST_CASE("Settings of an algorithm that does not run are pointed out") {
  const TemporaryDirectory directory;
  const std::string axis = "reinforce.learning_rate=0.1,0.2";
  const auto notes = [&](const Arguments& arguments) {
    return Lines(VimeSweep(Arguments{"plan"} + arguments, directory).err).size() - 1;  // next: ...
  };
  CHECK(notes({"a", axis, "--set", "algo=trpo"}) == 1);
  CHECK(notes({"b", axis}) == 0);
  CHECK(notes({"c", axis, "algo=trpo,reinforce"}) == 0);
  const Arguments ppo = {"--ppo-epochs", "3", "--out", "r"};
  CHECK(Contains(VimeRun(kTinySettings + ppo, directory).err, "ppo.epochs has no effect"));
  const Arguments same = {"--ppo-epochs", "3", "--out", "s", "--set", "algo=ppo"};
  CHECK_FALSE(Contains(VimeRun(kTinySettings + same, directory).err, "no effect"));
}

TEST_CASE("Command lines of vime-sweep that make no sense are refused in one line") {
  const TemporaryDirectory directory;
  MakePlan(directory, {}, "1");
  const auto refused = [&](const Arguments& arguments, const std::string& part) {
    const Result result = VimeSweep(arguments, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(IsOneLine(result.err));
    CHECK_MESSAGE(Contains(result.err, part), part);
  };
  refused({}, "plan, run, status, merge or slurm");
  refused({"go"}, "'go'");
  refused({"pln"}, "unknown command 'pln'; did you mean plan?");
  refused({"plan"}, "needs a directory");
  refused({"plan", "eta=0,1"}, "needs a directory");
  refused({"run"}, "needs the directory");
  refused({"slurm", "s", "--print", "--", "--array=1-3"}, "--array-size");
  refused({"slurm", "s", "--print", "--", "--arr", "1-3"}, "--array-size");
  refused({"slurm", "s", "--print", "--", "-a1-3"}, "--array-size");
  refused({"slurm", "s", "--print", "--", "--time", "10"}, "--time=10");
  refused({"slurm", "s", "--print", "--", "--time=10\nid"}, "--time=10");
  refused({"slurm", "s", "--print", "--array-size", "0"}, "--array-size");
  refused({"run", "absent"}, "absent/manifest.jsonl");
  refused({"run", "s", "--jobs", "0"}, "--jobs must be");
  refused({"run", "s", "--job", "2"}, "did you mean --jobs?");
  refused({"run", "s", "--shard", "3/2"}, "--shard must be I/N");
  refused({"run", "s", "--shard", "1/9223372036854775807"}, "--shard must be I/N");
  refused({"run", "s", "--", "--bogus"}, "--bogus");
  refused({"run", "s", "--", "--quiet", "--eta", "1"}, "such as eta, cannot follow --");
  refused({"run", "s", "--", "--quiet", "--version"}, "options that only print cannot follow --");
  refused({"status", "s", "t"}, "'t'");
  refused({"merge", "s", "--format", "xml"}, "jsonl|csv");
  const auto run_refused = [&](const Arguments& arguments, const std::string& part) {
    const Result result = VimeRun(arguments, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(IsOneLine(result.err));
    CHECK_MESSAGE(Contains(result.err, part), part);
  };
  const Arguments manifest = {"--manifest", "s/manifest.jsonl"};
  run_refused(manifest, "go together");
  run_refused(manifest + Arguments{"--task", "2"}, "--task must be an integer >= 1 and <= 1");
  run_refused(manifest + Arguments{"--task", "x"}, "--task must be");
  run_refused(manifest + Arguments{"--task", "auto"}, "SLURM_ARRAY_TASK_ID");
  run_refused(manifest + Arguments{"--task", "1", "--eta", "1"}, "--manifest says all");
}

}  // namespace
}  // namespace vime::testing
