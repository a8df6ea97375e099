#include "lib/rl/gaussian_policy.h"

#include <algorithm>

#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/kernels/kernels.h"
#include "lib/nn/initial_weights.h"
#include "lib/rl/log_stddev.h"
#include "lib/rl/policy_kernels.h"

namespace vime {
namespace {

template <class T>
RowsView<T> ViewOf(const Features<T>& rows, Index first = 0) {
  return {rows.data() + first, rows.outerStride()};
}

// The rows of a float matrix in the precision of the kernels; no copy when that is float.
template <class T>
class RowsIn {
 public:
  explicit RowsIn(const FeaturesRef<float>& rows) {
    if constexpr (std::is_same_v<T, float>) {
      view_ = {rows.data(), rows.outerStride()};
    } else {
      copy_ = rows.template cast<T>();
      view_ = {copy_.data(), copy_.outerStride()};
    }
  }
  RowsView<T> From(Index first) const { return {view_.data + first, view_.stride}; }

 private:
  Features<T> copy_;
  RowsView<T> view_{};
};

}  // namespace

template <class T>
GaussianPolicy<T>::GaussianPolicy(const EnvSpec& spec, const GaussianPolicyOptions& options,
                                  std::uint64_t seed)
    : options_(options),
      num_actions_(spec.action_dim()),
      scaling_(spec.observation, options.observation_normalization) {
  sizes_.push_back(spec.observation_dim());
  for (const std::int64_t width : options.hidden) sizes_.push_back(static_cast<int>(width));
  sizes_.push_back(StateDependentStddev() ? 2 * num_actions_ : num_actions_);
  VIME_CHECK(sizes_.size() <= kMaxMlpLayers + 1);

  Rng rng({seed, Stream::kPolicyInit, 0, 0});
  std::vector<double> theta = InitialMlpWeights(sizes_, options.output_init_stddev, rng);
  SetInitialStddev(options, num_actions_, theta);
  SetParameters(Eigen::Map<const VectorXd>(theta.data(), static_cast<Index>(theta.size())));
}

template <class T>
std::unique_ptr<Policy> GaussianPolicy<T>::Clone() const {
  return std::make_unique<GaussianPolicy<T>>(*this);
}

template <class T>
void GaussianPolicy<T>::SetParameters(const VectorXd& theta) {
  theta_ = theta;
  if (StateDependentStddev()) {
    weights_ = theta_.template cast<T>();
    return;
  }
  ClampLogStddev(options_, theta_.tail(num_actions_));
  stddev_.resize(num_actions_);
  for (Index k = 0; k < num_actions_; ++k) {
    stddev_[k] = static_cast<T>(Exp(theta_[theta_.size() - num_actions_ + k]));
  }
  weights_ = theta_.head(theta_.size() - num_actions_).template cast<T>();
}

template <class T>
PolicyView<T> GaussianPolicy<T>::View() const {
  LogStddevBounds<double> bounds{};
  if (StateDependentStddev()) bounds = BoundsOf(options_);
  return {.mlp = {sizes_.data(), static_cast<int>(sizes_.size()) - 1, weights_.data()},
          .num_actions = num_actions_,
          .num_weights = static_cast<int>(weights_.size()),
          .offset = scaling_.offset().data(),
          .scale = scaling_.scale().data(),
          .stddev = StateDependentStddev() ? nullptr : stddev_.data(),
          .bounds = {static_cast<T>(bounds.centre), static_cast<T>(bounds.half_width)}};
}

template <class T>
void* GaussianPolicy<T>::Scratch(int channels) const {
  const int layers = static_cast<int>(sizes_.size()) - 1;
  return KernelScratch<T>(MlpScratchNumbers(sizes_.data(), layers) + sizes_.back() + channels +
                          channels * num_parameters());
}

template <class T>
Features<T> GaussianPolicy<T>::Outputs(const FeaturesRef<float>& observations) const {
  Features<T> outputs(observations.rows(), sizes_.back());
  const RowsIn<T> rows(observations);
  GetKernels<T>().policy_outputs(View(), rows.From(0), observations.rows(), outputs.data(),
                                 outputs.outerStride(), Scratch(0));
  return outputs;
}

template <class T>
Features<T> GaussianPolicy<T>::Mean(const FeaturesRef<float>& observations) const {
  Features<T> outputs = Outputs(observations);
  if (StateDependentStddev()) return outputs.leftCols(num_actions_);
  return outputs;
}

template <class T>
void GaussianPolicy<T>::Act(const FeaturesRef<float>& observations, const FeaturesRef<float>& noise,
                            FeaturesOut<double> /*memory*/, FeaturesOut<float> actions) const {
  if (StateDependentStddev()) {
    const Features<T> outputs = Outputs(observations);
    for (Index k = 0; k < actions.cols(); ++k) {
      for (Index b = 0; b < actions.rows(); ++b) {
        const double log_stddev = static_cast<double>(outputs(b, num_actions_ + k));
        const float stddev = static_cast<float>(Exp(log_stddev));
        actions(b, k) = static_cast<float>(outputs(b, k)) + stddev * noise(b, k);
      }
    }
    return;
  }
  if constexpr (std::is_same_v<T, float>) {  // the hot path writes in place
    GetKernels<T>().policy_outputs(View(), {observations.data(), observations.outerStride()},
                                   observations.rows(), actions.data(), actions.outerStride(),
                                   Scratch(0));
  } else {
    actions = Mean(observations).template cast<float>();
  }
  for (Index k = 0; k < actions.cols(); ++k) {
    const float stddev = static_cast<float>(stddev_[k]);
    for (Index b = 0; b < actions.rows(); ++b) actions(b, k) += stddev * noise(b, k);
  }
}

template <class T>
ActionDistributions GaussianPolicy<T>::Distributions(const Batch& batch) const {
  const Features<double> outputs = Outputs(batch.observations).template cast<double>();
  if (StateDependentStddev()) {
    return {.mean = outputs.leftCols(num_actions_), .log_stddev = outputs.rightCols(num_actions_)};
  }
  return {.mean = outputs, .log_stddev = theta_.tail(num_actions_).transpose()};
}

template <class T>
std::vector<MatrixXd> GaussianPolicy<T>::TrajectoryScores(const Batch& batch,
                                                          const MatrixXd& weights,
                                                          int num_threads) const {
  VIME_CHECK(weights.rows() == batch.size());
  const int channels = static_cast<int>(weights.cols());
  const Features<T> channel_weights = weights.template cast<T>();
  const RowsIn<T> observations(batch.observations);
  const RowsIn<T> actions(batch.sampled_actions);
  const PolicyView<T> view = View();
  const Index n = static_cast<Index>(batch.trajectories.size());
  // One column per trajectory and channel: [channels * parameters] x trajectories.
  MatrixXd scores = MatrixXd::Zero(channels * num_parameters(), n);
  ParallelFor(n, num_threads, [&](Index i) {
    const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
    GetKernels<T>().policy_scores(view, observations.From(trajectory.begin),
                                  actions.From(trajectory.begin), trajectory.length,
                                  ViewOf(channel_weights, trajectory.begin), channels,
                                  scores.col(i).data(), Scratch(channels));
  });
  std::vector<MatrixXd> result;
  for (int c = 0; c < channels; ++c) {
    result.emplace_back(scores.middleRows(c * num_parameters(), num_parameters()).transpose());
  }
  return result;
}

template <class T>
VectorXd GaussianPolicy<T>::FisherVectorProduct(const Batch& batch, const VectorXd& v,
                                                int num_threads) const {
  constexpr Index kChunk = 1024;  // rows; the sum over chunks is in their order
  const Vector<T> direction = v.template cast<T>();
  const RowsIn<T> observations(batch.observations);
  const PolicyView<T> view = View();
  const Index chunks = (batch.size() + kChunk - 1) / kChunk;
  MatrixXd products = MatrixXd::Zero(v.size(), chunks);
  ParallelFor(chunks, num_threads, [&](Index c) {
    const Index begin = c * kChunk;
    GetKernels<T>().policy_fisher(view, observations.From(begin),
                                  std::min(kChunk, batch.size() - begin), direction.data(),
                                  products.col(c).data(), Scratch(1));
  });
  VectorXd product = VectorXd::Zero(v.size());
  for (Index c = 0; c < chunks; ++c) product += products.col(c);
  return product / static_cast<double>(batch.size());
}

template <class T>
double GaussianPolicy<T>::MeanStddev(const Batch& batch) const {
  if (StateDependentStddev()) return vime::MeanStddev(Distributions(batch));
  double sum = 0;
  for (const T stddev : stddev_) sum += static_cast<double>(stddev);
  return sum / static_cast<double>(stddev_.size());
}

template <class T>
void GaussianPolicy<T>::Serialize(Archive& archive) {
  archive.Visit("policy parameters", theta_);
  scaling_.Serialize(archive);
  SetParameters(VectorXd(theta_));
}

template class GaussianPolicy<float>;
template class GaussianPolicy<double>;

}  // namespace vime
