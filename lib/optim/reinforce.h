// REINFORCE [Williams 1992] with the baselines of lib/rl/baselines.h, among them the per-parameter
// variance-optimal baseline that [H16] uses.
#pragma once

#include "lib/nn/adam.h"
#include "lib/optim/policy_optimizer.h"
#include "lib/rl/baselines.h"
#include "lib/rl/importance.h"
#include "lib/rl/value_function.h"

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
  /// Steps per batch. After the first the batch is one of another policy, and its steps are
  /// weighted.
  std::int64_t reuse_epochs = 1;
  ImportanceKind importance = ImportanceKind::kClipped;
  double ratio_clip = 0.2;  ///< of ImportanceKind::kClipped
  double max_kl = 0.015;    ///< no further reuse once the mean KL[old || new] exceeds it, nats
};

/// grad J = (1/n) sum_i sum_t grad log pi(a_it|s_it) (A_it - b_i), over n trajectories; when the
/// batch is reused, c_it - u_it b_i with the weights of lib/rl/importance.h. The baseline b_i of
/// trajectory i is fitted to the others (or to the previous batch): the estimate is unbiased (but
/// for the importance weights that are biased) and its variance over trajectories is measured out
/// of sample. With one trajectory b is 0.
struct GradientEstimate {
  VectorXd gradient;
  double variance_ratio = 0;  ///< see UpdateReport
  /// Variances over trajectories, per parameter: of the estimate, and without the baseline. Empty
  /// with fewer than three trajectories.
  VectorXd variances, plain_variances;
};

class Reinforce : public PolicyOptimizer {
 public:
  /// `value` is the function of BaselineKind::kLinear and kMlp; others leave it alone.
  Reinforce(const ReinforceOptions& options, Index num_parameters,
            std::unique_ptr<ValueFunction> value = std::make_unique<LinearValue>());

  UpdateReport Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                      int num_threads) override;
  void Serialize(Archive& archive) override;

  /// The gradient estimate alone; fits nothing and moves nothing.
  GradientEstimate Estimate(const Batch& batch, const ScoreWeights& steps, const Policy& policy,
                            int num_threads) const;
  GradientEstimate Estimate(const Batch& batch, const VectorXd& advantages, const Policy& policy,
                            int num_threads) const {
    return Estimate(batch, OnPolicyWeights(advantages), policy, num_threads);
  }

 private:
  bool UsesValue() const;
  void Step(const VectorXd& gradient, Policy& policy);

  ReinforceOptions options_;
  Adam<double> adam_;
  std::unique_ptr<ValueFunction> value_;  // predicts A in units of reward
  double scale_ = 1;                      // what the current A was divided by
};

}  // namespace vime
