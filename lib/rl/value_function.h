// Value functions V(s, t): what follows from state s at step t of an episode, under the policy that
// collected the data they were fitted to.
#pragma once

#include <memory>

#include "lib/rl/batch.h"
#include "lib/rl/env.h"
#include "lib/rl/regression_network.h"

namespace vime {

enum class ValueKind {
  kLinear,  ///< ridge regression on fixed features
  kMlp,     ///< a tanh network
  kNone,    ///< V = 0
};

/// The step t of every row of a batch within its episode, from 0.
VectorXd StepsOf(const Batch& batch);

class ValueFunction {
 public:
  virtual ~ValueFunction() = default;

  /// V(s_i, t_i) for rows of observations (N x observation_dim); 0 before the first Fit.
  virtual VectorXd Predict(const FeaturesRef<float>& observations, const VectorXd& steps) const = 0;

  /// Least squares towards `targets` (N).
  virtual void Fit(const FeaturesRef<float>& observations, const VectorXd& steps,
                   const VectorXd& targets) = 0;

  virtual void Serialize(Archive& archive) = 0;
};

/// V = 0.
class NoValue final : public ValueFunction {
 public:
  VectorXd Predict(const FeaturesRef<float>& observations, const VectorXd& steps) const override;
  void Fit(const FeaturesRef<float>& /*observations*/, const VectorXd& /*steps*/,
           const VectorXd& /*targets*/) override {}
  void Serialize(Archive& /*archive*/) override {}
};

/// Ridge regression on features (s, s^2, t', t'^2, t'^3, 1), t' = t/100, as in [D16].
class LinearValue final : public ValueFunction {
 public:
  VectorXd Predict(const FeaturesRef<float>& observations, const VectorXd& steps) const override;
  void Fit(const FeaturesRef<float>& observations, const VectorXd& steps,
           const VectorXd& targets) override;
  void Serialize(Archive& archive) override;

 private:
  VectorXd coefficients_;
};

/// V(s, t) = mean + sd f(s, t), f a tanh MLP with one hidden layer of 32. It is fitted by L-BFGS to
/// standardised targets, from where the last fit ended; mean and sd are those of the last targets.
/// The inputs are s and t, the bounds of their axes and [0, horizon] scaled to [-1, 1].
class MlpValue final : public ValueFunction {
 public:
  MlpValue(const EnvSpec& spec, int horizon, std::uint64_t seed);

  VectorXd Predict(const FeaturesRef<float>& observations, const VectorXd& steps) const override;
  void Fit(const FeaturesRef<float>& observations, const VectorXd& steps,
           const VectorXd& targets) override;
  void Serialize(Archive& archive) override;

 private:
  Features<float> Inputs(const FeaturesRef<float>& observations, const VectorXd& steps) const;

  Vector<float> centre_, inverse_half_width_;
  RegressionNetwork network_;
  double mean_ = 0;
  double stddev_ = 0;  // 0 before the first Fit
};

std::unique_ptr<ValueFunction> MakeValueFunction(ValueKind kind, const EnvSpec& spec, int horizon,
                                                 std::uint64_t seed);

/// 1 - Var(target - prediction) / Var(target): 1 is perfect, 0 as good as a constant. NaN when the
/// targets are constant.
double ExplainedVariance(const VectorXd& predictions, const VectorXd& targets);

}  // namespace vime
