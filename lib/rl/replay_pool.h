// The replay pool: self-contained transitions (s, a, s') that a dynamics model is fitted to.
#pragma once

#include <span>

#include "lib/core/archive.h"
#include "lib/core/rng.h"
#include "lib/rl/batch.h"

namespace vime {

/// A ring of the last `capacity` transitions. Each keeps its own s', so none crosses the end of a
/// trajectory, and `a` is the executed (clipped) action, which is what moved the environment.
class ReplayPool {
 public:
  ReplayPool(Index capacity, int observation_dim, int action_dim);

  /// Appends the transitions of a batch, the oldest making room.
  void Add(const Batch& batch);

  Index size() const { return size_; }
  Index capacity() const { return observations_.rows(); }

  /// Rows of the pool, drawn uniformly with replacement. Requires size() > 0.
  void Sample(Rng& rng, std::span<Index> rows) const;

  void Serialize(Archive& archive);

  const Features<float>& observations() const { return observations_; }
  const Features<float>& actions() const { return actions_; }
  const Features<float>& next_observations() const { return next_observations_; }

 private:
  Features<float> observations_, actions_, next_observations_;
  Index size_ = 0;
  Index next_ = 0;  // the row that the next transition goes to
};

}  // namespace vime
