#include "apps/task_command.h"

#include <algorithm>
#include <string>
#include <vector>

#include "experiments/runner/config_json.h"
#include "experiments/runner/files.h"
#include "lib/core/check.h"

namespace vime {
namespace {

FieldList Selected(RunConfig& config, std::span<const std::string_view> keys) {
  FieldList all, selected;
  config.Describe(all);
  for (const Field& field : all.fields()) {
    if (std::ranges::find(keys, field.path) != keys.end()) selected.Add(field);
  }
  return selected;
}

}  // namespace

std::optional<RunConfig> ParseTask(CLI::App& app, int argc, const char* const* argv,
                                   std::span<const std::string_view> config_keys,
                                   const FieldList& options) {
  AddHelp(app);
  RunConfig default_config;
  std::vector<std::string> settings;
  app.add_option_function<std::string>(
         "--set", [&](const std::string& setting) { settings.push_back(setting); },
         "env_params.<name>=<value>; may be repeated; see vime-run --list envs")
      ->trigger_on_parse()
      ->group(kRunGroup);
  FlagSet config_flags, option_flags;
  option_flags.AddTo(app, options, kRunGroup);
  config_flags.AddTo(app, Selected(default_config, config_keys), kRunGroup);
  if (const auto text = Parse(app, argc, argv, {&config_flags, &option_flags})) {
    WriteStdout(*text);
    return std::nullopt;
  }
  if (!app.remaining().empty()) FailUnknown(app, app.remaining().front());

  ConfigBuilder builder;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    const std::string path = setting.substr(0, equals);
    if (equals == std::string::npos || !path.starts_with("env_params.")) {
      throw ConfigError("--set must be env_params.<name>=<value>, got '" + setting + "'");
    }
    builder.AddText(path, setting.substr(equals + 1), "--set " + path);
  }
  config_flags.ForEachGiven([&](std::size_t, const Field& field, const std::string& text) {
    builder.AddText(field.path, text, FlagOf(field.path));
  });
  option_flags.ForEachGiven([&](std::size_t i, const Field& field, const std::string& text) {
    AssignText(options.fields()[i], text, FlagOf(field.path));
  });
  return builder.Build().config;
}

}  // namespace vime
