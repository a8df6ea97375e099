#include "lib/rl/evaluation.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "lib/core/check.h"
#include "lib/core/statistics.h"

namespace vime {

EpisodeOutcome RunEpisode(const Policy& policy, Env& env, Index horizon, const NoiseKey& key,
                          const std::function<void(const EpisodeStep&)>& visit) {
  const EnvSpec& spec = env.spec();
  std::vector<double> state(static_cast<std::size_t>(spec.state_dim()));
  std::vector<double> observation(static_cast<std::size_t>(spec.observation_dim()));
  std::vector<double> next_observation(observation.size());
  std::vector<double> action(static_cast<std::size_t>(spec.action_dim()));
  Features<float> seen(1, spec.observation_dim());
  Features<float> chosen(1, spec.action_dim());
  Features<double> memory = Features<double>::Zero(1, policy.memory_size());
  const Features<float> no_noise = Features<float>::Zero(1, spec.action_dim());

  Rng rng(key);
  env.Reset(rng, observation);
  EpisodeOutcome outcome;
  Index success_steps = 0;
  while (outcome.length < horizon && !outcome.terminated) {
    for (std::size_t d = 0; d < observation.size(); ++d) {
      seen(0, static_cast<Index>(d)) = static_cast<float>(observation[d]);
    }
    policy.Act(seen, no_noise, memory, chosen);
    for (std::size_t k = 0; k < action.size(); ++k) {
      // As in training the environment gets what a float holds.
      action[k] = static_cast<double>(
          ExecutedAction(chosen(0, static_cast<Index>(k)), policy.squash(), spec.action[k]));
    }
    env.GetState(state);
    const Step step = env.Advance(action, rng, next_observation);
    const bool finite = std::all_of(next_observation.begin(), next_observation.end(),
                                    [](double value) { return std::isfinite(value); });
    if (!finite || !std::isfinite(step.reward)) {
      throw NumericalError("evaluation: the environment left the finite numbers in step " +
                           std::to_string(outcome.length));
    }
    if (visit) {
      visit({.step = outcome.length,
             .state = state,
             .observation = observation,
             .action = action,
             .reward = step.reward,
             .terminated = step.terminated,
             .success = step.success});
    }
    outcome.episode_return += step.reward;
    outcome.terminated = step.terminated;
    success_steps += step.success ? 1 : 0;
    ++outcome.length;
    observation.swap(next_observation);
  }
  outcome.success = IsSuccess(spec, success_steps, outcome.length);
  return outcome;
}

NoiseKey EvaluationKey(std::uint64_t seed, std::uint32_t iteration, std::uint32_t episode) {
  return {seed, Stream::kEvaluation, iteration, episode};
}

Evaluation Evaluate(const Policy& policy, Env& env, Index horizon, std::uint64_t seed,
                    std::uint32_t iteration, std::int64_t episodes) {
  VIME_CHECK(episodes >= 1);
  std::vector<double> returns;
  Evaluation evaluation{.episodes = episodes};
  for (std::int64_t e = 0; e < episodes; ++e) {
    const EpisodeOutcome outcome = RunEpisode(
        policy, env, horizon, EvaluationKey(seed, iteration, static_cast<std::uint32_t>(e)));
    returns.push_back(outcome.episode_return);
    evaluation.success_fraction += outcome.success ? 1 : 0;
    evaluation.terminated_fraction += outcome.terminated ? 1 : 0;
    evaluation.episode_length_mean += static_cast<double>(outcome.length);
  }
  const double n = static_cast<double>(episodes);
  evaluation.success_fraction /= n;
  evaluation.terminated_fraction /= n;
  evaluation.episode_length_mean /= n;
  evaluation.return_mean = Mean(returns);
  evaluation.return_std = StandardDeviation(returns);
  evaluation.return_min = *std::min_element(returns.begin(), returns.end());
  evaluation.return_max = *std::max_element(returns.begin(), returns.end());
  return evaluation;
}

}  // namespace vime
