#include "envs/oracle.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "envs/noise_dims.h"
#include "envs/registry.h"
#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/core/statistics.h"

namespace vime {
namespace {

constexpr Index kChunk = 16;  // episodes that one thread plays in a row

struct Episode {
  std::vector<double> state;
  double sum = 0, discounted_sum = 0, value = 0;
  int steps = 0, success_steps = 0;
  bool ended = false;
};

class Rollouts {
 public:
  Rollouts(const BellmanOperator::Factory& make_env, const BellmanOperator& bellman,
           const OracleOptions& options)
      : make_env_(make_env),
        bellman_(bellman),
        options_(options),
        episodes_(static_cast<std::size_t>(options.episodes)) {}

  /// Plays all episodes side by side, because V_t is at hand for one t at a time.
  const std::vector<Episode>& Play(StageValues& values) {
    Begin(values.At(0));
    double weight = 1;
    for (int t = 0; t < values.horizon(); ++t, weight *= options_.gamma) {
      Continue(values.At(t + 1), weight);
    }
    return episodes_;
  }

 private:
  template <class Body>
  void ForEach(const Body& body) {
    ParallelFor((options_.episodes + kChunk - 1) / kChunk, options_.num_threads, [&](Index chunk) {
      const std::unique_ptr<Env> env = make_env_();
      std::vector<double> observation(env->spec().observation.size());
      const Index end = std::min(options_.episodes, (chunk + 1) * kChunk);
      for (Index i = chunk * kChunk; i < end; ++i) {
        Rng rng({options_.seed, Stream::kEnvironment, 0, static_cast<std::uint32_t>(i)});
        body(*env, rng, observation, episodes_[static_cast<std::size_t>(i)]);
      }
    });
  }

  void Begin(const std::vector<double>& values) {
    ForEach([&](Env& env, Rng& rng, std::vector<double>& observation, Episode& episode) {
      env.Reset(rng, observation);
      episode.state.resize(env.spec().state.size());
      env.GetState(episode.state);
      episode.value = bellman_.Value(values, episode.state);
    });
  }

  void Continue(const std::vector<double>& next_values, double weight) {
    ForEach([&](Env& env, Rng& rng, std::vector<double>& observation, Episode& episode) {
      if (episode.ended) return;
      env.SetState(episode.state);
      const Step step = env.Advance(bellman_.GreedyAction(next_values, env), rng, observation);
      env.GetState(episode.state);
      episode.sum += step.reward;
      episode.discounted_sum += weight * step.reward;
      episode.steps += 1;
      episode.success_steps += step.success ? 1 : 0;
      episode.ended = step.terminated;
    });
  }

  const BellmanOperator::Factory& make_env_;
  const BellmanOperator& bellman_;
  OracleOptions options_;
  std::vector<Episode> episodes_;
};

template <class Get>
std::vector<double> Column(const std::vector<Episode>& episodes, const Get& get) {
  std::vector<double> column;
  column.reserve(episodes.size());
  for (const Episode& episode : episodes) column.push_back(static_cast<double>(get(episode)));
  return column;
}

}  // namespace

StageValues::StageValues(const BellmanOperator& bellman, int horizon)
    : bellman_(bellman), horizon_(horizon), block_length_(1) {
  VIME_CHECK(horizon >= 1);
  while (block_length_ * block_length_ < horizon) ++block_length_;
  std::vector<double> values(static_cast<std::size_t>(bellman.grid().size()));
  kept_.push_back(values);
  for (int t = horizon - 1; t >= 0; --t) {
    values = bellman.Apply(values);
    if (t % block_length_ == 0) kept_.push_back(values);
  }
  std::ranges::reverse(kept_);
}

const std::vector<double>& StageValues::At(int t) {
  VIME_CHECK(t >= 0 && t <= horizon_);
  const int begin = t - t % block_length_;
  if (t == begin || t == horizon_) {
    return t == horizon_ ? kept_.back() : kept_[static_cast<std::size_t>(t / block_length_)];
  }
  if (begin != block_begin_) {
    const int end = std::min(begin + block_length_, horizon_);
    block_.assign(static_cast<std::size_t>(end - begin), {});
    const std::vector<double>* above =
        end == horizon_ ? &kept_.back() : &kept_[static_cast<std::size_t>(end / block_length_)];
    for (std::size_t i = block_.size(); i-- > 1;) {
      block_[i] = bellman_.Apply(*above);
      above = &block_[i];
    }
    block_begin_ = begin;
  }
  return block_[static_cast<std::size_t>(t - begin)];
}

OracleReport SolveOracle(const EnvEntry& entry, const EnvParams& params,
                         const OracleOptions& options) {
  VIME_CHECK(options.episodes >= 1 && options.random_episodes >= 1);
  const EnvParams quiet = WithoutNoiseDims(params);
  const BellmanOperator::Factory make_env = [&] { return MakeEnvironment(entry, quiet); };
  const EnvSpec spec = make_env()->spec();
  const int horizon = options.horizon > 0 ? options.horizon : spec.default_horizon;
  const BellmanOperator bellman(make_env, options.grid, options.actions, options.gamma,
                                options.num_threads);
  StageValues values(bellman, horizon);
  Rollouts rollouts(make_env, bellman, options);
  const std::vector<Episode>& episodes = rollouts.Play(values);

  OracleReport report{.horizon = horizon, .grid = bellman.grid().nodes()};
  const std::vector<double> returns = Column(episodes, [](const Episode& e) { return e.sum; });
  report.return_mean = Mean(returns);
  report.return_stddev = StandardDeviation(returns, 1);
  report.discounted_return_mean =
      Mean(Column(episodes, [](const Episode& e) { return e.discounted_sum; }));
  report.steps_mean = Mean(Column(episodes, [](const Episode& e) { return e.steps; }));
  report.success_fraction = Mean(Column(
      episodes, [&](const Episode& e) { return IsSuccess(spec, e.success_steps, e.steps); }));
  report.value_mean = Mean(Column(episodes, [](const Episode& e) { return e.value; }));
  report.random = vime::Play(entry, quiet,
                             {.policy = PlayPolicy::kNormal,
                              .episodes = options.random_episodes,
                              .horizon = horizon,
                              .seed = options.seed,
                              .num_threads = options.num_threads});
  return report;
}

}  // namespace vime
