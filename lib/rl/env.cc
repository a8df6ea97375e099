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

bool IsSuccess(const EnvSpec& spec, std::int64_t success_steps, std::int64_t length) {
  const double needed = spec.success_share * static_cast<double>(length);
  return success_steps > 0 && static_cast<double>(success_steps) >= needed;
}

int CoverageCell(const std::array<Axis, 2>& coverage, double x, double y) {
  const auto index = [](const Axis& axis, double value) {
    const double share = (value - axis.low) / (axis.high - axis.low);
    return std::min(static_cast<int>(std::clamp(share, 0.0, 1.0) * kCoverageCells),
                    kCoverageCells - 1);
  };
  return index(coverage[0], x) * kCoverageCells + index(coverage[1], y);
}

}  // namespace vime
