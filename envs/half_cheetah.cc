// Half cheetah: a planar trunk on two legs learns to run.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "envs/controllers.h"
#include "envs/entries.h"
#include "envs/mujoco_tasks.h"
#include "envs/mujoco_xml.h"
#include "lib/rl/scene.h"

namespace vime {
namespace {

constexpr double kGoal = 5;  // m

/// The half cheetah of rllab [D16], simulated by MuJoCo in steps of 10 ms; half_cheetah.xml is the
/// mechanism. State, reset: see PlanarRobot.
///
/// Coordinates q: x, z [m] and pitch [rad] of the trunk from where it is drawn, then the angles
/// [rad] of the back thigh, shin and foot and of the front ones.
/// Action: the torques of these six joints as shares of their largest, 120, 90, 60, 120, 60 and
/// 30 N m.
/// Observation: q without x, v, and the centre of mass (x, y, z), y = 0.
/// Reward, for the centre of mass x [m] and its velocity [m/s] after the step:
///   sparse [D16]  1 if x > 5, else 0
///   dense  dx/dt - 0.05 sum_j clip(a_j, -1, 1)^2
/// Termination: never.
/// Success: x > 5.
class HalfCheetah final : public PlanarRobot {
 public:
  HalfCheetah(std::string name, bool sparse)
      : PlanarRobot(Spec(std::move(name)), HalfCheetahModel(), 1), sparse_(sparse) {}

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    Move(action, next_observation);
    const bool far = body().Centre()[0] > kGoal;
    const double dense = body().CentreVelocity()[0] - 0.05 * Effort(action);
    return {.reward = sparse_ ? (far ? 1 : 0) : dense, .success = far};
  }

 private:
  static EnvSpec Spec(std::string name) {
    EnvSpec spec;
    spec.name = std::move(name);
    spec.coverage = {Axis{"centre x", -5, 15, "m"}, Axis{"centre z", 0, 1.5, "m"}};
    spec.default_horizon = 500;
    spec.time_step = 0.01;
    spec.success = "the centre of mass gets more than 5 m ahead of the start";
    spec.observation = {{"height", -0.7, 0.7, "m", kNominal},
                        {"pitch", -3, 3, "rad", kNominal},
                        {"back thigh", -0.52, 1.05, "rad", kNominal},
                        {"back shin", -0.785, 0.785, "rad", kNominal},
                        {"back foot", -0.4, 0.785, "rad", kNominal},
                        {"front thigh", -1, 0.7, "rad", kNominal},
                        {"front shin", -1.2, 0.87, "rad", kNominal},
                        {"front foot", -0.5, 0.5, "rad", kNominal},
                        Velocity({"velocity x", -5, 5, "m/s", kNominal}),
                        Velocity({"velocity z", -5, 5, "m/s", kNominal}),
                        Velocity({"pitch rate", -10, 10, "rad/s", kNominal})};
    for (const char* joint :
         {"back thigh", "back shin", "back foot", "front thigh", "front shin", "front foot"}) {
      spec.observation.push_back(
          Velocity({joint + std::string(" rate"), -20, 20, "rad/s", kNominal}));
      spec.action.push_back({joint + std::string(" torque"), -1, 1});
    }
    spec.observation.push_back({"centre x", -5, 5, "m", kNominal});
    spec.observation.push_back({"centre y", -1, 1, "m", kNominal});
    spec.observation.push_back({"centre z", 0, 1.5, "m", kNominal});
    return spec;
  }

  bool sparse_;
};

/// The bodies and capsules of half_cheetah.xml.
Scene DrawHalfCheetah(std::span<const double> q) {
  constexpr double kRadius = 0.046;
  static const std::vector<PlanarLink> links = [] {
    const auto link = [](Role role, int parent, Point joint, int coordinate) {
      return PlanarLink{role, parent, joint, {}, {}, kRadius, coordinate};
    };
    constexpr Role kFront = Role::kOtherSide, kBack = Role::kBody;
    return std::vector<PlanarLink>{
        {Role::kBody, -1, {0, 0}, {-0.5, 0}, {0.5, 0}, kRadius},
        Capsule(link(Role::kBody, -1, {0, 0}, -1), {0.6, 0.1}, 0.87, 0.15),
        Capsule(link(kBack, -1, {-0.5, 0}, 3), {0.1, -0.13}, -3.8, 0.145),
        Capsule(link(kBack, 2, {0.16, -0.25}, 4), {-0.14, -0.07}, -2.03, 0.15),
        Capsule(link(kBack, 3, {-0.28, -0.14}, 5), {0.03, -0.097}, -0.27, 0.094),
        Capsule(link(kFront, -1, {0.5, 0}, 6), {-0.07, -0.12}, 0.52, 0.133),
        Capsule(link(kFront, 5, {-0.14, -0.24}, 7), {0.065, -0.09}, -0.6, 0.106),
        Capsule(link(kFront, 6, {0.13, -0.18}, 8), {0.045, -0.07}, -0.6, 0.07)};
  }();
  return DrawPlanarRobot(links, {q[0], 0.7 + q[1]}, q[2], q, kGoal);
}

EnvEntry Entry(const std::string& name, std::string help, bool sparse) {
  return {.name = name,
          .help = std::move(help),
          .params = {},
          .noise_region = kRobotNoiseRegion,
          .make = [name, sparse](const EnvParams&) -> std::unique_ptr<Env> {
            return std::make_unique<HalfCheetah>(name, sparse);
          },
          .make_controller = Gallop,
          .draw = DrawHalfCheetah};
}

}  // namespace

const MujocoModel& HalfCheetahModel() {
  static const MujocoModel model(HalfCheetahXml());
  return model;
}

EnvEntry HalfCheetahEntry() {
  return Entry("halfcheetah", "rllab's half cheetah, paid by its speed along x (MuJoCo)", false);
}

EnvEntry HalfCheetahSparseEntry() {
  return Entry("halfcheetah-sparse", "the same cheetah, reward +1 while beyond 5 m (MuJoCo)", true);
}

}  // namespace vime
