#include "lib/bnn/belief_updates.h"

#include "lib/bnn/kernel_calls.h"
#include "lib/bnn/row_belief_kernel.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

// The noise of row b alone.
template <class T>
Noise<T> RowNoise(const Noise<T>& noise, Index b) {
  Noise<T> row = noise;
  row.key.item += static_cast<std::uint32_t>(b);
  if (noise.row_stride > 0) {
    row.row_stride = 0;
    row.values.resize(noise.values.size() / noise.row_stride);
    for (Index k = 0; k < row.values.size(); ++k) {
      row.values[k] = noise.values[k * noise.row_stride + b];
    }
  }
  return row;
}

template <class T>
Vector<T> MeasureRowBeliefs(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                            const FeaturesRef<T>& y, const RowBeliefOptions& options,
                            const Noise<T>& noise, int num_threads) {
  Vector<T> measures(x.rows());
  const Features<T>* no_row_stddev = nullptr;
  ForEachChunk<T>(
      network, no_row_stddev, noise, x, y, num_threads,
      [&](const NetworkView<T>& net, const NoiseView<T>& view, const RowsView<T>& row_x,
          const RowsView<T>& row_y, Index rows, Index first) {
        GetKernels<T>().row_belief(
            net, view, row_x, row_y, rows, options, measures.data() + first,
            ScratchFor(net, view, RowBeliefs<T>::kNumbers * std::int64_t{net.num_parameters}));
      });
  return measures;
}

template <class T>
void MoveTo(const DiagonalGaussian<T>& q, BayesianNetwork<T>& network) {
  network.phi() << q.mean, q.rho;
  network.Refresh();
}

}  // namespace

template <class T>
Vector<T> LogLikelihoodGain(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                            const FeaturesRef<T>& y, double step_size, const Noise<T>& noise,
                            int num_threads) {
  return MeasureRowBeliefs<T>(network, x, y,
                              {.rule = StepRule::kNewton,
                               .measure = RowMeasure::kLogLikelihood,
                               .steps = 1,
                               .step_size = step_size},
                              noise, num_threads);
}

template <class T>
Vector<T> GradientStepsGain(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                            const FeaturesRef<T>& y, int steps, double step_size,
                            const Noise<T>& noise, int num_threads) {
  return MeasureRowBeliefs<T>(network, x, y,
                              {.rule = StepRule::kGradient,
                               .measure = RowMeasure::kDivergence,
                               .steps = steps,
                               .step_size = step_size},
                              noise, num_threads);
}

template <class T>
Vector<T> ChainedInformationGain(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                                 const FeaturesRef<T>& y, std::span<const RowRange> sequences,
                                 const InformationGainOptions& options, const Noise<T>& noise,
                                 int num_threads, const Features<T>* row_stddev) {
  VIME_CHECK(x.rows() == y.rows());
  Vector<T> gain(x.rows());
  ParallelFor(static_cast<Index>(sequences.size()), num_threads, [&](Index i) {
    const RowRange& sequence = sequences[static_cast<std::size_t>(i)];
    BayesianNetwork<T> belief = network;
    for (Index b = sequence.begin; b < sequence.begin + sequence.length; ++b) {
      const Features<T> row_x = x.row(b);
      const Features<T> row_y = y.row(b);
      const Noise<T> row_noise = RowNoise(noise, b);
      Features<T> own;
      if (row_stddev != nullptr) own = row_stddev->row(b);
      const Features<T>* stddev = row_stddev != nullptr ? &own : nullptr;
      gain[b] = InformationGain<T>(belief, row_x, row_y, options, row_noise, 1, stddev)[0];
      MoveTo(NewtonStep<T>(belief, row_x, row_y, options.step_size, row_noise, stddev), belief);
    }
  });
  return gain;
}

template <class T>
Vector<T> ReleasedFastKl(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                         const FeaturesRef<T>& y, double step_size, const Noise<T>& noise,
                         int num_threads) {
  VIME_CHECK(x.rows() == y.rows());
  Vector<T> inverse_hessian(network.phi().size());
  for (Index p = 0; p < inverse_hessian.size(); ++p) {
    const T ratio = Softplus(network.phi()[p]) * (1 + Exp(-network.phi()[p]));  // over sigmoid
    inverse_hessian[p] = ratio * ratio / 2;
  }
  Vector<T> values(x.rows());
  ParallelFor(x.rows(), num_threads, [&](Index b) {
    const Features<T> row_x = x.row(b);
    const Features<T> row_y = y.row(b);
    ElboGradient<T> l;
    ComputeElboGradient<T>(network, row_x, row_y, 0, RowNoise(noise, b), nullptr, l);
    const Vector<T>& g = l.gradient;
    double sum = 0;
    for (Index p = 0; p < g.size(); ++p) {
      sum += static_cast<double>(g[p] * g[p] * inverse_hessian[p]);
    }
    values[b] = static_cast<T>(step_size * step_size * sum);
  });
  return values;
}

template <class T>
PredictiveMoments<T> Predictive(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                                const Noise<T>& noise) {
  const std::vector<Features<T>> samples = Predict<T>(network, x, noise);
  PredictiveMoments<T> moments{.mean = samples.front(), .variance = {}};
  for (std::size_t s = 1; s < samples.size(); ++s) moments.mean += samples[s];
  moments.mean /= static_cast<T>(samples.size());
  // E_q[(f - y)^2] is the variance where y is the mean.
  moments.variance.resize(x.rows(), moments.mean.cols());
  const NetworkView<T> net = network.View();
  const NoiseView<T> view = noise.View();
  GetKernels<T>().elbo_gradient(net, view, ViewOf<T>(x), ViewOf<T>(moments.mean), x.rows(), nullptr,
                                nullptr, nullptr, moments.variance.data(), ScratchFor(net, view));
  return moments;
}

#define VIME_INSTANTIATE(T)                                                                       \
  template Vector<T> LogLikelihoodGain(const BayesianNetwork<T>&, const FeaturesRef<T>&,          \
                                       const FeaturesRef<T>&, double, const Noise<T>&, int);      \
  template Vector<T> GradientStepsGain(const BayesianNetwork<T>&, const FeaturesRef<T>&,          \
                                       const FeaturesRef<T>&, int, double, const Noise<T>&, int); \
  template Vector<T> ChainedInformationGain(const BayesianNetwork<T>&, const FeaturesRef<T>&,     \
                                            const FeaturesRef<T>&, std::span<const RowRange>,     \
                                            const InformationGainOptions&, const Noise<T>&, int,  \
                                            const Features<T>*);                                  \
  template Vector<T> ReleasedFastKl(const BayesianNetwork<T>&, const FeaturesRef<T>&,             \
                                    const FeaturesRef<T>&, double, const Noise<T>&, int);         \
  template PredictiveMoments<T> Predictive(const BayesianNetwork<T>&, const FeaturesRef<T>&,      \
                                           const Noise<T>&);
VIME_INSTANTIATE(float)
VIME_INSTANTIATE(double)
#undef VIME_INSTANTIATE

}  // namespace vime
