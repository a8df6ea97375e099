// Evaluation: the deterministic policy in an environment of its own, on random numbers of its own.
// Returns are extrinsic and undiscounted; nothing is learned from these episodes.
#pragma once

#include <functional>
#include <span>

#include "lib/rl/env.h"
#include "lib/rl/policy.h"

namespace vime {

/// What happened in one step of an episode. `state` and `observation` are those before the action.
struct EpisodeStep {
  Index step = 0;
  std::span<const double> state, observation;
  std::span<const double> action;  ///< executed: raw units, clipped
  double reward = 0;
  bool terminated = false;
  bool success = false;  ///< a success step
};

struct EpisodeOutcome {
  double episode_return = 0;
  Index length = 0;
  bool terminated = false;
  bool success = false;
};

/// Runs one episode of the mean action, at most `horizon` steps. The environment draws from the
/// sequence named `key`. Calls `visit` after every step; afterwards `env` is in the final state.
/// Throws NumericalError when a reward or an observation is not finite.
EpisodeOutcome RunEpisode(const Policy& policy, Env& env, Index horizon, const NoiseKey& key,
                          const std::function<void(const EpisodeStep&)>& visit = {});

struct Evaluation {
  std::int64_t episodes = 0;
  double return_mean = 0;
  double return_std = 0;  ///< population
  double return_min = 0;
  double return_max = 0;
  double success_fraction = 0;
  double terminated_fraction = 0;
  double episode_length_mean = 0;

  /// Calls visit(key, value, help) for every number, in the order in which they are written.
  template <class Self, class Visit>
  static void Describe(Self&& e, const Visit& visit) {
    visit("eval/episodes", e.episodes, "episodes of the evaluation");
    visit("eval/return_mean", e.return_mean, "mean extrinsic return of the deterministic policy");
    visit("eval/return_std", e.return_std, "standard deviation of that return (population)");
    visit("eval/return_min", e.return_min, "smallest return");
    visit("eval/return_max", e.return_max, "largest return");
    visit("eval/success_fraction", e.success_fraction, "share of the episodes that succeeded");
    visit("eval/terminated_fraction", e.terminated_fraction,
          "share of the episodes that the environment ended");
    visit("eval/episode_length_mean", e.episode_length_mean, "mean steps per episode");
  }
};

/// The name of the random numbers of an evaluation episode.
NoiseKey EvaluationKey(std::uint64_t seed, std::uint32_t iteration, std::uint32_t episode);

/// Episodes 0, 1, ... of the evaluation after `iteration` iterations.
Evaluation Evaluate(const Policy& policy, Env& env, Index horizon, std::uint64_t seed,
                    std::uint32_t iteration, std::int64_t episodes);

}  // namespace vime
