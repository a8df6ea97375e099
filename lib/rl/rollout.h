// Rollouts: whole episodes of a policy in an environment, in the order of their index.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "lib/rl/batch.h"
#include "lib/rl/env.h"
#include "lib/rl/policy.h"

namespace vime {

using EnvFactory = std::function<std::unique_ptr<Env>()>;

/// Collects batches. The rollout owns the horizon (no environment truncates), scales normalised
/// actions to raw units and clips them. Episode e of an iteration draws from random streams named
/// (seed, iteration, e), so a batch depends neither on the thread count nor on earlier batches.
class Rollout {
 public:
  /// `noise_hold` = k keeps the standard normal noise of an action for k steps. With k > 1 the
  /// actions of an episode are no independent draws, although each is N(mean, stddev^2) by itself:
  /// given the step before, the noise of the next is known. Scores of a policy treat them as
  /// independent, so the policy gradient is biased; a true one does not exist, since held actions
  /// have no density.
  Rollout(EnvFactory factory, int horizon, std::uint64_t seed, int noise_hold = 1);
  ~Rollout();

  const EnvSpec& spec() const { return spec_; }
  int horizon() const { return horizon_; }

  /// The shortest sequence of whole episodes 0, 1, 2, ... with at least `min_steps` steps. Throws
  /// NumericalError when an observation (as float), a reward or a place on the grid is not finite.
  void Collect(const Policy& policy, Index min_steps, std::uint32_t iteration, int num_threads,
               Batch& batch);

 private:
  struct Lanes;

  /// Between the columns of a lane's record, which has a row for every observation of an episode.
  Index RecordStride() const { return horizon_ + 1; }
  void Prepare(const Policy& policy, Index num_lanes, Lanes& share) const;
  /// Begins an episode in lane i.
  void Start(Index episode, std::uint32_t iteration, Index i, Lanes& share) const;
  /// Rounds share.observation to float as that before lane i's step t; false when not finite.
  bool StoreObservation(Index i, Lanes& share) const;
  /// Draws the action noise of lane i for its next steps, the first of which is taken in this pass.
  void DrawNoise(std::uint32_t iteration, Index i, Index pass, Lanes& share) const;
  /// Takes the step that share.actions says; true when it was the last of the episode.
  bool StepLane(ActionSquash squash, Index i, Lanes& share) const;
  /// Files the episode of lane i, which is over, under the finished ones.
  void Finish(bool terminated, Index i, Lanes& share) const;
  /// The finished episodes of all shares, in the order of their index.
  void Gather(Index num_episodes, Index num_shares, Batch& batch) const;

  EnvFactory factory_;
  EnvSpec spec_;
  int horizon_;
  std::uint64_t seed_;
  int noise_hold_;
  std::vector<std::unique_ptr<Lanes>> shares_;  // one per thread, reused between calls
};

}  // namespace vime
