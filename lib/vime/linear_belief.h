// Bayesian linear regression on the features that the dynamics model has learned: its information
// gain is exact, where that of the network is an approximation.
#pragma once

#include "lib/vime/dynamics_model.h"

namespace vime {

/// h(s, a): the last hidden layer of the mean network, and a constant 1. N x features.
MatrixXd LearnedFeatures(const BayesianNetwork<float>& network, const Features<float>& x);

/// Bayesian linear regression y_o = w_o^T h + N(0, s_o^2) with w_o ~ N(0, s_o^2 / alpha I).
struct LinearBelief {
  /// Of features (N x F) and targets (N x outputs), each row counted `weight` times. s_o^2 is the
  /// mean squared residual, at least `floor`^2.
  LinearBelief(const MatrixXd& features, const Features<float>& targets, double weight,
               double alpha, double floor);

  /// KL[after || before] of every row, the belief updated by that row alone. With the leverage
  /// l = h^T A^{-1} h, A = alpha I + sum h h^T, and the residual e = y - w^T h, per output
  ///   1/2 (log(1 + l) - l/(1 + l) + (e/s_o)^2 l/(1 + l)^2).
  VectorXd Gain(const MatrixXd& features, const Features<float>& targets) const;

  MatrixXd factor;          ///< L with A = L L^T
  MatrixXd weights;         ///< F x outputs, the means of w_o
  VectorXd noise_variance;  ///< s_o^2
};

/// The belief of the model's learned features about the transitions of its pool: 5,000 of them,
/// spread evenly, each counted for its share; alpha = 1, s_o at least 0.03 (standardised targets).
LinearBelief LinearBeliefOf(const DynamicsModel& model);

}  // namespace vime
