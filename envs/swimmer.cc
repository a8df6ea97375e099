// Swimmer: three links in a viscous fluid move forward by bending two joints.
#include <algorithm>
#include <memory>

#include "envs/controllers.h"
#include "envs/drawing.h"
#include "envs/entries.h"
#include "envs/swimmer_body.h"

namespace vime {
namespace {

/// The swimmer of rllab [D16]. State, dynamics and reset: see SwimmerBody.
///
/// Observation: q, v, and the centre of mass (x, y, z = 0).
/// Reward: the velocity [m/s] of the centre of mass along x after the step, minus
///         0.005 sum_j (a_j/50)^2 for the torques a [N m] as given, not clipped.
/// Termination: never.
/// Success: the centre of mass is 1 m or more ahead of the origin.
class Swimmer final : public Env {
 public:
  Swimmer() : Env(Spec()) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    body_.Reset(rng);
    body_.Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    body_.Advance(action);
    body_.Observe(next_observation);
    double cost = 0;
    for (const double torque : action) {
      const double share = torque / SwimmerBody::kMaxTorque;
      cost += 0.005 * (share * share);
    }
    return {.reward = body_.CentreVelocity()[0] - cost, .success = body_.Centre()[0] >= kGoal};
  }

  void GetState(std::span<double> state) const override {
    std::ranges::copy(body_.state(), state.begin());
  }
  void SetState(std::span<const double> state) override { body_.SetState(state); }
  void Observe(std::span<double> observation) const override { body_.Observe(observation); }
  std::array<double, 2> CoveragePoint() const override { return body_.Centre(); }

 private:
  static constexpr double kGoal = 1;  // m

  static EnvSpec Spec() {
    return {.name = "swimmer",
            .observation = SwimmerBody::ObservationAxes(),
            .action = SwimmerBody::ActionAxes(),
            .state = SwimmerBody::StateAxes(),
            .coverage = {Axis{"centre x", -7, 7, "m"}, Axis{"centre y", -7, 7, "m"}},
            .noise_region = {-0.5, 0.5, -0.5, 0.5},  // about the start
            .default_horizon = 500,
            .time_step = SwimmerBody::kTimeStep,
            .success = "the centre of mass is 1 m ahead of the start",
            .success_share = 0};
  }

  SwimmerBody body_;
};

/// The body over a grid of 1 m, seen from above by a camera that follows the middle link.
Scene DrawSwimmer(std::span<const double> state) {
  constexpr int kReach = 12;
  constexpr double kHalfWidth = 2.4, kHalfHeight = 1.6;
  Shape grid{.role = Role::kGrid, .points = {}};
  for (int i = -kReach; i <= kReach; ++i) {  // there and back
    const double end = i % 2 == 0 ? kReach : -kReach, line = i;
    grid.points.insert(grid.points.end(), {{line, -end}, {line, end}});
  }
  for (int i = kReach; i >= -kReach; --i) {
    const double end = i % 2 == 0 ? kReach : -kReach, line = i;
    grid.points.insert(grid.points.end(), {{end, line}, {-end, line}});
  }
  Shape body = SwimmerBody::Links(state);
  const Point a = body.points[1], b = body.points[2];
  const Point middle = {(a.x + b.x) / 2, (a.y + b.y) / 2};
  const Shape nose = Disc(Role::kJoint, body.points[0], 0.12);
  return {.view = {middle.x - kHalfWidth, middle.x + kHalfWidth, middle.y - kHalfHeight,
                   middle.y + kHalfHeight},
          .shapes = {std::move(grid), std::move(body), nose},
          .trace = middle};
}

}  // namespace

EnvEntry SwimmerEntry() {
  return {
      .name = "swimmer",
      .help = "rllab's swimmer of three links, paid by its speed along x",
      .params = {},
      .make = [](const EnvParams&) -> std::unique_ptr<Env> { return std::make_unique<Swimmer>(); },
      .make_controller = SwimForward,
      .draw = DrawSwimmer};
}

}  // namespace vime
