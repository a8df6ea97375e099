// What a run directory has learned, ready to act.
#pragma once

#include <memory>
#include <string>

#include "experiments/runner/run_config.h"
#include "lib/rl/env.h"
#include "lib/rl/policy.h"

namespace vime {

/// A run directory, as far as acting goes.
struct SavedPolicy {
  RunConfig config;
  std::unique_ptr<Env> env;
  std::unique_ptr<Policy> policy;
};

/// From run.json and policy.json. Throws ConfigError or IoError naming the file that is not what it
/// should be.
SavedPolicy LoadPolicy(const std::string& run);

}  // namespace vime
