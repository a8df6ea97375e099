// REINFORCE [Williams 1992] with the baselines of lib/rl/baselines.h, among them the per-parameter
// variance-optimal baseline that [H16] uses.
#pragma once

#include "lib/nn/adam.h"
#include "lib/optim/policy_optimizer.h"
#include "lib/rl/baselines.h"

namespace vime {

/// The A_t of sum_t grad log pi(a_t|s_t) (A_t - b). The trajectory form estimates the gradient of
/// J = E[R]. Reward-to-go has a smaller variance; it counts what follows step t from there on,
/// without the factor gamma^t that step t has in J, so the two agree only when gamma = 1.
enum class ReturnForm {
  kRewardToGo,  ///< A_t = sum_{u >= t} gamma^{u - t} r_u
  kTrajectory,  ///< A_t = R, the discounted return of the whole trajectory
};

enum class GradientStep {
  kAdam,
  kSgd,
};

struct ReinforceOptions {
  double gamma = 0.99;
  ReturnForm form = ReturnForm::kRewardToGo;
  BaselineKind baseline = BaselineKind::kOptimal;
  /// Divide A by its standard deviation over the batch, so that the step does not depend on the
  /// scale of the rewards.
  bool scale_returns = true;
  GradientStep step = GradientStep::kAdam;
  double learning_rate = 0.02;
  double beta1 = 0.9;
  double beta2 = 0.99;
};

/// grad J = (1/n) sum_i sum_t grad log pi(a_it|s_it) (A_it - b_i), over n trajectories. The
/// baseline b_i of trajectory i is fitted to the others (or to the previous batch): the estimate is
/// unbiased and its variance over trajectories is measured out of sample. With one trajectory b is
/// 0.
struct GradientEstimate {
  VectorXd gradient;
  double variance_ratio = 0;  ///< see UpdateReport
};

class Reinforce : public PolicyOptimizer {
 public:
  Reinforce(const ReinforceOptions& options, Index num_parameters);

  UpdateReport Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                      int num_threads) override;
  void Serialize(Archive& archive) override;

  /// The gradient estimate alone; fits nothing and moves nothing.
  GradientEstimate Estimate(const Batch& batch, const VectorXd& advantages, const Policy& policy,
                            int num_threads) const;

 private:
  ReinforceOptions options_;
  Adam<double> adam_;
  LinearBaseline linear_;  // predicts A, in units of scale_
  double scale_ = 1;       // what the last returns were divided by
};

}  // namespace vime
