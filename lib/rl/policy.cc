#include "lib/rl/policy.h"

namespace vime {

VectorXd Policy::WeightedScore(const Batch& batch, const VectorXd& weights, int num_threads) const {
  const MatrixXd scores = TrajectoryScores(batch, weights, num_threads).front();
  VectorXd sum = VectorXd::Zero(scores.cols());
  for (Index i = 0; i < scores.rows(); ++i) sum += scores.row(i).transpose();
  return sum;
}

}  // namespace vime
