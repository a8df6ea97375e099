// The environments that the program knows. An explicit table: self-registering objects vanish from
// static archives.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "lib/rl/env.h"

namespace vime {

/// All environments, in the order in which `--list envs` shows them.
std::span<const EnvEntry> Environments();

/// The entry of that name, or nullptr.
const EnvEntry* FindEnvironment(std::string_view name);

/// Every declared parameter of the entry with its default.
EnvParams DefaultParams(const EnvEntry& entry);

/// An environment with its default parameters, the given ones replaced. Throws ConfigError for an
/// unknown environment, an unknown parameter, or a value out of its range.
std::unique_ptr<Env> MakeEnvironment(std::string_view name, const EnvParams& params = {});

/// The same for an entry that need not be in the table (but went through Registered).
std::unique_ptr<Env> MakeEnvironment(const EnvEntry& entry, const EnvParams& params = {});

/// The entry with what every environment of the registry has: `env_params.noise_dims`.
EnvEntry Registered(EnvEntry entry);

}  // namespace vime
