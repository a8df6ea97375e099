#include "lib/rl/rollout.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <string>

#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/kernels/kernels.h"

namespace vime {
namespace {

constexpr Index kMaxLanes = 16;    // episodes that share one policy pass per step
constexpr Index kNoiseSteps = 64;  // for which action noise is drawn at a time

// 0 if x is finite, otherwise NaN: sums of it tell of many numbers at once whether all are finite.
template <class T>
T ZeroIfFinite(T x) {
  return x - x;
}

[[noreturn]] void ThrowNotFinite(Index episode, Index step) {
  throw NumericalError("rollout: the environment left the finite numbers in episode " +
                       std::to_string(episode) + ", step " + std::to_string(step));
}

// Hands out episodes 0, 1, 2, ... while the batch is certain to need them: while those before, the
// running ones taken at full length, have fewer steps than asked for. Nothing that runs is thrown
// away, and which episodes run does not depend on who asks when.
class Schedule {
 public:
  Schedule(Index min_steps, Index horizon) : min_steps_(min_steps), horizon_(horizon) {}

  std::optional<Index> Next() {
    const std::scoped_lock lock(mutex_);
    if (most_steps_ >= min_steps_) return std::nullopt;
    most_steps_ += horizon_;
    return next_++;
  }
  void Finished(Index length) {
    const std::scoped_lock lock(mutex_);
    most_steps_ -= horizon_ - length;
  }
  Index num_episodes() const { return next_; }

 private:
  std::mutex mutex_;
  Index min_steps_, horizon_;
  Index most_steps_ = 0;
  Index next_ = 0;
};

}  // namespace

// One thread's share: up to sixteen episodes in lockstep, and those that are finished.
struct Rollout::Lanes {
  struct Lane {
    std::unique_ptr<Env> env;
    Rng rng{NoiseKey{}};
    Index episode = -1;  // none
    Index t = 0;
    Index success_steps = 0;
    // Row t: observation before step t, its sampled and executed action, and where it led to on
    // the visit grid; one row more for the last observation. One matrix, so that a step is stored
    // at one address and a fixed stride.
    Features<float> record;
    VectorXd rewards;
    float* row = nullptr;  // row t of record
  };
  std::array<Lane, kMaxLanes> lanes;
  Batch finished;
  std::vector<Index> finished_episodes;   // of finished.trajectories
  Features<float> observations, actions;  // of the current step, one row per lane
  // Of the next steps, one row per lane: column (p % kNoiseSteps) action_dim + k is the noise of
  // action k in pass p, in which every running lane takes a step.
  Features<float> noise;
  std::vector<float> drawn;
  Features<double> memory;  // of the policy, one row per lane
  std::vector<double> observation, action;
};

Rollout::Rollout(EnvFactory factory, int horizon, std::uint64_t seed, int noise_hold)
    : factory_(std::move(factory)),
      spec_(factory_()->spec()),
      horizon_(horizon),
      seed_(seed),
      noise_hold_(noise_hold) {
  VIME_CHECK(horizon >= 1 && noise_hold >= 1);
}

Rollout::~Rollout() = default;

void Rollout::Prepare(const Policy& policy, Index num_lanes, Lanes& share) const {
  const int observation_dim = spec_.observation_dim();
  const int action_dim = spec_.action_dim();
  for (Index i = 0; i < num_lanes; ++i) {
    Lanes::Lane& lane = share.lanes[static_cast<std::size_t>(i)];
    if (lane.env == nullptr) lane.env = factory_();
    lane.record.resize(RecordStride(), observation_dim + 2 * action_dim + 2);
    lane.rewards.resize(horizon_);
    lane.episode = -1;
  }
  share.finished.trajectories.clear();
  share.finished_episodes.clear();
  share.observations.setZero(kMaxLanes, observation_dim);
  share.noise.setZero(kMaxLanes, kNoiseSteps * action_dim);
  share.drawn.resize(static_cast<std::size_t>(kNoiseSteps * action_dim + 6));  // in blocks of four
  share.actions.setZero(kMaxLanes, action_dim);
  share.memory.setZero(kMaxLanes, policy.memory_size());
  share.observation.resize(static_cast<std::size_t>(observation_dim));
  share.action.resize(static_cast<std::size_t>(action_dim));
}

void Rollout::Start(Index episode, std::uint32_t iteration, Index i, Lanes& share) const {
  Lanes::Lane& lane = share.lanes[static_cast<std::size_t>(i)];
  lane.rng = Rng({seed_, Stream::kEnvironment, iteration, static_cast<std::uint32_t>(episode)});
  lane.episode = episode;
  lane.t = 0;
  lane.row = &lane.record(0, 0);
  lane.success_steps = 0;
  share.memory.row(i).setZero();
  lane.env->Reset(lane.rng, share.observation);
  if (!StoreObservation(i, share)) ThrowNotFinite(episode, 0);
}

bool Rollout::StoreObservation(Index i, Lanes& share) const {
  const Lanes::Lane& lane = share.lanes[static_cast<std::size_t>(i)];
  float* record = lane.row;
  float* current = &share.observations(i, 0);
  float zero = 0;
  for (const double value : share.observation) {
    const auto rounded = static_cast<float>(value);
    zero += ZeroIfFinite(rounded);
    *record = *current = rounded;
    record += RecordStride();
    current += kMaxLanes;
  }
  return zero == 0;
}

void Rollout::DrawNoise(std::uint32_t iteration, Index i, Index pass, Lanes& share) const {
  const Lanes::Lane& lane = share.lanes[static_cast<std::size_t>(i)];
  const Index action_dim = spec_.action_dim();
  const Index steps = std::min(kNoiseSteps, horizon_ - lane.t);
  const Index first = lane.t / noise_hold_ * action_dim;  // normal of the episode's sequence
  const Index end = ((lane.t + steps - 1) / noise_hold_ + 1) * action_dim;
  const Index first_block = first / 4;
  const NoiseKey key{seed_, Stream::kActionNoise, iteration,
                     static_cast<std::uint32_t>(lane.episode)};
  GetKernels<float>().fill_normals(key, first_block, (end + 3) / 4 - first_block,
                                   share.drawn.data());
  for (Index t = lane.t; t < lane.t + steps; ++t) {
    const float* drawn =
        &share.drawn[static_cast<std::size_t>(t / noise_hold_ * action_dim - 4 * first_block)];
    float* noise = &share.noise(i, (pass + t - lane.t) % kNoiseSteps * action_dim);
    for (Index k = 0; k < action_dim; ++k) noise[k * kMaxLanes] = drawn[k];
  }
}

bool Rollout::StepLane(ActionSquash squash, Index i, Lanes& share) const {
  Lanes::Lane& lane = share.lanes[static_cast<std::size_t>(i)];
  const Index stride = RecordStride();
  const Index action_dim = static_cast<Index>(share.action.size());
  float* sampled = lane.row + static_cast<Index>(share.observation.size()) * stride;
  float* executed = sampled + action_dim * stride;
  float* coverage = executed + action_dim * stride;
  for (Index k = 0; k < action_dim; ++k) {
    const float action = share.actions(i, k);
    const float raw = ExecutedAction(action, squash, spec_.action[static_cast<std::size_t>(k)]);
    sampled[k * stride] = action;
    executed[k * stride] = raw;
    share.action[static_cast<std::size_t>(k)] = static_cast<double>(raw);
  }
  const Step step = lane.env->Advance(share.action, lane.rng, share.observation);
  const auto point = lane.env->CoveragePoint();
  coverage[0] = static_cast<float>(point[0]);
  coverage[stride] = static_cast<float>(point[1]);
  lane.rewards[lane.t] = step.reward;
  lane.success_steps += step.success ? 1 : 0;
  ++lane.t;
  ++lane.row;
  const double zero = ZeroIfFinite(step.reward) + ZeroIfFinite(point[0]) + ZeroIfFinite(point[1]);
  if (!StoreObservation(i, share) || zero != 0) ThrowNotFinite(lane.episode, lane.t - 1);
  if (!step.terminated && lane.t < horizon_) return false;
  Finish(step.terminated, i, share);
  return true;
}

void Rollout::Finish(bool terminated, Index i, Lanes& share) const {
  Lanes::Lane& lane = share.lanes[static_cast<std::size_t>(i)];
  Batch& batch = share.finished;
  const Index begin = batch.trajectories.empty()
                          ? 0
                          : batch.trajectories.back().begin + batch.trajectories.back().length;
  batch.Reserve(begin + lane.t, spec_.observation_dim(), spec_.action_dim());
  const auto copy = [&](Features<float>& to, Index column, Index first_row = 0) {
    to.middleRows(begin, lane.t) = lane.record.block(first_row, column, lane.t, to.cols());
  };
  const Index actions = spec_.observation_dim();  // first column of
  copy(batch.observations, 0);
  copy(batch.next_observations, 0, 1);
  copy(batch.sampled_actions, actions);
  copy(batch.executed_actions, actions + spec_.action_dim());
  copy(batch.coverage, actions + 2 * spec_.action_dim());
  batch.rewards.segment(begin, lane.t) = lane.rewards.head(lane.t);
  batch.trajectories.push_back({.begin = begin,
                                .length = lane.t,
                                .terminated = terminated,
                                .success = IsSuccess(spec_, lane.success_steps, lane.t)});
  share.finished_episodes.push_back(lane.episode);
  lane.episode = -1;
}

void Rollout::Collect(const Policy& policy, Index min_steps, std::uint32_t iteration,
                      int num_threads, Batch& batch) {
  Schedule schedule(min_steps, horizon_);
  // At least this many episodes are needed: the threads begin with equal shares of them.
  const Index needed = (min_steps + horizon_ - 1) / horizon_;
  const Index num_shares = std::min<Index>(num_threads, needed);
  const Index num_lanes = std::min(kMaxLanes, (needed + num_shares - 1) / num_shares);
  while (static_cast<Index>(shares_.size()) < num_shares) {
    shares_.push_back(std::make_unique<Lanes>());
  }
  const ActionSquash squash = policy.squash();
  ParallelFor(num_shares, num_threads, [&](Index s) {
    Lanes& share = *shares_[static_cast<std::size_t>(s)];
    Prepare(policy, num_lanes, share);
    const Index action_dim = spec_.action_dim();
    bool more = true;
    Index running = 0;
    for (Index pass = 0; true; ++pass) {
      for (Index i = 0; i < num_lanes; ++i) {
        const Lanes::Lane& lane = share.lanes[static_cast<std::size_t>(i)];
        if (lane.episode < 0 && more) {
          const std::optional<Index> episode = schedule.Next();
          more = episode.has_value();
          if (!more) continue;
          Start(*episode, iteration, i, share);
          ++running;
        }
        if (lane.episode >= 0 && lane.t % kNoiseSteps == 0) DrawNoise(iteration, i, pass, share);
      }
      if (running == 0) break;
      const auto noise = share.noise.middleCols(pass % kNoiseSteps * action_dim, action_dim);
      policy.Act(share.observations.topRows(num_lanes), noise.topRows(num_lanes),
                 share.memory.topRows(num_lanes), share.actions.topRows(num_lanes));
      for (Index i = 0; i < num_lanes; ++i) {
        const Lanes::Lane& lane = share.lanes[static_cast<std::size_t>(i)];
        if (lane.episode < 0 || !StepLane(squash, i, share)) continue;
        --running;
        schedule.Finished(lane.t);
        more = true;
      }
    }
  });
  Gather(schedule.num_episodes(), num_shares, batch);
}

void Rollout::Gather(Index num_episodes, Index num_shares, Batch& batch) const {
  struct Place {
    const Batch* from;
    Index trajectory;
  };
  std::vector<Place> places(static_cast<std::size_t>(num_episodes));
  Index steps = 0;
  for (Index s = 0; s < num_shares; ++s) {
    const Lanes& share = *shares_[static_cast<std::size_t>(s)];
    for (std::size_t i = 0; i < share.finished_episodes.size(); ++i) {
      places[static_cast<std::size_t>(share.finished_episodes[i])] = {&share.finished,
                                                                      static_cast<Index>(i)};
      steps += share.finished.trajectories[i].length;
    }
  }
  batch.Resize(steps, spec_.observation_dim(), spec_.action_dim());
  batch.trajectories.clear();
  Index row = 0;
  for (const Place& place : places) {
    Trajectory trajectory = place.from->trajectories[static_cast<std::size_t>(place.trajectory)];
    batch.CopyRows(row, *place.from, trajectory.begin, trajectory.length);
    trajectory.begin = row;
    batch.trajectories.push_back(trajectory);
    row += trajectory.length;
  }
}

}  // namespace vime
