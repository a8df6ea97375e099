// A complete environment of one's own: everything that a new task needs.
#pragma once

#include <algorithm>
#include <memory>

#include "lib/rl/env.h"

namespace example {

/// A puck on a line of ice that has to be pushed to the far end.
///
/// State and observation: position x in [-1, 1], velocity v in [-0.1, 0.1], per step. For a,
///
///   v' = clip(v + 0.005 clip(a, -1, 1), -0.1, 0.1)
///   x' = clip(x + v', -1, 1);  v' = 0 at either end
///
/// Reset: x ~ U(-1, -0.9), v = 0.
/// Termination, reward 1 and success: x' = 1.
class Puck final : public vime::Env {
 public:
  Puck() : Env(Spec()) {}

  void Reset(vime::Rng& rng, std::span<double> observation) override {
    x_ = rng.Uniform(-1, -0.9);
    v_ = 0;
    Observe(observation);
  }

  vime::Step Advance(std::span<const double> action, vime::Rng& /*rng*/,
                     std::span<double> next_observation) override {
    v_ = std::clamp(v_ + 0.005 * std::clamp(action[0], -1.0, 1.0), -kMaxSpeed, kMaxSpeed);
    x_ = std::clamp(x_ + v_, -1.0, 1.0);
    if (x_ == -1 || x_ == 1) v_ = 0;
    Observe(next_observation);
    const bool goal = x_ == 1;
    return {.reward = goal ? 1.0 : 0.0, .terminated = goal, .success = goal};
  }

  void GetState(std::span<double> state) const override { Observe(state); }
  void SetState(std::span<const double> state) override {
    x_ = state[0];
    v_ = state[1];
  }
  void Observe(std::span<double> observation) const override {
    observation[0] = x_;
    observation[1] = v_;
  }
  std::array<double, 2> CoveragePoint() const override { return {x_, v_}; }

 private:
  static constexpr double kMaxSpeed = 0.1;

  static vime::EnvSpec Spec() {
    const vime::Axis position = {"position", -1, 1};
    const vime::Axis velocity = {"velocity", -kMaxSpeed, kMaxSpeed};
    return {.name = "puck",
            .observation = {position, velocity},
            .action = {{"push", -1, 1}},
            .state = {position, velocity},
            .coverage = {position, velocity},
            .noise_region = {.x_high = -0.5},  // near the start
            .default_horizon = 100,
            .time_step = 1,
            .success = "the puck reaches the far end",
            .success_share = 0};
  }

  double x_ = 0, v_ = 0;
};

/// The registry line: with it come `noise_dims`, the conformance suite and vime::Play.
inline vime::EnvEntry PuckEntry() {
  return {.name = "puck",
          .help = "push a puck to the far end of the ice",
          .params = {},
          .make = [](const vime::EnvParams&) -> std::unique_ptr<vime::Env> {
            return std::make_unique<Puck>();
          },
          .make_controller = [](const vime::EnvSpec&) -> vime::Controller {
            return [](int, std::span<const double>, std::span<double> action) { action[0] = 1; };
          }};
}

}  // namespace example
