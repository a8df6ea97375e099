// How hard a task is for those who do not learn: what random play and scripted policies find.
#pragma once

#include <cstdint>

#include "lib/core/types.h"
#include "lib/rl/env.h"

namespace vime {

enum class PlayPolicy {
  kNormal,    ///< a' ~ N(0, 1) in normalised units, independent, then clipped
  kUniform,   ///< a' ~ U(-1, 1)
  kScripted,  ///< EnvEntry::make_controller
};

struct PlayOptions {
  PlayPolicy policy = PlayPolicy::kNormal;
  Index episodes = 1000;
  int horizon = 0;       ///< 0: the environment's own
  Index noise_hold = 1;  ///< steps for which a random action is kept
  std::uint64_t seed = 1;
  int num_threads = 1;
};

struct PlayReport {
  Index episodes = 0;
  Index steps = 0;
  Index successes = 0;  ///< episodes that count as a success
  Index rewarded = 0;   ///< episodes in which some step paid more than 0
  double return_mean = 0;
  double return_stddev = 0;  ///< over episodes; NaN for one
  int horizon = 0;
};

/// Plays whole episodes 0, 1, 2, ... Each draws from random streams named by (seed, episode), so
/// the report does not depend on the number of threads. Throws ConfigError when a scripted policy
/// is asked for and the entry has none, NumericalError when a reward is not finite.
PlayReport Play(const EnvEntry& entry, const EnvParams& params, const PlayOptions& options);

}  // namespace vime
