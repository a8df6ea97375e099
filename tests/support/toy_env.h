// Environments and batches so small that what they give is known by hand.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/rl/batch.h"
#include "lib/rl/env.h"
#include "lib/rl/policy.h"

namespace vime::testing {

/// Observations, actions and visit grid in [-1, 1].
inline EnvSpec ToySpec(int observation_dim, int action_dim) {
  EnvSpec spec;
  spec.name = "toy";
  for (int i = 0; i < observation_dim; ++i) {
    spec.observation.push_back({"s" + std::to_string(i), -1, 1});
  }
  for (int k = 0; k < action_dim; ++k) spec.action.push_back({"a" + std::to_string(k), -1, 1});
  spec.state = spec.observation;
  spec.coverage = {Axis{"x", -1, 1}, Axis{"y", -1, 1}};
  spec.default_horizon = 10;
  return spec;
}

/// How a CountingEnv breaks.
enum class Fault { kNone, kObservation, kReward, kCoverage, kTooLargeForFloat };

struct CountingOptions {
  int length = 0;              ///< terminates at this step; 0: never
  bool random_length = false;  ///< draws the length from 1, ..., length instead
  int success_steps = 0;       ///< the first steps of an episode are success steps
  double success_share = 0;
  int action_dim = 1;
  Fault fault = Fault::kNone;
  bool ignore_actions = false;
  int fault_step = 1;  ///< 1 is the first step, 0 the reset (kObservation only)
};

/// Counts its steps and lets the actions and noise push a point about. Step n pays n, so an episode
/// of n steps returns n (n + 1) / 2. Observation (n, position); raw actions in [-2, 4]. On the
/// visit grid step n < 50 lies in cell n of the first axis, later ones beyond it.
class CountingEnv final : public Env {
 public:
  explicit CountingEnv(const CountingOptions& options) : Env(Spec(options)), options_(options) {}

  static std::function<std::unique_ptr<Env>()> Factory(const CountingOptions& options) {
    return [options] { return std::make_unique<CountingEnv>(options); };
  }

  void Reset(Rng& rng, std::span<double> observation) override {
    steps_ = 0;
    position_ = rng.Uniform(-1, 1);
    length_ = options_.random_length
                  ? 1 + static_cast<int>(rng.Below(static_cast<std::uint32_t>(options_.length)))
                  : options_.length;
    Observe(observation);
    if (Faulty(Fault::kObservation)) observation[1] = kNaN;
  }

  Step Advance(std::span<const double> action, Rng& rng,
               std::span<double> next_observation) override {
    ++steps_;
    if (!options_.ignore_actions) {
      for (const double a : action) position_ += a;
    }
    position_ += 0.1 * rng.Normal();
    Observe(next_observation);
    if (Faulty(Fault::kObservation)) next_observation[1] = kNaN;
    if (Faulty(Fault::kTooLargeForFloat)) next_observation[1] = 1e300;
    return {.reward = Faulty(Fault::kReward) ? kNaN : steps_,
            .terminated = steps_ == length_,
            .success = steps_ <= options_.success_steps};
  }

  void GetState(std::span<double> state) const override { Observe(state); }
  void SetState(std::span<const double> state) override {
    steps_ = static_cast<int>(state[0]);
    position_ = state[1];
  }
  void Observe(std::span<double> observation) const override {
    observation[0] = steps_;
    observation[1] = position_;
  }
  std::array<double, 2> CoveragePoint() const override {
    return {Faulty(Fault::kCoverage) ? kNaN : steps_, 0.0};
  }

 private:
  static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

  static EnvSpec Spec(const CountingOptions& options) {
    EnvSpec spec = ToySpec(2, options.action_dim);
    for (Axis& axis : spec.action) {
      axis.low = -2;
      axis.high = 4;
    }
    spec.coverage = {Axis{"steps", -0.5, 49.5}, Axis{"nothing", 0, 1}};
    spec.success_share = options.success_share;
    return spec;
  }
  bool Faulty(Fault fault) const {
    return options_.fault == fault && options_.fault_step == steps_;
  }

  CountingOptions options_;
  int steps_ = 0;
  int length_ = 0;
  double position_ = 0;
};

/// A corridor of `cells` cells. Starts in the first; a positive action moves right, any other left
/// (the first cell is a wall). Entering the last cell pays 1, is a success and ends the episode, so
/// the best return is gamma^(cells - 2), after cells - 1 steps. Observation: the cell, in [-1, 1].
class ChainEnv final : public Env {
 public:
  explicit ChainEnv(int cells) : Env(ToySpec(1, 1)), cells_(cells) {}

  void Reset(Rng& /*rng*/, std::span<double> observation) override {
    cell_ = 0;
    Observe(observation);
  }
  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    cell_ = action[0] > 0 ? cell_ + 1 : std::max(cell_ - 1, 0);
    Observe(next_observation);
    const bool goal = cell_ == cells_ - 1;
    return {.reward = goal ? 1.0 : 0.0, .terminated = goal, .success = goal};
  }
  void GetState(std::span<double> state) const override { state[0] = cell_; }
  void SetState(std::span<const double> state) override { cell_ = static_cast<int>(state[0]); }
  void Observe(std::span<double> observation) const override {
    observation[0] = 2.0 * cell_ / (cells_ - 1) - 1;
  }
  std::array<double, 2> CoveragePoint() const override {
    return {2.0 * cell_ / (cells_ - 1) - 1, 0};
  }

 private:
  int cells_;
  int cell_ = 0;
};

/// s' = A s + B a with A a contracting rotation; starts anywhere in [-1, 1]^2, pays -|s'|^2, never
/// ends.
class LinearEnv final : public Env {
 public:
  LinearEnv() : Env(ToySpec(2, 1)) {}

  static std::unique_ptr<Env> Make() { return std::make_unique<LinearEnv>(); }

  void Reset(Rng& rng, std::span<double> observation) override {
    x_ = rng.Uniform(-1, 1);
    y_ = rng.Uniform(-1, 1);
    Observe(observation);
  }
  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    const double x = 0.9 * x_ + 0.3 * y_;
    y_ = -0.3 * x_ + 0.9 * y_ + 0.5 * action[0];
    x_ = x;
    Observe(next_observation);
    return {.reward = -(x_ * x_ + y_ * y_)};
  }
  void GetState(std::span<double> state) const override { Observe(state); }
  void SetState(std::span<const double> state) override {
    x_ = state[0];
    y_ = state[1];
  }
  void Observe(std::span<double> observation) const override {
    observation[0] = x_;
    observation[1] = y_;
  }
  std::array<double, 2> CoveragePoint() const override { return {x_, y_}; }

 private:
  double x_ = 0;
  double y_ = 0;
};

/// Trajectories of the given lengths with all values zero.
inline Batch EmptyBatch(const std::vector<Index>& lengths, int observation_dim = 1,
                        int action_dim = 1) {
  Batch batch;
  Index n = 0;
  for (const Index length : lengths) {
    batch.trajectories.push_back({.begin = n, .length = length});
    n += length;
  }
  batch.Resize(n, observation_dim, action_dim);
  batch.observations.setZero();
  batch.sampled_actions.setZero();
  batch.executed_actions.setZero();
  batch.next_observations.setZero();
  batch.coverage.setZero();
  batch.rewards.setZero();
  return batch;
}

/// The same with states uniform on [-1, 1] (s_{t+1} = s'_t within a trajectory), and normal actions
/// and rewards.
inline Batch RandomBatch(const std::vector<Index>& lengths, int observation_dim, int action_dim,
                         std::uint32_t item) {
  Batch batch = EmptyBatch(lengths, observation_dim, action_dim);
  Rng rng({1, Stream::kTest, 0, item});
  for (const Trajectory& trajectory : batch.trajectories) {
    for (Index t = trajectory.begin; t < trajectory.begin + trajectory.length; ++t) {
      for (Index d = 0; d < observation_dim; ++d) {
        batch.observations(t, d) = t > trajectory.begin ? batch.next_observations(t - 1, d)
                                                        : static_cast<float>(rng.Uniform(-1, 1));
        batch.next_observations(t, d) = static_cast<float>(rng.Uniform(-1, 1));
      }
      for (Index k = 0; k < action_dim; ++k) {
        batch.sampled_actions(t, k) = static_cast<float>(rng.Normal());
        batch.executed_actions(t, k) = std::clamp(batch.sampled_actions(t, k), -1.0f, 1.0f);
      }
      batch.rewards[t] = rng.Normal();
    }
  }
  return batch;
}

/// The actions of a policy in the first step of episodes.
inline void ActAtStart(const Policy& policy, const FeaturesRef<float>& observations,
                       const FeaturesRef<float>& noise, Features<float>& actions) {
  Features<double> memory = Features<double>::Zero(observations.rows(), policy.memory_size());
  policy.Act(observations, noise, memory, actions);
}

}  // namespace vime::testing
