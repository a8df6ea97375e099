#include "envs/mujoco_tasks.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace vime {
namespace {

EnvSpec WithState(EnvSpec spec, int joints) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const std::string letter : {"q", "v", "w"}) {
    for (int i = 0; i < joints; ++i) {
      spec.state.push_back({.name = letter + std::to_string(i),
                            .low = -kInfinity,
                            .high = kInfinity,
                            .memory = letter == "w"});
    }
  }
  spec.noise_region = {.x_low = -0.5, .x_high = 0.5};  // about the start
  return spec;
}

}  // namespace

PlanarRobot::PlanarRobot(EnvSpec spec, const MujocoModel& model, std::size_t first_q)
    : Env(WithState(std::move(spec), kJoints)),
      body_(this->spec().name, model),
      first_q_(first_q) {}

void PlanarRobot::Reset(Rng& rng, std::span<double> observation) {
  std::array<double, kJoints> q, v;
  std::ranges::copy(body_.InitialQ(), q.begin());
  for (double& coordinate : q) coordinate += 0.01 * rng.Normal();
  for (double& velocity : v) velocity = 0.1 * rng.Normal();
  body_.Start(q, v);
  Observe(observation);
}

void PlanarRobot::Observe(std::span<double> observation) const {
  auto out = std::ranges::copy(body_.q().subspan(first_q_), observation.begin()).out;
  out = std::ranges::copy(body_.v(), out).out;
  std::ranges::copy(body_.Centre(), out);
}

std::array<double, 2> PlanarRobot::CoveragePoint() const {
  const auto [x, y, z] = body_.Centre();
  return {x, z};
}

void PlanarRobot::Move(std::span<const double> action, std::span<double> next_observation) {
  body_.Advance(action);
  Observe(next_observation);
}

double PlanarRobot::Effort(std::span<const double> action) const {
  double sum = 0;
  for (std::size_t j = 0; j < action.size(); ++j) {
    const Axis& axis = spec().action[j];
    const double share = std::clamp(action[j], axis.low, axis.high) / axis.high;
    sum += share * share;
  }
  return sum;
}

}  // namespace vime
