// Parallel work over the rows of a network's input.
#pragma once

#include <algorithm>

#include "lib/bnn/bayesian_network.h"
#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/math/rows_view.h"

namespace vime {

/// Calls body(net, noise, x, y, rows, first) for chunks [first, first + rows) of the rows of x and
/// y, with views that start there. Which chunks there are does not depend on the thread count.
template <class T, class Body>
void ForEachChunk(const BayesianNetwork<T>& network, const Features<T>* row_stddev,
                  const Noise<T>& noise, const FeaturesRef<T>& x, const FeaturesRef<T>& y,
                  int num_threads, const Body& body) {
  constexpr Index kChunkRows = 256;  // a multiple of every lane count
  VIME_CHECK(x.rows() == y.rows());
  VIME_CHECK(row_stddev == nullptr || row_stddev->rows() == x.rows());
  const NetworkView<T> whole = network.View(row_stddev);
  const Index chunks = (x.rows() + kChunkRows - 1) / kChunkRows;
  ParallelFor(chunks, num_threads, [&](Index chunk) {
    const Index first = chunk * kChunkRows;
    NetworkView<T> net = whole;
    if (row_stddev != nullptr) net.likelihood_stddev += first;
    NoiseView<T> view = noise.View();
    view.key.item += static_cast<std::uint32_t>(first);
    if (view.row_stride > 0) view.values += first;
    body(net, view, RowsView<T>{x.data() + first, x.outerStride()},
         RowsView<T>{y.data() + first, y.outerStride()}, std::min(kChunkRows, x.rows() - first),
         first);
  });
}

}  // namespace vime
