// What every kernel call over a Bayesian network needs: arguments that fit it, scratch memory, and
// parallel work over the rows of its input.
#pragma once

#include <algorithm>

#include "lib/bnn/bayesian_network.h"
#include "lib/bnn/network_pack.h"
#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/kernels/kernels.h"
#include "lib/math/rows_view.h"

namespace vime {

template <class T>
RowsView<T> ViewOf(const FeaturesRef<T>& rows) {
  return {rows.data(), rows.outerStride()};
}

/// This thread's scratch memory, for a call on `net` and `additional` numbers.
template <class T>
void* ScratchFor(const NetworkView<T>& net, const NoiseView<T>& noise,
                 std::int64_t additional = 0) {
  return KernelScratch<T>(
      ScratchNumbers(net.sizes, net.num_layers, noise.num_samples, GetKernels<T>().lanes) +
      additional);
}

/// Checks what kernels take for granted: the width of the inputs, the length of explicit noise, the
/// rows of row_stddev, and that closed-form moments exist for the network.
template <class T>
void CheckInputs(const BayesianNetwork<T>& network, const FeaturesRef<T>& x, const Noise<T>& noise,
                 const Features<T>* row_stddev) {
  const NetworkShape& shape = network.shape();
  VIME_CHECK(x.cols() == shape.num_inputs());
  VIME_CHECK(row_stddev == nullptr || row_stddev->rows() == x.rows());
  VIME_CHECK(noise.num_samples >= 1);
  const bool direct = noise.sampling == Sampling::kDirect;
  const Index values =
      noise.num_samples * Index{direct ? shape.num_parameters() : shape.num_units()};
  if (noise.sampling == Sampling::kMoments) {
    VIME_CHECK(shape.num_layers() == 2 && shape.activation == Activation::kRelu);
  } else if (noise.row_stride > 0) {
    VIME_CHECK(!direct && noise.row_stride >= x.rows());
    VIME_CHECK(noise.values.size() >= (values - 1) * noise.row_stride + x.rows());
  } else if (direct || noise.values.size() > 0) {
    VIME_CHECK(noise.values.size() >= values);
  }
}

/// CheckInputs(), and that y has a row for each of x and a column for each output.
template <class T>
void CheckTransitions(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                      const FeaturesRef<T>& y, const Noise<T>& noise,
                      const Features<T>* row_stddev) {
  CheckInputs(network, x, noise, row_stddev);
  VIME_CHECK(y.rows() == x.rows() && y.cols() == network.shape().num_outputs());
}

/// Calls body(net, noise, x, y, rows, first) for chunks [first, first + rows) of the rows of x and
/// y, with views that start there. Which chunks there are does not depend on the thread count.
template <class T, class Body>
void ForEachChunk(const BayesianNetwork<T>& network, const Features<T>* row_stddev,
                  const Noise<T>& noise, const FeaturesRef<T>& x, const FeaturesRef<T>& y,
                  int num_threads, const Body& body) {
  constexpr Index kChunkRows = 256;  // a multiple of every lane count
  CheckTransitions(network, x, y, noise, row_stddev);
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
