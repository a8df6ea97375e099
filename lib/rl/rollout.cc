#include "lib/rl/rollout.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/kernels/kernels.h"

namespace vime {
namespace {

constexpr Index kLanesPerGroup = 16;  // episodes that share one policy pass per step
constexpr Index kNoiseSteps = 32;     // steps of action noise drawn at a time

// Rounds an observation to float; false when that is not finite.
bool StoreObservation(std::span<const double> observation, Index row, Features<float>& rows) {
  bool finite = true;
  for (Index d = 0; d < rows.cols(); ++d) {
    rows(row, d) = static_cast<float>(observation[static_cast<std::size_t>(d)]);
    finite = finite && std::isfinite(rows(row, d));
  }
  return finite;
}

[[noreturn]] void ThrowNotFinite(Index episode, Index step) {
  throw NumericalError("rollout: the environment left the finite numbers in episode " +
                       std::to_string(episode) + ", step " + std::to_string(step));
}

}  // namespace

// Up to sixteen episodes in lockstep: episode i owns rows [i horizon, (i + 1) horizon).
struct Rollout::Episodes {
  std::vector<std::unique_ptr<Env>> envs;
  std::vector<Rng> rngs;
  Batch steps;
  std::array<Trajectory, kLanesPerGroup> trajectories;
  std::array<double, kLanesPerGroup> success_steps;
  Features<float> observations, noise, actions;  // of the current step, one row per episode
  std::vector<float> noise_ahead;                // [episode][kNoiseSteps * action_dim]
  std::vector<double> observation, action;
};

Rollout::Rollout(EnvFactory factory, int horizon, std::uint64_t seed)
    : factory_(std::move(factory)), spec_(factory_()->spec()), horizon_(horizon), seed_(seed) {
  VIME_CHECK(horizon >= 1);
}

Rollout::~Rollout() = default;

void Rollout::RunEpisodes(const Policy& policy, std::uint32_t iteration, Index first, Index count,
                          Episodes& group) {
  const int observation_dim = spec_.observation_dim();
  const int action_dim = spec_.action_dim();
  while (static_cast<Index>(group.envs.size()) < count) group.envs.push_back(factory_());
  if (group.steps.size() < count * horizon_) {
    group.steps.Resize(count * horizon_, observation_dim, action_dim);
  }
  group.observations.resize(kLanesPerGroup, observation_dim);
  group.noise.resize(kLanesPerGroup, action_dim);
  group.actions.resize(kLanesPerGroup, action_dim);
  group.observation.resize(static_cast<std::size_t>(observation_dim));
  group.action.resize(static_cast<std::size_t>(action_dim));
  const Index noise_per_episode = kNoiseSteps * action_dim;
  group.noise_ahead.resize(static_cast<std::size_t>(kLanesPerGroup * noise_per_episode));
  group.rngs.clear();

  group.observations.setZero();
  for (Index i = 0; i < count; ++i) {
    const auto episode = static_cast<std::uint32_t>(first + i);
    group.rngs.emplace_back(NoiseKey{seed_, Stream::kEnvironment, iteration, episode});
    group.envs[static_cast<std::size_t>(i)]->Reset(group.rngs.back(), group.observation);
    if (!StoreObservation(group.observation, i, group.observations)) ThrowNotFinite(first + i, 0);
    group.trajectories[static_cast<std::size_t>(i)] = {.begin = i * horizon_};
    group.success_steps[static_cast<std::size_t>(i)] = 0;
  }

  const KernelTable<float>& kernels = GetKernels<float>();
  std::array<bool, kLanesPerGroup> done{};
  Index running = count;
  for (Index t = 0; t < horizon_ && running > 0; ++t) {
    const Index ahead = t % kNoiseSteps;
    for (Index i = 0; i < count; ++i) {
      if (done[static_cast<std::size_t>(i)]) continue;
      float* noise = group.noise_ahead.data() + i * noise_per_episode;
      if (ahead == 0) {
        const NoiseKey key{seed_, Stream::kActionNoise, iteration,
                           static_cast<std::uint32_t>(first + i)};
        kernels.fill_normals(key, t * action_dim / 4, noise_per_episode / 4, noise);
      }
      for (int k = 0; k < action_dim; ++k) group.noise(i, k) = noise[ahead * action_dim + k];
    }
    policy.Act(group.observations.topRows(count), group.noise.topRows(count),
               group.actions.topRows(count));

    for (Index i = 0; i < count; ++i) {
      if (done[static_cast<std::size_t>(i)]) continue;
      Env& env = *group.envs[static_cast<std::size_t>(i)];
      Trajectory& trajectory = group.trajectories[static_cast<std::size_t>(i)];
      const Index row = trajectory.begin + t;
      for (int d = 0; d < observation_dim; ++d) {
        group.steps.observations(row, d) = group.observations(i, d);
      }
      for (int k = 0; k < action_dim; ++k) {
        const float sampled = group.actions(i, k);
        const float executed = static_cast<float>(ExecutedAction(
            static_cast<double>(sampled), spec_.action[static_cast<std::size_t>(k)]));
        group.steps.sampled_actions(row, k) = sampled;
        group.steps.executed_actions(row, k) = executed;
        group.action[static_cast<std::size_t>(k)] = static_cast<double>(executed);
      }
      const Step step =
          env.Advance(group.action, group.rngs[static_cast<std::size_t>(i)], group.observation);
      const bool finite_state = StoreObservation(group.observation, i, group.observations);
      const auto point = env.CoveragePoint();
      if (!finite_state || !std::isfinite(step.reward) || !std::isfinite(point[0]) ||
          !std::isfinite(point[1])) {
        ThrowNotFinite(first + i, t);
      }
      for (int d = 0; d < observation_dim; ++d) {
        group.steps.next_observations(row, d) = group.observations(i, d);
      }
      group.steps.coverage(row, 0) = static_cast<float>(point[0]);
      group.steps.coverage(row, 1) = static_cast<float>(point[1]);
      group.steps.rewards[row] = step.reward;
      group.success_steps[static_cast<std::size_t>(i)] += step.success ? 1 : 0;
      trajectory.length = t + 1;
      trajectory.terminated = step.terminated;
      if (step.terminated || t + 1 == horizon_) {
        done[static_cast<std::size_t>(i)] = true;
        --running;
        const double needed = spec_.success_share * static_cast<double>(trajectory.length);
        trajectory.success = group.success_steps[static_cast<std::size_t>(i)] > 0 &&
                             group.success_steps[static_cast<std::size_t>(i)] >= needed;
      }
    }
  }
}

void Rollout::Collect(const Policy& policy, Index min_steps, std::uint32_t iteration,
                      int num_threads, Batch& batch) {
  batch.Resize(min_steps + horizon_ - 1, spec_.observation_dim(), spec_.action_dim());
  batch.trajectories.clear();
  Index steps = 0;
  Index episodes = 0;
  while (steps < min_steps) {
    // No episode is longer than the horizon, so at least this many more are needed: nothing that
    // runs is thrown away.
    const Index needed = (min_steps - steps + horizon_ - 1) / horizon_;
    const Index groups = (needed + kLanesPerGroup - 1) / kLanesPerGroup;
    while (static_cast<Index>(groups_.size()) < groups) {
      groups_.push_back(std::make_unique<Episodes>());
    }
    const auto size_of = [&](Index g) {
      return std::min(kLanesPerGroup, needed - g * kLanesPerGroup);
    };
    ParallelFor(groups, num_threads, [&](Index g) {
      RunEpisodes(policy, iteration, episodes + g * kLanesPerGroup, size_of(g),
                  *groups_[static_cast<std::size_t>(g)]);
    });
    for (Index g = 0; g < groups; ++g) {
      const Episodes& group = *groups_[static_cast<std::size_t>(g)];
      for (Index i = 0; i < size_of(g); ++i) {
        Trajectory trajectory = group.trajectories[static_cast<std::size_t>(i)];
        batch.CopyRows(steps, group.steps, trajectory.begin, trajectory.length);
        trajectory.begin = steps;
        batch.trajectories.push_back(trajectory);
        steps += trajectory.length;
      }
    }
    episodes += needed;
  }
  batch.Truncate(steps);
}

}  // namespace vime
