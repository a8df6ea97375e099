// One-step problems for policy optimisers: the reward is -(a - a*(s))^2.
#pragma once

#include <cmath>

#include "lib/rl/gaussian_policy.h"
#include "tests/support/toy_env.h"

namespace vime::testing {

/// A policy of one observation and one action with parameters of order one.
inline GaussianPolicy<double> BanditPolicy(std::vector<std::int64_t> hidden) {
  GaussianPolicy<double> policy(ToySpec(1, 1), {.hidden = std::move(hidden)}, 3);
  Rng rng({4, Stream::kTest, 0, 0});
  VectorXd theta = policy.parameters();
  for (double& value : theta) value = 0.5 * rng.Normal();
  policy.SetParameters(theta);
  return policy;
}

/// n episodes of one step with states uniform on [-1, 1] (or all at `observation`), actions of the
/// policy and a*(s) = 0.8 s.
inline Batch BanditBatch(const Policy& policy, Index n, std::uint32_t item,
                         double observation = std::nan("")) {
  Batch batch = EmptyBatch(std::vector<Index>(static_cast<std::size_t>(n), 1));
  Rng rng({9, Stream::kTest, 0, item});
  Features<float> noise(n, 1);
  for (Index t = 0; t < n; ++t) {
    const double s = rng.Uniform(-1, 1);
    batch.observations(t, 0) = static_cast<float>(std::isnan(observation) ? s : observation);
    noise(t, 0) = static_cast<float>(rng.Normal());
  }
  ActAtStart(policy, batch.observations, noise, batch.sampled_actions);
  for (Trajectory& trajectory : batch.trajectories) trajectory.terminated = true;
  for (Index t = 0; t < n; ++t) {
    const double miss = static_cast<double>(batch.sampled_actions(t, 0)) -
                        0.8 * static_cast<double>(batch.observations(t, 0));
    batch.rewards[t] = -miss * miss;
  }
  return batch;
}

}  // namespace vime::testing
