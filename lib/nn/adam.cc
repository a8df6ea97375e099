#include "lib/nn/adam.h"

#include <cmath>

#include "lib/core/check.h"
#include "lib/kernels/kernels.h"

namespace vime {

template <class T>
Adam<T>::Adam(Index num_parameters, const AdamOptions& options)
    : options_(options), m_(Vector<T>::Zero(num_parameters)), v_(Vector<T>::Zero(num_parameters)) {}

template <class T>
void Adam<T>::Step(Eigen::Ref<Vector<T>> theta, const Eigen::Ref<const Vector<T>>& gradient) {
  VIME_CHECK(theta.size() == m_.size() && gradient.size() == m_.size());
  beta1_power_ *= options_.beta1;
  beta2_power_ *= options_.beta2;
  double rate = options_.learning_rate / (1 - beta1_power_);
  double root_scale = 1 / std::sqrt(1 - beta2_power_);
  if (options_.epsilon_before_correction) {
    rate /= root_scale;
    root_scale = 1;
  }
  GetKernels<T>().adam(m_.size(), theta.data(), gradient.data(), m_.data(), v_.data(),
                       static_cast<T>(options_.beta1), static_cast<T>(options_.beta2),
                       static_cast<T>(rate), static_cast<T>(root_scale),
                       static_cast<T>(options_.epsilon));
}

template <class T>
void Adam<T>::Serialize(Archive& archive) {
  archive.Visit("adam m", m_);
  archive.Visit("adam v", v_);
  archive.Visit("adam beta1 power", beta1_power_);
  archive.Visit("adam beta2 power", beta2_power_);
}

template class Adam<float>;
template class Adam<double>;

}  // namespace vime
