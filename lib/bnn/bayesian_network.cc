#include "lib/bnn/bayesian_network.h"

#include "lib/bnn/kernel_calls.h"
#include "lib/bnn/network_kernels.h"

namespace vime {

int NetworkShape::num_parameters() const {
  int total = 0;
  for (int l = 0; l < num_layers(); ++l) total += (sizes[l] + 1) * sizes[l + 1];
  return total;
}

int NetworkShape::num_units() const { return UnitsPerSample(sizes.data(), num_layers()); }

std::vector<int> NetworkShape::FanIn() const {
  std::vector<int> fan_in;
  for (int l = 0; l < num_layers(); ++l) {
    fan_in.insert(fan_in.end(),
                  static_cast<std::size_t>(sizes[l] + 1) * static_cast<std::size_t>(sizes[l + 1]),
                  sizes[l] + 1);
  }
  return fan_in;
}

template <class T>
Vector<T> NormalSequence(const NoiseKey& key, Index count) {
  const Index blocks = (count + 3) / 4;
  Vector<T> normals(4 * blocks);
  GetKernels<T>().fill_normals(key, 0, blocks, normals.data());
  normals.conservativeResize(count);
  return normals;
}

template <class T>
Noise<T> MakeNoise(const NetworkShape& shape, Sampling sampling, int num_samples,
                   const NoiseKey& key) {
  Noise<T> noise{sampling, num_samples, {}, 0, key};
  if (sampling == Sampling::kDirect) {
    noise.values = NormalSequence<T>(key, Index{num_samples} * shape.num_parameters());
  }
  return noise;
}

template <class T>
BayesianNetwork<T>::BayesianNetwork(NetworkShape shape, const DiagonalGaussian<T>& posterior,
                                    Vector<T> prior_stddev, Vector<T> likelihood_stddev)
    : shape_(std::move(shape)),
      prior_stddev_(std::move(prior_stddev)),
      likelihood_stddev_(std::move(likelihood_stddev)) {
  const int n = shape_.num_parameters();
  VIME_CHECK(shape_.num_layers() >= 1 && shape_.num_layers() <= kMaxLayers);
  VIME_CHECK(posterior.mean.size() == n && posterior.rho.size() == n);
  VIME_CHECK(prior_stddev_.size() == n && likelihood_stddev_.size() == shape_.num_outputs());
  phi_.resize(2 * n);
  phi_ << posterior.mean, posterior.rho;
  prior_precision_ = prior_stddev_.array().square().inverse();
  stddev_.resize(n);
  variance_.resize(n);
  slope_.resize(n);
  Refresh();
}

template <class T>
DiagonalGaussian<T> BayesianNetwork<T>::posterior() const {
  const Index n = stddev_.size();
  return {phi_.head(n), phi_.tail(n)};
}

template <class T>
void BayesianNetwork<T>::Refresh() {
  const Index n = stddev_.size();
  GetKernels<T>().refresh_posterior(n, phi_.data() + n, stddev_.data(), variance_.data(),
                                    slope_.data());
}

template <class T>
double BayesianNetwork<T>::KlToPrior() const {
  const Index n = stddev_.size();
  double kl = 0;
  for (Index p = 0; p < n; ++p) {
    const double prior = static_cast<double>(prior_stddev_[p]);
    const double log_ratio = LogSoftplus(static_cast<double>(phi_[n + p])) - Log(prior);
    const double shift = static_cast<double>(phi_[p]) / prior;
    kl += 0.5 * (ExpExcess(2 * log_ratio) + shift * shift);
  }
  return kl;
}

template <class T>
NetworkView<T> BayesianNetwork<T>::View(const Features<T>* row_stddev) const {
  VIME_CHECK(row_stddev == nullptr || row_stddev->cols() == shape_.num_outputs());
  const Index n = stddev_.size();
  return {.sizes = shape_.sizes.data(),
          .num_layers = shape_.num_layers(),
          .activation = shape_.activation,
          .num_parameters = static_cast<int>(n),
          .mean = phi_.data(),
          .stddev = stddev_.data(),
          .variance = variance_.data(),
          .slope = slope_.data(),
          .rho = phi_.data() + n,
          .likelihood_stddev = row_stddev ? row_stddev->data() : likelihood_stddev_.data(),
          .likelihood_stride = row_stddev ? row_stddev->outerStride() : 0};
}

template <class T>
std::vector<Features<T>> Predict(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                                 const Noise<T>& noise) {
  CheckInputs<T>(network, x, noise, nullptr);
  const NetworkView<T> net = network.View();
  const NoiseView<T> view = noise.View();
  const int samples = noise.sampling == Sampling::kMoments ? 1 : noise.num_samples;
  const int outputs = network.shape().num_outputs();
  Vector<T> all(Index{samples} * outputs * x.rows());
  GetKernels<T>().predict(net, view, ViewOf<T>(x), x.rows(), all.data(), ScratchFor(net, view));
  std::vector<Features<T>> predictions;
  for (int s = 0; s < samples; ++s) {
    predictions.emplace_back(
        Eigen::Map<const Features<T>>(all.data() + s * outputs * x.rows(), x.rows(), outputs));
  }
  return predictions;
}

template <class T>
Features<T> PredictAtMean(const BayesianNetwork<T>& network, const FeaturesRef<T>& x) {
  const Noise<T> zero{
      Sampling::kDirect, 1, Vector<T>::Zero(network.shape().num_parameters()), 0, {}};
  return Predict(network, x, zero).front();
}

template <class T>
void ComputeElboGradient(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                         const FeaturesRef<T>& y, double kl_weight, const Noise<T>& noise,
                         const Features<T>* row_stddev, ElboGradient<T>& result) {
  CheckTransitions<T>(network, x, y, noise, row_stddev);
  const NetworkView<T> net = network.View(row_stddev);
  const NoiseView<T> view = noise.View();
  const Index n = net.num_parameters;
  result.log_likelihood.resize(x.rows());
  result.squared_residual.resize(x.rows(), y.cols());
  result.gradient.setZero(2 * n);
  T* grad_mean = result.gradient.data();
  T* grad_rho = grad_mean + n;
  const KernelTable<T>& kernels = GetKernels<T>();
  kernels.elbo_gradient(net, view, ViewOf<T>(x), ViewOf<T>(y), x.rows(), grad_mean, grad_rho,
                        result.log_likelihood.data(), result.squared_residual.data(),
                        ScratchFor(net, view));
  kernels.add_prior_gradient(n, net, network.prior_precision().data(), static_cast<T>(kl_weight),
                             grad_mean, grad_rho);
}

template <class T>
NegativeElbo<T> ComputeNegativeElbo(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                                    const FeaturesRef<T>& y, double kl_weight,
                                    const Noise<T>& noise, const Features<T>* row_stddev) {
  NegativeElbo<T> result;
  ComputeElboGradient<T>(network, x, y, kl_weight, noise, row_stddev, result);
  result.kl = network.KlToPrior();
  double log_likelihood = 0;
  for (const T value : result.log_likelihood) log_likelihood += static_cast<double>(value);
  result.loss = kl_weight * result.kl - log_likelihood;
  return result;
}

template <class T>
double MonteCarloNegativeElbo(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                              const FeaturesRef<T>& y, double kl_weight, const Noise<T>& noise) {
  VIME_CHECK(noise.sampling == Sampling::kDirect);
  CheckTransitions<T>(network, x, y, noise, nullptr);
  const NetworkView<T> net = network.View();
  const NoiseView<T> view = noise.View();
  Vector<T> log_likelihood(x.rows());
  GetKernels<T>().elbo_gradient(net, view, ViewOf<T>(x), ViewOf<T>(y), x.rows(), nullptr, nullptr,
                                log_likelihood.data(), nullptr, ScratchFor(net, view));
  double loss = 0;
  for (int s = 0; s < noise.num_samples; ++s) {
    for (Index p = 0; p < net.num_parameters; ++p) {
      // log q(theta) - log p(theta), in which the 1/2 log 2 pi cancel.
      const double eps = static_cast<double>(noise.values[s * Index{net.num_parameters} + p]);
      const double theta =
          static_cast<double>(net.mean[p]) + static_cast<double>(net.stddev[p]) * eps;
      const double prior = static_cast<double>(network.prior_stddev()[p]);
      const double z = theta / prior;
      loss += kl_weight * (Log(prior) - LogSoftplus(static_cast<double>(net.rho[p])) +
                           0.5 * (z * z - eps * eps));
    }
  }
  loss /= noise.num_samples;
  for (const T value : log_likelihood) loss -= static_cast<double>(value);
  return loss;
}

template <class T>
Vector<T> InformationGain(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                          const FeaturesRef<T>& y, const InformationGainOptions& options,
                          const Noise<T>& noise, int num_threads, const Features<T>* row_stddev) {
  Vector<T> gain(x.rows());
  ForEachChunk<T>(network, row_stddev, noise, x, y, num_threads,
                  [&](const NetworkView<T>& net, const NoiseView<T>& view, const RowsView<T>& row_x,
                      const RowsView<T>& row_y, Index rows, Index first) {
                    GetKernels<T>().information_gain(net, view, row_x, row_y, rows, options,
                                                     gain.data() + first, ScratchFor(net, view));
                  });
  return gain;
}

template <class T>
DiagonalGaussian<T> NewtonStep(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                               const FeaturesRef<T>& y, double step_size, const Noise<T>& noise,
                               const Features<T>* row_stddev) {
  VIME_CHECK(x.rows() == 1);
  // The value and the gradient of the KL vanish at phi: grad l is that of -E_q[log p].
  ElboGradient<T> l;
  ComputeElboGradient<T>(network, x, y, 0, noise, row_stddev, l);
  const NetworkView<T> net = network.View();
  DiagonalGaussian<T> q = network.posterior();
  const T lambda = static_cast<T>(step_size);
  for (Index p = 0; p < net.num_parameters; ++p) {
    const T variance = net.variance[p];
    q.mean[p] -= lambda * variance * l.gradient[p];
    q.rho[p] -=
        lambda * variance / (2 * net.slope[p] * net.slope[p]) * l.gradient[net.num_parameters + p];
  }
  return q;
}

#define VIME_INSTANTIATE(T)                                                                      \
  template Vector<T> NormalSequence<T>(const NoiseKey&, Index);                                  \
  template Noise<T> MakeNoise<T>(const NetworkShape&, Sampling, int, const NoiseKey&);           \
  template class BayesianNetwork<T>;                                                             \
  template std::vector<Features<T>> Predict(const BayesianNetwork<T>&, const FeaturesRef<T>&,    \
                                            const Noise<T>&);                                    \
  template Features<T> PredictAtMean(const BayesianNetwork<T>&, const FeaturesRef<T>&);          \
  template void ComputeElboGradient(const BayesianNetwork<T>&, const FeaturesRef<T>&,            \
                                    const FeaturesRef<T>&, double, const Noise<T>&,              \
                                    const Features<T>*, ElboGradient<T>&);                       \
  template NegativeElbo<T> ComputeNegativeElbo(const BayesianNetwork<T>&, const FeaturesRef<T>&, \
                                               const FeaturesRef<T>&, double, const Noise<T>&,   \
                                               const Features<T>*);                              \
  template double MonteCarloNegativeElbo(const BayesianNetwork<T>&, const FeaturesRef<T>&,       \
                                         const FeaturesRef<T>&, double, const Noise<T>&);        \
  template Vector<T> InformationGain(const BayesianNetwork<T>&, const FeaturesRef<T>&,           \
                                     const FeaturesRef<T>&, const InformationGainOptions&,       \
                                     const Noise<T>&, int, const Features<T>*);                  \
  template DiagonalGaussian<T> NewtonStep(const BayesianNetwork<T>&, const FeaturesRef<T>&,      \
                                          const FeaturesRef<T>&, double, const Noise<T>&,        \
                                          const Features<T>*);
VIME_INSTANTIATE(float)
VIME_INSTANTIATE(double)
#undef VIME_INSTANTIATE

}  // namespace vime
