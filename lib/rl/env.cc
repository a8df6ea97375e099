#include "lib/rl/env.h"

#include <algorithm>

namespace vime {

double ExecutedAction(double normalised, const Axis& axis) {
  const double raw = axis.low + (normalised + 1.0) * 0.5 * (axis.high - axis.low);
  return std::clamp(raw, axis.low, axis.high);
}

}  // namespace vime
