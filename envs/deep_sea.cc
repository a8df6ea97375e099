// Deep sea: only a diver who pays for going right all the way finds the treasure.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "envs/controllers.h"
#include "envs/drawing.h"
#include "envs/entries.h"

namespace vime {
namespace {

constexpr double kTreasure = 0.8;  // least x with a treasure
constexpr double kCost = 0.01;     // of going right from 0 to 1

/// The deep sea of bsuite (Osband et al. 2020) with a continuous action: N steps down, each moving
/// right for a small cost or left for nothing.
///
/// State and observation: t/N, the depth, and x in [0, 1]. For u = clip(a, -1, 1),
///
///   x' = clip(x + u/N, 0, 1)
///
/// Reset: t = 0, x = 0.
/// Reward: -0.01 max(u, 0)/N, and 1 more at t = N if x >= 0.8. The best return is 1 - 0.008.
/// Termination: at t = N.
/// Success: the treasure is found.
class DeepSea final : public Env {
 public:
  explicit DeepSea(int n) : Env(Spec(n)), n_(n) {}

  void Reset(Rng& /*rng*/, std::span<double> observation) override {
    t_ = 0;
    x_ = 0;
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    const double u = std::clamp(action[0], -1.0, 1.0);
    x_ = std::clamp(x_ + u / n_, 0.0, 1.0);
    t_ += 1;
    Observe(next_observation);
    const bool bottom = t_ >= n_;
    const bool treasure = bottom && x_ >= kTreasure;
    const double cost = kCost * std::max(u, 0.0) / n_;
    return {.reward = (treasure ? 1 : 0) - cost, .terminated = bottom, .success = treasure};
  }

  void GetState(std::span<double> state) const override { Observe(state); }
  void SetState(std::span<const double> state) override {
    t_ = std::round(state[0] * n_);
    x_ = state[1];
  }

  void Observe(std::span<double> observation) const override {
    observation[0] = t_ / n_;
    observation[1] = x_;
  }

  std::array<double, 2> CoveragePoint() const override { return {t_ / n_, x_}; }

 private:
  static EnvSpec Spec(int n) {
    const Axis depth = {"depth", 0, 1};
    const Axis position = {"position", 0, 1};
    return {.name = "deepsea",
            .observation = {depth, position},
            .action = {{"move", -1, 1}},
            .state = {depth, position},
            .coverage = {depth, position},
            .noise_region = {.y_high = 0.1},  // where those who do not go right stay
            .default_horizon = n,
            .time_step = 1,
            .success = "the position is at least 0.8 at the bottom",
            .success_share = 0};
  }

  double n_;
  double t_ = 0;  // a whole number
  double x_ = 0;
};

/// The sea from its surface down, the diver, and the treasure on the ground.
Scene DrawDeepSea(std::span<const double> state) {
  const Point diver = {state[1], -state[0]};
  return {.view = {-0.08, 1.08, -1.08, 0.08},
          .shapes = {Line(Role::kGround, {{0, 0}, {0, -1}, {1, -1}, {1, 0}}),
                     Line(Role::kGoal, {{kTreasure, -1}, {1, -1}}, 0.04),
                     Disc(Role::kBody, diver, 0.07)},
          .trace = diver};
}

}  // namespace

EnvEntry DeepSeaEntry() {
  return {.name = "deepsea",
          .help = "go right at a small cost for all of N steps to find +1; else 0",
          .params = {{.name = "n",
                      .default_value = 20,
                      .low = 2,
                      .high = 1000,
                      .integer = true,
                      .help = "N, the steps of an episode"}},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<DeepSea>(static_cast<int>(params.at("n")));
          },
          .make_controller = GoJustFarEnough,
          .draw = DrawDeepSea};
}

}  // namespace vime
