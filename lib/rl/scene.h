// Pictures of states: lines in the coordinates of the world.
#pragma once

#include <optional>
#include <vector>

#include "lib/rl/env.h"

namespace vime {

struct Point {
  double x = 0, y = 0;
};

/// What a shape stands for; a picture gives each role its look.
enum class Role { kGrid, kGround, kWall, kBody, kOtherSide, kJoint, kGoal, kApple, kBomb };

/// A line through points, as wide as a pen of this diameter makes it, so that one point is a disc;
/// at diameter 0 as thin as the picture draws lines. A filled one is a polygon. Without points it
/// is not there.
struct Shape {
  Role role = Role::kBody;
  std::vector<Point> points;
  double diameter = 0;
  bool filled = false;
};

/// The scenes of one environment have the same shapes in the same order, later ones on top.
struct Scene {
  /// What a picture shows: a fixed place, or one that follows the body. Its size does not change.
  Region view;
  std::vector<Shape> shapes;
  /// A point whose path over the episode is of interest.
  std::optional<Point> trace = {};
};

}  // namespace vime
