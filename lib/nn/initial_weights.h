// Initial weights of tanh networks, in the layout of lib/nn/mlp_kernel.h.
#pragma once

#include <span>
#include <vector>

#include "lib/core/rng.h"

namespace vime {

/// Appends a layer to `theta`: inputs x outputs weights from N(0, stddev^2), then biases of 0.
void AppendLayer(int inputs, int outputs, double stddev, Rng& rng, std::vector<double>& theta);

/// The standard deviation sqrt(2 / (inputs + outputs)) of hidden layers: it keeps the variance of
/// activations and of gradients from layer to layer, as well as one number can [X. Glorot and
/// Y. Bengio, AISTATS 2010, equation 12].
double HiddenStddev(int inputs, int outputs);

/// The layers between `sizes`, the widths from inputs to outputs: hidden layers with HiddenStddev,
/// the last with output_stddev.
std::vector<double> InitialMlpWeights(std::span<const int> sizes, double output_stddev, Rng& rng);

}  // namespace vime
