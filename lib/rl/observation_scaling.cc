#include "lib/rl/observation_scaling.h"

#include "lib/core/check.h"

namespace vime {

template <class T>
ObservationScaling<T>::ObservationScaling(const std::vector<Axis>& observation,
                                          ObservationNormalization kind)
    : kind_(kind),
      offset_(Vector<T>::Zero(static_cast<Index>(observation.size()))),
      scale_(Vector<T>::Ones(static_cast<Index>(observation.size()))),
      moments_(static_cast<Index>(observation.size())) {
  if (kind != ObservationNormalization::kBounds) return;
  for (Index i = 0; i < offset_.size(); ++i) {
    const Axis& axis = observation[static_cast<std::size_t>(i)];
    offset_[i] = static_cast<T>(0.5 * (axis.low + axis.high));
    scale_[i] = static_cast<T>(2 / (axis.high - axis.low));
  }
}

template <class T>
void ObservationScaling<T>::Set(const Vector<T>& offset, const Vector<T>& scale) {
  VIME_CHECK(offset.size() == offset_.size() && scale.size() == scale_.size());
  offset_ = offset;
  scale_ = scale;
}

template <class T>
void ObservationScaling<T>::Observe(const Batch& batch) {
  if (kind_ != ObservationNormalization::kRunning) return;
  for (Index t = 0; t < batch.size(); ++t) {
    moments_.Add(batch.observations.row(t).transpose().cast<double>());
  }
  offset_ = moments_.mean().template cast<T>();
  scale_ = moments_.StandardDeviation().cwiseInverse().template cast<T>();
}

template <class T>
void ObservationScaling<T>::Serialize(Archive& archive) {
  archive.Visit("observation offset", offset_);
  archive.Visit("observation scale", scale_);
  moments_.Serialize(archive);
}

template class ObservationScaling<float>;
template class ObservationScaling<double>;

}  // namespace vime
