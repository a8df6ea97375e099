// Transitions in units that a network can learn: standardised by everything observed so far.
#pragma once

#include "lib/core/archive.h"
#include "lib/core/statistics.h"
#include "lib/rl/batch.h"

namespace vime {

/// What a model of the dynamics predicts.
enum class Target {
  kNextObservation,  ///< s'
  kDelta,            ///< s' - s
};

/// Network inputs (s, a) and targets, each feature less its mean, over its standard deviation.
struct StandardizedTransitions {
  Features<float> x, y;
};

/// The rows 0, 1, ..., n - 1 without storing them.
struct AllRows {
  Index n;
  std::size_t size() const { return static_cast<std::size_t>(n); }
  Index operator[](std::size_t i) const { return static_cast<Index>(i); }
};

class TransitionScaler {
 public:
  TransitionScaler(int observation_dim, int action_dim, Target target);

  /// Takes the transitions of a batch into the statistics.
  void Observe(const Batch& batch);
  /// Whether there is anything to standardise by.
  bool ready() const { return moments_.count() > 0; }

  /// Of the given rows of a batch or pool; Rows is anything with size() and operator[].
  template <class Rows>
  void Apply(const Features<float>& observations, const Features<float>& actions,
             const Features<float>& next_observations, const Rows& rows,
             StandardizedTransitions& out) const {
    const Index n = static_cast<Index>(rows.size());
    out.x.resize(n, observation_dim_ + action_dim_);
    out.y.resize(n, observation_dim_);
    for (int i = 0; i < observation_dim_; ++i) {
      for (Index b = 0; b < n; ++b) {
        const Index row = rows[static_cast<std::size_t>(b)];
        const float s = observations(row, i);
        const float next = next_observations(row, i);
        out.x(b, i) = Scaled(s, i);
        out.y(b, i) = ScaledTarget(s, next, i);
      }
    }
    for (int k = 0; k < action_dim_; ++k) {
      for (Index b = 0; b < n; ++b) {
        out.x(b, observation_dim_ + k) =
            Scaled(actions(rows[static_cast<std::size_t>(b)], k), observation_dim_ + k);
      }
    }
  }
  /// Of a whole batch.
  StandardizedTransitions Apply(const Batch& batch) const {
    StandardizedTransitions out;
    Apply(batch.observations, batch.executed_actions, batch.next_observations,
          AllRows{batch.size()}, out);
    return out;
  }

  /// The standardised target i of the transition from s to `next`.
  float ScaledTarget(float s, float next, int i) const {
    return Scaled(target_ == Target::kDelta ? next - s : next, observation_dim_ + action_dim_ + i);
  }

  void Serialize(Archive& archive);

 private:
  float Scaled(float value, int feature) const {
    return (value - mean_[feature]) * inverse_stddev_[feature];
  }
  void Refresh();

  int observation_dim_, action_dim_;
  Target target_;
  RunningMoments moments_;  // of (s, a, target)
  Vector<float> mean_, inverse_stddev_;
};

}  // namespace vime
