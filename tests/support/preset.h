// The config of a preset.
#pragma once

#include <string>

#include "experiments/runner/config_json.h"

namespace vime::testing {

inline RunConfig PresetConfig(const std::string& name) {
  ConfigBuilder builder;
  builder.AddJson(ConfigOf(FindPreset(name), name), name, name);
  return builder.Build().config;
}

}  // namespace vime::testing
