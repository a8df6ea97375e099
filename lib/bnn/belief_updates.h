// What one transition does to the belief, measured otherwise than by KL[new || old], and what the
// belief says about predictions. Each measure is a rival of the information gain.
#pragma once

#include <span>

#include "lib/bnn/bayesian_network.h"

namespace vime {

/// E_{q'}[log p(y | x, theta)] - E_q[log p(y | x, theta)] of every row, q' the belief after the
/// Newton step on that row (see NewtonStep), both expectations under the same noise; nats. To first
/// order in lambda it is 2/lambda times the Taylor form of the information gain.
template <class T>
Vector<T> LogLikelihoodGain(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                            const FeaturesRef<T>& y, double step_size, const Noise<T>& noise,
                            int num_threads = 1);

/// KL[q_K || q_0] of every row after K steps phi <- phi - lambda grad l(phi) of plain gradient
/// descent, l = KL[q || q_0] - E_q[log p(y | x, theta)], all under the same noise; nats.
template <class T>
Vector<T> GradientStepsGain(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                            const FeaturesRef<T>& y, int steps, double step_size,
                            const Noise<T>& noise, int num_threads = 1);

/// Consecutive rows that belong together.
struct RowRange {
  Index begin = 0;
  Index length = 0;
};

/// The information gain of every row along each sequence when the belief learns on the way: the
/// belief after a row's Newton step is the belief before the next row, and each sequence starts
/// from `network` [H16 section 2.3, where the posterior of one step is the prior of the next]. A
/// row of a sequence that says the same again gains less. `sequences` cover the rows; `row_stddev`
/// as for BayesianNetwork::View(). Nats.
template <class T>
Vector<T> ChainedInformationGain(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                                 const FeaturesRef<T>& y, std::span<const RowRange> sequences,
                                 const InformationGainOptions& options, const Noise<T>& noise,
                                 int num_threads = 1, const Features<T>* row_stddev = nullptr);

/// What the released implementation of [H16] (openai/vime, bnn.py) returns as its fast KL:
///   lambda^2 sum_p g_p^2 softplus(phi_p)^2 / (2 sigmoid(phi_p)^2),
/// the inverse Hessian of rho applied to the means as well, and no factor 1/2. For comparisons with
/// published numbers; the correct form is InformationGain().
template <class T>
Vector<T> ReleasedFastKl(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                         const FeaturesRef<T>& y, double step_size, const Noise<T>& noise,
                         int num_threads = 1);

/// Mean and variance over theta ~ q of every prediction f_theta(x), N x outputs. With samples the
/// variance is that of the samples (divided by their number); with closed-form moments it is exact.
template <class T>
struct PredictiveMoments {
  Features<T> mean, variance;
};
template <class T>
PredictiveMoments<T> Predictive(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                                const Noise<T>& noise);

}  // namespace vime
