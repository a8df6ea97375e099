#include "apps/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <iomanip>
#include <sstream>

#include "envs/registry.h"
#include "experiments/runner/build_info.h"
#include "lib/core/check.h"
#include "lib/core/names.h"
#include "lib/kernels/kernels.h"

namespace vime {
namespace {

// policy.initial_stddev -> --policy-initial-stddev
std::string FlagOf(const std::string& path) {
  std::string flag = "--" + path;
  for (char& c : flag) {
    if (c == '.' || c == '_') c = '-';
  }
  return flag;
}

// The default of a field as it would be written on the command line.
std::string DefaultText(const Field& field) {
  struct {
    std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
    std::string operator()(const std::int64_t* v) const { return std::to_string(*v); }
    std::string operator()(const double* v) const { return Json(*v).dump(); }
    std::string operator()(const std::string* v) const { return *v; }
    std::string operator()(const std::vector<std::int64_t>* v) const {
      std::string text;
      for (const std::int64_t entry : *v) text += (text.empty() ? "" : ",") + std::to_string(entry);
      return text;
    }
    std::string operator()(const Choice& choice) const { return std::string(choice.name()); }
  } print;
  return std::visit(print, field.value);
}

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
      text +=
          Line("",
               "env_params." + param.name + " = " + Json(param.default_value).dump() + ", in [" +
                   Json(param.low).dump() + ", " + Json(param.high).dump() + "]: " + param.help,
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
  IterationMetrics::Describe(
      IterationMetrics{},
      [&](const char* key, const auto&, const char* help) { text += Line(key, help, 32); });
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

// Values of flags as text, filled by CLI11 and read back in the order of the fields.
struct FlagSet {
  std::deque<std::pair<Field, std::optional<std::string>>> flags;

  void AddTo(CLI::App& app, const FieldList& fields, const std::string& group) {
    for (const Field& field : fields.fields()) {
      flags.emplace_back(field, std::nullopt);
      std::optional<std::string>& value = flags.back().second;
      const auto store = [&value](const std::string& text) { value = text; };
      const std::string flag = FlagOf(field.path);
      CLI::Option* option = nullptr;
      if (std::holds_alternative<bool*>(field.value) && group == "Run") {
        option = app.add_flag_callback(
            flag, [&value] { value = "true"; }, field.help);
      } else {
        const std::string fallback = DefaultText(field);
        option = app.add_option_function<std::string>(flag, store,
                                                      field.help + "; " + AllowedValues(field));
        const bool no_default = fallback.empty() || (fallback == "0" && field.range.low > 0);
        option->type_name(no_default ? "VALUE" : "[" + fallback + "]");
        option->take_last();
      }
      option->group(group);
    }
  }
};

[[noreturn]] void FailUnknownOption(const CLI::App& app, const std::string& argument) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
  const std::string name = argument.substr(0, argument.find('='));
  if (name.starts_with("-")) {
    const std::string closest = ClosestName(name, known);
    throw ConfigError(
        "unknown option " + name +
        (closest.empty() ? "; see vime-run --help" : "; did you mean " + closest + "?"));
  }
  throw ConfigError("unexpected argument '" + name + "'; see vime-run --help");
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine command;
  command.argv.assign(argv, argv + argc);

  CLI::App app{
      "Trains a policy with Variational Information Maximizing Exploration (VIME) and "
      "writes JSON metrics.\nExample: vime-run --env mountaincar --eta 0.1",
      "vime-run"};
  app.allow_extras();
  app.set_help_flag("-h,--help", "print this help");
  RunConfig defaults;
  FieldList config_fields;
  defaults.Describe(config_fields);
  RunOptions default_options;
  FieldList option_fields;
  default_options.Describe(option_fields);

  std::string preset;
  std::vector<std::string> config_files, settings;
  std::string list;
  bool version = false;
  bool print_config = false;
  app.add_option("--preset", preset, "start from a preset; see --list presets")->group("Run");
  app.add_option("--config", config_files,
                 "config file: JSON, or the run.json of an earlier run; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Run");
  app.add_option("--set", settings,
                 "key=value for any key of the config, env_params.* included; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("Run");
  app.add_flag("--print-config", print_config,
               "print every key with its value and its source as JSON, and exit")
      ->group("Run");
  app.add_option("--list", list, "print envs|bonuses|presets|metrics, and exit")->group("Run");
  app.add_flag("--version", version, "print the version, and exit");
  FlagSet config_flags;
  FlagSet option_flags;
  option_flags.AddTo(app, option_fields, "Run");
  config_flags.AddTo(app, config_fields, "Config");

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    command.action = Action::kPrintText;
    command.text = app.help();
    return command;
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    std::replace(message.begin(), message.end(), '\n', ' ');
    throw ConfigError(message);
  }
  if (!app.remaining().empty()) FailUnknownOption(app, app.remaining().front());
  if (version || !list.empty()) {
    command.action = Action::kPrintText;
    command.text = version ? Version() : List(list);
    return command;
  }

  ConfigBuilder builder;
  if (!preset.empty()) {
    builder.AddJson(ConfigOf(FindPreset(preset)), "preset " + preset, "preset " + preset);
  }
  for (const std::string& file : config_files) {
    builder.AddJson(ConfigOf(ReadJsonFile(file)), file, "file " + file);
  }
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError("--set must be key=value, got '" + setting + "'");
    }
    const std::string path = setting.substr(0, equals);
    builder.AddText(path, setting.substr(equals + 1), "--set " + path);
  }
  for (const auto& [field, text] : config_flags.flags) {
    if (text) builder.AddText(field.path, *text, FlagOf(field.path));
  }
  command.resolved = builder.Build();

  FieldList run_fields;
  command.options.Describe(run_fields);
  for (std::size_t i = 0; i < option_flags.flags.size(); ++i) {
    const auto& [field, text] = option_flags.flags[i];
    if (text) AssignText(run_fields.fields()[i], *text, FlagOf(field.path));
  }
  if (print_config) command.action = Action::kPrintConfig;
  return command;
}

}  // namespace vime
