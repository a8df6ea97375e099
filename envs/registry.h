// The environments that the program knows. An explicit table: self-registering objects vanish from
// static archives.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "lib/rl/env.h"

namespace vime {

/// All environments, in the order in which `--list envs` shows them.
std::span<const EnvEntry> Environments();

/// A task that a simulator outside this project computes. Where the simulator is not built in, the
/// task is no environment. Where it is, the same seed gives the same bits with the same build of
/// the simulator and of the C library, unlike elsewhere, where any build does.
struct EngineTask {
  std::string_view name, engine;
  /// The Debian package that the engine is built in from.
  std::string_view package;
};

/// All such tasks, built in or not.
std::span<const EngineTask> EngineTasks();

/// The one of that name, or nullptr.
const EngineTask* FindEngineTask(std::string_view name);

/// The entry of that name, or nullptr.
const EnvEntry* FindEnvironment(std::string_view name);

/// Why there is no environment of that name, and what to do about it.
std::string WhyNoEnvironment(std::string_view name);

/// Every declared parameter of the entry with its default.
EnvParams DefaultParams(const EnvEntry& entry);

/// An environment with its default parameters, the given ones replaced. Throws ConfigError for an
/// unknown or missing environment, an unknown parameter, or a value out of its range.
std::unique_ptr<Env> MakeEnvironment(std::string_view name, const EnvParams& params = {});

/// The same for an entry that need not be in the table (but went through Registered).
std::unique_ptr<Env> MakeEnvironment(const EnvEntry& entry, const EnvParams& params = {});

/// The entry with what every environment of the registry has: `env_params.noise_dims`.
EnvEntry Registered(EnvEntry entry);

}  // namespace vime
