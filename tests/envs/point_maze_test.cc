// The walls of the mazes, one by one: the tasks are worth what their walls hold.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "envs/registry.h"

namespace vime {
namespace {

/// Where a point ends that moves from (x, y) with full push in the direction (dx, dy) and the
/// greatest speed, after `steps` steps or at the goal.
std::array<double, 2> Pushed(Env& env, double x, double y, double dx, double dy, int steps) {
  Rng rng(NoiseKey{});
  std::vector<double> observation(env.spec().observation.size());
  env.SetState(std::array{x, y, 0.09999 * dx, 0.09999 * dy});
  for (int t = 0; t < steps; ++t) {
    if (env.Advance(std::array{dx, dy}, rng, observation).terminated) break;
  }
  return {observation[0], observation[1]};
}

struct Crossing {
  double x, y, dx, dy;  // where the point starts and the direction of the push
  bool open;            // whether it gets 0.4 further within ten steps
};

void CheckCrossings(const std::string& name, const std::vector<Crossing>& crossings) {
  const auto env = MakeEnvironment(name, {{"noise_dims", 0}});
  for (const Crossing& c : crossings) {
    INFO(name, ": from ", c.x, ", ", c.y, " towards ", c.dx, ", ", c.dy);
    const auto [x, y] = Pushed(*env, c.x, c.y, c.dx, c.dy, 10);
    const double moved = (x - c.x) * c.dx + (y - c.y) * c.dy;
    CHECK((moved > 0.4) == c.open);
    CHECK(std::abs((x - c.x) * c.dy + (y - c.y) * c.dx) == 0);  // not sideways
  }
}

TEST_CASE("The U-maze is closed but for its right side") {
  CheckCrossings("point-umaze", {{0.5, 0.8, 0, 1, false},
                                 {1.9, 0.8, 0, 1, false},
                                 {2.2, 0.8, 0, 1, true},
                                 {1.9, 2.2, 0, -1, false},
                                 {2.2, 1.5, -1, 0, false},
                                 {0.2, 1, 1, 0, true},  // along the edge, which is free
                                 {2, 1.2, 0, 1, true},
                                 {0.2, 0.5, -1, 0, false},
                                 {2.8, 0.5, 1, 0, false},
                                 {2.5, 0.2, 0, -1, false},
                                 {2.5, 2.8, 0, 1, false}});
}

TEST_CASE("The hidden room is entered by its door only, and the baffle stands before the goal") {
  CheckCrossings("hidden-room", {{0.6, 1.5, 1, 0, false},
                                 {1.5, 0.6, 0, 1, false},
                                 {1.5, 2.4, 0, -1, false},
                                 {2.4, 1.5, -1, 0, false},
                                 {2.4, 2.0, -1, 0, true},
                                 {2.4, 0.9, -1, 0, false},
                                 {2.1, 1.5, 1, 0, false},
                                 {1.7, 2.0, -1, 0, false},
                                 {1.7, 1.0, -1, 0, true},
                                 {0.6, 0.5, 1, 0, true},
                                 {0.5, 0.6, 0, 1, true}});
}

TEST_CASE("The S-maze has a gap at the top of its first wall and at the bottom of its second") {
  for (const char* name : {"s-maze", "noisy-arm"}) {
    CheckCrossings(name, {{0.8, 0.5, 1, 0, false},
                          {0.8, 2.2, 1, 0, false},
                          {0.8, 2.5, 1, 0, true},
                          {1.2, 0.5, -1, 0, false},
                          {1.8, 2.5, 1, 0, false},
                          {1.8, 0.8, 1, 0, false},
                          {1.5, 2.5, 0, -1, true}});
  }
}

TEST_CASE("The noisy arm adds a corridor to the left, below y = 1") {
  CheckCrossings("s-maze", {{0.2, 0.5, -1, 0, false}});
  CheckCrossings("noisy-arm", {{0.2, 0.5, -1, 0, true},
                               {0.2, 1.5, -1, 0, false},
                               {-3, 0.8, 0, 1, false},
                               {-5.8, 0.5, -1, 0, false}});
}

TEST_CASE("Goals pay once and end the episode") {
  struct Goal {
    std::string name;
    std::array<double, 2> inside, outside;
    double reward;
  };
  for (const Goal& goal :
       std::vector<Goal>{{"point-umaze", {0.5 + 0.49, 2.5}, {0.5 + 0.51, 2.5}, 1},
                         {"hidden-room", {1.05, 1.9 - 0.29}, {1.05, 1.9 - 0.31}, 100},
                         {"s-maze", {2.06, 0.99}, {2.04, 0.99}, 100},
                         {"s-maze", {2.5, 0.99}, {2.5, 1.01}, 100},
                         {"noisy-arm", {2.06, 0.99}, {2.04, 0.99}, 100}}) {
    INFO(goal.name);
    const auto env = MakeEnvironment(goal.name, {{"noise_dims", 0}});
    Rng rng(NoiseKey{});
    std::vector<double> observation(4);
    const auto at = [&](const std::array<double, 2>& place) {
      env->SetState(std::array{place[0], place[1], 0.0, 0.0});
      return env->Advance(std::array{0.0, 0.0}, rng, observation);
    };
    const Step hit = at(goal.inside);
    CHECK((hit.terminated && hit.success));
    CHECK(hit.reward == goal.reward);
    const Step miss = at(goal.outside);
    CHECK_FALSE((miss.terminated || miss.success));
    CHECK(miss.reward == 0);
  }
}

}  // namespace
}  // namespace vime
