#include "envs/drawing.h"

#include <array>
#include <functional>
#include <memory>

namespace vime {
namespace {

Scene PlaceOnGrid(Env& env, std::span<const double> state) {
  env.SetState(state);
  const auto [x, y] = env.CoveragePoint();
  // A unit square, because the two axes need not have the same unit.
  const auto share = [](double value, const Axis& axis) {
    return (value - axis.low) / (axis.high - axis.low);
  };
  const auto& axes = env.spec().coverage;
  const Point place = {share(x, axes[0]), share(y, axes[1])};
  return {.view = {-0.05, 1.05, -0.05, 1.05},
          .shapes = {Line(Role::kGround, {{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}),
                     Disc(Role::kBody, place, 0.05)},
          .trace = place};
}

}  // namespace

Shape Box(Role role, const Region& box) {
  return Polygon(role, {{box.x_low, box.y_low},
                        {box.x_high, box.y_low},
                        {box.x_high, box.y_high},
                        {box.x_low, box.y_high}});
}

Shape MetreRule(double y) {
  constexpr int kReach = 50;
  constexpr double kMark = 0.08;
  Shape rule{.role = Role::kGround, .points = {}};
  for (int x = -kReach; x <= kReach; ++x) {
    const double at = x;
    rule.points.insert(rule.points.end(), {{at, y}, {at, y - kMark}, {at, y}});
  }
  return rule;
}

Drawer DrawerOf(const EnvEntry& entry, std::unique_ptr<Env> env) {
  if (entry.draw) return entry.draw;
  return [shared = std::shared_ptr<Env>(std::move(env))](std::span<const double> state) {
    return PlaceOnGrid(*shared, state);
  };
}

}  // namespace vime
