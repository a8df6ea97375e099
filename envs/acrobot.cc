// Acrobot: raise the tip of two links with a motor at the elbow that is too weak to lift them.
#include <algorithm>
#include <array>
#include <memory>
#include <numbers>

#include "envs/angle.h"
#include "envs/controllers.h"
#include "envs/drawing.h"
#include "envs/entries.h"
#include "envs/runge_kutta.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kMass = 1;             // kg, m of each link
constexpr double kLength = 1;           // m, l
constexpr double kRadius = 0.5;         // m, lc, from the joint to the centre of mass
constexpr double kInertia = 1;          // kg m^2, I
constexpr double kGravity = 9.8;        // m/s^2
constexpr double kMaxTorque = 1;        // N m
constexpr double kTimeStep = 0.2;       // s
constexpr double kMaxSpeed1 = 4 * kPi;  // rad/s
constexpr double kMaxSpeed2 = 9 * kPi;  // rad/s

/// Acrobot-v1 of Gymnasium 1.4.0 (Sutton 1996, the equations of Sutton and Barto's book) with a
/// continuous torque and a sparse reward.
///
/// State: t1 [rad], 0 hanging, and t2 of the lower link relative to the upper one, both in
/// [-pi, pi]; w1, w2 [rad/s]. Observation: cos t1, sin t1, cos t2, sin t2, w1, w2. For the torque
/// u = clip(a, -1, 1) [N m],
///
///   d1 = m lc^2 + m (l^2 + lc^2 + 2 l lc cos t2) + 2 I,  d2 = m (lc^2 + l lc cos t2) + I
///   f2 = m lc g sin(t1 + t2)
///   f1 = -m l lc w2^2 sin t2 - 2 m l lc w1 w2 sin t2 + (m lc + m l) g sin t1 + f2
///   dw2/dt = (u + d2/d1 f1 - m l lc w1^2 sin t2 - f2)/(m lc^2 + I - d2^2/d1)
///   dw1/dt = -(d2 dw2/dt + f1)/d1
///
/// by one Runge-Kutta step of 0.2 s; then the angles are wrapped and |w1| <= 4 pi, |w2| <= 9 pi are
/// enforced.
///
/// Reset: all four ~ U(-0.1, 0.1).
/// Termination, reward 1 and success: -cos t1 - cos(t1 + t2) > 1, the tip is a link's length above
/// the pivot.
class Acrobot final : public Env {
 public:
  Acrobot() : Env(Spec()) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    for (double& number : state_) number = rng.Uniform(-0.1, 0.1);
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    const double torque = std::clamp(action[0], -kMaxTorque, kMaxTorque);
    auto [t1, t2, w1, w2] =
        RungeKuttaStep(state_, kTimeStep, [&](const State& s) { return Flow(s, torque); });
    state_ = {Wrapped(t1), Wrapped(t2), std::clamp(w1, -kMaxSpeed1, kMaxSpeed1),
              std::clamp(w2, -kMaxSpeed2, kMaxSpeed2)};
    Observe(next_observation);
    const bool goal = CoveragePoint()[1] > kLength;
    return {.reward = goal ? 1.0 : 0.0, .terminated = goal, .success = goal};
  }

  void GetState(std::span<double> state) const override {
    std::ranges::copy(state_, state.begin());
  }
  void SetState(std::span<const double> state) override {
    std::copy_n(state.begin(), state_.size(), state_.begin());
  }

  void Observe(std::span<double> observation) const override {
    const auto [t1, t2, w1, w2] = state_;
    const auto [s1, c1] = SinCos(t1);
    const auto [s2, c2] = SinCos(t2);
    std::ranges::copy(std::array{c1, s1, c2, s2, w1, w2}, observation.begin());
  }

  /// The tip.
  std::array<double, 2> CoveragePoint() const override {
    const auto [s1, c1] = SinCos(state_[0]);
    const auto [s12, c12] = SinCos(state_[0] + state_[1]);
    return {kLength * (s1 + s12), -kLength * (c1 + c12)};
  }

 private:
  using State = std::array<double, 4>;  // t1, t2, w1, w2

  static double Wrapped(double angle) {
    return angle >= -kPi && angle <= kPi ? angle : WrapAngle(angle);
  }

  static State Flow(const State& state, double torque) {
    constexpr double m = kMass, l = kLength, lc = kRadius, I = kInertia, g = kGravity;
    const auto [t1, t2, w1, w2] = state;
    const auto [s2, c2] = SinCos(t2);
    const double d1 = m * lc * lc + m * (l * l + lc * lc + 2 * l * lc * c2) + 2 * I;
    const double d2 = m * (lc * lc + l * lc * c2) + I;
    const double f2 = m * lc * g * Sin(t1 + t2);
    const double f1 = -m * l * lc * w2 * w2 * s2 - 2 * m * l * lc * w2 * w1 * s2 +
                      (m * lc + m * l) * g * Sin(t1) + f2;
    const double a2 =
        (torque + d2 / d1 * f1 - m * l * lc * w1 * w1 * s2 - f2) / (m * lc * lc + I - d2 * d2 / d1);
    const double a1 = -(d2 * a2 + f1) / d1;
    return {w1, w2, a1, a2};
  }

  static EnvSpec Spec() {
    const Axis speed1 = Velocity({"angular velocity 1", -kMaxSpeed1, kMaxSpeed1, "rad/s"});
    const Axis speed2 = Velocity({"angular velocity 2", -kMaxSpeed2, kMaxSpeed2, "rad/s"});
    return {.name = "acrobot-sparse",
            .observation = {{"cos angle 1", -1, 1},
                            {"sin angle 1", -1, 1},
                            {"cos angle 2", -1, 1},
                            {"sin angle 2", -1, 1},
                            speed1,
                            speed2},
            .action = {{"torque", -kMaxTorque, kMaxTorque, "N m"}},
            .state = {{"angle 1", -kPi, kPi, "rad"}, {"angle 2", -kPi, kPi, "rad"}, speed1, speed2},
            .coverage = {Axis{"tip x", -2 * kLength, 2 * kLength, "m"},
                         Axis{"tip y", -2 * kLength, 2 * kLength, "m"}},
            .noise_region = {.y_high = -1.8},  // the tip hangs low
            .default_horizon = 500,
            .time_step = kTimeStep,
            .success = "the tip rises 1 m above the pivot",
            .success_share = 0};
  }

  State state_ = {};
};

/// The two links and the height that the tip must reach.
Scene DrawAcrobot(std::span<const double> state) {
  const auto end = [](Point from, double angle) {
    const auto [sine, cosine] = SinCos(angle);
    return Point{from.x + kLength * sine, from.y - kLength * cosine};
  };
  const Point pivot = {0, 0};
  const Point elbow = end(pivot, state[0]);
  const Point tip = end(elbow, state[0] + state[1]);
  return {.view = {-2.2, 2.2, -2.2, 2.2},
          .shapes = {Line(Role::kGoal, {{-2.2, kLength}, {2.2, kLength}}),
                     Line(Role::kBody, {pivot, elbow}, 0.16),
                     Line(Role::kOtherSide, {elbow, tip}, 0.16), Disc(Role::kJoint, pivot, 0.12),
                     Disc(Role::kJoint, elbow, 0.12)}};
}

}  // namespace

EnvEntry AcrobotSparseEntry() {
  return {
      .name = "acrobot-sparse",
      .help = "Gymnasium Acrobot-v1 with a continuous torque, +1 when the tip is up",
      .params = {},
      .make = [](const EnvParams&) -> std::unique_ptr<Env> { return std::make_unique<Acrobot>(); },
      .make_controller = PumpAcrobot,
      .draw = DrawAcrobot};
}

}  // namespace vime
