// Options of the information gain, shared by the kernels and their callers.
#pragma once

namespace vime {

/// Which form of the divergence between the belief after a transition and the belief before it.
enum class GainForm {
  /// 1/2 lambda^2 grad^T H^-1 grad, its second-order expansion.
  kTaylor,
  /// KL[q(phi') || q(phi)] itself, phi' = phi - lambda H^-1 grad.
  kExact,
  /// KL[q(phi) || q(phi')]: how much the old belief is compressed by the new one.
  kExactReversed,
};

struct InformationGainOptions {
  GainForm form = GainForm::kTaylor;
  double step_size = 0.01;  ///< lambda
};

}  // namespace vime
