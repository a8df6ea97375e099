// What a rollout returns: transitions of whole episodes, feature by feature over time.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "lib/core/archive.h"
#include "lib/core/types.h"

namespace vime {

/// Steps [begin, begin + length) of a batch are one episode.
struct Trajectory {
  Index begin = 0;
  Index length = 0;
  /// The MDP ended; otherwise the horizon cut the episode (it is `truncated`).
  bool terminated = false;
  bool success = false;
};

/// N transitions (s, a, s'). Every transition carries its own s', so none crosses the end of an
/// episode.
struct Batch {
  Features<float> observations;       ///< s, N x observation_dim
  Features<float> sampled_actions;    ///< what the policy drew, normalised units, N x action_dim
  Features<float> executed_actions;   ///< what the environment got: raw units, clipped
  Features<float> next_observations;  ///< s', N x observation_dim
  Features<float> coverage;           ///< where s' lies on the visit grid, N x 2
  VectorXd rewards;                   ///< extrinsic r(s, a, s')
  std::vector<Trajectory> trajectories;

  Index size() const { return rewards.size(); }

  void Resize(Index n, int observation_dim, int action_dim) {
    observations.resize(n, observation_dim);
    sampled_actions.resize(n, action_dim);
    executed_actions.resize(n, action_dim);
    next_observations.resize(n, observation_dim);
    coverage.resize(n, 2);
    rewards.resize(n);
  }

  /// Makes room for n rows, keeping those there are.
  void Reserve(Index n, int observation_dim, int action_dim) {
    if (n <= size()) return;
    Batch grown;
    grown.Resize(std::max(n, 2 * size()), observation_dim, action_dim);
    if (size() > 0) grown.CopyRows(0, *this, 0, size());
    grown.trajectories = std::move(trajectories);
    *this = std::move(grown);
  }

  /// Copies rows [begin, begin + length) of `from` to the rows from `row` on.
  void CopyRows(Index row, const Batch& from, Index begin, Index length) {
    const auto copy = [&](auto& to, const auto& source) {
      to.middleRows(row, length) = source.middleRows(begin, length);
    };
    copy(observations, from.observations);
    copy(sampled_actions, from.sampled_actions);
    copy(executed_actions, from.executed_actions);
    copy(next_observations, from.next_observations);
    copy(coverage, from.coverage);
    rewards.segment(row, length) = from.rewards.segment(begin, length);
  }

  /// The given rows, in that order, as one trajectory: for work that looks at single steps.
  Batch Rows(std::span<const Index> rows) const;

  /// The rows of the given trajectories, one after the other.
  std::vector<Index> RowsOf(std::span<const Index> episodes) const;
  /// The given trajectories, in that order: for policies with memory, which need them whole.
  Batch Episodes(std::span<const Index> episodes) const;

  /// The number of rows must be right already.
  void Serialize(Archive& archive);
};

/// `rows` steps spread evenly over a batch, as one trajectory; all of it when rows is 0 or at least
/// its size.
Batch EvenSample(const Batch& batch, Index rows);

/// Whole episodes spread evenly over a batch, as many as have about `rows` steps; all of them when
/// rows is 0 or at least its size.
Batch EvenEpisodes(const Batch& batch, Index rows);

}  // namespace vime
