// Parts of scenes, and the drawer of any environment.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "lib/rl/scene.h"

namespace vime {

inline Shape Line(Role role, std::vector<Point> points, double diameter = 0) {
  return {.role = role, .points = std::move(points), .diameter = diameter};
}
inline Shape Disc(Role role, Point centre, double diameter) {
  return {.role = role, .points = {centre}, .diameter = diameter};
}
inline Shape Polygon(Role role, std::vector<Point> corners) {
  return {.role = role, .points = std::move(corners), .filled = true};
}
Shape Box(Role role, const Region& box);

/// A level line with a mark every metre, 100 m long.
Shape MetreRule(double y);

/// The drawer of the entry, or where it has none one that marks the place on the visit grid, for
/// which `env`, an environment of this entry, is used.
Drawer DrawerOf(const EnvEntry& entry, std::unique_ptr<Env> env);

}  // namespace vime
