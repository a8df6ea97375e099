// What a policy sees of an observation: (observation - offset) scale.
#pragma once

#include <vector>

#include "lib/core/archive.h"
#include "lib/core/statistics.h"
#include "lib/rl/batch.h"
#include "lib/rl/env.h"

namespace vime {

/// How observations are scaled before the network sees them.
enum class ObservationNormalization {
  kBounds,   ///< (s - centre) / half width of the bounds in EnvSpec
  kRunning,  ///< (s - mean) / sd over everything observed in earlier iterations
  kNone,
};

template <class T>
class ObservationScaling {
 public:
  ObservationScaling(const std::vector<Axis>& observation, ObservationNormalization kind);

  const Vector<T>& offset() const { return offset_; }
  const Vector<T>& scale() const { return scale_; }
  void Set(const Vector<T>& offset, const Vector<T>& scale);

  /// kRunning: lets offset and scale follow the observations of the batch. Nothing otherwise.
  void Observe(const Batch& batch);

  void Serialize(Archive& archive);

 private:
  ObservationNormalization kind_;
  Vector<T> offset_, scale_;
  RunningMoments moments_;  // of observations, kRunning only
};

}  // namespace vime
