#include "envs/mujoco_tasks.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "envs/drawing.h"
#include "lib/math/elementary.h"

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

namespace {

struct Frame {
  Point origin;
  double angle;  // about y, that is from z to x

  Point World(const Point& p) const {
    const auto [sine, cosine] = SinCos(angle);
    return {origin.x + cosine * p.x + sine * p.y, origin.y - sine * p.x + cosine * p.y};
  }
};

}  // namespace

PlanarLink Capsule(PlanarLink link, Point centre, double angle, double half_length) {
  const auto [sine, cosine] = SinCos(angle);
  link.from = {centre.x - half_length * sine, centre.y - half_length * cosine};
  link.to = {centre.x + half_length * sine, centre.y + half_length * cosine};
  return link;
}

Scene DrawPlanarRobot(std::span<const PlanarLink> links, Point trunk, double pitch,
                      std::span<const double> q, double goal) {
  constexpr double kHalfWidth = 1.4;
  Scene scene{.view = {trunk.x - kHalfWidth, trunk.x + kHalfWidth, -0.25, 1.75},
              .shapes = {MetreRule(0), Line(Role::kGoal, {{goal, 0}, {goal, 1.6}})}};
  const Frame root{trunk, pitch};
  std::vector<Frame> frames;
  for (const PlanarLink& link : links) {
    const Frame& parent = link.parent < 0 ? root : frames[static_cast<std::size_t>(link.parent)];
    const double turn = link.q < 0 ? 0 : link.sense * q[static_cast<std::size_t>(link.q)];
    frames.push_back({parent.World(link.joint), parent.angle + turn});
    const Frame& frame = frames.back();
    scene.shapes.push_back(
        Line(link.role, {frame.World(link.from), frame.World(link.to)}, 2 * link.radius));
  }
  return scene;
}

}  // namespace vime
