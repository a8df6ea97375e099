#include "lib/rl/evaluation.h"

#include <doctest/doctest.h>

#include "envs/registry.h"
#include "lib/rl/gaussian_policy.h"
#include "lib/rl/rollout.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::LinearEnv;

constexpr std::uint64_t kSeed = 5;

std::unique_ptr<Policy> MakePolicy(const EnvSpec& spec, double stddev) {
  return std::make_unique<GaussianPolicy<float>>(
      spec, GaussianPolicyOptions{.hidden = {4}, .initial_stddev = stddev}, kSeed);
}

TEST_CASE("An evaluation episode follows the dynamics under the mean action") {
  // LinearEnv: x' = 0.9 x + 0.3 y, y' = -0.3 x + 0.9 y + 0.5 a, reward -(x'^2 + y'^2).
  LinearEnv env;
  const auto policy = MakePolicy(env.spec(), 1);
  double x = 0, y = 0, sum = 0;
  Index steps = 0;
  const auto check = [&](const EpisodeStep& step) {
    CHECK(step.step == steps);
    if (steps++ > 0) {
      CHECK(step.state[0] == x);
      CHECK(step.state[1] == y);
    }
    CHECK(step.observation[0] == step.state[0]);
    Features<float> seen(1, 2), mean(1, 1);
    seen << static_cast<float>(step.observation[0]), static_cast<float>(step.observation[1]);
    testing::ActAtStart(*policy, seen, Features<float>::Zero(1, 1), mean);
    CHECK(step.action[0] == doctest::Approx(static_cast<double>(mean(0, 0))).epsilon(1e-6));
    x = 0.9 * step.state[0] + 0.3 * step.state[1];
    y = -0.3 * step.state[0] + 0.9 * step.state[1] + 0.5 * step.action[0];
    CHECK(step.reward == doctest::Approx(-(x * x + y * y)).epsilon(1e-12));
    sum += step.reward;
  };
  const EpisodeOutcome outcome = RunEpisode(*policy, env, 20, EvaluationKey(kSeed, 0, 0), check);
  CHECK(steps == 20);
  CHECK(outcome.length == 20);
  CHECK(!outcome.terminated);
  CHECK(outcome.episode_return == sum);
}

TEST_CASE("The exploration noise of a policy does not reach its evaluation") {
  LinearEnv env;
  const Evaluation narrow = Evaluate(*MakePolicy(env.spec(), 1e-3), env, 20, kSeed, 0, 8);
  const Evaluation wide = Evaluate(*MakePolicy(env.spec(), 10), env, 20, kSeed, 0, 8);
  CHECK(narrow.return_mean == wide.return_mean);
  CHECK(narrow.return_std > 0);  // the initial states differ
  CHECK(narrow.return_min < narrow.return_max);
}

TEST_CASE("Evaluation is a function of seed and iteration, and of nothing that ran before") {
  LinearEnv env, other;
  const auto policy = MakePolicy(env.spec(), 1);
  const double first = Evaluate(*policy, env, 20, kSeed, 3, 4).return_mean;
  CHECK(Evaluate(*policy, env, 20, kSeed, 4, 4).return_mean != first);
  CHECK(Evaluate(*policy, env, 20, kSeed + 1, 3, 4).return_mean != first);
  CHECK(Evaluate(*policy, env, 20, kSeed, 3, 4).return_mean == first);
  CHECK(Evaluate(*policy, other, 20, kSeed, 3, 4).return_mean == first);
}

TEST_CASE("Evaluation and rollout agree about the same episodes") {
  // Almost no noise, and episodes that start in the same places.
  const auto env = MakeEnvironment("mountaincar");
  const auto policy = MakePolicy(env->spec(), 1e-3);
  Rollout rollout([] { return MakeEnvironment("mountaincar"); }, 50, kSeed);
  Batch batch;
  rollout.Collect(*policy, 200, 0, 1, batch);
  for (std::size_t i = 0; i < batch.trajectories.size(); ++i) {
    const Trajectory& trajectory = batch.trajectories[i];
    const NoiseKey key{kSeed, Stream::kEnvironment, 0, static_cast<std::uint32_t>(i)};
    const EpisodeOutcome outcome = RunEpisode(*policy, *env, 50, key);
    CHECK(outcome.length == trajectory.length);
    CHECK(outcome.success == trajectory.success);
    const double expected = batch.rewards.segment(trajectory.begin, trajectory.length).sum();
    CHECK(outcome.episode_return == doctest::Approx(expected).epsilon(0.05));
  }
}

TEST_CASE("An episode succeeds with one success step, or with the share that its task asks for") {
  EnvSpec spec;
  CHECK(!IsSuccess(spec, 0, 10));
  CHECK(IsSuccess(spec, 1, 10));
  spec.success_share = 0.5;
  CHECK(!IsSuccess(spec, 4, 10));
  CHECK(IsSuccess(spec, 5, 10));
}

}  // namespace
}  // namespace vime
