// Adam: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", 2015.
#pragma once

#include "lib/core/archive.h"
#include "lib/core/types.h"

namespace vime {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// Where epsilon is added: after the bias correction (Kingma and Ba; the default), or before it
  /// (rate lr sqrt(1 - beta2^t)/(1 - beta1^t), as in Lasagne, which the original VIME used).
  bool epsilon_before_correction = false;
};

/// Moments of one flat parameter vector. Step() descends: theta <- theta - step.
template <class T>
class Adam {
 public:
  Adam(Index num_parameters, const AdamOptions& options);

  /// Descends along `gradient`; both have num_parameters entries.
  void Step(Eigen::Ref<Vector<T>> theta, const Eigen::Ref<const Vector<T>>& gradient);

  void Serialize(Archive& archive);

 private:
  AdamOptions options_;
  Vector<T> m_, v_;
  double beta1_power_ = 1;  // beta1^t, beta2^t
  double beta2_power_ = 1;
};

}  // namespace vime
