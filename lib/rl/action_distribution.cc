#include "lib/rl/action_distribution.h"

#include <algorithm>

#include "lib/core/check.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

// Calls visit(t, inverse stddev, log stddev) for every step of action dimension k.
template <class Visit>
void ForEachStep(const ActionDistributions& policy, Index k, const Visit& visit) {
  const Index steps = policy.mean.rows();
  if (policy.log_stddev.rows() == 1) {
    const double log_stddev = policy.log_stddev(0, k);
    const double inverse = Exp(-log_stddev);
    for (Index t = 0; t < steps; ++t) visit(t, inverse, log_stddev);
    return;
  }
  VIME_CHECK(policy.log_stddev.rows() == steps);
  for (Index t = 0; t < steps; ++t) {
    visit(t, Exp(-policy.log_stddev(t, k)), policy.log_stddev(t, k));
  }
}

}  // namespace

VectorXd LogProb(const ActionDistributions& policy, const Features<float>& actions) {
  VectorXd log_prob = VectorXd::Zero(policy.mean.rows());
  for (Index k = 0; k < policy.mean.cols(); ++k) {
    ForEachStep(policy, k, [&](Index t, double inverse, double log_stddev) {
      const double z = (static_cast<double>(actions(t, k)) - policy.mean(t, k)) * inverse;
      log_prob[t] -= 0.5 * z * z + (log_stddev + kHalfLog2Pi);
    });
  }
  return log_prob;
}

double MeanStddev(const ActionDistributions& policy) {
  double sum = 0;
  for (const double value : policy.log_stddev.reshaped()) sum += Exp(value);
  return sum / static_cast<double>(policy.log_stddev.size());
}

double MeanKl(const ActionDistributions& p, const ActionDistributions& q) {
  double kl = 0;
  const Index last = p.log_stddev.rows() - 1;
  for (Index k = 0; k < p.mean.cols(); ++k) {
    // r^2 - 1 - log r^2 with r = p_sd / q_sd, which is never negative.
    const auto excess = [&](Index t, double log_stddev) {
      return ExpExcess(2 * (p.log_stddev(std::min(t, last), k) - log_stddev));
    };
    const bool shared = last == 0 && q.log_stddev.rows() == 1;
    const double shared_excess = shared ? excess(0, q.log_stddev(0, k)) : 0;
    ForEachStep(q, k, [&](Index t, double inverse, double log_stddev) {
      const double z = (p.mean(t, k) - q.mean(t, k)) * inverse;
      kl += 0.5 * ((shared ? shared_excess : excess(t, log_stddev)) + z * z);
    });
  }
  return kl / static_cast<double>(p.mean.rows());
}

VectorXd LogDensity(const ActionDistributions& policy, const Features<float>& samples,
                    ActionSquash squash) {
  constexpr double kLog2 = 0.69314718055994531;
  VectorXd log_density = LogProb(policy, samples);
  if (squash == ActionSquash::kNone) return log_density;
  for (Index k = 0; k < samples.cols(); ++k) {
    for (Index t = 0; t < samples.rows(); ++t) {
      const double u = static_cast<double>(samples(t, k));
      log_density[t] -= 2 * (kLog2 - u - Softplus(-2 * u));
    }
  }
  return log_density;
}

}  // namespace vime
