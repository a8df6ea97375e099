// Scripted policies: proof that each task can be solved, and a yardstick for what is learned. Gains
// without a reason were found by random search.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "lib/rl/env.h"

namespace vime {

/// Mountain car: push along the motion, and left from rest, which needs one swing less.
Controller PushAlong(const EnvSpec& spec);

/// Pendulum: far from the top push along the motion while the energy w^2/2 + 15 cos th is below
/// that of rest at the top, and against it while above; near the top a linear law.
Controller SwingUpPendulum(const EnvSpec& spec);

/// Cart-pole whose state has x, v at its beginning and th, w at these places: chooses an
/// acceleration of the cart and returns the force that gives it in the ODE. Far from the top the
/// acceleration drives the energy of the pole to a little more than that of rest at the top; near
/// it a linear law balances.
Controller SwingUpCartpole(std::size_t angle, std::size_t angular_velocity);

/// Double pendulum: bends the elbow against the swing of the upper link, like a child on a swing.
Controller BendElbow(const EnvSpec& spec);

/// Acrobot: full torque in the direction of w2 - 0.3 w1.
Controller PumpAcrobot(const EnvSpec& spec);

/// Deep sea: always the least move that reaches the treasure.
Controller GoJustFarEnough(const EnvSpec& spec);

/// Point mass: full push from one way point to the next, each passed within 0.15.
Controller FollowWayPoints(std::vector<std::array<double, 2>> way_points);

/// Swimmer: a travelling wave through the joints, bent to keep to the direction of x.
Controller SwimForward(const EnvSpec& spec);

/// Swimmer-gather: the same wave, bent towards the nearest apple with no bomb on the way.
Controller SwimToApples(const EnvSpec& spec);

/// Half cheetah: every joint on its own sine, without looking at the state.
Controller Gallop(const EnvSpec& spec);

/// Walker: each joint is drawn towards a sine of time, half a period apart on the two sides, that
/// bends with the pitch of the trunk and its rate.
Controller Walk(const EnvSpec& spec);

}  // namespace vime
