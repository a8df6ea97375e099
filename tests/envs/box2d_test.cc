// The task of Box2D against trajectories that Box2D 2.4.1 recorded.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "tests/support/golden.h"
#include "tests/support/replay.h"

namespace vime {
namespace {

using nlohmann::json;
using testing::MaxDifference;
using testing::Replay;

/// The state of a new world: the cart (x, y, angle, vx, vy, w), no forces since.
std::vector<double> StateOf(const Env& env, const std::array<double, 6>& cart) {
  const auto [x, y, angle, vx, vy, w] = cart;
  std::vector<double> state = {x, vx, y, angle, vy, w, x, vx, y, angle, vy, w};
  state.resize(env.spec().state.size());
  return state;
}

/// The nearest single-precision numbers: nine digits were recorded.
std::vector<double> Floats(std::vector<double> numbers) {
  for (double& number : numbers) number = double{static_cast<float>(number)};
  return numbers;
}

// Contacts carry impulses from step to step, so the recorded rows are checked along the trajectory.
TEST_CASE("The mountain car of Box2D repeats every recorded row bit for bit") {
  const json golden = testing::ReadGolden("envs/b2_mountain_car_x.json");
  for (const double dense : {0, 1}) {
    const auto env = MakeEnvironment("mountaincar-x", {{"dense", dense}});
    for (const json& trajectory : golden["trajectories"]) {
      INFO("dense ", dense, " ", trajectory["name"].get<std::string>());
      Replay replay(*env, trajectory);
      replay.SetState(StateOf(*env, trajectory["states"][0]));
      for (int t = 0; t < replay.steps(); ++t) {
        CAPTURE(t);
        const Step step = replay.Advance(t);
        REQUIRE(MaxDifference(replay.observation(), trajectory["observations"][t + 1]) == 0);
        std::vector<double> expected = StateOf(*env, trajectory["states"][t + 1]),
                            next = replay.State();
        for (auto* state : {&expected, &next}) state->resize(6);
        REQUIRE(next == Floats(expected));
        const bool end = trajectory["terminated"][t];
        REQUIRE(step.terminated == end);
        REQUIRE(step.success == end);
        const auto height = static_cast<float>(trajectory["states"][t + 1][1].get<double>());
        REQUIRE(step.reward == (dense == 1 ? -1 + double{height} : (end ? 1.0 : 0.0)));
        if (dense == 0) REQUIRE(step.reward == trajectory["rewards"][t]);
      }
    }
  }
}

// Box2D integrates in single precision and semi-implicitly: after n steps of h from rest the speed
// is -10 n h and the way -10 h^2 n (n + 1)/2. On its side in the air, the force does not lift it.
TEST_CASE("In the air the cart falls freely") {
  const auto env = MakeEnvironment("mountaincar-x", {{"dense", 1}});
  env->SetState(StateOf(*env, {-0.5, 30, 0, 0, 0, 0}));
  Rng rng({1, Stream::kTest, 0, 0});
  std::vector<double> observation(2);
  const double h = 0.05, mass = 0.4;
  for (int n = 1; n <= 20; ++n) {
    const std::array force = {0.5};
    const Step step = env->Advance(force, rng, observation);
    CHECK(step.reward + 1 == doctest::Approx(30 - 10 * h * h * n * (n + 1) / 2).epsilon(1e-5));
    CHECK(observation[1] == doctest::Approx(force[0] / mass * n * h).epsilon(1e-5));
  }
}

TEST_CASE("At rest in the valley the cart stays") {
  const auto env = MakeEnvironment("mountaincar-x");
  env->SetState(StateOf(*env, {0, 0.17, 0, 0, 0, 0}));
  Rng rng({1, Stream::kTest, 0, 0});
  std::vector<double> observation(2);
  for (int t = 0; t < 100; ++t) env->Advance(std::array{0.0}, rng, observation);
  CHECK(std::abs(observation[0]) < 0.02);
  CHECK(std::abs(observation[1]) < 0.02);
}

}  // namespace
}  // namespace vime
