#include "envs/controllers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "envs/angle.h"
#include "envs/swimmer_body.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

using State = std::span<const double>;
using Action = std::span<double>;
using Vector2 = std::array<double, 2>;

double Length(const Vector2& v) { return Sqrt(v[0] * v[0] + v[1] * v[1]); }
double Dot(const Vector2& a, const Vector2& b) { return a[0] * b[0] + a[1] * b[1]; }
double Cross(const Vector2& a, const Vector2& b) { return a[0] * b[1] - a[1] * b[0]; }

/// The mean direction of the links of a swimmer.
Vector2 HeadingOf(State state) {
  Vector2 sum = {};
  double angle = 0;
  for (std::size_t k = 2; k < 5; ++k) {
    angle += state[k];
    const auto [sine, cosine] = SinCos(angle);
    sum[0] += cosine;
    sum[1] += sine;
  }
  return sum;
}

/// The sine of the angle from one direction to another, or 1 with its sign if it exceeds 90
/// degrees.
double TurnTo(const Vector2& from, const Vector2& to) {
  const double sine = Cross(from, to) / (Length(from) * Length(to));
  if (Dot(from, to) >= 0) return sine;
  return sine < 0 ? -1 : 1;
}

/// A wave that travels along the body and bends it to turn.
void Swim(int step, State state, double turn, Action action) {
  const double phase = 3.1 * SwimmerBody::kTimeStep * step;
  for (std::size_t joint = 0; joint < 2; ++joint) {
    const double angle = 0.85 * Sin(phase - 1.5 * static_cast<double>(joint)) - 1.5 * turn;
    action[joint] = std::clamp(500 * (angle - state[3 + joint]) - 90 * state[8 + joint],
                               -SwimmerBody::kMaxTorque, SwimmerBody::kMaxTorque);
  }
}

/// Of the objects of swimmer-gather: the way to the apple that is best to go for, or straight ahead
/// when there is none.
Vector2 WayToApple(State state, const Vector2& centre, const Vector2& heading) {
  constexpr double kTurnCost = 1, kBombCost = 10, kBombReach = 1;  // m
  const State objects = state.subspan(std::tuple_size_v<SwimmerBody::State>, 3 * 16);
  const auto way_to = [&](std::size_t i) {
    return Vector2{objects[i] - centre[0], objects[i + 1] - centre[1]};
  };
  Vector2 best = heading;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < objects.size(); i += 3) {
    if (objects[i + 2] <= 0) continue;
    const Vector2 way = way_to(i);
    const double distance = Length(way);
    double cost = distance + kTurnCost * std::abs(TurnTo(heading, way));
    for (std::size_t j = 0; j < objects.size(); j += 3) {
      if (objects[j + 2] >= 0) continue;
      const Vector2 bomb = way_to(j);
      const double along = Dot(bomb, way) / distance;
      const bool on_the_way =
          along > 0 && along < distance && std::abs(Cross(bomb, way)) < kBombReach * distance;
      if (on_the_way) cost += kBombCost;
    }
    if (cost < least) {
      least = cost;
      best = way;
    }
  }
  return best;
}

}  // namespace

Controller PushAlong(const EnvSpec& /*spec*/) {
  return [](int, State state, Action action) { action[0] = state[1] > 0 ? 1 : -1; };
}

Controller SwingUpPendulum(const EnvSpec& spec) {
  return [limit = spec.action[0].high](int, State state, Action action) {
    const double th = WrapAngle(state[0]);
    const double w = state[1];
    const double linear = -(10 * th + 2.5 * w);
    if (std::abs(th) < 0.5 && std::abs(linear) < 2 * limit) {
      action[0] = linear;
      return;
    }
    const double missing_energy = 15 - (0.5 * w * w + 15 * Cos(th));
    const double along = w < 0 ? -1 : 1;
    action[0] = std::clamp(missing_energy, -limit, limit) * along;
  };
}

Controller SwingUpCartpole(std::size_t angle, std::size_t angular_velocity) {
  return [angle, angular_velocity](int, State state, Action action) {
    constexpr double m = 0.1, M = 1, l = 0.5, g = 10, c = 0.1 * 1.01 / 12 + m * l * l;
    const double x = state[0], v = state[1], w = state[angular_velocity];
    const double th = WrapAngle(state[angle]);
    const auto [sine, cosine] = SinCos(th);
    double acceleration = 1.9 * x + 4.6 * v - 47 * th - 11 * w;
    if (std::abs(th) > 0.7 || std::abs(acceleration) > 28) {
      const double surplus = 0.5 * c * w * w + m * g * l * (cosine - 1) - 0.13;  // J
      acceleration = std::clamp(-55 * surplus * w * cosine, -12.5, 12.5) - 3 * x - 3 * v;
    }
    const double b = m * l * cosine;
    const double pole_acceleration = (m * g * l * sine + b * acceleration) / c;
    action[0] = (M + m) * acceleration - b * pole_acceleration + m * l * w * w * sine;
  };
}

Controller BendElbow(const EnvSpec& spec) {
  // More torque than this only spins the lower link.
  return [limit = std::min(spec.action[0].high, 5.0)](int, State state, Action action) {
    const double swing = 2.3 * state[2];
    const double wanted = -6.4 * swing / Sqrt(1 + swing * swing);
    const double bend = state[1] - state[0], rate = state[3] - state[2];
    action[0] = std::clamp(100 * (wanted - bend) - 0.15 * rate, -limit, limit);
  };
}

Controller PumpAcrobot(const EnvSpec& /*spec*/) {
  return [](int, State state, Action action) { action[0] = state[3] < 0.3 * state[2] ? -1 : 1; };
}

Controller GoJustFarEnough(const EnvSpec& /*spec*/) {
  return [](int, State, Action action) { action[0] = 0.800001; };
}

Controller FollowWayPoints(std::vector<Vector2> way_points) {
  constexpr double kPassed = 0.15;
  return [way_points = std::move(way_points), next = std::size_t{0}](int step, State state,
                                                                     Action action) mutable {
    if (step == 0) next = 0;
    const auto way = [&] {
      return Vector2{way_points[next][0] - state[0], way_points[next][1] - state[1]};
    };
    while (next + 1 < way_points.size() && Length(way()) < kPassed) ++next;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      action[axis] = std::clamp(10 * (way()[axis] - state[axis + 2]), -1.0, 1.0);
    }
  };
}

Controller SwimForward(const EnvSpec& /*spec*/) {
  return [](int step, State state, Action action) {
    Swim(step, state, TurnTo(HeadingOf(state), {1, 0}), action);
  };
}

Controller SwimToApples(const EnvSpec& /*spec*/) {
  return [](int step, State state, Action action) {
    SwimmerBody body;
    body.SetState(state);
    const Vector2 heading = HeadingOf(state);
    Swim(step, state, TurnTo(heading, WayToApple(state, body.Centre(), heading)), action);
  };
}

Controller Gallop(const EnvSpec& spec) {
  return [dt = spec.time_step](int step, State, Action action) {
    constexpr std::array kSize = {1.45, 1.14, 1.07, 0.633, 1.25, 0.397};
    constexpr std::array kPhase = {2.67, -1.84, 0.805, -1.48, 5.26, -1.59};
    for (std::size_t joint = 0; joint < kSize.size(); ++joint) {
      action[joint] = std::clamp(kSize[joint] * Sin(22.9 * dt * step + kPhase[joint]), -1.0, 1.0);
    }
  };
}

Controller Walk(const EnvSpec& spec) {
  struct Joint {
    double centre, size, phase, pitch, rate, stiffness;
  };
  return [axes = spec.action, dt = spec.time_step](int step, State state, Action action) {
    constexpr std::array<Joint, 3> kLeg = {{{-0.217, 0.624, -0.977, -0.0137, -0.039, 118},
                                            {-0.255, -0.0481, -0.602, -0.221, -0.186, 167},
                                            {0.246, -0.164, 0.307, -1.29, -0.117, 66.6}}};
    const State q = state.first(9), v = state.subspan(9, 9);
    for (std::size_t i = 0; i < action.size(); ++i) {
      const Joint& joint = kLeg[i % 3];
      const double side = i < 3 ? 1 : -1;
      const double angle = joint.centre + side * joint.size * Sin(12.3 * dt * step + joint.phase) +
                           joint.pitch * q[2] + joint.rate * v[2];
      action[i] = std::clamp(joint.stiffness * (angle - q[3 + i]) - 5.99 * v[3 + i], axes[i].low,
                             axes[i].high);
    }
  };
}

}  // namespace vime
