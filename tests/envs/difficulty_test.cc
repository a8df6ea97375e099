// How hard the tasks are: scripted policies solve them, random play does as it did when the
// difficulty of the tasks was measured with independent implementations.
#include "envs/difficulty.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "lib/core/check.h"
#include "tests/support/binomial.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

PlayReport PlayTask(const std::string& name, const EnvParams& params, const PlayOptions& options) {
  return Play(*FindEnvironment(name), params, options);
}

/// Whether a task of an engine is missing from this build.
bool NotBuiltIn(const std::string& name) {
  return FindEnvironment(name) == nullptr && FindEngineTask(name) != nullptr;
}

// ---- The measurement -------------------------------------------------------------------------

using testing::CountingEnv;
using testing::CountingOptions;

EnvEntry CountingEntry(const CountingOptions& options) {
  return Registered({.name = "toy",
                     .help = "counts",
                     .params = {},
                     .make = [options](const EnvParams&) -> std::unique_ptr<Env> {
                       return std::make_unique<CountingEnv>(options);
                     }});
}

TEST_CASE("A report counts episodes, steps, successes and returns") {
  // Step n pays n: 1 + 2 + 3 + 4 per episode.
  const PlayReport report =
      Play(CountingEntry({.length = 4, .success_steps = 2, .success_share = 0.5}), {},
           {.episodes = 150});
  CHECK(report.episodes == 150);
  CHECK(report.steps == 600);
  CHECK(report.successes == 150);
  CHECK(report.rewarded == 150);
  CHECK(report.return_mean == 10);
  CHECK(report.return_stddev == 0);
  CHECK(report.horizon == 10);
}

TEST_CASE("An episode ends at the horizon, and needs its share of success steps") {
  const EnvEntry entry = CountingEntry({.success_steps = 2, .success_share = 0.5});
  const PlayReport cut = Play(entry, {}, {.episodes = 3, .horizon = 4});
  CHECK(cut.steps == 12);
  CHECK(cut.successes == 3);
  CHECK(Play(entry, {}, {.episodes = 3, .horizon = 5}).successes == 0);
  CHECK(Play(entry, {}, {.episodes = 3}).horizon == 10);
  CHECK(std::isnan(Play(entry, {}, {.episodes = 1}).return_stddev));
}

TEST_CASE("The number of threads does not change a report, the seed does") {
  const auto play = [](int threads, std::uint64_t seed) {
    return PlayTask("pendulum", {}, {.episodes = 200, .seed = seed, .num_threads = threads});
  };
  const PlayReport one = play(1, 1);
  CHECK(play(3, 1).return_mean == one.return_mean);
  CHECK(play(3, 1).return_stddev == one.return_stddev);
  CHECK(play(1, 2).return_mean != one.return_mean);
}

TEST_CASE("Random actions are kept for as long as asked") {
  // Records the actions by way of the rewards.
  class EchoEnv final : public Env {
   public:
    EchoEnv() : Env(testing::ToySpec(1, 1)) {}
    void Reset(Rng&, std::span<double> observation) override { observation[0] = 0; }
    Step Advance(std::span<const double> action, Rng&, std::span<double>) override {
      actions().push_back(action[0]);
      return {};
    }
    void GetState(std::span<double>) const override {}
    void SetState(std::span<const double>) override {}
    void Observe(std::span<double> observation) const override { observation[0] = 0; }
    std::array<double, 2> CoveragePoint() const override { return {0, 0}; }
    static std::vector<double>& actions() {
      static std::vector<double> list;
      return list;
    }
  };
  const EnvEntry entry = Registered({.name = "toy",
                                     .help = "",
                                     .params = {},
                                     .make = [](const EnvParams&) -> std::unique_ptr<Env> {
                                       return std::make_unique<EchoEnv>();
                                     }});
  for (const PlayPolicy policy : {PlayPolicy::kNormal, PlayPolicy::kUniform}) {
    EchoEnv::actions().clear();
    Play(entry, {}, {.policy = policy, .episodes = 2, .horizon = 10, .noise_hold = 4});
    const std::vector<double>& a = EchoEnv::actions();
    REQUIRE(a.size() == 20);
    for (std::size_t t = 0; t < 20; ++t) {
      CHECK(std::abs(a[t]) <= 1);
      if (t == 0) continue;
      const bool fresh = t % 10 % 4 == 0;
      CHECK((a[t] != a[t - 1]) == fresh);
    }
  }
}

TEST_CASE("What cannot be played is refused") {
  CHECK_THROWS_WITH_AS(Play(CountingEntry({}), {}, {.policy = PlayPolicy::kScripted}),
                       "policy scripted: toy has no scripted policy", ConfigError);
  CHECK_THROWS_AS(Play(CountingEntry({.fault = testing::Fault::kReward}), {}, {}), NumericalError);
}

// ---- Scripted policies -----------------------------------------------------------------------

struct Solution {
  std::string name;
  EnvParams params;
  double success_rate, return_mean;  // at least
};

// The yardsticks are returns of controllers and planners that others measured, where there are.
TEST_CASE("Scripted policies solve every task") {
  const std::vector<Solution> solutions = {
      {"mountaincar", {}, 1, 91.5},
      {"mountaincar-sparse", {}, 1, 1},
      {"pendulum", {}, 0.99, -160},                           // -131 by value iteration
      {"pendulum-sparse", {}, 0.99, 400},                     // 416
      {"pendulum-sparse", {{"torque_limit", 2}}, 0.99, 430},  // 457
      {"cartpole-swingup", {}, 0.98, 466},
      {"cartpole-swingup-x", {}, 0.96, 446},
      {"doublependulum", {}, 0.95, 20},
      {"doublependulum", {{"torque_limit", 2}}, 0.85, 10},
      {"doublependulum", {{"torque_limit", 50}}, 0.95, 20},
      {"doublependulum-x", {}, 0.8, 5},
      {"doublependulum-x", {{"torque_limit", 2}}, 0.8, 5},
      {"doublependulum-x", {{"torque_limit", 50}}, 0.95, 10},
      {"acrobot-sparse", {}, 0.97, 0.97},
      {"deepsea", {}, 1, 0.9919},
      {"deepsea", {{"n", 100}}, 1, 0.9919},
      {"point-umaze", {}, 1, 1},
      {"hidden-room", {}, 1, 100},
      {"s-maze", {}, 1, 100},
      {"s-maze", {{"noise_dims", 8}}, 1, 100},
      {"noisy-arm", {}, 1, 100},
      {"swimmer", {}, 1, 80},
      {"swimmer-gather", {}, 0.6, 0.28},
      {"halfcheetah", {}, 0.98, 1600},
      {"halfcheetah-sparse", {}, 0.98, 290},  // 304
      {"walker2d", {}, 0.8, 200},
      {"mountaincar-x", {}, 1, 1},
  };
  std::set<std::string> solved;
  for (const Solution& known : solutions) {
    INFO(known.name);
    if (NotBuiltIn(known.name)) continue;
    const PlayReport report =
        PlayTask(known.name, known.params,
                 {.policy = PlayPolicy::kScripted, .episodes = 100, .num_threads = 2});
    CHECK(double(report.successes) / 100 >= known.success_rate);
    CHECK(report.return_mean >= known.return_mean);
    solved.insert(known.name);
  }
  for (const EnvEntry& entry : Environments()) CHECK(solved.contains(entry.name));
}

TEST_CASE("Scripted policies are as fast as their models") {
  const auto mean_length = [](const char* name) {
    const PlayReport report =
        PlayTask(name, {}, {.policy = PlayPolicy::kScripted, .episodes = 100});
    return double(report.steps) / 100;
  };
  CHECK(mean_length("mountaincar-sparse") < 85);
  CHECK(mean_length("acrobot-sparse") == doctest::Approx(84).epsilon(0.05));
  CHECK(mean_length("point-umaze") == doctest::Approx(68).epsilon(0.03));
}

// ---- Random play -----------------------------------------------------------------------------

struct HitRate {
  std::string name;
  EnvParams params;
  PlayPolicy policy;
  Index episodes;
  double rate;  ///< of episodes of 500 steps with a reward, as others measured it
  Index noise_hold = 1;
};

TEST_CASE("Random play finds the sparse rewards as often as in the reference measurements") {
  constexpr PlayPolicy N = PlayPolicy::kNormal, U = PlayPolicy::kUniform;
  const std::vector<HitRate> rates = {
      {"mountaincar-sparse", {}, N, 10000, 8.4e-4},
      {"mountaincar-sparse", {}, U, 10000, 2e-5},
      {"cartpole-swingup-x", {}, N, 10000, 3e-5},
      {"cartpole-swingup", {}, N, 2000, 0.039},
      {"cartpole-swingup", {}, U, 2000, 0.022},
      {"doublependulum-x", {{"torque_limit", 50}}, N, 400, 0.97},
      {"doublependulum-x", {{"torque_limit", 50}}, U, 400, 0.94},
      {"doublependulum", {}, N, 1000, 0.009},
      {"doublependulum", {}, U, 1000, 0.0014},
      {"pendulum-sparse", {{"torque_limit", 2}}, N, 2000, 0.099},
      {"pendulum-sparse", {{"torque_limit", 2}}, U, 2000, 0.022},
      {"pendulum-sparse", {}, N, 5000, 1e-5},
      {"acrobot-sparse", {}, N, 4000, 0.003},
      {"acrobot-sparse", {}, U, 2000, 1.5e-4},
      {"point-umaze", {}, N, 10000, 1.2e-3},
      {"point-umaze", {}, U, 10000, 1.9e-4},
      {"mountaincar-sparse", {}, N, 1000, 0.56, 10},
      {"pendulum-sparse", {{"torque_limit", 2}}, N, 1000, 0.96, 10},
  };
  for (const HitRate& known : rates) {
    INFO(known.name, known.policy == N ? " normal" : " uniform", ", hold ", known.noise_hold);
    const PlayReport report = PlayTask(known.name, known.params,
                                       {.policy = known.policy,
                                        .episodes = known.episodes,
                                        .horizon = 500,
                                        .noise_hold = known.noise_hold,
                                        .num_threads = 2});
    CAPTURE(report.rewarded);
    CHECK(testing::BinomialTest(report.rewarded, known.episodes, known.rate) > 1e-3);
  }
}

TEST_CASE("Random play never found these") {
  CHECK(PlayTask("deepsea", {}, {.episodes = 50000, .num_threads = 2}).rewarded == 0);
  CHECK(PlayTask("swimmer-gather", {}, {.episodes = 50, .num_threads = 2}).rewarded == 0);
  CHECK(PlayTask("hidden-room", {}, {.episodes = 2000, .num_threads = 2}).rewarded == 0);
}

TEST_CASE("Random play of the robots: the cheetah never gets far, the walker soon falls") {
  if (NotBuiltIn("walker2d")) return;
  const PlayReport cheetah = PlayTask("halfcheetah-sparse", {}, {.episodes = 50, .num_threads = 2});
  CHECK(cheetah.rewarded == 0);  // of 1000
  for (const auto& [policy, steps] :
       {std::pair{PlayPolicy::kNormal, 28}, {PlayPolicy::kUniform, 31}}) {
    const PlayReport walker = PlayTask("walker2d", {}, {.policy = policy, .episodes = 1000});
    CHECK(walker.successes == 0);
    CHECK(double(walker.steps) / 1000 == doctest::Approx(steps).epsilon(0.05));
  }
}

TEST_CASE(
    "The mountain car of Box2D takes 42 to 80 pushes along its motion, random play never does") {
  if (NotBuiltIn("mountaincar-x")) return;
  const PlayReport pushed = PlayTask(
      "mountaincar-x", {}, {.policy = PlayPolicy::kScripted, .episodes = 200, .horizon = 80});
  CHECK(pushed.successes == 200);
  CHECK(pushed.steps >= 42 * 200);
  CHECK(PlayTask("mountaincar-x", {}, {.episodes = 50, .num_threads = 2}).rewarded == 0);
}

TEST_CASE("Random play of the dense pendulum returns -1236 on average") {
  constexpr Index kEpisodes = 2000;
  const PlayReport report = PlayTask("pendulum", {}, {.episodes = kEpisodes});
  CHECK(std::abs(report.return_mean + 1236) < 5 * report.return_stddev / std::sqrt(kEpisodes));
}

TEST_CASE("Random play of mountain car costs 0.1 E[clip(z)^2] per step, z ~ N(0, 1)") {
  // E[min(z^2, 1)] = 1 - 2 phi(1), phi the normal density.
  const double square = 1 - 2 * 0.24197072451914337;
  const PlayReport report = PlayTask("mountaincar", {}, {.episodes = 2000, .horizon = 200});
  const double expected =
      -0.1 * square * double(report.steps) / 2000 + 100 * double(report.successes) / 2000;
  // The variance of the cost of 200 steps: 200 0.01 Var[min(z^2, 1)] < 0.4.
  CHECK(std::abs(report.return_mean - expected) < 5 * std::sqrt(0.4 / 2000));
}

TEST_CASE("The binomial test knows coins") {
  CHECK(testing::BinomialTest(5, 10, 0.5) == 1);
  CHECK(testing::BinomialTest(0, 10, 0.5) == doctest::Approx(2.0 / 1024));
  CHECK(testing::BinomialTest(9, 10, 0.5) == doctest::Approx(22.0 / 1024));
  CHECK(testing::BinomialTest(10, 20000, 8.4e-4) > 0.05);
  CHECK(testing::BinomialTest(3, 20000, 8.4e-4) < 1e-3);
}

}  // namespace
}  // namespace vime
