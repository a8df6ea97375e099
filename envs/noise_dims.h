// The noisy-television test: observations that are noise, in a part of any environment.
#pragma once

#include "lib/rl/env.h"

namespace vime {

/// EnvSpec::noise_region in words: "-1 < x < 1 and y < 2".
std::string NoiseRegionText(const EnvSpec& spec);

/// The entry with one more parameter, noise_dims = K. Its environments have K further observation
/// dimensions that are independent N(0, 1) draws after every step that ends in
/// EnvSpec::noise_region (and after a reset there), and 0 elsewhere. Dynamics, rewards and the
/// other observations stay as they are. The draws are part of the state. With K = 0 the
/// environment is the entry's own.
EnvEntry WithNoiseDims(EnvEntry entry);

/// The parameters with `env_params.noise_dims` = 0: the same dynamics and rewards, without noise.
EnvParams WithoutNoiseDims(EnvParams params);

}  // namespace vime
