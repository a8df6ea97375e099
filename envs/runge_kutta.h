// The classical Runge-Kutta method.
#pragma once

#include <array>
#include <cstddef>

namespace vime {

/// One step of length h [s] of ds/dt = flow(s), with an error of order h^5:
///   k1 = flow(s),  k2 = flow(s + h/2 k1),  k3 = flow(s + h/2 k2),  k4 = flow(s + h k3)
///   s + h (k1 + 2 k2 + 2 k3 + k4)/6
template <std::size_t N, class Flow>
std::array<double, N> RungeKuttaStep(const std::array<double, N>& s, double h, const Flow& flow) {
  using State = std::array<double, N>;
  const auto moved = [&s](const State& slope, double dt) {
    State result;
    for (std::size_t i = 0; i < N; ++i) result[i] = s[i] + dt * slope[i];
    return result;
  };
  const State k1 = flow(s);
  const State k2 = flow(moved(k1, h / 2));
  const State k3 = flow(moved(k2, h / 2));
  const State k4 = flow(moved(k3, h));
  State mean;
  for (std::size_t i = 0; i < N; ++i) mean[i] = (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]) / 6;
  return moved(mean, h);
}

}  // namespace vime
