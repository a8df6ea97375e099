#include "lib/rl/rollout.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "lib/bnn/bayesian_network.h"
#include "lib/core/check.h"
#include "lib/rl/evaluation.h"
#include "lib/rl/gaussian_policy.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::ChainEnv;
using testing::CountingEnv;
using testing::CountingOptions;
using testing::Fault;

constexpr std::uint64_t kSeed = 12;

// mean = 0, standard deviation 1: sampled actions are the noise itself.
GaussianPolicy<float> NoisePolicy(const EnvSpec& spec) {
  GaussianPolicy<float> policy(spec, {.hidden = {}}, 1);
  policy.SetParameters(VectorXd::Zero(policy.num_parameters()));
  return policy;
}

Batch Collect(const CountingOptions& options, int horizon, Index min_steps,
              std::uint32_t iteration = 0, int num_threads = 1, std::uint64_t seed = kSeed) {
  Rollout rollout(CountingEnv::Factory(options), horizon, seed);
  // A policy that reacts to what it sees, so that a mixed-up row has consequences.
  const GaussianPolicy<float> policy(rollout.spec(), {.hidden = {8}, .output_init_stddev = 1}, 2);
  Batch batch;
  rollout.Collect(policy, min_steps, iteration, num_threads, batch);
  return batch;
}

// Bitwise equality of the first `trajectories` episodes.
bool SameEpisodes(const Batch& a, const Batch& b, std::size_t trajectories) {
  if (a.trajectories.size() < trajectories || b.trajectories.size() < trajectories) return false;
  Index n = 0;
  for (std::size_t i = 0; i < trajectories; ++i) {
    const Trajectory& x = a.trajectories[i];
    const Trajectory& y = b.trajectories[i];
    if (x.begin != y.begin || x.length != y.length || x.terminated != y.terminated ||
        x.success != y.success) {
      return false;
    }
    n += x.length;
  }
  return a.observations.topRows(n) == b.observations.topRows(n) &&
         a.sampled_actions.topRows(n) == b.sampled_actions.topRows(n) &&
         a.executed_actions.topRows(n) == b.executed_actions.topRows(n) &&
         a.next_observations.topRows(n) == b.next_observations.topRows(n) &&
         a.coverage.topRows(n) == b.coverage.topRows(n) && a.rewards.head(n) == b.rewards.head(n);
}

bool Same(const Batch& a, const Batch& b) {
  return a.trajectories.size() == b.trajectories.size() && a.size() == b.size() &&
         SameEpisodes(a, b, a.trajectories.size());
}

const CountingOptions kVaried{.length = 90, .random_length = true, .success_steps = 20};

TEST_CASE("Training and evaluation squash the actions of a policy that asks for it") {
  const auto env = CountingEnv::Factory({.ignore_actions = true})();
  GaussianPolicy<float> policy(
      env->spec(), {.hidden = {}, .output_init_stddev = 1, .squash = ActionSquash::kTanh}, 2);
  Rollout rollout(CountingEnv::Factory({.ignore_actions = true}), 30, kSeed);
  Batch batch;
  rollout.Collect(policy, 200, 0, 1, batch);
  int beyond = 0;
  for (Index t = 0; t < batch.size(); ++t) {
    const double u = batch.sampled_actions(t, 0);
    beyond += std::abs(u) > 1 ? 1 : 0;
    // The bounds are -2 and 4.
    CHECK(batch.executed_actions(t, 0) == doctest::Approx(1 + 3 * std::tanh(u)).epsilon(1e-6));
  }
  CHECK(beyond > 20);  // samples that clipping would have changed
  RunEpisode(policy, *env, 30, EvaluationKey(kSeed, 0, 0), [&](const EpisodeStep& step) {
    const Features<float> seen{
        {static_cast<float>(step.observation[0]), static_cast<float>(step.observation[1])}};
    const double mean = static_cast<double>(policy.Mean(seen)(0, 0));
    CHECK(step.action[0] == doctest::Approx(1 + 3 * std::tanh(mean)).epsilon(1e-6));
  });
}

TEST_CASE("A batch is the shortest sequence of whole episodes with enough steps") {
  for (const Index min_steps : {1, 7, 40, 41, 700, 3000}) {
    CAPTURE(min_steps);
    const Batch batch = Collect(kVaried, 70, min_steps);
    Index begin = 0;
    for (const Trajectory& trajectory : batch.trajectories) {
      CHECK(trajectory.begin == begin);
      CHECK(trajectory.length >= 1);
      CHECK(trajectory.length <= 70);
      begin += trajectory.length;
    }
    CHECK(begin == batch.size());
    CHECK(batch.size() >= min_steps);
    CHECK(batch.size() - batch.trajectories.back().length < min_steps);
    CHECK(batch.observations.rows() == batch.size());
    CHECK(batch.next_observations.rows() == batch.size());
    CHECK(batch.sampled_actions.rows() == batch.size());
    CHECK(batch.executed_actions.rows() == batch.size());
    CHECK(batch.coverage.rows() == batch.size());
  }
}

TEST_CASE("An episode is terminated when the environment ended it, also at the horizon") {
  const auto episode = [](int length, int horizon) {
    return Collect({.length = length}, horizon, 1).trajectories.at(0);
  };
  CHECK(episode(5, 8).length == 5);
  CHECK(episode(5, 8).terminated);
  CHECK(episode(8, 8).length == 8);
  CHECK(episode(8, 8).terminated);
  CHECK(episode(9, 8).length == 8);
  CHECK_FALSE(episode(9, 8).terminated);
  CHECK(episode(0, 8).length == 8);
  CHECK_FALSE(episode(0, 8).terminated);
}

TEST_CASE("A horizon of one gives episodes of one step") {
  const Batch batch = Collect({.length = 0}, 1, 37);
  CHECK(batch.size() == 37);
  CHECK(batch.trajectories.size() == 37);
  CHECK(batch.rewards == VectorXd::Ones(37));
  CHECK(batch.trajectories[36].begin == 36);
}

TEST_CASE("Each state is the next state of the step before, up to the last of the episode") {
  const Batch batch = Collect(kVaried, 70, 3000);
  for (const Trajectory& trajectory : batch.trajectories) {
    for (Index k = 0; k < trajectory.length; ++k) {
      const Index t = trajectory.begin + k;
      CHECK(batch.observations(t, 0) == static_cast<float>(k));
      CHECK(batch.next_observations(t, 0) == static_cast<float>(k + 1));
      CHECK(batch.coverage(t, 0) == static_cast<float>(k + 1));
      CHECK(batch.rewards[t] == static_cast<double>(k + 1));
      if (k > 0) CHECK(batch.observations.row(t) == batch.next_observations.row(t - 1));
    }
  }
}

TEST_CASE("Executed actions are scaled to raw units and clipped, sampled ones are neither") {
  Rollout rollout(CountingEnv::Factory({.action_dim = 2}), 100, kSeed);
  Batch batch;
  rollout.Collect(NoisePolicy(rollout.spec()), 1000, 0, 1, batch);
  for (Index t = 0; t < batch.size(); ++t) {
    for (Index k = 0; k < 2; ++k) {
      const double sampled = batch.sampled_actions(t, k);
      CHECK(batch.executed_actions(t, k) ==
            doctest::Approx(std::min(4.0, std::max(-2.0, 1 + 3 * sampled))).epsilon(1e-6));
    }
  }
  CHECK(batch.executed_actions.minCoeff() == -2);
  CHECK(batch.executed_actions.maxCoeff() == 4);
  CHECK(batch.sampled_actions.cwiseAbs().maxCoeff() > 2);
}

TEST_CASE("The environment moves by the executed action") {
  Rollout rollout([] { return std::make_unique<testing::LinearEnv>(); }, 50, kSeed);
  Batch batch;
  rollout.Collect(NoisePolicy(rollout.spec()), 500, 0, 1, batch);
  for (Index t = 0; t < batch.size(); ++t) {
    const double x = batch.observations(t, 0);
    const double y = batch.observations(t, 1);
    CHECK(batch.next_observations(t, 1) ==
          doctest::Approx(-0.3 * x + 0.9 * y + 0.5 * batch.executed_actions(t, 0)).epsilon(1e-5));
  }
}

TEST_CASE("The noise of step t is numbers (t / hold) action_dim, ... of the episode's sequence") {
  constexpr int kActions = 3;
  constexpr int kHorizon = 300;
  for (const int hold : {1, 2, 7, 1000}) {
    CAPTURE(hold);
    // Episodes of many lengths: each begins wherever the one before it in its lane has ended.
    Rollout rollout(
        CountingEnv::Factory({.length = kHorizon, .random_length = true, .action_dim = kActions}),
        kHorizon, kSeed, hold);
    Batch batch;
    rollout.Collect(NoisePolicy(rollout.spec()), 20 * kHorizon, 7, 1, batch);
    std::uint32_t episode = 0;
    for (const Trajectory& trajectory : batch.trajectories) {
      const Vector<float> normals =
          NormalSequence<float>({kSeed, Stream::kActionNoise, 7, episode++}, kHorizon * kActions);
      for (Index t = 0; t < trajectory.length; ++t) {
        for (Index k = 0; k < kActions; ++k) {
          REQUIRE(batch.sampled_actions(trajectory.begin + t, k) ==
                  normals[t / hold * kActions + k]);
        }
      }
    }
  }
}

TEST_CASE("Threads change no bit of a batch") {
  CHECK(Same(Collect(kVaried, 70, 3000, 3, 1), Collect(kVaried, 70, 3000, 3, 4)));
}

TEST_CASE("An episode is the same whatever the batch around it") {
  const Batch large = Collect(kVaried, 70, 3000);
  for (const Index min_steps : {1, 50, 333, 1200}) {
    const Batch small = Collect(kVaried, 70, min_steps);
    CHECK(SameEpisodes(small, large, small.trajectories.size()));
  }
  // Nor does it matter what the rollout collected before.
  Rollout rollout(CountingEnv::Factory(kVaried), 70, kSeed);
  const GaussianPolicy<float> policy(rollout.spec(), {.hidden = {8}, .output_init_stddev = 1}, 2);
  Batch batch;
  rollout.Collect(policy, 1200, 5, 1, batch);
  rollout.Collect(policy, 3000, 0, 1, batch);
  CHECK(Same(batch, large));
}

TEST_CASE("The horizon cuts an episode and changes nothing before the cut") {
  const Batch shorter = Collect({}, 40, 1);
  const Batch longer = Collect({}, 90, 1);
  CHECK(shorter.sampled_actions == longer.sampled_actions.topRows(40));
  CHECK(shorter.next_observations == longer.next_observations.topRows(40));
}

TEST_CASE("Iterations, seeds and episodes have random numbers of their own") {
  const Batch batch = Collect({}, 40, 80, 0);
  CHECK_FALSE(Same(batch, Collect({}, 40, 80, 1)));
  CHECK_FALSE(Same(batch, Collect({}, 40, 80, 0, 1, kSeed + 1)));
  CHECK(batch.observations(0, 1) != batch.observations(40, 1));
  CHECK(batch.sampled_actions.topRows(40) != batch.sampled_actions.bottomRows(40));
}

TEST_CASE("Success needs one success step, and the stated share of the episode") {
  const auto success = [](int success_steps, double share) {
    return Collect({.success_steps = success_steps, .success_share = share}, 10, 1)
        .trajectories.at(0)
        .success;
  };
  CHECK_FALSE(success(0, 0));
  CHECK(success(1, 0));
  CHECK_FALSE(success(4, 0.5));
  CHECK(success(5, 0.5));
  CHECK_FALSE(success(9, 1));
  CHECK(success(10, 1));
  // The share is of the steps that the episode has, not of the horizon.
  CHECK(Collect({.length = 4, .success_steps = 2, .success_share = 0.5}, 10, 1)
            .trajectories.at(0)
            .success);
}

TEST_CASE("Values that are not finite stop the rollout, naming episode and step") {
  for (const Fault fault :
       {Fault::kObservation, Fault::kReward, Fault::kCoverage, Fault::kTooLargeForFloat}) {
    CAPTURE(static_cast<int>(fault));
    for (const int threads : {1, 4}) {
      CHECK_THROWS_WITH_AS(Collect({.fault = fault, .fault_step = 7}, 20, 100, 0, threads),
                           doctest::Contains(", step 6"), NumericalError);
    }
    CHECK_NOTHROW(Collect({.fault = fault, .fault_step = 21}, 20, 100));
  }
  // A bad first observation is found even where nothing follows from it.
  CHECK_THROWS_WITH_AS(
      Collect({.fault = Fault::kObservation, .ignore_actions = true, .fault_step = 0}, 20, 100),
      doctest::Contains("episode 0"), NumericalError);
}

TEST_CASE("A policy that always goes right walks a corridor in the fewest steps") {
  Rollout rollout([] { return std::make_unique<ChainEnv>(6); }, 50, kSeed);
  GaussianPolicy<float> policy(rollout.spec(), {.hidden = {}}, 1);
  policy.SetParameters(VectorXd{{0, 1, std::log(1e-3)}});  // mean 1
  Batch batch;
  rollout.Collect(policy, 50, 0, 1, batch);
  CHECK(batch.trajectories.size() == 10);
  for (const Trajectory& trajectory : batch.trajectories) {
    CHECK(trajectory.length == 5);
    CHECK(trajectory.terminated);
    CHECK(trajectory.success);
    CHECK(batch.rewards.segment(trajectory.begin, 5) == VectorXd{{0, 0, 0, 0, 1}});
  }
}

TEST_CASE("Held noise repeats the draws of a rollout without hold, each for so many steps") {
  const CountingOptions options{.length = 0, .action_dim = 3, .ignore_actions = true};
  const auto noise = [&](int horizon, int hold) {
    Rollout rollout(CountingEnv::Factory(options), horizon, kSeed, hold);
    Batch batch;
    rollout.Collect(NoisePolicy(rollout.spec()), 2 * horizon, 0, 1, batch);
    return batch;
  };
  constexpr int kDraws = 300;
  const Batch fresh = noise(kDraws, 1);
  for (const int hold : {1, 3, 32, 50}) {
    CAPTURE(hold);
    const int horizon = kDraws * hold - hold / 2;  // the last draw is cut short
    const Batch held = noise(horizon, hold);
    for (Index episode = 0; episode < 2; ++episode) {
      for (Index t = 0; t < horizon; ++t) {
        REQUIRE(held.sampled_actions.row(episode * horizon + t) ==
                fresh.sampled_actions.row(episode * kDraws + t / hold));
      }
    }
  }
}

}  // namespace
}  // namespace vime
