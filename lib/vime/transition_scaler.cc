#include "lib/vime/transition_scaler.h"

namespace vime {

TransitionScaler::TransitionScaler(int observation_dim, int action_dim, Target target)
    : observation_dim_(observation_dim),
      action_dim_(action_dim),
      target_(target),
      moments_(2 * observation_dim + action_dim) {
  Refresh();
}

void TransitionScaler::Observe(const Batch& batch) {
  VectorXd row(2 * observation_dim_ + action_dim_);
  for (Index t = 0; t < batch.size(); ++t) {
    for (int i = 0; i < observation_dim_; ++i) {
      const float s = batch.observations(t, i);
      const float next = batch.next_observations(t, i);
      row[i] = static_cast<double>(s);
      row[observation_dim_ + action_dim_ + i] =
          static_cast<double>(target_ == Target::kDelta ? next - s : next);
    }
    for (int k = 0; k < action_dim_; ++k) {
      row[observation_dim_ + k] = static_cast<double>(batch.executed_actions(t, k));
    }
    moments_.Add(row);
  }
  Refresh();
}

void TransitionScaler::Refresh() {
  const VectorXd& mean = moments_.mean();
  VectorXd stddev = moments_.StandardDeviation();
  if (target_ == Target::kDelta) {
    // A float s is known to 6e-8 |s|: a difference that spreads no further is rounding, no signal.
    for (int i = 0; i < observation_dim_; ++i) {
      double& spread = stddev[observation_dim_ + action_dim_ + i];
      if (spread * spread < 1e-12 * (mean[i] * mean[i] + stddev[i] * stddev[i])) spread = 1;
    }
  }
  mean_ = mean.cast<float>();
  inverse_stddev_ = stddev.cwiseInverse().cast<float>();
}

void TransitionScaler::Serialize(Archive& archive) {
  moments_.Serialize(archive);
  Refresh();
}

}  // namespace vime
