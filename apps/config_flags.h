// --preset, --config and --set: what a config starts from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/flags.h"
#include "experiments/runner/config_json.h"

namespace vime {

class ConfigSources {
 public:
  /// Adds the three options. This must stay where it is until the command line is parsed.
  void AddTo(CLI::App& app);

  /// Hands over what was given: the preset first, then files, then settings. Throws ConfigError.
  void AddTo(ConfigBuilder& builder) const;

  bool empty() const { return !preset_ && files_.empty() && settings_.empty(); }

 private:
  std::optional<std::string> preset_;
  std::vector<std::string> files_, settings_;
};

}  // namespace vime
