// Mountain car: an underpowered car must swing up to the right hilltop.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "envs/controllers.h"
#include "envs/drawing.h"
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

/// Rounds to single precision. GCC 12 at -O2 drops a plain cast to float and back when it has
/// inlined this into a step; a volatile variable it has to write.
double RoundedToFloat(double x) {
  volatile float rounded = static_cast<float>(x);
  return static_cast<double>(rounded);
}

/// Mountain car with a continuous force: MountainCarContinuous-v0 of Gymnasium 1.4.0 (after A.
/// Moore 1990), in double precision. Gymnasium rounds its state to single precision after every
/// step; float_state does that too.
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
  MountainCar(std::string name, bool sparse, bool float_state)
      : Env(Spec(std::move(name), float_state)), sparse_(sparse), float_state_(float_state) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    state_ = {.x = Stored(rng.Uniform(-0.6, -0.4)), .v = 0};
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
    state_ = {Stored(x), Stored(v)};
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

  double Stored(double number) const { return float_state_ ? RoundedToFloat(number) : number; }

  static EnvSpec Spec(std::string name, bool float_state) {
    const auto bound = [&](double x) { return float_state ? RoundedToFloat(x) : x; };
    const Axis position = {"position", bound(kMinPosition), bound(kMaxPosition)};
    const Axis velocity = Velocity({"velocity", bound(-kMaxSpeed), bound(kMaxSpeed)});
    return {.name = std::move(name),
            .observation = {position, velocity},
            .action = {{"force", -1, 1}},
            .state = {position, velocity},
            .coverage = {position, velocity},
            .noise_region = {.y_low = -0.01, .y_high = 0.01},  // the car hardly moves
            .default_horizon = 200,
            .time_step = 1,
            .success = "the car reaches position 0.45 without moving backwards",
            .success_share = 0};
  }

  State state_;
  bool sparse_;
  bool float_state_;
};

/// The hill, flattened as Gymnasium draws it, the car upon it, and a flag at the goal.
Scene DrawMountainCar(std::span<const double> state) {
  constexpr double kFlat = 0.45;
  constexpr int kPoints = 60;
  const auto hill = [](double x) { return Point{x, kFlat * Sin(3 * x)}; };
  Shape ground{.role = Role::kGround, .points = {}};
  for (int i = 0; i <= kPoints; ++i) {
    ground.points.push_back(hill(kMinPosition + (kMaxPosition - kMinPosition) * i / kPoints));
  }
  const Point wheels = hill(state[0]);
  const double slope = 3 * kFlat * Cos(3 * state[0]);
  const double length = Sqrt(1 + slope * slope);
  // A point so far along the hill and above it.
  const auto at = [&](double along, double above) {
    return Point{wheels.x + (along - above * slope) / length,
                 wheels.y + (along * slope + above) / length};
  };
  const Point flag = hill(kGoalPosition);
  return {.view = {kMinPosition - 0.1, kMaxPosition + 0.1, -0.55, 0.8},
          .shapes = {std::move(ground), Line(Role::kGoal, {flag, {flag.x, flag.y + 0.25}}),
                     Polygon(Role::kGoal, {{flag.x, flag.y + 0.25},
                                           {flag.x + 0.1, flag.y + 0.21},
                                           {flag.x, flag.y + 0.17}}),
                     Line(Role::kBody, {at(-0.055, 0.07), at(0.055, 0.07)}, 0.06),
                     Disc(Role::kJoint, at(-0.045, 0.025), 0.05),
                     Disc(Role::kJoint, at(0.045, 0.025), 0.05)}};
}

EnvParam FloatState() {
  return SwitchParam("float_state", "1 to round the state to single precision, as Gymnasium does");
}

}  // namespace

EnvEntry MountainCarEntry() {
  return {.name = "mountaincar",
          .help = "Gymnasium MountainCarContinuous-v0: +100 at the goal, action cost 0.1 a^2",
          .params = {FloatState()},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<MountainCar>("mountaincar", false,
                                                 params.at("float_state") != 0);
          },
          .make_controller = PushAlong,
          .draw = DrawMountainCar};
}

EnvEntry MountainCarSparseEntry() {
  return {.name = "mountaincar-sparse",
          .help = "the same car, reward +1 at the goal and nothing else",
          .params = {FloatState()},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<MountainCar>("mountaincar-sparse", true,
                                                 params.at("float_state") != 0);
          },
          .make_controller = PushAlong,
          .draw = DrawMountainCar};
}

}  // namespace vime
