// Advantages by generalised advantage estimation [J. Schulman et al., ICLR 2016].
#pragma once

#include <memory>

#include "lib/rl/value_function.h"

namespace vime {

/// When V is fitted to the returns of a batch.
enum class ValueFit {
  kAfter,  ///< after its advantages: V depends on earlier batches only, so the gradient is unbiased
  kBefore,  ///< before: V has seen the returns it is subtracted from. Biased, the more the fewer
            ///< trajectories; follows rewards whose scale changes from batch to batch, as bonuses
            ///< do
};

struct AdvantageOptions {
  double gamma = 0.99;
  double gae_lambda = 1;  ///< 1: Monte Carlo returns minus V; 0: one-step temporal differences
  ValueKind value = ValueKind::kLinear;
  ValueFit value_fit = ValueFit::kAfter;
  /// What follows an episode that the horizon cut is V(s_T); otherwise nothing, as if the horizon
  /// were part of the task. After a terminated episode nothing follows in either case.
  bool bootstrap = true;
  bool standardize = true;  ///< subtract the batch mean of A and divide by its standard deviation
};

struct Advantages {
  VectorXd values;                ///< A_t
  double explained_variance = 0;  ///< of the returns by V, before V sees them; may be NaN
};

/// A_t = sum_{l >= 0} (gamma lambda)^l delta_{t+l},   delta_t = r_t + gamma V(s_{t+1}) - V(s_t),
/// within the trajectory of t.
class AdvantageEstimator {
 public:
  AdvantageEstimator(const AdvantageOptions& options, std::unique_ptr<ValueFunction> value);

  /// The advantages under V, which is fitted to the discounted returns of this batch afterwards or
  /// before (AdvantageOptions::value_fit). Those returns go on with V(s_T) as earlier batches left
  /// V where the horizon cut an episode. Throws NumericalError when a return, a value or an
  /// advantage is not finite; V may have been fitted by then.
  Advantages Estimate(const Batch& batch, const VectorXd& rewards);

  void Serialize(Archive& archive) { value_->Serialize(archive); }

 private:
  AdvantageOptions options_;
  std::unique_ptr<ValueFunction> value_;
};

/// (A - mean) / standard deviation over the batch; all zeros when A is constant.
VectorXd Standardized(const VectorXd& advantages);

}  // namespace vime
