// The registry lines that the environments contribute, one function each.
#pragma once

#include "lib/rl/env.h"

namespace vime {

EnvEntry MountainCarEntry();
EnvEntry MountainCarSparseEntry();
EnvEntry PendulumEntry();
EnvEntry PendulumSparseEntry();
EnvEntry CartpoleSwingupEntry();

}  // namespace vime
