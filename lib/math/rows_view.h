// A plain view of a time series of feature vectors, as kernels read it.
#pragma once

#include <cstdint>

namespace vime {

/// Feature i of row b is data[i stride + b].
template <class T>
struct RowsView {
  const T* data;
  std::int64_t stride;
};

}  // namespace vime
