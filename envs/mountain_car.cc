// Mountain car: an underpowered car must swing up to the right hilltop.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "envs/entries.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr double kPower = 0.0015;
constexpr double kGravity = 0.0025;
constexpr double kMinPosition = -1.2;
constexpr double kMaxPosition = 0.6;
constexpr double kMaxSpeed = 0.07;
constexpr double kGoalPosition = 0.45;

/// Mountain car with a continuous force: MountainCarContinuous-v0 of Gymnasium 1.4.0 (after A.
/// Moore 1990), in double precision; Gymnasium rounds its state to float after every step.
///
/// State and observation: position x in [-1.2, 0.6], velocity v in [-0.07, 0.07]. The hill has
/// the height sin(3 x). Quantities have no units; time is counted in steps. For the action a,
///
///   f  = clip(a, -1, 1)
///   v' = clip(v + (0.0015 f - 0.0025 cos(3 x)), -0.07, 0.07)
///   x' = clip(x + v', -1.2, 0.6);  v' = 0 if x' = -1.2 and v' < 0: the left wall stops the car,
///                                  the right one does not.
///
/// The order of operations is part of the definition: the trajectories are bitwise those of the
/// source, up to the last bit of the cosine.
///
/// Reset: x ~ U(-0.6, -0.4), v = 0.
/// Termination: x' >= 0.45 and v' >= 0, the goal. Passing 0.45 backwards is not a goal.
/// Reward: dense, 100 at the goal, minus 0.1 a^2 for the action as given, not clipped;
///         sparse [D16], 1 at the goal, else 0.
/// Success: the goal is reached.
class MountainCar final : public Env {
 public:
  MountainCar(std::string name, bool sparse) : Env(Spec(std::move(name))), sparse_(sparse) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    state_ = {.x = rng.Uniform(-0.6, -0.4), .v = 0};
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    const double a = action[0];
    const double f = std::clamp(a, -1.0, 1.0);
    auto [x, v] = state_;
    v += f * kPower - kGravity * Cos(3 * x);
    v = std::clamp(v, -kMaxSpeed, kMaxSpeed);
    x += v;
    x = std::clamp(x, kMinPosition, kMaxPosition);
    if (x == kMinPosition && v < 0) v = 0;
    state_ = {x, v};
    Observe(next_observation);

    const bool goal = x >= kGoalPosition && v >= 0;
    const double bonus = sparse_ ? 1 : 100;
    const double cost = sparse_ ? 0 : 0.1 * (a * a);
    return {.reward = (goal ? bonus : 0) - cost, .terminated = goal, .success = goal};
  }

  void GetState(std::span<double> state) const override { Observe(state); }
  void SetState(std::span<const double> state) override { state_ = {state[0], state[1]}; }

  void Observe(std::span<double> observation) const override {
    observation[0] = state_.x;
    observation[1] = state_.v;
  }

  std::array<double, 2> CoveragePoint() const override { return {state_.x, state_.v}; }

 private:
  struct State {
    double x = 0, v = 0;
  };

  static EnvSpec Spec(std::string name) {
    const Axis position = {"position", kMinPosition, kMaxPosition};
    const Axis velocity = {"velocity", -kMaxSpeed, kMaxSpeed};
    return {.name = std::move(name),
            .observation = {position, velocity},
            .action = {{"force", -1, 1}},
            .state = {position, velocity},
            .coverage = {position, velocity},
            .default_horizon = 200,
            .time_step = 1,
            .success = "the car reaches position 0.45 without moving backwards",
            .success_share = 0};
  }

  State state_;
  bool sparse_;
};

}  // namespace

EnvEntry MountainCarEntry() {
  return {.name = "mountaincar",
          .help = "Gymnasium MountainCarContinuous-v0: +100 at the goal, action cost 0.1 a^2",
          .params = {},
          .make = [](const EnvParams&) -> std::unique_ptr<Env> {
            return std::make_unique<MountainCar>("mountaincar", false);
          }};
}

EnvEntry MountainCarSparseEntry() {
  return {.name = "mountaincar-sparse",
          .help = "the same car, reward +1 at the goal and nothing else",
          .params = {},
          .make = [](const EnvParams&) -> std::unique_ptr<Env> {
            return std::make_unique<MountainCar>("mountaincar-sparse", true);
          }};
}

}  // namespace vime
