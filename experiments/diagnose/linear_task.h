// A task whose exact information gain is known: linear dynamics with Gaussian noise.
#pragma once

#include "lib/bnn/information_gain_options.h"
#include "lib/vime/dynamics_model.h"

namespace vime {

/// Spearman's rank correlations with the exact information gain of Bayesian linear regression.
struct LinearTaskCorrelations {
  double information_gain = 0;  ///< of the gain of the dynamics model
  double state_norm = 0;        ///< of |z|^2 of the standardised next observation
};

/// Trains a dynamics model on 2,000 transitions s' = A s + B a + 0.05 noise with s in R^2 (10 fits
/// of options.updates) and scores 1,000 others, whose states spread three times as far. The linear
/// model has seen the same transitions and knows that the dynamics are linear, so that its gain is
/// what each transition really teaches.
LinearTaskCorrelations CompareOnLinearTask(const DynamicsModelOptions& options,
                                           const InformationGainOptions& gain, std::uint64_t seed);

}  // namespace vime
