// Angles.
#pragma once

#include <cmath>
#include <numbers>

namespace vime {

/// The angle in [-pi, pi) that differs from theta by whole turns: (theta + pi) mod 2 pi - pi with
/// the modulo of floor, so that pi becomes -pi. NaN for NaN and infinities.
inline double WrapAngle(double theta) {
  // 2 pi in two parts of few bits: their multiples and the differences are exact below 2^20 turns.
  constexpr double kTurn = 2 * std::numbers::pi;
  constexpr double kTurnHigh = 0x1.921fb544p+2;
  constexpr double kTurnLow = kTurn - kTurnHigh;
  const double shifted = theta + std::numbers::pi;
  const double turns = std::floor(shifted / kTurn);
  double remainder = (shifted - turns * kTurnHigh) - turns * kTurnLow;
  if (remainder < 0 || remainder >= kTurn) remainder = 0;  // rounding at the seam
  return remainder - std::numbers::pi;
}

}  // namespace vime
