// Partial observability: tasks whose velocities have to be inferred from what was seen before.
#pragma once

#include <memory>

#include "lib/rl/env.h"

namespace vime {

/// The environment without those of its observations that are velocities (Axis::velocity).
/// Dynamics, rewards and states stay as they are. Throws ConfigError where there is no velocity to
/// hide, or nothing else to see.
std::unique_ptr<Env> HideVelocities(std::unique_ptr<Env> env);

}  // namespace vime
