// What the kernel of row_belief_kernel.h does and measures, shared with its callers.
#pragma once

namespace vime {

/// How a belief moves.
enum class StepRule {
  kNewton,    ///< along H^-1 grad l, H the diagonal Hessian of the KL at the start
  kGradient,  ///< along grad l
};

/// What is measured of the belief q' that a row has moved to.
enum class RowMeasure {
  kLogLikelihood,  ///< E_q'[log p(y | x, theta)] - E_q[log p(y | x, theta)]
  kDivergence,     ///< KL[q' || q]
};

struct RowBeliefOptions {
  StepRule rule = StepRule::kNewton;
  RowMeasure measure = RowMeasure::kDivergence;
  int steps = 1;
  double step_size = 0.01;  ///< lambda
};

}  // namespace vime
