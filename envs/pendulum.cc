// Pendulum: swing a rod up with a motor that is too weak to lift it, and hold it there.
#include <algorithm>
#include <limits>
#include <memory>
#include <numbers>
#include <string>
#include <utility>

#include "envs/angle.h"
#include "envs/controllers.h"
#include "envs/drawing.h"
#include "envs/entries.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kGravity = 10;     // m/s^2
constexpr double kMass = 1;         // kg
constexpr double kLength = 1;       // m
constexpr double kTimeStep = 0.05;  // s
constexpr double kMaxSpeed = 8;     // rad/s
constexpr double kUprightCosine = 0.95;

/// A uniform rod on a motor: Pendulum-v1 of Gymnasium 1.4.0, and a sparse task of our own with
/// the same dynamics and a harder start.
///
/// State: angle th [rad], 0 upright, never wrapped; angular velocity w [rad/s]. Observation:
/// cos th, sin th, w. Rod m = 1 kg, l = 1 m, g = 10 m/s^2, time step h = 0.05 s. For the torque
/// a [N m] and the torque limit u_max (2 in the source),
///
///   u   = clip(a, -u_max, u_max)
///   w'  = clip(w + (3 g/(2 l) sin th + 3/(m l^2) u) h, -8, 8)
///   th' = th + h w'
///
/// Reset: dense, th ~ U(-pi, pi), w ~ U(-1, 1);
///        sparse, hanging: th ~ pi + U(-0.1, 0.1), w ~ U(-0.1, 0.1).
/// Reward: dense, -(n^2 + 0.1 w^2 + 0.001 u^2) of the state before the step, where n is th wrapped
///         to [-pi, pi); sparse, 1 if cos th' > 0.95, else 0.
/// Termination: never.
/// Success: cos th' > 0.95 in at least half the steps.
class Pendulum final : public Env {
 public:
  Pendulum(std::string name, bool sparse, double torque_limit)
      : Env(Spec(std::move(name), sparse, torque_limit)),
        sparse_(sparse),
        torque_limit_(torque_limit) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    const double theta = sparse_ ? kPi + rng.Uniform(-0.1, 0.1) : rng.Uniform(-kPi, kPi);
    const double omega = sparse_ ? rng.Uniform(-0.1, 0.1) : rng.Uniform(-1, 1);
    state_ = {theta, omega};
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    const auto [th, w] = state_;
    const double u = std::clamp(action[0], -torque_limit_, torque_limit_);
    const double acceleration =
        3 * kGravity / (2 * kLength) * Sin(th) + 3 / (kMass * kLength * kLength) * u;
    const double next_w = std::clamp(w + acceleration * kTimeStep, -kMaxSpeed, kMaxSpeed);
    state_ = {th + next_w * kTimeStep, next_w};
    Observe(next_observation);

    const bool upright = next_observation[0] > kUprightCosine;
    if (sparse_) return {.reward = upright ? 1.0 : 0.0, .success = upright};
    const double n = WrapAngle(th);
    return {.reward = -(n * n + 0.1 * (w * w) + 0.001 * (u * u)), .success = upright};
  }

  void GetState(std::span<double> state) const override {
    state[0] = state_.th;
    state[1] = state_.w;
  }
  void SetState(std::span<const double> state) override { state_ = {state[0], state[1]}; }

  void Observe(std::span<double> observation) const override {
    const auto [sine, cosine] = SinCos(state_.th);
    observation[0] = cosine;
    observation[1] = sine;
    observation[2] = state_.w;
  }

  std::array<double, 2> CoveragePoint() const override { return {WrapAngle(state_.th), state_.w}; }

 private:
  struct State {
    double th = 0, w = 0;
  };

  static EnvSpec Spec(std::string name, bool sparse, double torque_limit) {
    const Axis velocity = Velocity({"angular velocity", -kMaxSpeed, kMaxSpeed, "rad/s"});
    return {.name = std::move(name),
            .observation = {{"cos angle", -1, 1}, {"sin angle", -1, 1}, velocity},
            .action = {{"torque", -torque_limit, torque_limit, "N m"}},
            .state = {{.name = "angle",
                       .low = -kInfinity,
                       .high = kInfinity,
                       .unit = "rad",
                       .period = 2 * kPi},
                      velocity},
            .coverage = {Axis{"angle", -kPi, kPi, "rad"}, velocity},
            .noise_region = {.y_low = -1, .y_high = 1},  // the rod hardly turns
            .default_horizon = sparse ? 500 : 200,
            .time_step = kTimeStep,
            .success = "the rod is upright (cos angle > 0.95) in at least half the steps",
            .success_share = 0.5};
  }

  State state_;
  bool sparse_;
  double torque_limit_;
};

/// The rod, counter-clockwise from upright, and the arc over which it counts as upright.
Scene DrawPendulum(std::span<const double> state) {
  const auto at = [](double angle, double radius) {
    const auto [sine, cosine] = SinCos(angle);
    return Point{-radius * sine, radius * cosine};
  };
  Shape upright{.role = Role::kGoal, .points = {}};
  constexpr double kUprightAngle = 0.3175604292915215;  // arccos 0.95
  for (const double share : {-1.0, -0.6, -0.2, 0.2, 0.6, 1.0}) {
    upright.points.push_back(at(share * kUprightAngle, 1.12 * kLength));
  }
  return {.view = {-1.25, 1.25, -1.25, 1.25},
          .shapes = {std::move(upright), Line(Role::kBody, {{0, 0}, at(state[0], kLength)}, 0.1),
                     Disc(Role::kJoint, {0, 0}, 0.08)}};
}

EnvParam TorqueLimit(double default_value) {
  return {.name = "torque_limit",
          .default_value = default_value,
          .low = 0.1,
          .high = 100,
          .help = "largest torque of the motor in N m"};
}

}  // namespace

EnvEntry PendulumEntry() {
  return {.name = "pendulum",
          .help = "Gymnasium Pendulum-v1: cost of angle, speed and torque, random start",
          .params = {TorqueLimit(2)},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<Pendulum>("pendulum", false, params.at("torque_limit"));
          },
          .make_controller = SwingUpPendulum,
          .draw = DrawPendulum};
}

EnvEntry PendulumSparseEntry() {
  return {.name = "pendulum-sparse",
          .help = "the same rod from hanging, reward 1 while upright, half the torque",
          .params = {TorqueLimit(1)},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<Pendulum>("pendulum-sparse", true, params.at("torque_limit"));
          },
          .make_controller = SwingUpPendulum,
          .draw = DrawPendulum};
}

}  // namespace vime
