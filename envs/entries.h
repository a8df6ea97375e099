// The registry lines that the environments contribute, one function each.
#pragma once

#include <vector>

#include "lib/rl/env.h"

namespace vime {

EnvEntry MountainCarEntry();
EnvEntry MountainCarSparseEntry();
EnvEntry PendulumEntry();
EnvEntry PendulumSparseEntry();
EnvEntry CartpoleSwingupEntry();
EnvEntry CartpoleSwingupXEntry();
EnvEntry DoublePendulumEntry();
EnvEntry DoublePendulumXEntry();
EnvEntry AcrobotSparseEntry();
EnvEntry DeepSeaEntry();
std::vector<EnvEntry> PointMazeEntries();
EnvEntry SwimmerEntry();
EnvEntry SwimmerGatherEntry();

// Where MuJoCo is built in.
EnvEntry HalfCheetahEntry();
EnvEntry HalfCheetahSparseEntry();
EnvEntry Walker2dEntry();

// Where Box2D is built in.
EnvEntry MountainCarXEntry();

}  // namespace vime
