#include "envs/swimmer_body.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kSubsteps = 50;
constexpr double h = SwimmerBody::kTimeStep / kSubsteps;

using Vector3 = std::array<double, 3>;

// The capsule.
constexpr double kRadius = 0.1, kLength = 1, kDensity = 1000;
constexpr double kCylinderMass = kDensity * kPi * kRadius * kRadius * kLength;
constexpr double kSphereMass = kDensity * 4 / 3 * kPi * kRadius * kRadius * kRadius;
constexpr double m = kCylinderMass + kSphereMass;
constexpr double kInertiaAcross = kCylinderMass * (3 * kRadius * kRadius + kLength * kLength) / 12 +
                                  2 * kSphereMass * kRadius * kRadius / 5 +
                                  kSphereMass * kLength * (3 * kRadius + 2 * kLength) / 8;
constexpr double kInertiaAlong =
    kCylinderMass * kRadius * kRadius / 2 + 2 * kSphereMass * kRadius * kRadius / 5;

// The chain: C, s, and m (B - s s^T/3).
constexpr double C[3][3] = {{1, 0, 0}, {0.5, -0.5, 0}, {0.5, -1, -0.5}};
constexpr double s[3] = {2, -1.5, -0.5};
constexpr double Coupling(int k, int l) {
  double b = 0;
  for (const auto& row : C) b += row[k] * row[l];
  return m * (b - s[k] * s[l] / 3);
}

constexpr double kMaxAngle = 100 * kPi / 180;  // of the joints

/// The friction of the fluid, kLinear u + kQuadratic |u| u for each of three velocities u.
struct Friction {
  double linear, quadratic;
  double operator()(double u) const { return -(linear + quadratic * std::abs(u)) * u; }
};
struct Fluid {
  Friction along, across, turning;

  Fluid() {
    constexpr double rho = 4000, mu = 0.1;
    const double ba = Sqrt(6 * (2 * kInertiaAcross - kInertiaAlong) / m);
    const double bp = Sqrt(6 * kInertiaAlong / m);
    const double d = (ba + 2 * bp) / 3;
    along = {3 * kPi * d * mu, rho / 2 * bp * bp};
    across = {3 * kPi * d * mu, rho / 2 * ba * bp};
    turning = {kPi * d * d * d * mu, rho * bp * (ba * ba * ba * ba + bp * bp * bp * bp) / 64};
  }
};

/// S as L D L^T.
class AngularInertia {
 public:
  /// From e_1.e_2, e_1.e_3 and e_2.e_3.
  AngularInertia(double e12, double e13, double e23) {
    constexpr double kDiagonal[3] = {Coupling(0, 0) + kInertiaAcross,
                                     Coupling(1, 1) + kInertiaAcross,
                                     Coupling(2, 2) + kInertiaAcross};
    const double s12 = Coupling(0, 1) * e12;
    const double s13 = Coupling(0, 2) * e13;
    const double s23 = Coupling(1, 2) * e23;
    inverse_d_[0] = 1 / kDiagonal[0];
    l21_ = s12 * inverse_d_[0];
    l31_ = s13 * inverse_d_[0];
    inverse_d_[1] = 1 / (kDiagonal[1] - l21_ * s12);
    l32_ = (s23 - l31_ * s12) * inverse_d_[1];
    inverse_d_[2] = 1 / (kDiagonal[2] - l31_ * s13 - l32_ * (s23 - l31_ * s12));
  }

  /// S^-1 b
  Vector3 Solve(const Vector3& b) const {
    const double y2 = b[1] - l21_ * b[0];
    const double y3 = b[2] - l31_ * b[0] - l32_ * y2;
    const double x3 = y3 * inverse_d_[2];
    const double x2 = y2 * inverse_d_[1] - l32_ * x3;
    return {b[0] * inverse_d_[0] - l21_ * x2 - l31_ * x3, x2, x3};
  }

 private:
  Vector3 inverse_d_;
  double l21_, l31_, l32_;
};

/// What turns with the links: cos t_k, sin t_k and w_k.
struct Frame {
  Vector3 cosine, sine, w;

  explicit Frame(const SwimmerBody::State& q) {
    const Vector3 angles = {q[2], q[2] + q[3], q[2] + q[3] + q[4]};
    w = {q[7], q[7] + q[8], q[7] + q[8] + q[9]};
    for (std::size_t k = 0; k < 3; ++k) {
      const auto [sin, cos] = SinCos(angles[k]);
      sine[k] = sin;
      cosine[k] = cos;
    }
  }
};

/// The angle (or rate) of joint 0, r2, or 1, r3, from those of the links.
double OfJoint(std::size_t joint, const Vector3& links) { return links[joint + 1] - links[joint]; }

/// A limit that a joint is beyond; see the header for the letters.
struct Limit {
  double sigma;
  Vector3 response;  // dw/dt of the links per f
  double b, R;

  Limit(std::size_t joint, double angle, double velocity, const AngularInertia& inertia,
        const Vector3& accelerations)
      : sigma(angle > 0 ? -1 : 1) {
    Vector3 torques = {};
    torques[joint] = -sigma;
    torques[joint + 1] = sigma;
    response = inertia.Solve(torques);
    // W, for either joint.
    static const double W = OfJoint(0, AngularInertia(1, 1, 1).Solve({-1, 1, 0}));
    constexpr double kWidth = 0.001;  // rad
    constexpr double kTime = 0.95 * 0.02;
    const double x = std::abs(angle) - kMaxAngle;
    const double z = x / kWidth;
    const double y = z >= 1 ? 1 : z <= 0.5 ? 2 * z * z : 1 - 2 * (1 - z) * (1 - z);
    const double D = 0.9 + 0.05 * y;
    b = D * x / (kTime * kTime) - 2 / kTime * sigma * velocity -
        sigma * OfJoint(joint, accelerations);
    R = (1 - D) / D * W;
  }
};

/// f >= 0 with a11 f1 + a12 f2 >= b1 and a12 f1 + a22 f2 >= b2, with equality where f > 0. There is
/// one solution, because the matrix is positive definite.
std::array<double, 2> Complementary(double a11, double a12, double a22, double b1, double b2) {
  const double det = a11 * a22 - a12 * a12;
  const double f1 = (a22 * b1 - a12 * b2) / det;
  const double f2 = (a11 * b2 - a12 * b1) / det;
  if (f1 >= 0 && f2 >= 0) return {f1, f2};
  const double only1 = std::max(b1 / a11, 0.0);
  if (a12 * only1 >= b2) return {only1, 0};
  return {0, std::max(b2 / a22, 0.0)};
}

/// Adds what the limits do to the accelerations dw/dt of the links.
void ApplyLimits(const SwimmerBody::State& q, const AngularInertia& inertia, Vector3& a) {
  const bool beyond2 = std::abs(q[3]) > kMaxAngle;
  const bool beyond3 = std::abs(q[4]) > kMaxAngle;
  if (!beyond2 && !beyond3) return;
  const auto push = [&a](const Limit& limit, double f) {
    for (std::size_t k = 0; k < 3; ++k) a[k] += f * limit.response[k];
  };
  const auto diagonal = [](const Limit& limit, std::size_t joint) {
    return limit.sigma * OfJoint(joint, limit.response) + limit.R;
  };
  if (beyond2 && beyond3) {
    const Limit limit2(0, q[3], q[8], inertia, a);
    const Limit limit3(1, q[4], q[9], inertia, a);
    const auto [f2, f3] =
        Complementary(diagonal(limit2, 0), limit2.sigma * OfJoint(0, limit3.response),
                      diagonal(limit3, 1), limit2.b, limit3.b);
    push(limit2, f2);
    push(limit3, f3);
  } else {
    const std::size_t joint = beyond2 ? 0 : 1;
    const Limit limit(joint, q[3 + joint], q[8 + joint], inertia, a);
    push(limit, std::max(limit.b / diagonal(limit, joint), 0.0));
  }
}

}  // namespace

void SwimmerBody::SetState(std::span<const double> state) {
  std::copy_n(state.begin(), state_.size(), state_.begin());
}

void SwimmerBody::Reset(Rng& rng) {
  for (std::size_t i = 0; i < 10; ++i) state_[i] = (i < 5 ? 0.01 : 0.1) * rng.Normal();
}

void SwimmerBody::Advance(std::span<const double> torques) {
  const double tau2 = std::clamp(torques[0], -kMaxTorque, kMaxTorque);
  const double tau3 = std::clamp(torques[1], -kMaxTorque, kMaxTorque);
  for (int i = 0; i < kSubsteps; ++i) Substep(tau2, tau3);
}

void SwimmerBody::Substep(double tau2, double tau3) {
  static const Fluid fluid;
  const Frame frame(state_);
  const Vector3 &e_x = frame.cosine, &e_y = frame.sine, &w = frame.w;
  Vector3 Gx, Gy;
  Vector3 T = {-tau2, tau2 - tau3, tau3};
  for (std::size_t i = 0; i < 3; ++i) {
    double vx = state_[5], vy = state_[6], centrifugal_x = 0, centrifugal_y = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      const double Cw = C[i][k] * w[k];
      vx -= Cw * e_y[k];
      vy += Cw * e_x[k];
      centrifugal_x += Cw * w[k] * e_x[k];
      centrifugal_y += Cw * w[k] * e_y[k];
    }
    const double along = fluid.along(e_x[i] * vx + e_y[i] * vy);
    const double across = fluid.across(e_x[i] * vy - e_y[i] * vx);
    Gx[i] = along * e_x[i] - across * e_y[i] + m * centrifugal_x;
    Gy[i] = along * e_y[i] + across * e_x[i] + m * centrifugal_y;
    T[i] += fluid.turning(w[i]);
  }

  Vector3 torques;
  for (std::size_t k = 0; k < 3; ++k) {
    double x = 0, y = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      x += (C[i][k] - s[k] / 3) * Gx[i];
      y += (C[i][k] - s[k] / 3) * Gy[i];
    }
    torques[k] = T[k] + e_x[k] * y - e_y[k] * x;
  }
  const auto dot = [&](std::size_t k, std::size_t l) { return e_x[k] * e_x[l] + e_y[k] * e_y[l]; };
  const AngularInertia inertia(dot(0, 1), dot(0, 2), dot(1, 2));
  Vector3 a = inertia.Solve(torques);
  ApplyLimits(state_, inertia, a);

  double ax = (Gx[0] + Gx[1] + Gx[2]) / (3 * m);
  double ay = (Gy[0] + Gy[1] + Gy[2]) / (3 * m);
  for (std::size_t k = 0; k < 3; ++k) {
    ax += s[k] / 3 * e_y[k] * a[k];
    ay -= s[k] / 3 * e_x[k] * a[k];
  }
  const std::array<double, 5> acceleration = {ax, ay, a[0], OfJoint(0, a), OfJoint(1, a)};
  for (std::size_t i = 0; i < 5; ++i) {
    state_[5 + i] += h * acceleration[i];
    state_[i] += h * state_[5 + i];
  }
}

std::array<double, 2> SwimmerBody::Centre() const {
  const Frame frame(state_);
  std::array<double, 2> centre = {state_[0], state_[1]};
  for (std::size_t k = 0; k < 3; ++k) {
    centre[0] += s[k] / 3 * frame.cosine[k];
    centre[1] += s[k] / 3 * frame.sine[k];
  }
  return centre;
}

std::array<double, 2> SwimmerBody::CentreVelocity() const {
  const Frame frame(state_);
  std::array<double, 2> velocity = {state_[5], state_[6]};
  for (std::size_t k = 0; k < 3; ++k) {
    velocity[0] -= s[k] / 3 * frame.w[k] * frame.sine[k];
    velocity[1] += s[k] / 3 * frame.w[k] * frame.cosine[k];
  }
  return velocity;
}

void SwimmerBody::Observe(std::span<double> observation) const {
  std::ranges::copy(state_, observation.begin());
  const auto [x, y] = Centre();
  observation[10] = x;
  observation[11] = y;
  observation[12] = 0;
}

// Link i reaches half a length to either side of c_i = (X, Y) + sum_k C_ik e_k, so the joints are
// at (X, Y) + e_1/2 and one e_2 behind that.
Shape SwimmerBody::Links(std::span<const double> state) {
  Point at = {state[0], state[1]};
  double angle = 0;
  Shape links{.role = Role::kBody, .points = {}, .diameter = 2 * kRadius};
  for (std::size_t k = 0; k < 3; ++k) {
    angle += state[2 + k];
    const auto [sine, cosine] = SinCos(angle);
    if (k == 0) {
      at = {at.x + 1.5 * kLength * cosine, at.y + 1.5 * kLength * sine};
      links.points.push_back(at);
    }
    at = {at.x - kLength * cosine, at.y - kLength * sine};
    links.points.push_back(at);
  }
  return links;
}

std::vector<Axis> SwimmerBody::StateAxes() {
  std::vector<Axis> axes = ObservationAxes();
  axes.resize(std::tuple_size_v<State>);
  for (Axis& axis : axes) {
    axis.low = -kInfinity;
    axis.high = kInfinity;
    axis.nominal = false;
  }
  return axes;
}

std::vector<Axis> SwimmerBody::ObservationAxes() {
  return {{"x", -7, 7, "m", kNominal},
          {"y", -7, 7, "m", kNominal},
          {"heading", -kPi, kPi, "rad", kNominal},
          {"joint angle 2", -kMaxAngle, kMaxAngle, "rad", kNominal},
          {"joint angle 3", -kMaxAngle, kMaxAngle, "rad", kNominal},
          Velocity({"x velocity", -2, 2, "m/s", kNominal}),
          Velocity({"y velocity", -2, 2, "m/s", kNominal}),
          Velocity({"angular velocity", -5, 5, "rad/s", kNominal}),
          Velocity({"joint velocity 2", -5, 5, "rad/s", kNominal}),
          Velocity({"joint velocity 3", -5, 5, "rad/s", kNominal}),
          {"centre x", -7, 7, "m", kNominal},
          {"centre y", -7, 7, "m", kNominal},
          {"centre z", -1, 1, "m"}};
}

std::vector<Axis> SwimmerBody::ActionAxes() {
  return {{"torque 2", -kMaxTorque, kMaxTorque, "N m"},
          {"torque 3", -kMaxTorque, kMaxTorque, "N m"}};
}

}  // namespace vime
