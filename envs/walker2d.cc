// Walker: a planar trunk on two legs learns to walk without falling.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <string>
#include <utility>

#include "envs/controllers.h"
#include "envs/entries.h"
#include "envs/mujoco_tasks.h"
#include "envs/mujoco_xml.h"
#include "lib/rl/scene.h"

namespace vime {
namespace {

constexpr double kGoal = 1;  // m

/// The walker of rllab [D16], simulated by MuJoCo in steps of 5 ms; walker2d.xml is the mechanism.
/// State, reset: see PlanarRobot.
///
/// Coordinates q: height z [m] of the trunk, x [m], pitch [rad], then the angles [rad] of thigh,
/// leg and foot of the right side and of the left. Action: the torques [N m] of these six joints,
/// up to 150 for a thigh and 100 for leg and foot. Observation: q, v, and the centre of mass (x, y,
/// z), y = 0. Reward: the velocity [m/s] of the centre of mass along x after the step, minus
///         0.005 sum_j (clip(a_j)/a_max)^2.
/// Termination: a fall, not (0.8 < z < 2 and |pitch| < 1) after the step.
/// Success: the centre of mass is 1 m or more ahead of the origin, without a fall.
class Walker2d final : public PlanarRobot {
 public:
  Walker2d() : PlanarRobot(Spec(), Walker2dModel(), 0) {}

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    Move(action, next_observation);
    const double z = body().q()[0], pitch = body().q()[2];
    const bool upright = z > 0.8 && z < 2 && std::abs(pitch) < 1;
    return {.reward = body().CentreVelocity()[0] - 0.005 * Effort(action),
            .terminated = !upright,
            .success = upright && body().Centre()[0] >= kGoal};
  }

 private:
  static EnvSpec Spec() {
    constexpr double kBend = 150 * std::numbers::pi / 180;
    constexpr double kTurn = 45 * std::numbers::pi / 180;
    EnvSpec spec;
    spec.name = "walker2d";
    spec.coverage = {Axis{"centre x", -2, 6, "m"}, Axis{"centre z", 0, 1.5, "m"}};
    spec.default_horizon = 500;
    spec.time_step = 0.005;
    spec.success = "the centre of mass gets 1 m ahead of the start without a fall";
    spec.observation = {{"height", 0.5, 2, "m", kNominal},
                        {"x", -5, 5, "m", kNominal},
                        {"pitch", -1, 1, "rad", kNominal},
                        {"thigh", -kBend, 0, "rad", kNominal},
                        {"leg", -kBend, 0, "rad", kNominal},
                        {"foot", -kTurn, kTurn, "rad", kNominal},
                        {"left thigh", -kBend, 0, "rad", kNominal},
                        {"left leg", -kBend, 0, "rad", kNominal},
                        {"left foot", -kTurn, kTurn, "rad", kNominal},
                        Velocity({"velocity z", -5, 5, "m/s", kNominal}),
                        Velocity({"velocity x", -5, 5, "m/s", kNominal}),
                        Velocity({"pitch rate", -10, 10, "rad/s", kNominal})};
    for (const char* side : {"", "left "}) {
      for (const auto& [joint, torque] : {std::pair{"thigh", 150}, {"leg", 100}, {"foot", 100}}) {
        const std::string name = std::string(side) + joint;
        spec.observation.push_back(Velocity({name + " rate", -20, 20, "rad/s", kNominal}));
        const double limit = torque;
        spec.action.push_back({name + " torque", -limit, limit, "N m"});
      }
    }
    spec.observation.push_back({"centre x", -5, 5, "m", kNominal});
    spec.observation.push_back({"centre y", -1, 1, "m", kNominal});
    spec.observation.push_back({"centre z", 0, 1.5, "m", kNominal});
    return spec;
  }
};

/// The bodies and capsules of walker2d.xml.
Scene DrawWalker2d(std::span<const double> q) {
  constexpr Role kRight = Role::kBody, kLeft = Role::kOtherSide;
  static constexpr auto kLinks =
      std::to_array<PlanarLink>({{kLeft, -1, {0, -0.2}, {0, 0}, {0, -0.45}, 0.05, 6, -1},
                                 {kLeft, 0, {0, -0.45}, {0, 0}, {0, -0.5}, 0.04, 7, -1},
                                 {kLeft, 1, {0, -0.5}, {0, 0}, {0.2, 0}, 0.06, 8, -1},
                                 {Role::kBody, -1, {0, 0}, {0, 0.2}, {0, -0.2}, 0.05},
                                 {kRight, -1, {0, -0.2}, {0, 0}, {0, -0.45}, 0.05, 3, -1},
                                 {kRight, 4, {0, -0.45}, {0, 0}, {0, -0.5}, 0.04, 4, -1},
                                 {kRight, 5, {0, -0.5}, {0, 0}, {0.2, 0}, 0.06, 5, -1}});
  return DrawPlanarRobot(kLinks, {q[1], q[0]}, q[2], q, kGoal);
}

}  // namespace

const MujocoModel& Walker2dModel() {
  static const MujocoModel model(Walker2dXml());
  return model;
}

EnvEntry Walker2dEntry() {
  return {
      .name = "walker2d",
      .help = "rllab's walker, paid by its speed along x until it falls (MuJoCo)",
      .params = {},
      .noise_region = kRobotNoiseRegion,
      .make = [](const EnvParams&) -> std::unique_ptr<Env> { return std::make_unique<Walker2d>(); },
      .make_controller = Walk,
      .draw = DrawWalker2d};
}

}  // namespace vime
