// Scripted controllers that solve the control tasks: proof that each can be solved, and a yardstick
// for what is learned. They read the state of Env::GetState() and return a raw action.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

namespace vime::testing {

/// Mountain car: push in the direction of motion.
inline double PushAlong(std::span<const double> state) { return state[1] < 0 ? -1 : 1; }

/// The angle in [-pi, pi] that differs from `angle` by whole turns.
inline double NearestAngle(double angle) { return std::remainder(angle, 2 * std::numbers::pi); }

/// Pendulum: far from the top push along the motion while the energy w^2/2 + 15 cos th is below
/// that of rest at the top, and against it while above; near the top a linear law.
inline double SwingUpPendulum(std::span<const double> state, double torque_limit) {
  const double th = NearestAngle(state[0]);
  const double w = state[1];
  const double linear = -(10 * th + 2.5 * w);
  if (std::abs(th) < 0.5 && std::abs(linear) < 2 * torque_limit) return linear;
  const double missing_energy = 15 - (0.5 * w * w + 15 * std::cos(th));
  const double along = w < 0 ? -1 : 1;
  return std::clamp(missing_energy, -torque_limit, torque_limit) * along;
}

/// Cart-pole with the constants of cartpole-swingup: chooses an acceleration of the cart and
/// returns the force that gives it. Far from the top the acceleration drives the energy of the
/// pole to that of rest at the top; near it a linear law with poles -4, -4, -1.5, -1.5 balances.
inline double SwingUpCartpole(std::span<const double> state) {
  constexpr double m = 0.1, M = 1, l = 0.5, g = 10, c = 0.1 * 1.01 / 12 + m * l * l;
  const double x = state[0], v = state[1], w = state[3];
  const double th = NearestAngle(state[2]);
  const double sine = std::sin(th), cosine = std::cos(th);
  double acceleration = 2.4 * x + 4.4 * v - 39.9 * th - 10.3 * w;
  if (std::abs(th) > 0.6 || std::abs(acceleration) > 12) {
    const double energy = 0.5 * c * w * w + m * g * l * (cosine - 1);
    acceleration = std::clamp(-40 * energy * w * cosine, -6.0, 6.0) - 1.5 * x - 1.5 * v;
  }
  const double b = m * l * cosine;
  const double pole_acceleration = (m * g * l * sine + b * acceleration) / c;
  return (M + m) * acceleration - b * pole_acceleration + m * l * w * w * sine;
}

}  // namespace vime::testing
