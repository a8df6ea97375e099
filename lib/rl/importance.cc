#include "lib/rl/importance.h"

#include <algorithm>

#include "lib/core/statistics.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr double kMaxLogRatio = 30;

double Cut(double log_ratio) { return std::clamp(log_ratio, -kMaxLogRatio, kMaxLogRatio); }

VectorXd WholeTrajectory(const Batch& batch, const VectorXd& prefix_weights) {
  VectorXd weights(batch.size());
  for (const Trajectory& trajectory : batch.trajectories) {
    weights.segment(trajectory.begin, trajectory.length)
        .setConstant(prefix_weights[trajectory.begin + trajectory.length - 1]);
  }
  return weights;
}

// c_t = sum_{u >= t} w_{1:u} gamma^{u - t} r_u, or gamma^u r_u from the start.
VectorXd PerDecision(const Batch& batch, const VectorXd& prefix_weights, const VectorXd& rewards,
                     double gamma, bool from_start) {
  VectorXd score(batch.size());
  for (const Trajectory& trajectory : batch.trajectories) {
    const Index begin = trajectory.begin;
    double sum = 0;  // in units of step t
    for (Index t = begin + trajectory.length - 1; t >= begin; --t) {
      sum = prefix_weights[t] * rewards[t] + gamma * sum;
      score[t] = sum;
    }
    if (!from_start) continue;
    double discount = 1;  // gamma^t
    for (Index t = begin; t < begin + trajectory.length; ++t) {
      score[t] *= discount;
      discount *= gamma;
    }
  }
  return score;
}

}  // namespace

VectorXd Ratios(const VectorXd& log_ratios) {
  VectorXd ratios(log_ratios.size());
  for (Index t = 0; t < ratios.size(); ++t) ratios[t] = Exp(Cut(log_ratios[t]));
  return ratios;
}

double Surrogate(const VectorXd& ratios, const VectorXd& advantages) {
  return Dot(ratios, advantages) / static_cast<double>(ratios.size());
}

VectorXd PrefixWeights(const Batch& batch, const VectorXd& ratios) {
  const double most = Exp(kMaxLogRatio);
  VectorXd weights(batch.size());
  for (const Trajectory& trajectory : batch.trajectories) {
    double product = 1;
    for (Index t = trajectory.begin; t < trajectory.begin + trajectory.length; ++t) {
      product = std::clamp(product * ratios[t], 1 / most, most);
      weights[t] = product;
    }
  }
  return weights;
}

double EffectiveSampleShare(const Batch& batch, const VectorXd& log_ratios) {
  VectorXd log_weights(static_cast<Index>(batch.trajectories.size()));
  for (Index i = 0; i < log_weights.size(); ++i) {
    const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
    log_weights[i] = Sum(log_ratios.segment(trajectory.begin, trajectory.length));
  }
  const double largest = log_weights.maxCoeff();
  double sum = 0;
  double squares = 0;
  for (const double log_weight : log_weights) {
    const double weight = Exp(log_weight - largest);
    sum += weight;
    squares += weight * weight;
  }
  return sum * sum / (static_cast<double>(log_weights.size()) * squares);
}

ScoreWeights OnPolicyWeights(const VectorXd& advantages) {
  return {
      .advantages = advantages, .score = advantages, .baseline = VectorXd::Ones(advantages.size())};
}

ScoreWeights ReuseWeights(ImportanceKind kind, const Batch& batch, const VectorXd& ratios,
                          const VectorXd& rewards, const VectorXd& advantages, double gamma,
                          bool from_start, double clip) {
  ScoreWeights weights{.advantages = advantages, .score = {}, .baseline = {}};
  switch (kind) {
    case ImportanceKind::kTrajectory:
      weights.baseline = WholeTrajectory(batch, PrefixWeights(batch, ratios));
      break;
    case ImportanceKind::kPerDecision:
      weights.baseline = PrefixWeights(batch, ratios);
      weights.score = PerDecision(batch, weights.baseline, rewards, gamma, from_start);
      return weights;
    case ImportanceKind::kPrefix:
      weights.baseline = PrefixWeights(batch, ratios);
      break;
    case ImportanceKind::kClipped:
      weights.baseline = ratios.cwiseMax(1 - clip).cwiseMin(1 + clip);
      break;
  }
  weights.score = weights.baseline.cwiseProduct(advantages);
  return weights;
}

}  // namespace vime
