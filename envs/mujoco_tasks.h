// What the tasks that MuJoCo simulates have in common, and their models.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "envs/mujoco_body.h"
#include "lib/rl/scene.h"

namespace vime {

/// EnvSpec::noise_region of all of them, about the start, in words.
inline constexpr const char* kRobotNoiseRegion = "-0.5 < centre x < 0.5";

/// The models of envs/half_cheetah.xml and envs/walker2d.xml.
const MujocoModel& HalfCheetahModel();
const MujocoModel& Walker2dModel();

/// A planar robot of nine joints: three place it in the plane, six are driven.
///
/// State: q, v and the accelerations that MuJoCo's solver starts from (MujocoBody).
/// Reset: q = the drawn pose + 0.01 N(0, 1), v = 0.1 N(0, 1), each number on its own.
/// Observation: q from `first_q` on, v, and the centre of mass (x, y, z).
class PlanarRobot : public Env {
 public:
  void Reset(Rng& rng, std::span<double> observation) final;
  void GetState(std::span<double> state) const final { body_.GetState(state); }
  void SetState(std::span<const double> state) final { body_.SetState(state); }
  void Observe(std::span<double> observation) const final;
  /// The centre of mass in the plane of motion: x, z.
  std::array<double, 2> CoveragePoint() const final;

 protected:
  static constexpr int kJoints = 9;

  /// Fills in the state axes, and noise about the start.
  PlanarRobot(EnvSpec spec, const MujocoModel& model, std::size_t first_q);

  /// Moves the robot and writes the observation.
  void Move(std::span<const double> action, std::span<double> next_observation);
  /// sum_j (clip(a_j)/scale_j)^2, scale_j the largest action.
  double Effort(std::span<const double> action) const;

  const MujocoBody& body() const { return body_; }

 private:
  MujocoBody body_;
  std::size_t first_q_;
};

/// A capsule of a planar robot, in the frame of its link.
struct PlanarLink {
  Role role;
  /// The link that it hangs on, an earlier one; -1 is the trunk's frame.
  int parent;
  /// Where its joint is in the frame of the parent [m].
  Point joint;
  /// The ends of the axis of the capsule, and its radius [m].
  Point from, to;
  double radius;
  /// Of the joint: its place in q, or -1 for one that does not turn, and its sense, 1 where a
  /// positive angle turns x towards -z as that of the pitch does.
  int q = -1;
  double sense = 1;
};

/// The capsule whose axis is z turned by `angle` [rad] about y.
PlanarLink Capsule(PlanarLink link, Point centre, double angle, double half_length);

/// The robot on the floor, seen from the side by a camera that follows the trunk, and a mark at the
/// goal [m].
Scene DrawPlanarRobot(std::span<const PlanarLink> links, Point trunk, double pitch,
                      std::span<const double> q, double goal);

}  // namespace vime
