#include "apps/sweep_commands.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string_view>

#include "apps/completion.h"
#include "apps/config_flags.h"
#include "apps/flags.h"
#include "apps/options.h"
#include "apps/program.h"
#include "experiments/runner/files.h"
#include "experiments/runner/text.h"
#include "experiments/sweep/pool.h"
#include "experiments/sweep/slurm.h"
#include "experiments/sweep/sweep_status.h"
#include "lib/core/check.h"

namespace vime {

enum class MergeFormat { kJsonl, kCsv };
template <>
std::span<const std::string_view> EnumNames<MergeFormat>() {
  static constexpr auto kNames = std::to_array<std::string_view>({"jsonl", "csv"});
  return kNames;
}

namespace {

constexpr const char* kUsage =
    "usage: vime-sweep COMMAND DIR [OPTIONS]\n"
    "Many runs: every combination of some values of the config, for several seeds.\n\n"
    "  vime-sweep plan DIR eta=0,0.1 --seeds 1-10     write DIR/manifest.jsonl, one line per run\n"
    "  vime-sweep run DIR --jobs 4                    run what is not finished\n"
    "  vime-sweep status DIR                          what has become of the runs\n"
    "  vime-sweep merge DIR > results.jsonl           one row per run\n"
    "  vime-sweep slurm DIR --submit                  run as a Slurm job array\n\n"
    "vime-sweep COMMAND --help tells more.\n";

/// The arguments of a subcommand: those before and after "--".
struct Arguments {
  std::vector<const char*> own;
  std::vector<std::string> passed_on;

  Arguments(int argc, const char* const* argv) {
    const char* const* separator = FindSeparator(argc, argv);
    own.assign(argv, separator);
    if (separator != argv + argc) passed_on.assign(separator + 1, argv + argc);
  }
  int count() const { return static_cast<int>(own.size()); }
};

std::string Counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string ManifestOf(const std::string& directory) { return directory + "/manifest.jsonl"; }

// The one positional argument, the directory of the sweep.
std::string OnlyDirectory(const CLI::App& app, const std::vector<std::string>& positional) {
  if (positional.empty()) throw ConfigError(app.get_name() + " needs the directory of a sweep");
  if (positional.size() > 1) FailUnknown(app, positional[1]);
  return positional[0];
}

// A program of ours beside this one, or else in the PATH.
std::string Program(const std::string& name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path beside = self.parent_path() / name;
  return !error && std::filesystem::exists(beside, error) ? beside.string() : name;
}

int Plan(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-sweep plan DIR [KEY=VALUES...] [OPTIONS]\n"
      "Writes DIR/manifest.jsonl: one line per run, every combination of the values for every "
      "seed.\n"
      "VALUES are separated by commas: 0.1 or vime or [64,32] or A..B*N for N numbers from A to "
      "B,\n"
      "evenly spaced on a logarithmic scale when A > 0 and B >= 10 A, else on a linear one\n"
      "(log:A..B*N and lin:A..B*N choose), or A..B for whole numbers.\n"
      "A plan may grow: one that has all the runs of the plan in DIR takes its place.",
      "vime-sweep plan"};
  std::string seeds = "1";
  FieldList fields;
  fields.Add("seeds", seeds, "seeds of every variant, such as 1-10 or 1,2,5");
  ConfigSources sources;
  sources.AddTo(app);
  std::vector<std::string> positional;
  if (!ParseFields(app, argc, argv, fields, positional)) return 0;
  if (positional.empty()) throw ConfigError("vime-sweep plan needs a directory for the sweep");
  const std::string directory = positional[0];
  if (directory.find('=') != std::string::npos) {
    throw ConfigError("vime-sweep plan needs a directory for the sweep before " + directory);
  }
  positional.erase(positional.begin());

  ConfigBuilder base;
  sources.AddTo(base);
  std::vector<SweepTask> tasks = PlanSweep(base, positional, seeds);
  const std::string manifest = ManifestOf(directory);
  std::size_t before = 0;
  std::size_t longer = 0;
  if (FileExists(manifest)) {
    const std::vector<SweepTask> old = ReadManifest(manifest);
    before = old.size();
    try {
      tasks = GrownPlan(old, tasks);
    } catch (const ConfigError& error) {
      throw ConfigError(manifest + " holds " + error.what() + "; choose another directory");
    }
    for (std::size_t i = 0; i < before; ++i) longer += tasks[i].config != old[i].config ? 1 : 0;
  }
  MakeDirectories(directory);
  WriteFileAtomically(manifest, ManifestText(tasks));

  std::string report;
  std::size_t variants = 1;
  std::size_t num_seeds = 1;
  const std::vector<SweepAxis> axes = SweepAxes(base, positional, seeds);
  for (const SweepAxis& axis : axes) {
    (axis.path == "seed" ? num_seeds : variants) *= axis.values.size();
    report += "  " + axis.path + " = " + (axis.path == "seed" ? seeds : Listed(axis.values)) + "\n";
  }
  WriteStdout(Counted(tasks.size(), "run") + ": " + Counted(variants, "variant") + " x " +
              Counted(num_seeds, "seed") +
              (before > 0 ? ", " + std::to_string(tasks.size() - before) + " of them new" : "") +
              (longer > 0 ? ", " + std::to_string(longer) + " longer than before" : "") + "\n" +
              report);
  for (const SweepAxis& axis : axes) {
    const bool idle = std::ranges::all_of(tasks, [&](const SweepTask& task) {
      return std::ranges::find(task.without_effect, axis.path) != task.without_effect.end();
    });
    if (idle)
      std::cerr << "vime-sweep: " << axis.path << " has no effect: it belongs to another algo\n";
  }
  std::cerr << "next: vime-sweep run " << Printable(EscapeShell(directory)) << " --jobs "
            << ::sysconf(_SC_NPROCESSORS_ONLN) << "\n";
  return 0;
}

// I/N of --shard: tasks I, I + N, I + 2 N, ...
std::vector<std::int64_t> Shard(const std::string& text, std::int64_t tasks) {
  std::int64_t index = 1, count = 1;
  if (!text.empty()) {
    const char* end = text.data() + text.size();
    const auto first = std::from_chars(text.data(), end, index);
    const bool slash = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
    const auto second = slash ? std::from_chars(first.ptr + 1, end, count) : first;
    if (!slash || second.ec != std::errc() || second.ptr != end || index < 1 || index > count ||
        count > kMostTasks) {
      throw ConfigError("--shard must be I/N with 1 <= I <= N <= 1e6, got '" + text + "'");
    }
  }
  std::vector<std::int64_t> chosen;
  for (std::int64_t task = index; task <= tasks; task += count) chosen.push_back(task);
  return chosen;
}

std::string Meaning(int exit_code) {
  switch (exit_code) {
    case 2:
      return "config";
    case 3:
      return "diverged";
    case 4:
      return "I/O";
    default:
      return exit_code > 128 ? "signal " + std::to_string(exit_code - 128) : "failed";
  }
}

// Refuses at once what every run would refuse.
void CheckPassedOn(const std::vector<std::string>& words) {
  constexpr std::array kNotPassedOn = {"--out", "--manifest", "--task"};
  const std::string reason = " cannot follow --: the sweep says what runs, and where";
  std::vector<const char*> command = {"vime-run"};
  for (const std::string& word : words) {
    const std::string option = word.substr(0, word.find('='));
    if (std::ranges::find(kNotPassedOn, option) != kNotPassedOn.end()) {
      throw ConfigError(option + reason);
    }
    command.push_back(word.c_str());
  }
  const CommandLine line = ParseCommandLine(static_cast<int>(command.size()), command.data());
  if (line.action != Action::kRun) throw ConfigError("options that only print" + reason);
  for (const auto& [key, source] : line.resolved.sources) {
    if (source != "default" && source != "environment") {
      throw ConfigError("keys of the config, such as " + key + "," + reason);
    }
  }
}

int RunAll(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-sweep run DIR [OPTIONS] [-- OPTIONS OF VIME-RUN]\n"
      "Runs the tasks of a sweep that are not finished, each as a process of its own. A run that\n"
      "fails stops no other; all failures are listed at the end.",
      "vime-sweep run"};
  std::int64_t jobs = 1;
  std::string shard;
  FieldList fields;
  fields.Add("jobs", jobs, "runs at the same time", {.low = 1, .high = 4096});
  fields.Add("shard", shard, "I/N: only tasks I, I + N, I + 2 N, ...");
  const Arguments arguments(argc, argv);
  std::vector<std::string> positional;
  if (!ParseFields(app, arguments.count(), arguments.own.data(), fields, positional)) return 0;
  const SweepSignals signals;  // before the manifest is read, which takes a while when it is long
  const std::string manifest = ManifestOf(OnlyDirectory(app, positional));
  const std::vector<SweepTask> tasks = ReadManifest(manifest);
  const auto chosen = Shard(shard, static_cast<std::int64_t>(tasks.size()));
  CheckPassedOn(arguments.passed_on);
  const auto path = [&](std::int64_t task) {
    return RunPath(manifest, tasks[static_cast<std::size_t>(task - 1)]);
  };
  const PoolOutcome outcome = RunTasks(
      signals, manifest, chosen,
      {.program = Program("vime-run"),
       .jobs = jobs,
       .arguments = arguments.passed_on,
       .has_result = [&](std::int64_t task) { return FileExists(path(task) + "/summary.json"); }});
  for (const FailedTask& failed : outcome.failed) {
    std::cerr << "task " << failed.task << "  " << Meaning(failed.exit_code) << "  "
              << Printable(path(failed.task)) << "  " << Printable(failed.message) << "\n";
  }
  const auto refused = std::ranges::find(outcome.failed, 2, &FailedTask::exit_code);
  if (refused != outcome.failed.end()) {
    std::cerr << "one alone, with options such as --if-exists: vime-run --manifest "
              << Printable(EscapeShell(manifest)) << " --task " << refused->task << "\n";
  }
  std::cerr << outcome.finished << " finished, " << outcome.failed.size() << " failed, "
            << outcome.stopped << " stopped";
  if (outcome.elsewhere > 0) std::cerr << ", " << outcome.elsewhere << " running elsewhere";
  std::cerr << "\n";
  if (outcome.signal == SIGINT) return 128 + SIGINT;
  if (outcome.stopped > 0) return 75;
  return outcome.failed.empty() && outcome.elsewhere == 0 ? 0 : 1;
}

int Status(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-sweep status DIR\n"
      "Counts the runs by what has become of them, and lists those without a result.",
      "vime-sweep status"};
  std::vector<std::string> positional;
  if (!ParseFields(app, argc, argv, {}, positional)) return 0;
  const auto records = SweepStatus(ManifestOf(OnlyDirectory(app, positional)));
  std::map<TaskStatus, int> counts;
  std::string text;
  for (const TaskRecord& record : records) {
    ++counts[record.status];
    if (IsComplete(record) || record.status == TaskStatus::kMissing) continue;
    text += std::string(NameOf(record.status)) + "  task " + std::to_string(record.task) + "  " +
            Printable(record.run) + "\n";
  }
  std::string line = std::to_string(records.size()) + " runs";
  for (const auto& [status, count] : counts) {
    line += ", " + std::to_string(count) + " " + NameOf(status);
  }
  WriteStdout(line + "\n" + text);
  return 0;
}

int Merge(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-sweep merge DIR [OPTIONS]\n"
      "Prints one row per run: its task, status, axes and summary. Runs without a result have a "
      "row "
      "too.",
      "vime-sweep merge"};
  MergeFormat format = MergeFormat::kJsonl;
  bool require_complete = false;
  std::string out;
  FieldList fields;
  fields.Add("format", format, "of the rows");
  fields.Add("out", out, "file to write [standard output]");
  fields.Add("require_complete", require_complete, "exit with 1 when a run has no result");
  std::vector<std::string> positional;
  if (!ParseFields(app, argc, argv, fields, positional)) return 0;
  const auto records = SweepStatus(ManifestOf(OnlyDirectory(app, positional)));
  const std::string text = format == MergeFormat::kCsv ? MergedCsv(records) : MergedJsonl(records);
  out.empty() ? WriteStdout(text) : WriteFileAtomically(out, text);
  std::size_t incomplete = 0;
  for (const TaskRecord& record : records) incomplete += IsComplete(record) ? 0 : 1;
  if (incomplete > 0) {
    std::cerr << "vime-sweep: " << incomplete << " of " << records.size()
              << " runs have no result; see vime-sweep status\n";
  }
  return require_complete && incomplete > 0 ? 1 : 0;
}

int Slurm(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-sweep slurm DIR --print|--submit [OPTIONS] [-- OPTIONS OF SBATCH]\n"
      "The sweep as a Slurm job array. Its tasks have equal shares of the runs; with "
      "--cpus-per-task after "
      "--\n"
      "each has as many at the same time. Runs that are preempted or reach their time limit write\n"
      "checkpoints, and the task is requeued.",
      "vime-sweep slurm"};
  bool print = false;
  bool submit = false;
  std::int64_t array_size = 1000;
  std::int64_t jobs = 0;
  FieldList fields;
  fields.Add("print", print, "print the batch script");
  fields.Add("submit", submit, "write it to DIR/sweep.sbatch and give it to sbatch");
  fields.Add(
      "array_size", array_size,
      "tasks of the array, at most; Slurm takes fewer than MaxArraySize, which scontrol show "
      "config tells and which is 1001 by default",
      {.low = 1, .high = 4e6});
  fields.Add("jobs", jobs, "tasks at the same time; 0: as many as Slurm starts",
             {.low = 0, .high = 1e6});
  const Arguments arguments(argc, argv);
  std::vector<std::string> positional;
  if (!ParseFields(app, arguments.count(), arguments.own.data(), fields, positional)) return 0;
  const std::string directory = OnlyDirectory(app, positional);
  if (print == submit) throw ConfigError("vime-sweep slurm needs either --print or --submit");
  for (const std::string& word : arguments.passed_on) {
    const std::string option = word.substr(0, word.find('='));
    if (word.starts_with("-a") ||
        (option.size() > 3 && std::string("--array").starts_with(option))) {
      throw ConfigError(word + " cannot follow --: --array-size and --jobs say what the array is");
    }
    // Each is a line of the script.
    if (!word.starts_with("-") || word.find('\n') != std::string::npos) {
      throw ConfigError("options of sbatch are one word each, such as --time=10, got '" + word +
                        "'");
    }
  }
  const auto runs = static_cast<std::int64_t>(ReadManifest(ManifestOf(directory)).size());
  const std::string script =
      SlurmScript({.program = Program("vime-sweep"),
                   .directory = std::filesystem::absolute(directory).string(),
                   .array_size = std::min(array_size, runs),
                   .jobs = jobs,
                   .directives = arguments.passed_on});
  if (print) {
    WriteStdout(script);
    return 0;
  }
  const std::string file = directory + "/sweep.sbatch";
  WriteFileAtomically(file, script);
  if (std::system(("sbatch " + EscapeShell(file)).c_str()) != 0) {
    throw IoError("sbatch did not take " + file);
  }
  return 0;
}

}  // namespace

int SweepCommand(int argc, const char* const* argv) {
  const Commands commands = {
      {"plan", Plan}, {"run", RunAll}, {"status", Status}, {"merge", Merge}, {"slurm", Slurm}};
  if (const auto code = RunCommand(commands, argc, argv)) return *code;
  CLI::App app{kUsage, "vime-sweep"};
  AddHelp(app);
  AddCompletion(app);
  bool version = false;
  app.add_flag("--version", version, "print the version, and exit");
  const auto text = Parse(app, argc, argv, {});
  if (text || version) {
    WriteStdout(text ? *text : VersionText("vime-sweep"));
    return 0;
  }
  throw ConfigError("the first argument must be plan, run, status, merge or slurm, got '" +
                    std::string(argc > 1 ? argv[1] : "") + "'; see vime-sweep --help");
}

}  // namespace vime
