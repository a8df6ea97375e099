#include "envs/difficulty.h"

#include <cmath>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/core/statistics.h"

namespace vime {
namespace {

constexpr Index kChunk = 64;  // episodes that one environment plays in a row

struct EpisodeReport {
  double sum = 0;
  int steps = 0;
  bool success = false, rewarded = false;
};

class Player {
 public:
  Player(const EnvEntry& entry, const EnvParams& params, const PlayOptions& options)
      : env_(MakeEnvironment(entry, params)),
        options_(options),
        horizon_(options.horizon > 0 ? options.horizon : env_->spec().default_horizon),
        observation_(env_->spec().observation.size()),
        state_(env_->spec().state.size()),
        action_(env_->spec().action.size()) {
    if (options.policy != PlayPolicy::kScripted) return;
    if (!entry.make_controller) {
      throw ConfigError("policy scripted: " + entry.name + " has no scripted policy");
    }
    controller_ = entry.make_controller(env_->spec());
  }

  int horizon() const { return horizon_; }

  EpisodeReport Play(std::uint32_t episode) {
    const EnvSpec& spec = env_->spec();
    Rng rng({options_.seed, Stream::kEnvironment, 0, episode});
    Rng noise({options_.seed, Stream::kActionNoise, 0, episode});
    EpisodeReport report;
    env_->Reset(rng, observation_);
    int success_steps = 0;
    bool terminated = false;
    while (!terminated && report.steps < horizon_) {
      ChooseAction(report.steps, noise);
      const Step step = env_->Advance(action_, rng, observation_);
      if (!std::isfinite(step.reward)) {
        throw NumericalError(spec.name + ": the reward is not finite in episode " +
                             std::to_string(episode) + ", step " + std::to_string(report.steps));
      }
      report.sum += step.reward;
      report.rewarded = report.rewarded || step.reward > 0;
      success_steps += step.success ? 1 : 0;
      terminated = step.terminated;
      ++report.steps;
    }
    report.success = success_steps > 0 && success_steps >= spec.success_share * report.steps;
    return report;
  }

 private:
  void ChooseAction(int step, Rng& noise) {
    if (controller_) {
      env_->GetState(state_);
      controller_(step, state_, action_);
    } else if (step % options_.noise_hold == 0) {
      const std::vector<Axis>& axes = env_->spec().action;
      const bool normal = options_.policy == PlayPolicy::kNormal;
      for (std::size_t k = 0; k < action_.size(); ++k) {
        action_[k] = ExecutedAction(normal ? noise.Normal() : noise.Uniform(-1, 1), axes[k]);
      }
    }
  }

  std::unique_ptr<Env> env_;
  PlayOptions options_;
  int horizon_;
  Controller controller_;
  std::vector<double> observation_, state_, action_;
};

}  // namespace

PlayReport Play(const EnvEntry& entry, const EnvParams& params, const PlayOptions& options) {
  VIME_CHECK(options.episodes >= 1 && options.noise_hold >= 1);
  PlayReport report{.episodes = options.episodes,
                    .horizon = Player(entry, params, options).horizon()};
  std::vector<EpisodeReport> episodes(static_cast<std::size_t>(options.episodes));
  const Index chunks = (options.episodes + kChunk - 1) / kChunk;
  ParallelFor(chunks, options.num_threads, [&](Index chunk) {
    Player player(entry, params, options);
    const Index end = std::min(options.episodes, (chunk + 1) * kChunk);
    for (Index i = chunk * kChunk; i < end; ++i) {
      episodes[static_cast<std::size_t>(i)] = player.Play(static_cast<std::uint32_t>(i));
    }
  });
  std::vector<double> returns;
  returns.reserve(episodes.size());
  for (const EpisodeReport& episode : episodes) {
    report.steps += episode.steps;
    report.successes += episode.success;
    report.rewarded += episode.rewarded;
    returns.push_back(episode.sum);
  }
  report.return_mean = Mean(returns);
  report.return_stddev = StandardDeviation(returns, 1);
  return report;
}

}  // namespace vime
