// Cart-pole swing-up: swing a hanging pole up by moving the cart, and hold it there.
#include <algorithm>
#include <limits>
#include <memory>
#include <numbers>

#include "envs/angle.h"
#include "envs/entries.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kCartMass = 1;      // kg
constexpr double kPoleMass = 0.1;    // kg
constexpr double kPoleRadius = 0.5;  // m, from the pivot to the centre of mass
constexpr double kPoleInertia = kPoleMass * (0.1 * 0.1 + 1.0 * 1.0) / 12;  // kg m^2
constexpr double kGravity = 10;                                            // m/s^2
constexpr double kMaxForce = 10;                                           // N
constexpr double kMaxPosition = 3;                                         // m
constexpr double kUprightCosine = 0.8;
constexpr double kTimeStep = 0.05;  // s
constexpr int kSubsteps = 5;

/// Cart-pole swing-up of rllab [D16] with the sparse reward of VIME [H16], as a smooth ODE. The
/// source runs the same bodies in Box2D, whose long implicit step dissipates energy.
///
/// State and observation: cart position x [m] and velocity v [m/s]; pole angle th [rad], 0
/// upright, counter-clockwise positive, never wrapped; angular velocity w [rad/s]. Cart M = 1 kg;
/// pole m = 0.1 kg, a 0.1 m x 1 m rectangle with its centre of mass at (x - l sin th, l cos th),
/// l = 0.5 m, I = m (0.1^2 + 1^2)/12; g = 10 m/s^2; damping b_x [N s/m] and b_th [N m s]. For the
/// force a [N], F = clip(a, -10, 10), held for one step of 0.05 s,
///
///   a11 = M + m,  b = m l cos th,  c = I + m l^2,  det = a11 c - b^2
///   f1  = F - b_x v - m l w^2 sin th,  f2 = m g l sin th - b_th w
///   dx/dt = v,   dv/dt = (c f1 + b f2)/det
///   dth/dt = w,  dw/dt = (b f1 + a11 f2)/det
///
/// by the classical Runge-Kutta method, five substeps of 0.01 s: within 5e-7 of the exact flow.
///
/// Reset: x ~ U(-1, 1), v ~ U(-2, 2), th ~ U(pi - 1, pi + 1), w ~ U(-3, 3).
/// Termination: |x| > 3 after the step.
/// Reward, after the step: sparse, 1 if cos th > 0.8 and |x| <= 3, else 0;
///                         dense, -100 if |x| > 3, else cos th.
/// Success: cos th > 0.8 and |x| <= 3 in at least half the steps.
class CartpoleSwingup final : public Env {
 public:
  CartpoleSwingup(bool dense, double cart_damping, double pole_damping)
      : Env(Spec()), dense_(dense), cart_damping_(cart_damping), pole_damping_(pole_damping) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    state_.x = rng.Uniform(-1, 1);
    state_.v = rng.Uniform(-2, 2);
    state_.th = rng.Uniform(kPi - 1, kPi + 1);
    state_.w = rng.Uniform(-3, 3);
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    const double force = std::clamp(action[0], -kMaxForce, kMaxForce);
    for (int i = 0; i < kSubsteps; ++i) state_ = RungeKutta(state_, force, kTimeStep / kSubsteps);
    Observe(next_observation);

    const bool out = state_.x > kMaxPosition || state_.x < -kMaxPosition;
    const double cosine = Cos(state_.th);
    const bool success = !out && cosine > kUprightCosine;
    const double reward = dense_ ? (out ? -100 : cosine) : (success ? 1 : 0);
    return {.reward = reward, .terminated = out, .success = success};
  }

  void GetState(std::span<double> state) const override { Observe(state); }
  void SetState(std::span<const double> state) override {
    state_ = {state[0], state[1], state[2], state[3]};
  }

  void Observe(std::span<double> observation) const override {
    observation[0] = state_.x;
    observation[1] = state_.v;
    observation[2] = state_.th;
    observation[3] = state_.w;
  }

  std::array<double, 2> CoveragePoint() const override { return {WrapAngle(state_.th), state_.w}; }

 private:
  struct State {
    double x = 0, v = 0, th = 0, w = 0;
  };

  /// s + h d
  static State Moved(const State& s, const State& d, double h) {
    return {s.x + h * d.x, s.v + h * d.v, s.th + h * d.th, s.w + h * d.w};
  }

  /// The time derivative of the state.
  State Flow(const State& s, double force) const {
    const auto [sine, cosine] = SinCos(s.th);
    constexpr double ml = kPoleMass * kPoleRadius;
    constexpr double a11 = kCartMass + kPoleMass;
    constexpr double c = kPoleInertia + ml * kPoleRadius;
    const double b = ml * cosine;
    const double f1 = force - cart_damping_ * s.v - ml * s.w * s.w * sine;
    const double f2 = ml * kGravity * sine - pole_damping_ * s.w;
    const double det = a11 * c - b * b;
    return {s.v, (c * f1 + b * f2) / det, s.w, (b * f1 + a11 * f2) / det};
  }

  State RungeKutta(const State& s, double force, double h) const {
    const State k1 = Flow(s, force);
    const State k2 = Flow(Moved(s, k1, h / 2), force);
    const State k3 = Flow(Moved(s, k2, h / 2), force);
    const State k4 = Flow(Moved(s, k3, h), force);
    const auto mean = [](double d1, double d2, double d3, double d4) {
      return (d1 + 2 * d2 + 2 * d3 + d4) / 6;
    };
    const State slope = {mean(k1.x, k2.x, k3.x, k4.x), mean(k1.v, k2.v, k3.v, k4.v),
                         mean(k1.th, k2.th, k3.th, k4.th), mean(k1.w, k2.w, k3.w, k4.w)};
    return Moved(s, slope, h);
  }

  static EnvSpec Spec() {
    // The reachable range of the state is not bounded: the cart ends past the border, the pole
    // may spin. Observation bounds are nominal.
    return {
        .name = "cartpole-swingup",
        .observation = {{"position", -kMaxPosition, kMaxPosition, "m"},
                        {"velocity", -6, 6, "m/s"},
                        {"angle", -2 * kPi, 2 * kPi, "rad"},
                        {"angular velocity", -10, 10, "rad/s"}},
        .action = {{"force", -kMaxForce, kMaxForce, "N"}},
        .state = {{"position", -kInfinity, kInfinity, "m"},
                  {"velocity", -kInfinity, kInfinity, "m/s"},
                  {"angle", -kInfinity, kInfinity, "rad"},
                  {"angular velocity", -kInfinity, kInfinity, "rad/s"}},
        .coverage = {Axis{"angle", -kPi, kPi, "rad"}, Axis{"angular velocity", -10, 10, "rad/s"}},
        .default_horizon = 500,
        .time_step = kTimeStep,
        .success = "the pole is upright (cos angle > 0.8) in at least half the steps",
        .success_share = 0.5};
  }

  State state_;
  bool dense_;
  double cart_damping_;
  double pole_damping_;
};

}  // namespace

EnvEntry CartpoleSwingupEntry() {
  return {.name = "cartpole-swingup",
          .help = "rllab's cart-pole from hanging as a smooth ODE, VIME's reward 1 while upright",
          .params = {{.name = "dense",
                      .default_value = 0,
                      .low = 0,
                      .high = 1,
                      .integer = true,
                      .help = "1 for rllab's reward cos(angle), -100 off the track"},
                     {.name = "cart_damping",
                      .default_value = 0,
                      .low = 0,
                      .high = 10,
                      .help = "friction of the cart in N s/m"},
                     {.name = "pole_damping",
                      .default_value = 0,
                      .low = 0,
                      .high = 1,
                      .help = "friction of the pivot in N m s"}},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<CartpoleSwingup>(
                params.at("dense") != 0, params.at("cart_damping"), params.at("pole_damping"));
          }};
}

}  // namespace vime
