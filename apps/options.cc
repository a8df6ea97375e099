#include "apps/options.h"

#include <iomanip>
#include <sstream>

#include "apps/flags.h"
#include "envs/registry.h"
#include "experiments/runner/build_info.h"
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

std::string Version() {
  const BuildInfo& build = GetBuildInfo();
  return std::string("vime-run ") + build.version + " (" + build.git_revision +
         (build.git_dirty ? ", modified" : "") + ", " + build.compiler + ", " + build.build_type +
         ", kernels " + GetKernels<float>().name + ")\n";
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
      "Trains a policy with Variational Information Maximizing Exploration (VIME) and writes "
      "JSON.\n"
      "[...] is the default. Every key of the config can also be given as --set key=value.\n"
      "What a run has learned: vime-run eval RUN, vime-run replay RUN.",
      "vime-run"};
  app.set_help_flag("-h,--help", "print this help, and exit")->group(kRunGroup);
  RunConfig defaults;
  FieldList config_fields;
  defaults.Describe(config_fields);
  RunOptions default_options;
  FieldList option_fields;
  default_options.Describe(option_fields);

  std::vector<std::string> config_files, settings;
  std::optional<std::string> preset, list;
  bool version = false;
  bool print_config = false;
  // Each occurrence is one value: CLI11 would split "[a,b]" of a vector.
  const auto append_to = [](std::vector<std::string>& values) {
    return [&values](const std::string& value) { values.push_back(value); };
  };
  app.add_flag("--version", version, "print the version, and exit")->group(kRunGroup);
  app.add_option("--list", list, "print the known envs|bonuses|presets|metrics, and exit")
      ->group(kRunGroup);
  app.add_flag("--print-config", print_config,
               "print every key with its value and its source as JSON, and exit")
      ->group(kRunGroup);
  app.add_option("--preset", preset, "start from a preset; see --list presets")->group(kRunGroup);
  app.add_option_function<std::string>(
         "--config", append_to(config_files),
         "JSON config, or the run.json of an earlier run; may be repeated")
      ->trigger_on_parse()
      ->group(kRunGroup);
  app.add_option_function<std::string>(
         "--set", append_to(settings),
         "key=value for any key of the config, env_params.* included; may be repeated")
      ->trigger_on_parse()
      ->group(kRunGroup);
  FlagSet config_flags;
  FlagSet option_flags;
  option_flags.AddTo(app, option_fields, kRunGroup);
  config_flags.AddTo(app, config_fields, kConfigGroup);

  if (!Parse(app, argc, argv, {&config_flags, &option_flags})) {
    command.action = Action::kPrintText;
    command.text = Help(app);
    return command;
  }
  if (!app.remaining().empty()) FailUnknown(app, app.remaining().front());
  if (version || list) {
    command.action = Action::kPrintText;
    command.text = version ? Version() : List(*list);
    return command;
  }

  ConfigBuilder builder;
  if (preset) {
    const std::string name = "--preset " + *preset;
    builder.AddJson(ConfigOf(FindPreset(*preset), name), name, "preset " + *preset);
  }
  for (const std::string& file : config_files) {
    const std::string name = "--config " + file;
    builder.AddJson(ConfigOf(ReadJsonFile(file, name), name), name, "file " + file);
  }
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError("--set must be key=value, got '" + setting + "'");
    }
    const std::string path = setting.substr(0, equals);
    builder.AddText(path, setting.substr(equals + 1), "--set " + path);
  }
  config_flags.ForEachGiven([&](std::size_t, const Field& field, const std::string& text) {
    builder.AddText(field.path, text, FlagOf(field.path));
  });
  command.resolved = builder.Build();

  FieldList run_fields;
  command.options.Describe(run_fields);
  option_flags.ForEachGiven([&](std::size_t i, const Field& field, const std::string& text) {
    AssignText(run_fields.fields()[i], text, FlagOf(field.path));
  });
  SelectKernels(command.options.simd);  // refuses an unknown name
  if (print_config) command.action = Action::kPrintConfig;
  return command;
}

}  // namespace vime
