#include "lib/rl/gru_policy.h"

#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/nn/initial_weights.h"
#include "lib/rl/log_stddev.h"

namespace vime {
namespace {

std::span<double> AsSpan(VectorXd& v) { return {v.data(), static_cast<std::size_t>(v.size())}; }

std::span<const double> Column(const MatrixXd& m, Index t) {
  return {m.col(t).data(), static_cast<std::size_t>(m.rows())};
}

}  // namespace

GruPolicy::GruPolicy(const EnvSpec& spec, const GaussianPolicyOptions& options, std::uint64_t seed)
    : options_(options),
      num_actions_(spec.action_dim()),
      gru_(spec.observation_dim(), static_cast<int>(options.hidden.at(0)),
           StateDependentStddev() ? 2 * spec.action_dim() : spec.action_dim()),
      scaling_(spec.observation, options.observation_normalization) {
  VIME_CHECK(options.hidden.size() == 1);
  Rng rng({seed, Stream::kPolicyInit, 0, 0});
  std::vector<double> theta;
  const int hidden = gru_.num_hidden();
  const int inputs = gru_.num_inputs() + hidden;
  for (int gate = 0; gate < 3; ++gate) {
    AppendLayer(inputs, hidden, HiddenStddev(inputs, hidden), rng, theta);
  }
  AppendLayer(hidden, gru_.num_outputs(), options.output_init_stddev, rng, theta);
  SetInitialStddev(options, num_actions_, theta);
  SetParameters(Eigen::Map<const VectorXd>(theta.data(), static_cast<Index>(theta.size())));
}

void GruPolicy::SetParameters(const VectorXd& theta) {
  VIME_CHECK(theta_.size() == 0 || theta.size() == theta_.size());
  theta_ = theta;
  weights_ = theta_.head(gru_.num_weights());
  if (StateDependentStddev()) return;
  ClampLogStddev(options_, theta_.tail(num_actions_));
  stddev_ = theta_.tail(num_actions_);
  for (double& value : stddev_) value = Exp(value);
}

GruPolicy::Spread GruPolicy::SpreadOf(std::span<const double> y, Index k) const {
  if (!StateDependentStddev()) {
    return {.log_stddev = theta_[gru_.num_weights() + k], .inverse = 1 / stddev_[k], .slope = 1};
  }
  const double raw = y[static_cast<std::size_t>(num_actions_ + k)];
  const auto bounded = BoundedLogStddev(BoundsOf(options_), raw);
  return {.log_stddev = bounded.value, .inverse = Exp(-bounded.value), .slope = bounded.slope};
}

void GruPolicy::Act(const FeaturesRef<float>& observations, const FeaturesRef<float>& noise,
                    FeaturesOut<double> memory, FeaturesOut<float> actions) const {
  VectorXd x(gru_.num_inputs()), hidden(gru_.num_hidden()), y(gru_.num_outputs());
  for (Index row = 0; row < observations.rows(); ++row) {
    x = (observations.row(row).transpose().cast<double>() - scaling_.offset())
            .cwiseProduct(scaling_.scale());
    hidden = memory.row(row).transpose();
    gru_.Step(weights_, AsSpan(x), AsSpan(hidden), AsSpan(y));
    memory.row(row) = hidden.transpose();
    for (Index k = 0; k < num_actions_; ++k) {
      const double stddev =
          StateDependentStddev() ? Exp(SpreadOf(AsSpan(y), k).log_stddev) : stddev_[k];
      actions(row, k) = static_cast<float>(y[k] + stddev * static_cast<double>(noise(row, k)));
    }
  }
}

MatrixXd GruPolicy::Inputs(const Batch& batch, const Trajectory& trajectory) const {
  const MatrixXd raw =
      batch.observations.middleRows(trajectory.begin, trajectory.length).transpose().cast<double>();
  return (raw.colwise() - scaling_.offset()).array().colwise() * scaling_.scale().array();
}

ActionDistributions GruPolicy::Distributions(const Batch& batch) const {
  ActionDistributions distributions{
      .mean = Features<double>(batch.size(), num_actions_),
      .log_stddev = Features<double>(StateDependentStddev() ? batch.size() : 1, num_actions_)};
  for (const Trajectory& trajectory : batch.trajectories) {
    const MatrixXd y = gru_.Forward(weights_, Inputs(batch, trajectory)).outputs;
    for (Index k = 0; k < num_actions_; ++k) {
      for (Index t = 0; t < trajectory.length; ++t) {
        distributions.mean(trajectory.begin + t, k) = y(k, t);
        if (StateDependentStddev()) {
          distributions.log_stddev(trajectory.begin + t, k) = SpreadOf(Column(y, t), k).log_stddev;
        }
      }
    }
  }
  if (!StateDependentStddev()) distributions.log_stddev = theta_.tail(num_actions_).transpose();
  return distributions;
}

std::vector<MatrixXd> GruPolicy::TrajectoryScores(const Batch& batch, const MatrixXd& weights,
                                                  int num_threads) const {
  VIME_CHECK(weights.rows() == batch.size());
  const auto n = static_cast<Index>(batch.trajectories.size());
  // One column per trajectory and channel: [channels * parameters] x trajectories.
  MatrixXd scores = MatrixXd::Zero(weights.cols() * num_parameters(), n);
  ParallelFor(n, num_threads, [&](Index i) {
    const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
    const GruTrace trace = gru_.Forward(weights_, Inputs(batch, trajectory));
    // d log pi / d (mean, raw log std), or / d (mean, log std) where the latter is a parameter.
    MatrixXd step_scores(2 * num_actions_, trajectory.length);
    for (Index t = 0; t < trajectory.length; ++t) {
      for (Index k = 0; k < num_actions_; ++k) {
        const Spread spread = SpreadOf(Column(trace.outputs, t), k);
        const double sample = static_cast<double>(batch.sampled_actions(trajectory.begin + t, k));
        const auto score = ScoreGaussian(sample - trace.outputs(k, t), spread.inverse);
        step_scores(k, t) = score.mean;
        step_scores(num_actions_ + k, t) = score.log_stddev * spread.slope;
      }
    }
    for (Index c = 0; c < weights.cols(); ++c) {
      const VectorXd weight = weights.col(c).segment(trajectory.begin, trajectory.length);
      const MatrixXd weighted = step_scores.array().rowwise() * weight.transpose().array();
      double* gradient = scores.col(i).data() + c * num_parameters();
      gru_.Vjp(weights_, trace, weighted.topRows(gru_.num_outputs()),
               {gradient, static_cast<std::size_t>(gru_.num_weights())});
      if (StateDependentStddev()) continue;
      for (Index t = 0; t < trajectory.length; ++t) {
        for (Index k = 0; k < num_actions_; ++k) {
          gradient[gru_.num_weights() + k] += weighted(num_actions_ + k, t);
        }
      }
    }
  });
  std::vector<MatrixXd> result;
  for (Index c = 0; c < weights.cols(); ++c) {
    result.emplace_back(scores.middleRows(c * num_parameters(), num_parameters()).transpose());
  }
  return result;
}

VectorXd GruPolicy::FisherVectorProduct(const Batch& batch, const VectorXd& v,
                                        int num_threads) const {
  const auto n = static_cast<Index>(batch.trajectories.size());
  const VectorXd direction = v.head(gru_.num_weights());
  MatrixXd products = MatrixXd::Zero(gru_.num_weights(), n);
  ParallelFor(n, num_threads, [&](Index i) {
    const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
    const GruTrace trace = gru_.Forward(weights_, Inputs(batch, trajectory));
    MatrixXd cotangents = gru_.Jvp(weights_, trace, direction);  // J v, then diag(...) J v
    for (Index t = 0; t < trajectory.length; ++t) {
      for (Index k = 0; k < num_actions_; ++k) {
        const Spread spread = SpreadOf(Column(trace.outputs, t), k);
        cotangents(k, t) *= spread.inverse * spread.inverse;
        if (StateDependentStddev()) {
          cotangents(num_actions_ + k, t) *= 2 * spread.slope * spread.slope;
        }
      }
    }
    gru_.Vjp(weights_, trace, cotangents,
             {products.col(i).data(), static_cast<std::size_t>(products.rows())});
  });
  VectorXd product = VectorXd::Zero(v.size());
  for (Index i = 0; i < n; ++i) product.head(gru_.num_weights()) += products.col(i);
  product /= static_cast<double>(batch.size());
  if (!StateDependentStddev()) product.tail(num_actions_) = 2 * v.tail(num_actions_);
  return product;
}

double GruPolicy::MeanStddev(const Batch& batch) const {
  return vime::MeanStddev(Distributions(batch));
}

void GruPolicy::Serialize(Archive& archive) {
  archive.Visit("policy parameters", theta_);
  scaling_.Serialize(archive);
  SetParameters(VectorXd(theta_));
}

}  // namespace vime
