#include "lib/nn/initial_weights.h"

#include "lib/math/elementary.h"

namespace vime {

void AppendLayer(int inputs, int outputs, double stddev, Rng& rng, std::vector<double>& theta) {
  for (int i = 0; i < inputs * outputs; ++i) theta.push_back(stddev * rng.Normal());
  theta.insert(theta.end(), static_cast<std::size_t>(outputs), 0.0);
}

double HiddenStddev(int inputs, int outputs) { return Sqrt(2.0 / (inputs + outputs)); }

std::vector<double> InitialMlpWeights(std::span<const int> sizes, double output_stddev, Rng& rng) {
  std::vector<double> theta;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    const bool last = l + 2 == sizes.size();
    const double stddev = last ? output_stddev : HiddenStddev(sizes[l], sizes[l + 1]);
    AppendLayer(sizes[l], sizes[l + 1], stddev, rng, theta);
  }
  return theta;
}

}  // namespace vime
