// Double pendulum with a motor at the elbow only: raise the tip above the pivot.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <string>
#include <utility>

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
constexpr double kMass = 0.5;                                      // kg, of each link
constexpr double kLength = 1;                                      // m
constexpr double kRadius = 0.5;                                    // m, pivot to centre of mass
constexpr double kInertia = kMass * (0.1 * 0.1 + 1.0 * 1.0) / 12;  // kg m^2
constexpr double kGravity = 10;                                    // m/s^2
constexpr double kTimeStep = 0.02;                                 // s
constexpr double kGoalHeight = 2;                                  // m above the pivot
constexpr double kGoalDistance = 1;                                // m

// Moments of the equations of motion: I + m l^2 + m L^2, m L l, I + m l^2.
constexpr double kMomentA = kInertia + kMass * kRadius * kRadius + kMass * kLength * kLength;
constexpr double kMomentB = kMass * kLength * kRadius;
constexpr double kMomentC = kInertia + kMass * kRadius * kRadius;

/// What both versions share: the double pendulum of rllab [D16] with the sparse reward of VIME
/// [H16].
///
/// Two links of 0.1 m x 1 m, m = 0.5 kg, L = 1 m, centre of mass at l = 0.5 m,
/// I = m (0.1^2 + 1^2)/12; g = 10 m/s^2. Angles p1, p2 [rad] of both links are absolute, 0 hanging,
/// counter-clockwise positive, never wrapped; w1, w2 [rad/s]. Observation: sin p1, cos p1, w1,
/// sin p2, cos p2, w2. The torque tau = clip(a, -torque_limit, torque_limit) [N m] acts on link 2,
/// and -tau on link 1, for one step of 0.02 s. The source allows 50 N m, with which random play
/// meets the reward in nearly every episode; 3 is hard.
///
/// Reset: p1, p2 ~ N(0, 0.1^2), w1, w2 ~ N(0, 0.01^2).
/// Reward, with d the distance of the tip from (0, 2) after the step: sparse, 1 if d < 1, else 0;
///                                                                    dense, -d.
/// Termination: never.
/// Success: d < 1 in one step.
class DoublePendulumBase : public Env {
 public:
  void Reset(Rng& rng, std::span<double> observation) final {
    Angles start;
    start.p1 = 0.1 * rng.Normal();
    start.p2 = 0.1 * rng.Normal();
    start.w1 = 0.01 * rng.Normal();
    start.w2 = 0.01 * rng.Normal();
    Start(start);
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) final {
    Move(std::clamp(action[0], -torque_limit_, torque_limit_));
    Observe(next_observation);
    const Vector2 tip = RewardedTip();
    const double distance = Length({tip.x, tip.y - kGoalHeight});
    const bool success = distance < kGoalDistance;
    return {.reward = dense_ ? -distance : (success ? 1 : 0), .success = success};
  }

  void Observe(std::span<double> observation) const final {
    const Angles angles = CurrentAngles();
    const auto [s1, c1] = SinCos(angles.p1);
    const auto [s2, c2] = SinCos(angles.p2);
    std::ranges::copy(std::array{s1, c1, angles.w1, s2, c2, angles.w2}, observation.begin());
  }

  /// The tip, as the angles place it.
  std::array<double, 2> CoveragePoint() const final {
    const Angles angles = CurrentAngles();
    const auto [s1, c1] = SinCos(angles.p1);
    const auto [s2, c2] = SinCos(angles.p2);
    return {kLength * (s1 + s2), -kLength * (c1 + c2)};
  }

 protected:
  struct Angles {
    double p1 = 0, p2 = 0, w1 = 0, w2 = 0;
  };

  DoublePendulumBase(std::string name, std::vector<Axis> more_state, double torque_limit,
                     bool dense)
      : Env(Spec(std::move(name), std::move(more_state), torque_limit)),
        torque_limit_(torque_limit),
        dense_(dense) {}

  virtual void Start(const Angles& angles) = 0;
  /// One step of kTimeStep under a torque [N m].
  virtual void Move(double torque) = 0;
  virtual Angles CurrentAngles() const = 0;
  /// Where the reward sees the tip.
  virtual Vector2 RewardedTip() const = 0;

  static Axis Unbounded(std::string name, std::string unit) {
    return {std::move(name), -kInfinity, kInfinity, std::move(unit)};
  }

 private:
  static EnvSpec Spec(std::string name, std::vector<Axis> more_state, double torque_limit) {
    std::vector<Axis> state = {Unbounded("angle 1", "rad"), Unbounded("angle 2", "rad"),
                               Unbounded("angular velocity 1", "rad/s"),
                               Unbounded("angular velocity 2", "rad/s")};
    state.insert(state.end(), more_state.begin(), more_state.end());
    return {.name = std::move(name),
            .observation = {{"sin angle 1", -1, 1},
                            {"cos angle 1", -1, 1},
                            Velocity({"angular velocity 1", -10, 10, "rad/s", kNominal}),
                            {"sin angle 2", -1, 1},
                            {"cos angle 2", -1, 1},
                            Velocity({"angular velocity 2", -10, 10, "rad/s", kNominal})},
            .action = {{"torque", -torque_limit, torque_limit, "N m"}},
            .state = std::move(state),
            .coverage = {Axis{"tip x", -2 * kLength, 2 * kLength, "m"},
                         Axis{"tip y", -2 * kLength, 2 * kLength, "m"}},
            .noise_region = {.y_high = -1.8},  // the tip hangs low
            .default_horizon = 500,
            .time_step = kTimeStep,
            .success = "the tip comes within 1 m of the point 2 m above the pivot",
            .success_share = 0};
  }

  double torque_limit_;
  bool dense_;
};

/// The smooth ODE of these bodies, with damping b1 and b2 [N m s] of the shoulder and the elbow:
///
///   A = I + m l^2 + m L^2,  C = I + m l^2,  B = m L l,  D = p1 - p2,  o = B cos D
///   f1 = -tau - b1 w1 + b2 (w2 - w1) - B sin(D) w2^2 - (m l + m L) g sin p1
///   f2 =  tau - b2 (w2 - w1) + B sin(D) w1^2 - m l g sin p2
///   dp1/dt = w1,  dw1/dt = (C f1 - o f2)/det,  det = A C - o^2
///   dp2/dt = w2,  dw2/dt = (A f2 - o f1)/det
///
/// by the classical Runge-Kutta method, ten substeps of 2 ms, or twenty of 1 ms when the torque
/// limit is above 3 N m. State: p1, p2, w1, w2. The tip is (L sin p1 + L sin p2,
/// -L cos p1 - L cos p2).
class DoublePendulum final : public DoublePendulumBase {
 public:
  DoublePendulum(double torque_limit, bool dense, double shoulder_damping, double elbow_damping)
      : DoublePendulumBase("doublependulum", {}, torque_limit, dense),
        substeps_(torque_limit > 3 ? 20 : 10),
        shoulder_damping_(shoulder_damping),
        elbow_damping_(elbow_damping) {}

  void GetState(std::span<double> state) const override {
    std::ranges::copy(state_, state.begin());
  }
  void SetState(std::span<const double> state) override {
    std::copy_n(state.begin(), state_.size(), state_.begin());
  }

 private:
  using State = std::array<double, 4>;  // p1, p2, w1, w2

  void Start(const Angles& a) override { state_ = {a.p1, a.p2, a.w1, a.w2}; }
  Angles CurrentAngles() const override { return {state_[0], state_[1], state_[2], state_[3]}; }
  Vector2 RewardedTip() const override {
    const auto [x, y] = CoveragePoint();
    return {x, y};
  }

  void Move(double torque) override {
    for (int i = 0; i < substeps_; ++i) {
      state_ = RungeKuttaStep(state_, kTimeStep / substeps_,
                              [&](const State& s) { return Flow(s, torque); });
    }
  }

  State Flow(const State& s, double torque) const {
    constexpr double m = kMass, l = kRadius, L = kLength, A = kMomentA, B = kMomentB, C = kMomentC;
    const auto [p1, p2, w1, w2] = s;
    const auto [s1, c1] = SinCos(p1);
    const auto [s2, c2] = SinCos(p2);
    const double sine = s1 * c2 - c1 * s2;
    const double o = B * (c1 * c2 + s1 * s2);
    const double elbow = torque - elbow_damping_ * (w2 - w1);
    const double f1 =
        -elbow - shoulder_damping_ * w1 - B * sine * w2 * w2 - (m * l + m * L) * kGravity * s1;
    const double f2 = elbow + B * sine * w1 * w1 - m * l * kGravity * s2;
    const double det = A * C - o * o;
    return {w1, w2, (C * f1 - o * f2) / det, (A * f2 - o * f1) / det};
  }

  State state_ = {};
  int substeps_;
  double shoulder_damping_, elbow_damping_;
};

/// The numerics of the paper: the step that Box2D takes of these bodies, as a map in double
/// precision (within 1e-5 of Box2D 2.4.1 after 200 steps at 3 N m), and its reward.
///
/// State: p1, p2, w1, w2; centres of mass (x1, y1), (x2, y2) from the pivot [m] and their
/// velocities. A step is two of the following, with h = 0.01 s, s = sin p, c = cos p:
///
///   velocity: P1 = m l (c1 vx1 + s1 (vy1 - h g)) + I w1 + m L (c1 vx2 + s1 (vy2 - h g)) - h tau
///             P2 = m l (c2 vx2 + s2 (vy2 - h g)) + I w2 + h tau
///             o = m L l cos(p1 - p2),  det = A C - o^2 (A, C as in the ODE)
///             w1 = (C P1 - o P2)/det,  w2 = (A P2 - o P1)/det
///             v1 = w1 l (c1, s1),  v2 = w1 L (c1, s1) + w2 l (c2, s2)
///   position: w is scaled down to |h w| = pi/2 if it exceeds that;  p += h w,  (x, y) += h v
///   then, at most twenty times: close joint 2, then joint 1 (envs/revolute_joint.h); stop if both
///     were open by at most 0.005 m.
///
/// The reward is that of the source, which places the tip at (x - L sin p2, y - L cos p2), (x, y)
/// the upper end of link 2: the sign of its first component is wrong.
///
/// Reset: as rllab does it, link 2 does not follow link 1: its upper end is at (0, -L) whatever p1
/// is, and all centres of mass are at rest. With consistent_reset, both joints are closed and the
/// velocities are those of w1 and w2.
class DoublePendulumX final : public DoublePendulumBase {
 public:
  DoublePendulumX(double torque_limit, bool dense, bool consistent_reset)
      : DoublePendulumBase("doublependulum-x",
                           {Unbounded("x 1", "m"), Unbounded("y 1", "m"), Unbounded("x 2", "m"),
                            Unbounded("y 2", "m"), Unbounded("x velocity 1", "m/s"),
                            Unbounded("y velocity 1", "m/s"), Unbounded("x velocity 2", "m/s"),
                            Unbounded("y velocity 2", "m/s")},
                           torque_limit, dense),
        consistent_reset_(consistent_reset) {}

  void GetState(std::span<double> state) const override {
    const auto& [a, b] = links_;
    std::ranges::copy(std::array{a.p, b.p, a.w, b.w, a.x, a.y, b.x, b.y, a.vx, a.vy, b.vx, b.vy},
                      state.begin());
  }
  void SetState(std::span<const double> s) override {
    links_[0] = {.p = s[0], .w = s[2], .x = s[4], .y = s[5], .vx = s[8], .vy = s[9]};
    links_[1] = {.p = s[1], .w = s[3], .x = s[6], .y = s[7], .vx = s[10], .vy = s[11]};
  }

 private:
  struct Link {
    double p = 0, w = 0, x = 0, y = 0, vx = 0, vy = 0;
  };

  static constexpr double kMapStep = kTimeStep / 2;  // s
  static constexpr int kPositionIterations = 20;
  static constexpr double kLinearSlop = 0.005;     // m
  static constexpr double kMaxRotation = kPi / 2;  // rad per map step

  Angles CurrentAngles() const override {
    return {links_[0].p, links_[1].p, links_[0].w, links_[1].w};
  }

  Vector2 RewardedTip() const override {
    const Link& link = links_[1];
    const auto [s, c] = SinCos(link.p);
    const Vector2 upper_end = {link.x - kRadius * s, link.y + kRadius * c};
    return {upper_end.x - kLength * s, upper_end.y - kLength * c};
  }

  void Start(const Angles& a) override {
    const auto [s1, c1] = SinCos(a.p1);
    const auto [s2, c2] = SinCos(a.p2);
    links_[0] = {.p = a.p1, .w = a.w1, .x = kRadius * s1, .y = -kRadius * c1};
    links_[1] = {.p = a.p2, .w = a.w2, .x = kRadius * s2, .y = -kLength - kRadius * c2};
    if (!consistent_reset_) return;
    links_[1].x += kLength * s1;
    links_[1].y += kLength - kLength * c1;
    SetLinearVelocities({s1, c1}, {s2, c2});
  }

  void Move(double torque) override {
    for (int i = 0; i < 2; ++i) {
      StepVelocities(torque);
      for (Link& link : links_) StepPosition(link);
      for (int k = 0; k < kPositionIterations; ++k) {
        if (CloseJoints()) break;
      }
    }
  }

  void StepVelocities(double torque) {
    constexpr double m = kMass, l = kRadius, L = kLength, h = kMapStep, A = kMomentA, C = kMomentC;
    auto& [a, b] = links_;
    const auto [s1, c1] = SinCos(a.p);
    const auto [s2, c2] = SinCos(b.p);
    const double fall1 = a.vy - h * kGravity;
    const double fall2 = b.vy - h * kGravity;
    const double P1 = m * l * (c1 * a.vx + s1 * fall1) + kInertia * a.w +
                      m * L * (c1 * b.vx + s1 * fall2) - h * torque;
    const double P2 = m * l * (c2 * b.vx + s2 * fall2) + kInertia * b.w + h * torque;
    const double o = kMomentB * (c1 * c2 + s1 * s2);
    const double det = A * C - o * o;
    a.w = (C * P1 - o * P2) / det;
    b.w = (A * P2 - o * P1) / det;
    SetLinearVelocities({s1, c1}, {s2, c2});
  }

  /// v1 = w1 l (c1, s1),  v2 = w1 L (c1, s1) + w2 l (c2, s2)
  void SetLinearVelocities(const SinCosResult<double>& p1, const SinCosResult<double>& p2) {
    constexpr double l = kRadius, L = kLength;
    auto& [a, b] = links_;
    a.vx = a.w * l * p1.cos;
    a.vy = a.w * l * p1.sin;
    b.vx = a.w * L * p1.cos + b.w * l * p2.cos;
    b.vy = a.w * L * p1.sin + b.w * l * p2.sin;
  }

  static void StepPosition(Link& link) {
    constexpr double h = kMapStep;
    const double rotation = std::abs(h * link.w);
    if (rotation > kMaxRotation) link.w *= kMaxRotation / rotation;
    link.p += h * link.w;
    link.x += h * link.vx;
    link.y += h * link.vy;
  }

  /// The link as seen from its end on the side `sign` of the centre of mass: -1 upper, 1 lower.
  static Lever End(const Link& link, double sign) {
    const auto [s, c] = SinCos(link.p);
    return {1 / kMass, 1 / kInertia, {sign * kRadius * s, -sign * kRadius * c}};
  }

  static void Push(Link& link, const Lever& lever, const Vector2& impulse, double sign) {
    link.x += sign * lever.inverse_mass * impulse.x;
    link.y += sign * lever.inverse_mass * impulse.y;
    link.p += sign * lever.Turn(impulse);
  }

  /// One iteration of the position correction; whether it was the last one needed.
  bool CloseJoints() {
    auto& [a, b] = links_;
    const Lever lower = End(a, 1);
    const Lever upper = End(b, -1);
    const Vector2 gap2 = {b.x + upper.r.x - a.x - lower.r.x, b.y + upper.r.y - a.y - lower.r.y};
    const Vector2 impulse2 = ClosingImpulse(gap2, lower, upper);
    Push(a, lower, impulse2, -1);
    Push(b, upper, impulse2, 1);

    const Lever top = End(a, -1);
    const Vector2 gap1 = {a.x + top.r.x, a.y + top.r.y};
    Push(a, top, ClosingImpulse(gap1, top), 1);
    return Length(gap2) <= kLinearSlop && Length(gap1) <= kLinearSlop;
  }

  std::array<Link, 2> links_;
  bool consistent_reset_;
};

/// Two links given by their centres of mass and angles, and the disc that the tip must reach.
Scene Draw(Point centre1, double p1, Point centre2, double p2) {
  const auto link = [](Role role, Point centre, double angle) {
    const auto [sine, cosine] = SinCos(angle);
    return Line(role,
                {{centre.x - kRadius * sine, centre.y + kRadius * cosine},
                 {centre.x + kRadius * sine, centre.y - kRadius * cosine}},
                0.1);
  };
  const Shape upper = link(Role::kBody, centre1, p1), lower = link(Role::kOtherSide, centre2, p2);
  return {.view = {-2.2, 2.2, -2.2, 3.1},
          .shapes = {Disc(Role::kGoal, {0, kGoalHeight}, 2 * kGoalDistance), upper, lower,
                     Disc(Role::kJoint, {0, 0}, 0.12), Disc(Role::kJoint, lower.points[0], 0.12)}};
}

Scene DrawDoublePendulum(std::span<const double> state) {
  const auto [s1, c1] = SinCos(state[0]);
  const auto [s2, c2] = SinCos(state[1]);
  return Draw({kRadius * s1, -kRadius * c1}, state[0],
              {kLength * s1 + kRadius * s2, -kLength * c1 - kRadius * c2}, state[1]);
}

Scene DrawDoublePendulumX(std::span<const double> state) {
  return Draw({state[4], state[5]}, state[0], {state[6], state[7]}, state[1]);
}

EnvParam TorqueLimit() {
  return {.name = "torque_limit",
          .default_value = 3,
          .low = 0.1,
          .high = 50,
          .help = "largest torque of the motor in N m; 50 in the source, which is easy"};
}

EnvParam Dense() { return SwitchParam("dense", "1 for rllab's reward, minus the distance"); }

EnvParam Damping(std::string name, std::string help) {
  return {
      .name = std::move(name), .default_value = 0, .low = 0, .high = 1, .help = std::move(help)};
}

}  // namespace

EnvEntry DoublePendulumEntry() {
  return {.name = "doublependulum",
          .help = "raise the tip of two links by the elbow's motor, a smooth ODE, reward 1 near it",
          .params = {TorqueLimit(), Dense(),
                     Damping("shoulder_damping", "friction of the upper joint in N m s"),
                     Damping("elbow_damping", "friction of the lower joint in N m s")},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<DoublePendulum>(
                params.at("torque_limit"), params.at("dense") != 0, params.at("shoulder_damping"),
                params.at("elbow_damping"));
          },
          .make_controller = BendElbow,
          .draw = DrawDoublePendulum};
}

EnvEntry DoublePendulumXEntry() {
  return {.name = "doublependulum-x",
          .help = "the same with the numerics of the paper (Box2D's step) and its reward",
          .params = {TorqueLimit(), Dense(),
                     SwitchParam("consistent_reset", "1 to start with closed joints")},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<DoublePendulumX>(params.at("torque_limit"),
                                                     params.at("dense") != 0,
                                                     params.at("consistent_reset") != 0);
          },
          .make_controller = BendElbow,
          .draw = DrawDoublePendulumX};
}

}  // namespace vime
