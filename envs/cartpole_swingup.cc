// Cart-pole swing-up: swing a hanging pole up by moving the cart, and hold it there.
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
#include "envs/revolute_joint.h"
#include "envs/runge_kutta.h"
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

// Moments of the equations of motion: M + m, m l, I + m l^2.
constexpr double kTotalMass = kCartMass + kPoleMass;
constexpr double kPoleMoment = kPoleMass * kPoleRadius;
constexpr double kPivotInertia = kPoleInertia + kPoleMoment * kPoleRadius;

/// What both versions share: cart-pole swing-up of rllab [D16] with the sparse reward of VIME
/// [H16].
///
/// Observation: cart position x [m] and velocity v [m/s]; pole angle th [rad], 0 upright,
/// counter-clockwise positive, never wrapped; angular velocity w [rad/s]. Cart M = 1 kg; pole
/// m = 0.1 kg, a 0.1 m x 1 m rectangle with its centre of mass at (x - l sin th, l cos th),
/// l = 0.5 m, I = m (0.1^2 + 1^2)/12; g = 10 m/s^2. The force F = clip(a, -10, 10) [N] is held for
/// one step of 0.05 s.
///
/// Reset: x ~ U(-1, 1), v ~ U(-2, 2), th ~ U(pi - 1, pi + 1), w ~ U(-3, 3).
/// Termination: |x| > 3 after the step.
/// Reward, after the step: sparse, 1 if cos th > 0.8 and |x| <= 3, else 0;
///                         dense, -100 if |x| > 3, else cos th.
/// Success: cos th > 0.8 and |x| <= 3 in at least half the steps.
class Cartpole : public Env {
 public:
  void Reset(Rng& rng, std::span<double> observation) final {
    Pose start;
    start.x = rng.Uniform(-1, 1);
    start.v = rng.Uniform(-2, 2);
    start.th = rng.Uniform(kPi - 1, kPi + 1);
    start.w = rng.Uniform(-3, 3);
    Start(start);
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) final {
    Move(std::clamp(action[0], -kMaxForce, kMaxForce));
    Observe(next_observation);

    const Pose pose = CurrentPose();
    const bool out = pose.x > kMaxPosition || pose.x < -kMaxPosition;
    const double cosine = Cos(pose.th);
    const bool success = !out && cosine > kUprightCosine;
    const double reward = dense_ ? (out ? -100 : cosine) : (success ? 1 : 0);
    return {.reward = reward, .terminated = out, .success = success};
  }

  void Observe(std::span<double> observation) const final {
    const Pose pose = CurrentPose();
    observation[0] = pose.x;
    observation[1] = pose.v;
    observation[2] = pose.th;
    observation[3] = pose.w;
  }

  std::array<double, 2> CoveragePoint() const final {
    const Pose pose = CurrentPose();
    return {WrapAngle(pose.th), pose.w};
  }

 protected:
  /// What is observed.
  struct Pose {
    double x = 0, v = 0, th = 0, w = 0;
  };

  Cartpole(std::string name, std::vector<Axis> state, bool dense)
      : Env(Spec(std::move(name), std::move(state))), dense_(dense) {}

  virtual void Start(const Pose& pose) = 0;
  /// One step of kTimeStep under a force [N].
  virtual void Move(double force) = 0;
  virtual Pose CurrentPose() const = 0;

  static Axis Unbounded(std::string name, std::string unit) {
    return {std::move(name), -kInfinity, kInfinity, std::move(unit)};
  }

 private:
  static EnvSpec Spec(std::string name, std::vector<Axis> state) {
    // The reachable range of the state is not bounded: the cart ends past the border, the pole
    // may spin.
    return {
        .name = std::move(name),
        .observation = {{"position", -kMaxPosition, kMaxPosition, "m", kNominal},
                        Velocity({"velocity", -6, 6, "m/s", kNominal}),
                        {"angle", -2 * kPi, 2 * kPi, "rad", kNominal},
                        Velocity({"angular velocity", -10, 10, "rad/s", kNominal})},
        .action = {{"force", -kMaxForce, kMaxForce, "N"}},
        .state = std::move(state),
        .coverage = {Axis{"angle", -kPi, kPi, "rad"}, Axis{"angular velocity", -10, 10, "rad/s"}},
        .noise_region = {.y_low = -1, .y_high = 1},  // the pole hardly turns
        .default_horizon = 500,
        .time_step = kTimeStep,
        .success = "the pole is upright (cos angle > 0.8) in at least half the steps",
        .success_share = 0.5};
  }

  bool dense_;
};

/// The smooth ODE of these bodies, with damping b_x [N s/m] and b_th [N m s]:
///
///   a11 = M + m,  b = m l cos th,  c = I + m l^2,  det = a11 c - b^2
///   f1  = F - b_x v - m l w^2 sin th,  f2 = m g l sin th - b_th w
///   dx/dt = v,   dv/dt = (c f1 + b f2)/det
///   dth/dt = w,  dw/dt = (b f1 + a11 f2)/det
///
/// by the classical Runge-Kutta method, five substeps of 0.01 s: within 5e-7 of the exact flow.
/// State: x, v, th, w.
class CartpoleSwingup final : public Cartpole {
 public:
  CartpoleSwingup(bool dense, double cart_damping, double pole_damping)
      : Cartpole("cartpole-swingup",
                 {Unbounded("position", "m"), Unbounded("velocity", "m/s"),
                  Unbounded("angle", "rad"), Unbounded("angular velocity", "rad/s")},
                 dense),
        cart_damping_(cart_damping),
        pole_damping_(pole_damping) {}

  void GetState(std::span<double> state) const override {
    std::ranges::copy(state_, state.begin());
  }
  void SetState(std::span<const double> state) override {
    std::copy_n(state.begin(), state_.size(), state_.begin());
  }

 private:
  static constexpr int kSubsteps = 5;
  using State = std::array<double, 4>;  // x, v, th, w

  void Start(const Pose& pose) override { state_ = {pose.x, pose.v, pose.th, pose.w}; }
  Pose CurrentPose() const override { return {state_[0], state_[1], state_[2], state_[3]}; }
  void Move(double force) override {
    for (int i = 0; i < kSubsteps; ++i) {
      state_ = RungeKuttaStep(state_, kTimeStep / kSubsteps,
                              [&](const State& s) { return Flow(s, force); });
    }
  }

  /// The time derivative of the state.
  State Flow(const State& s, double force) const {
    const auto [x, v, th, w] = s;
    const auto [sine, cosine] = SinCos(th);
    constexpr double ml = kPoleMoment;
    constexpr double a11 = kTotalMass;
    constexpr double c = kPivotInertia;
    const double b = ml * cosine;
    const double f1 = force - cart_damping_ * v - ml * w * w * sine;
    const double f2 = ml * kGravity * sine - pole_damping_ * w;
    const double det = a11 * c - b * b;
    return {v, (c * f1 + b * f2) / det, w, (b * f1 + a11 * f2) / det};
  }

  State state_ = {};
  double cart_damping_;
  double pole_damping_;
};

/// The numerics of the paper: the step that Box2D takes of these bodies, as a map in double
/// precision (within 3e-7 of Box2D 2.4.1 after one step, 1e-4 after 200). Its one long implicit
/// step dissipates half of the energy of a swing within 5 s, so that the task is much harder than
/// the ODE.
///
/// State: cart x, v; centre of mass (cx, cy) of the pole, cy above the centre line of the cart, and
/// its velocity (vx, vy); th, w. The cart is 4/sqrt 12 x 3/sqrt 12 m, its pivot hh = 1.5/sqrt 12 m
/// above its centre, Ic = 25/144 kg m^2. With h = 0.05 s, s = sin th, c = cos th,
///
///   velocity: b = -m l c,  A = M + m,  C = I + m l^2,  det = A C - b^2
///             px = M v + m vx + h F,  pt = m(-l c vx - l s (vy - h g)) + I w
///             v = ux = (C px - b pt)/det,  w = ut = (A pt - b px)/det
///             vx = ux - l ut c,  vy = -l ut s
///   position: x += h v,  (cx, cy) += h (vx, vy),  th += h w
///   then, at most three times: close the joint between the pivot of the cart at (x, hh) and that
///     of the pole at (cx, cy) + (l sin th, -l cos th) (envs/revolute_joint.h), where the cart
///     could lift and tilt but is put back on its rail; stop if the joint was open by at most 0.005
///     m. (Box2D also asks that the cart lifts by at most 0.005 m and tilts by at most 2 degrees:
///     it lifts by no more than the gap and tilts by no more than the gap/sqrt(Ic m^2/kg).)
///
/// Reset: as rllab does it, the pole does not follow the cart: its pivot is at (0, hh) whatever x
/// is, and its centre of mass is at rest; the first step snaps it, so that th starts elsewhere than
/// drawn. With consistent_reset, cx = x - l sin th, vx = v - l w cos th, vy = -l w sin th.
class CartpoleSwingupX final : public Cartpole {
 public:
  CartpoleSwingupX(bool dense, bool consistent_reset)
      : Cartpole("cartpole-swingup-x",
                 {Unbounded("position", "m"), Unbounded("velocity", "m/s"),
                  Unbounded("pole x", "m"), Unbounded("pole y", "m"), Unbounded("angle", "rad"),
                  Unbounded("pole x velocity", "m/s"), Unbounded("pole y velocity", "m/s"),
                  Unbounded("angular velocity", "rad/s")},
                 dense),
        consistent_reset_(consistent_reset) {}

  static constexpr double kPivotHeight = 0.5 * 3 / 3.4641016151377544;  // m, hh = 1.5/sqrt 12

  void GetState(std::span<double> state) const override {
    const State& s = state_;
    std::ranges::copy(std::array{s.x, s.v, s.cx, s.cy, s.th, s.vx, s.vy, s.w}, state.begin());
  }
  void SetState(std::span<const double> s) override {
    state_ = {s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]};
  }

 private:
  struct State {
    double x = 0, v = 0, cx = 0, cy = 0, th = 0, vx = 0, vy = 0, w = 0;
  };

  static constexpr double kCartInertia = 25.0 / 144;  // kg m^2
  static constexpr int kPositionIterations = 3;
  static constexpr double kLinearSlop = 0.005;  // m

  Pose CurrentPose() const override { return {state_.x, state_.v, state_.th, state_.w}; }

  void Start(const Pose& pose) override {
    constexpr double l = kPoleRadius;
    const auto [s, c] = SinCos(pose.th);
    state_ = {.x = pose.x,
              .v = pose.v,
              .cx = -l * s,
              .cy = kPivotHeight + l * c,
              .th = pose.th,
              .w = pose.w};
    if (!consistent_reset_) return;
    state_.cx += pose.x;
    state_.vx = pose.v - l * pose.w * c;
    state_.vy = -l * pose.w * s;
  }

  void Move(double force) override {
    StepVelocities(force);
    constexpr double h = kTimeStep;
    state_.x += h * state_.v;
    state_.cx += h * state_.vx;
    state_.cy += h * state_.vy;
    state_.th += h * state_.w;
    for (int i = 0; i < kPositionIterations; ++i) {
      if (CloseJoint()) break;
    }
  }

  void StepVelocities(double force) {
    constexpr double M = kCartMass, m = kPoleMass, l = kPoleRadius, h = kTimeStep;
    constexpr double A = kTotalMass, C = kPivotInertia;
    auto& [x, v, cx, cy, th, vx, vy, w] = state_;
    const auto [s, c] = SinCos(th);
    const double b = -m * l * c;
    const double px = M * v + m * vx + h * force;
    const double pt = m * (-l * c * vx - l * s * (vy - h * kGravity)) + kPoleInertia * w;
    const double det = A * C - b * b;
    const double ux = (C * px - b * pt) / det;
    const double ut = (A * pt - b * px) / det;
    v = ux;
    vx = ux - l * ut * c;
    vy = -l * ut * s;
    w = ut;
  }

  /// One iteration of the position correction; whether it was the last one needed.
  bool CloseJoint() {
    const auto [s, c] = SinCos(state_.th);
    const Lever cart = {1 / kCartMass, 1 / kCartInertia, {0, kPivotHeight}};
    const Lever pole = {1 / kPoleMass, 1 / kPoleInertia, {kPoleRadius * s, -kPoleRadius * c}};
    const Vector2 error = {state_.cx + pole.r.x - state_.x, state_.cy + pole.r.y - cart.r.y};
    const Vector2 impulse = ClosingImpulse(error, cart, pole);
    state_.x -= cart.inverse_mass * impulse.x;
    state_.cx += pole.inverse_mass * impulse.x;
    state_.cy += pole.inverse_mass * impulse.y;
    state_.th += pole.Turn(impulse);
    return Length(error) <= kLinearSlop;
  }

  State state_;
  bool consistent_reset_;
};

/// A cart at x on its rail, and the pole that has its centre of mass at (cx, cy) from the middle of
/// the rail, at the height of the pivot.
Scene Draw(double x, double cx, double cy, double th) {
  constexpr double kHalfWidth = 0.3, kHeight = 0.25;
  const auto [sine, cosine] = SinCos(th);
  const Point half = {-kPoleRadius * sine, kPoleRadius * cosine};
  return {
      .view = {-kMaxPosition - 0.8, kMaxPosition + 0.8, -1.2, 1.2},
      .shapes = {Line(Role::kGround, {{-kMaxPosition, 0.1 - kHeight},
                                      {-kMaxPosition, -kHeight},
                                      {kMaxPosition, -kHeight},
                                      {kMaxPosition, 0.1 - kHeight}}),
                 Box(Role::kOtherSide, {x - kHalfWidth, x + kHalfWidth, -kHeight, 0}),
                 Line(Role::kBody, {{cx - half.x, cy - half.y}, {cx + half.x, cy + half.y}}, 0.1),
                 Disc(Role::kJoint, {x, 0}, 0.08)}};
}

Scene DrawCartpole(std::span<const double> state) {
  const double x = state[0], th = state[2];
  return Draw(x, x - kPoleRadius * Sin(th), kPoleRadius * Cos(th), th);
}

Scene DrawCartpoleX(std::span<const double> state) {
  return Draw(state[0], state[2], state[3] - CartpoleSwingupX::kPivotHeight, state[4]);
}

EnvParam Dense() {
  return SwitchParam("dense", "1 for rllab's reward cos(angle), -100 off the track");
}

}  // namespace

EnvEntry CartpoleSwingupEntry() {
  return {.name = "cartpole-swingup",
          .help = "rllab's cart-pole from hanging as a smooth ODE, VIME's reward 1 while upright",
          .params = {Dense(),
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
          },
          .make_controller = [](const EnvSpec&) { return SwingUpCartpole(2, 3); },
          .draw = DrawCartpole};
}

EnvEntry CartpoleSwingupXEntry() {
  return {.name = "cartpole-swingup-x",
          .help = "the same with the numerics of the paper (Box2D's step), much harder",
          .params = {Dense(), SwitchParam("consistent_reset",
                                          "1 to place the pole on the cart at the start")},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<CartpoleSwingupX>(params.at("dense") != 0,
                                                      params.at("consistent_reset") != 0);
          },
          .make_controller = [](const EnvSpec&) { return SwingUpCartpole(4, 7); },
          .draw = DrawCartpoleX};
}

}  // namespace vime
