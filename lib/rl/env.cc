#include "lib/rl/env.h"

#include <algorithm>
#include <utility>

namespace vime {

EnvParam SwitchParam(std::string name, std::string help) {
  return {.name = std::move(name),
          .default_value = 0,
          .low = 0,
          .high = 1,
          .integer = true,
          .help = std::move(help)};
}

double ExecutedAction(double normalised, const Axis& axis) {
  const double raw = axis.low + (normalised + 1.0) * 0.5 * (axis.high - axis.low);
  return std::clamp(raw, axis.low, axis.high);
}

}  // namespace vime
