#include "apps/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <iomanip>
#include <sstream>

#include "envs/registry.h"
#include "experiments/runner/build_info.h"
#include "lib/core/check.h"
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
    std::string operator()(const double* v) const { return NumberText(*v); }
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

constexpr const char* kRunGroup = "Run";
constexpr const char* kConfigGroup = "Config";

// policy.hidden -> "Config policy.*"
std::string GroupOf(const Field& field, const std::string& group) {
  const auto dot = field.path.find('.');
  return dot == std::string::npos ? group : group + " " + field.path.substr(0, dot) + ".*";
}

// What --help says about a field: meaning, choices and default.
std::string HelpText(const Field& field) {
  std::string text = field.help;
  if (std::holds_alternative<Choice>(field.value)) text += ": " + AllowedValues(field);
  const std::string fallback = DefaultText(field);
  const bool no_default = fallback.empty() || (fallback == "0" && field.range.low > 0);
  return no_default ? text : text + " [" + fallback + "]";
}

// Values of flags as text, filled by CLI11 and read back in the order of the fields.
struct FlagSet {
  std::deque<std::pair<Field, std::optional<std::string>>> flags;

  void AddTo(CLI::App& app, const FieldList& fields, const std::string& group) {
    for (const Field& field : fields.fields()) {
      flags.emplace_back(field, std::nullopt);
      std::optional<std::string>& value = flags.back().second;
      const std::string flag = FlagOf(field.path);
      CLI::Option* option = nullptr;
      if (std::holds_alternative<bool*>(field.value) && group == kRunGroup) {
        option = app.add_flag_callback(
            flag, [&value] { value = "true"; }, field.help);
      } else {
        const auto store = [&value](const std::string& text) { value = text; };
        option = app.add_option_function<std::string>(flag, store, HelpText(field));
        option->take_last();
      }
      option->group(GroupOf(field, group));
    }
  }

  const Field* Find(const std::string& flag) const {
    for (const auto& [field, value] : flags) {
      if (FlagOf(field.path) == flag) return &field;
    }
    return nullptr;
  }
};

// One line per option where it fits: the flag, then its text, wrapped within 100 columns.
std::string Help(const CLI::App& app) {
  constexpr std::size_t kIndent = 30;
  constexpr std::size_t kColumns = 100;
  std::string help = app.get_description() + "\n";
  std::string group;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group() != group) {
      group = option->get_group();
      help += "\n" + group + "\n";
    }
    std::string line = "  " + option->get_name(false, true);
    std::istringstream words(option->get_description());
    bool begun = line.size() + 2 > kIndent;
    if (begun) {
      help += line + "\n";
      line.clear();
    }
    line.resize(kIndent, ' ');
    begun = false;
    for (std::string word; words >> word; begun = true) {
      if (begun && line.size() + 1 + word.size() > kColumns) {
        help += line + "\n";
        line.assign(kIndent, ' ');
        begun = false;
      }
      line += (begun ? " " : "") + word;
    }
    help += line + "\n";
  }
  return help;
}

[[noreturn]] void FailUnknownOption(const CLI::App& app, const std::string& argument) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
  const std::string name = argument.substr(0, argument.find('='));
  if (name.starts_with("-")) {
    throw ConfigError("unknown option " + name + "; " +
                      SuggestPath(name, known, '-', "see vime-run --help"));
  }
  throw ConfigError("unexpected argument '" + name + "'; see vime-run --help");
}

// An option without its value, or an option that cannot be given twice.
[[noreturn]] void FailMismatch(const FlagSet& config, const FlagSet& run,
                               const std::string& message) {
  const std::string flag = message.substr(0, message.find(':'));
  if (message.find("At Most") != std::string::npos) {
    throw ConfigError(flag + " may be given only once");
  }
  const Field* field = config.Find(flag);
  if (field == nullptr) field = run.Find(flag);
  throw ConfigError(flag + " needs a value" +
                    (field == nullptr ? "; see vime-run --help" : ": " + AllowedValues(*field)));
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  CommandLine command;
  command.argv.assign(argv, argv + argc);

  CLI::App app{
      "usage: vime-run [OPTIONS]        for example: vime-run --env mountaincar --eta 0.1\n"
      "Trains a policy with Variational Information Maximizing Exploration (VIME) and writes "
      "JSON.\n"
      "[...] is the default. Every key of the config can also be given as --set key=value.",
      "vime-run"};
  app.allow_extras();
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

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    command.action = Action::kPrintText;
    command.text = Help(app);
    return command;
  } catch (const CLI::ArgumentMismatch& error) {
    FailMismatch(config_flags, option_flags, error.what());
  } catch (const CLI::ParseError& error) {
    throw ConfigError(error.what());
  }
  if (!app.remaining().empty()) FailUnknownOption(app, app.remaining().front());
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
  SelectKernels(command.options.simd);  // refuses an unknown name
  if (print_config) command.action = Action::kPrintConfig;
  return command;
}

}  // namespace vime
