// What the commands that look at one task without training on it have in common.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "apps/flags.h"
#include "experiments/runner/run_config.h"

namespace vime {

/// Parses a command line with flags for the named keys of the config, for --set env_params.* and
/// for `options`, which are assigned. Returns the resolved config; nothing when help was asked for,
/// and printed. Throws ConfigError.
std::optional<RunConfig> ParseTask(CLI::App& app, int argc, const char* const* argv,
                                   std::span<const std::string_view> config_keys,
                                   const FieldList& options);

}  // namespace vime
