// Log standard deviations of policies within their bounds.
#pragma once

#include "lib/rl/gaussian_policy.h"
#include "lib/rl/policy_kernels.h"

namespace vime {

/// The bounds of raw outputs, StddevKind::kState.
LogStddevBounds<double> BoundsOf(const GaussianPolicyOptions& options);

/// Lets initial parameters that end with the biases of a policy's outputs give the initial standard
/// deviation: log standard deviations are appended, or raw ones replace the last biases.
void SetInitialStddev(const GaussianPolicyOptions& options, Index num_actions,
                      std::vector<double>& theta);

/// StddevKind::kConstant: cuts the parameters at their bounds.
void ClampLogStddev(const GaussianPolicyOptions& options, Eigen::Ref<VectorXd> log_stddev);

}  // namespace vime
