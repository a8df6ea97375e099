// Recorded trajectories, driven through an environment.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "lib/rl/env.h"

namespace vime::testing {

/// max |a[i] - b[i]|; infinite when the lengths differ or a NaN is among them.
inline double MaxDifference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = std::isnan(difference) ? INFINITY : difference;
  }
  return largest;
}

/// Drives an environment through a recorded trajectory.
class Replay {
 public:
  Replay(Env& env, const nlohmann::json& trajectory)
      : env_(env),
        observation_(env.spec().observation.size()),
        actions_(trajectory["actions"].get<std::vector<std::vector<double>>>()) {}

  int steps() const { return static_cast<int>(actions_.size()); }
  void SetState(const std::vector<double>& state) { env_.SetState(state); }
  Step Advance(int t) {
    return env_.Advance(actions_[static_cast<std::size_t>(t)], rng_, observation_);
  }

  std::vector<double> State() const {
    std::vector<double> state(env_.spec().state.size());
    env_.GetState(state);
    return state;
  }
  const std::vector<double>& observation() const { return observation_; }

 private:
  Env& env_;
  Rng rng_{NoiseKey{}};
  std::vector<double> observation_;
  std::vector<std::vector<double>> actions_;
};

}  // namespace vime::testing
