#include "apps/options.h"

#include <iomanip>
#include <sstream>

#include "apps/completion.h"
#include "apps/config_flags.h"
#include "apps/flags.h"
#include "apps/program.h"
#include "envs/registry.h"
#include "experiments/runner/schemas.h"
#include "experiments/runner/text.h"
#include "experiments/sweep/manifest.h"
#include "lib/core/check.h"
#include "lib/kernels/kernels.h"
#include "lib/rl/evaluation.h"

namespace vime {
namespace {

std::string Line(const std::string& name, const std::string& text, int width) {
  std::ostringstream line;
  line << std::left << std::setw(width) << name << "  " << text << "\n";
  return line.str();
}

std::string ListEnvironments() {
  std::string text;
  for (const EnvEntry& entry : Environments()) {
    text += Line(entry.name, entry.help, 20);
    for (const EnvParam& param : entry.params) {
      text += Line("",
                   "env_params." + param.name + " = " + NumberText(param.default_value) + ", in [" +
                       NumberText(param.low) + ", " + NumberText(param.high) + "]: " + param.help,
                   20);
    }
  }
  for (const EngineTask& task : EngineTasks()) {
    if (FindEnvironment(task.name) != nullptr) continue;
    text += Line(std::string(task.name),
                 "not built in: needs " + std::string(task.engine) + " (Debian package " +
                     std::string(task.package) + ")",
                 20);
  }
  return text;
}

std::string ListBonuses() {
  std::string text;
  const auto names = EnumNames<BonusKind>();
  for (const BonusEntry& entry : Bonuses()) {
    text +=
        Line(std::string(names[static_cast<std::size_t>(entry.kind)]), std::string(entry.help), 12);
  }
  return text;
}

std::string ListPresets() {
  std::string text;
  for (const auto& [name, preset] : Presets()) {
    text += Line(name, preset.value("description", ""), 24);
  }
  return text;
}

std::string ListMetrics() {
  std::string text;
  const auto add = [&](const char* key, const auto&, const char* help) {
    text += Line(key, help, 32);
  };
  IterationMetrics::Describe(IterationMetrics{}, add);
  Evaluation::Describe(Evaluation{}, add);
  return text;
}

std::string List(const std::string& what) {
  if (what == "envs") return ListEnvironments();
  if (what == "bonuses") return ListBonuses();
  if (what == "presets") return ListPresets();
  if (what == "metrics") return ListMetrics();
  throw ConfigError("--list must be envs|bonuses|presets|metrics, got '" + what + "'");
}

// The value of --task.
std::int64_t TaskNumber(const std::string& text) {
  if (text == "auto") return TaskFromEnvironment();
  std::int64_t task = 0;
  FieldList fields;
  fields.Add("task", task, "", {.low = 1, .high = 1e6});
  AssignText(fields.fields().front(), text, "--task");
  return task;
}

constexpr const char* kConfigGroup = "Config";

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine command;
  command.argv.assign(argv, argv + argc);

  CLI::App app{
      "usage: vime-run [OPTIONS]        for example: vime-run --env mountaincar --eta 0.1\n"
      "       vime-run difficulty [OPTIONS]  plays without learning; see vime-run difficulty "
      "--help\n"
      "       vime-run oracle [OPTIONS]      what could be had from a task; see vime-run oracle "
      "--help\n"
      "Trains a policy with Variational Information Maximizing Exploration (VIME) and writes "
      "JSON.\n"
      "[...] is the default. Every key of the config can also be given as --set key=value.\n"
      "What a run has learned: vime-run eval RUN, vime-run replay RUN. What its estimators are "
      "worth:\n"
      "vime-run diagnose [OPTIONS].",
      "vime-run"};
  AddHelp(app);
  RunConfig defaults;
  FieldList config_fields;
  defaults.Describe(config_fields);
  RunOptions default_options;
  FieldList option_fields;
  default_options.Describe(option_fields);

  std::optional<std::string> list;
  bool version = false;
  bool print_config = false;
  app.add_flag("--version", version, "print the version, and exit")->group(kRunGroup);
  AddCompletion(app);
  CLI::Option* list_option =
      app.add_option("--list", list, "print the known envs|bonuses|presets|metrics, and exit");
  list_option->group(kRunGroup);
  SetValues(*list_option, {"envs", "bonuses", "presets", "metrics"});
  std::optional<std::string> schema;
  CLI::Option* schema_option = app.add_option(
      "--schema", schema, "print the JSON Schema of a file that runs write, and exit");
  schema_option->group(kRunGroup);
  SetValues(*schema_option, SchemaNames());
  app.add_flag("--print-config", print_config,
               "print every key with its value and its source as JSON, and exit")
      ->group(kRunGroup);
  ConfigSources sources;
  sources.AddTo(app);
  std::optional<std::string> manifest, task;
  app.add_option("--manifest", manifest, "the manifest.jsonl of vime-sweep plan; with --task")
      ->group(kRunGroup);
  app.add_option("--task", task,
                 "the line of the manifest to run, from 1; auto: the number of this task in its "
                 "job array (Slurm and others)")
      ->group(kRunGroup);
  FlagSet config_flags;
  FlagSet option_flags;
  option_flags.AddTo(app, option_fields, kRunGroup);
  config_flags.AddTo(app, config_fields, kConfigGroup);

  if (auto text = Parse(app, argc, argv, {&config_flags, &option_flags})) {
    command.action = Action::kPrintText;
    command.text = *std::move(text);
    return command;
  }
  if (!app.remaining().empty()) FailUnknown(app, app.remaining().front());
  if (version || list || schema) {
    command.action = Action::kPrintText;
    command.text = version ? VersionText("vime-run")
                   : list  ? List(*list)
                           : Schema(*schema).dump(2) + "\n";
    return command;
  }

  ConfigBuilder builder;
  sources.AddTo(builder);
  config_flags.ForEachGiven([&](std::size_t, const Field& field, const std::string& text) {
    builder.AddText(field.path, text, FlagOf(field.path));
  });
  std::optional<SweepTask> planned;
  if (manifest || task) {
    bool own_config = !sources.empty();
    config_flags.ForEachGiven([&](auto&&...) { own_config = true; });
    if (!manifest || !task) throw ConfigError("--manifest and --task go together");
    if (own_config) {
      throw ConfigError("--manifest says all there is to the config; leave out other keys of it");
    }
    planned = ReadTask(*manifest, TaskNumber(*task));
    builder.AddJson(planned->config, "--manifest " + *manifest, "manifest " + *manifest);
  }
  command.resolved = builder.Build();
  if (planned && ConfigHash(command.resolved.config) != planned->config_hash) {
    throw ConfigError("--manifest " + *manifest +
                      " was planned by a version of the program with other defaults; plan again");
  }

  FieldList run_fields;
  command.options.Describe(run_fields);
  option_flags.ForEachGiven([&](std::size_t i, const Field& field, const std::string& text) {
    AssignText(run_fields.fields()[i], text, FlagOf(field.path));
  });
  if (planned && command.options.out.empty()) command.options.out = RunPath(*manifest, *planned);
  SelectKernels(command.options.simd);  // refuses an unknown name
  if (print_config) command.action = Action::kPrintConfig;
  return command;
}

}  // namespace vime
