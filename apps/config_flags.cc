#include "apps/config_flags.h"

#include "apps/completion.h"
#include "lib/core/check.h"

namespace vime {

void ConfigSources::AddTo(CLI::App& app) {
  // Each occurrence is one value: CLI11 would split "[a,b]" of a vector.
  const auto append_to = [](std::vector<std::string>& values) {
    return [&values](const std::string& value) { values.push_back(value); };
  };
  CLI::Option* preset =
      app.add_option("--preset", preset_, "start from a preset; see vime-run --list presets");
  preset->group(kRunGroup);
  std::vector<std::string> names;
  for (const auto& [name, unused] : Presets()) names.push_back(name);
  SetValues(*preset, names);
  app.add_option_function<std::string>(
         "--config", append_to(files_),
         "JSON config, or the run.json of an earlier run; may be repeated")
      ->trigger_on_parse()
      ->group(kRunGroup);
  app.add_option_function<std::string>(
         "--set", append_to(settings_),
         "key=value for any key of the config, env_params.* included; may be repeated")
      ->trigger_on_parse()
      ->group(kRunGroup);
}

void ConfigSources::AddTo(ConfigBuilder& builder) const {
  if (preset_) {
    const std::string name = "--preset " + *preset_;
    builder.AddJson(ConfigOf(FindPreset(*preset_), name), name, "preset " + *preset_);
  }
  for (const std::string& file : files_) {
    const std::string name = "--config " + file;
    builder.AddJson(ConfigOf(ReadJsonFile(file, name), name), name, "file " + file);
  }
  for (const std::string& setting : settings_) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError("--set must be key=value, got '" + setting + "'");
    }
    const std::string path = setting.substr(0, equals);
    builder.AddText(path, setting.substr(equals + 1), "--set " + path);
  }
}

}  // namespace vime
