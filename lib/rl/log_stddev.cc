#include "lib/rl/log_stddev.h"

#include <algorithm>

#include "lib/core/check.h"

namespace vime {

LogStddevBounds<double> BoundsOf(const GaussianPolicyOptions& options) {
  const double low = Log(options.min_stddev);
  const double high = Log(options.max_stddev);
  return {.centre = 0.5 * (low + high), .half_width = 0.5 * (high - low)};
}

void SetInitialStddev(const GaussianPolicyOptions& options, Index num_actions,
                      std::vector<double>& theta) {
  const auto count = static_cast<std::size_t>(num_actions);
  if (options.stddev == StddevKind::kConstant) {
    theta.insert(theta.end(), count, Log(options.initial_stddev));
    return;
  }
  // The inverse of BoundedLogStddev: h atanh((log std - c) / h).
  const LogStddevBounds<double> bounds = BoundsOf(options);
  const double t = (Log(options.initial_stddev) - bounds.centre) / bounds.half_width;
  VIME_CHECK(t > -1 && t < 1);
  std::fill_n(theta.rbegin(), count, 0.5 * bounds.half_width * (Log1p(t) - Log1p(-t)));
}

void ClampLogStddev(const GaussianPolicyOptions& options, Eigen::Ref<VectorXd> log_stddev) {
  const double low = Log(options.min_stddev);
  const double high = Log(options.max_stddev);
  for (double& value : log_stddev) value = std::clamp(value, low, high);
}

}  // namespace vime
