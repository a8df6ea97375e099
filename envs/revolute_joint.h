// The position correction of a revolute joint, as Box2D 2.3 does it after every step.
#pragma once

#include "lib/math/lanes.h"

namespace vime {

/// A point or vector of the plane [m].
struct Vector2 {
  double x = 0, y = 0;
};

inline double Length(const Vector2& v) { return Sqrt(v.x * v.x + v.y * v.y); }

/// A body as the joint sees it: inverse mass [1/kg], inverse moment of inertia about its centre of
/// mass [1/(kg m^2)], and r, from that centre to the anchor of the joint [m].
struct Lever {
  double inverse_mass, inverse_inertia;
  Vector2 r;

  /// How far an impulse at the anchor turns the body [rad]: (r x P)/I.
  double Turn(const Vector2& impulse) const {
    return inverse_inertia * (r.x * impulse.y - r.y * impulse.x);
  }
};

/// The impulse P [kg m] that, given to body B (and -P to body A) as a displacement, closes to first
/// order a joint whose anchors are e = anchor_B - anchor_A apart: P = -K^-1 e, with the sum over
/// the bodies that can move
///   K = sum [[1/m + r_y^2/I, -r_x r_y/I], [-r_x r_y/I, 1/m + r_x^2/I]].
template <class... Levers>
Vector2 ClosingImpulse(const Vector2& e, const Levers&... body) {
  const double k11 = (... + (body.inverse_mass + body.r.y * body.r.y * body.inverse_inertia));
  const double k12 = -(... + (body.r.x * body.r.y * body.inverse_inertia));
  const double k22 = (... + (body.inverse_mass + body.r.x * body.r.x * body.inverse_inertia));
  const double det = k11 * k22 - k12 * k12;
  return {-(k22 * e.x - k12 * e.y) / det, -(k11 * e.y - k12 * e.x) / det};
}

}  // namespace vime
