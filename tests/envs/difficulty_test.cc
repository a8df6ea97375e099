// How hard the tasks are: scripted controllers solve them, random play does as it did when the
// difficulty of the tasks was measured with independent implementations.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "tests/support/controllers.h"

namespace vime {
namespace {

using Controller = std::function<double(std::span<const double> state)>;

struct Episode {
  int steps = 0, success_steps = 0;
  double reward = 0;
};

/// Episode number `number` of the environment under the controller, from its reset.
Episode Run(Env& env, const Controller& controller, int horizon, std::uint32_t number) {
  Rng rng({3, Stream::kEnvironment, 0, number});
  std::vector<double> observation(env.spec().observation.size());
  std::vector<double> state(env.spec().state.size());
  env.Reset(rng, observation);
  Episode episode;
  while (episode.steps < horizon) {
    env.GetState(state);
    const double action = controller(state);
    const Step step = env.Advance({&action, 1}, rng, observation);
    ++episode.steps;
    episode.success_steps += step.success;
    episode.reward += step.reward;
    if (step.terminated) break;
  }
  return episode;
}

/// The controller of random play: a standard normal in normalised units, clipped.
Controller RandomController(const Env& env) {
  return [&env, rng = Rng({3, Stream::kActionNoise, 0, 0})](std::span<const double>) mutable {
    return ExecutedAction(rng.Normal(), env.spec().action[0]);
  };
}

/// The share of episodes of 500 steps in which random play sees a success step.
double HitRate(const std::string& name, const EnvParams& params, int episodes) {
  const auto env = MakeEnvironment(name, params);
  const Controller controller = RandomController(*env);
  int hits = 0;
  for (int i = 0; i < episodes; ++i) {
    hits += Run(*env, controller, 500, static_cast<std::uint32_t>(i)).success_steps > 0;
  }
  return double(hits) / episodes;
}

/// How many of 20 episodes of the default horizon count as a success by the environment's rule.
int Successes(const std::string& name, const EnvParams& params, const Controller& controller) {
  const auto env = MakeEnvironment(name, params);
  const int horizon = env->spec().default_horizon;
  int successes = 0;
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Episode episode = Run(*env, controller, horizon, i);
    successes +=
        episode.success_steps > 0 && episode.success_steps >= env->spec().success_share * horizon;
  }
  return successes;
}

TEST_CASE("Pushing along the motion reaches the goal of mountain car in every episode") {
  CHECK(Successes("mountaincar", {}, testing::PushAlong) == 20);
  CHECK(Successes("mountaincar-sparse", {}, testing::PushAlong) == 20);
}

TEST_CASE("Energy pumping and a linear law hold the pendulum upright for most of an episode") {
  for (const double limit : {1.0, 2.0}) {
    INFO("torque limit ", limit);
    const auto controller = [limit](std::span<const double> state) {
      return testing::SwingUpPendulum(state, limit);
    };
    CHECK(Successes("pendulum-sparse", {{"torque_limit", limit}}, controller) >= 18);
  }
  CHECK(Successes("pendulum", {}, [](std::span<const double> state) {
          return testing::SwingUpPendulum(state, 2);
        }) >= 15);
}

TEST_CASE("Energy pumping and a linear law hold the cart-pole upright for most of an episode") {
  CHECK(Successes("cartpole-swingup", {}, testing::SwingUpCartpole) >= 18);
}

// Bounds at 5 standard errors.
TEST_CASE("Random play hits the sparse goals as often as it did in the reference measurements") {
  const auto near = [](double rate, double expected, int episodes) {
    return std::abs(rate - expected) < 5 * std::sqrt(expected * (1 - expected) / episodes);
  };
  CHECK(near(HitRate("pendulum-sparse", {{"torque_limit", 2}}, 1500), 0.099, 1500));
  CHECK(HitRate("pendulum-sparse", {}, 500) < 0.01);
  CHECK(near(HitRate("cartpole-swingup", {}, 1500), 0.039, 1500));
}

TEST_CASE("Random play of the dense pendulum returns -1236 on average") {
  const auto env = MakeEnvironment("pendulum");
  const Controller controller = RandomController(*env);
  constexpr int kEpisodes = 2000;
  double sum = 0, squares = 0;
  for (std::uint32_t i = 0; i < kEpisodes; ++i) {
    const double reward = Run(*env, controller, 200, i).reward;
    sum += reward;
    squares += reward * reward;
  }
  const double mean = sum / kEpisodes;
  const double standard_error = std::sqrt((squares / kEpisodes - mean * mean) / kEpisodes);
  CHECK(std::abs(mean + 1236) < 5 * standard_error);
}

}  // namespace
}  // namespace vime
