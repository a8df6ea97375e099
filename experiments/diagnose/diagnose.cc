#include "experiments/diagnose/diagnose.h"

#include <cmath>
#include <functional>

#include "envs/registry.h"
#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/optim/conjugate_gradient.h"
#include "lib/rl/returns.h"
#include "lib/vime/linear_belief.h"
#include "lib/vime/plain_bonus.h"

namespace vime {
namespace {

// Batches that no training iteration has drawn.
constexpr std::uint32_t kFirstBatch = 1u << 30;

Measured Measure(const std::vector<double>& values) {
  return {Mean(values),
          StandardDeviation(values, 1) / std::sqrt(static_cast<double>(values.size()))};
}

// Mean and spread of vectors: |sd| is the root of the summed variances (ddof 1).
struct VectorMean {
  VectorXd mean;
  double spread = 0;
};

VectorMean MeanOf(const std::vector<VectorXd>& vectors) {
  const double n = static_cast<double>(vectors.size());
  VectorMean result{VectorXd::Zero(vectors.front().size()), 0};
  for (const VectorXd& v : vectors) result.mean += v / n;
  double squares = 0;
  for (const VectorXd& v : vectors) {
    const double distance = EuclideanNorm(v - result.mean);
    squares += distance * distance;
  }
  result.spread = std::sqrt(squares / (n - 1));
  return result;
}

// What a baseline does to the variances of the parameters of a gradient, over batches.
class VarianceChanges {
 public:
  void Add(const VectorXd& with, const VectorXd& without) {
    ratios_.push_back(Sum(with) / Sum(without));
    double improved = 0;
    for (Index k = 0; k < with.size(); ++k) improved += with[k] < without[k] ? 1 : 0;
    improved_shares_.push_back(improved / static_cast<double>(with.size()));
  }
  BaselineRow Row(BaselineKind baseline, bool pooled) const {
    return {baseline, pooled, Measure(ratios_), Measure(improved_shares_)};
  }

 private:
  std::vector<double> ratios_, improved_shares_;
};

// Everything a measurement needs: the config, the policy to look at, and fresh batches.
class Laboratory {
 public:
  Laboratory(const RunConfig& config, const DiagnoseOptions& options, int num_threads)
      : config_(config),
        options_(options),
        num_threads_(num_threads),
        rollout_(MakeRollout(config)),
        model_(rollout_->spec(), config.bnn, static_cast<std::uint64_t>(config.seed)) {
    // The model of a run without a bonus learns as well: from the same batches.
    const std::unique_ptr<Trainer> trainer = MakeTrainer(config, num_threads);
    for (std::int64_t i = 0; i < options.warmup; ++i) {
      trainer->Iterate();
      model_.Observe(trainer->batch());
      model_.Fit(static_cast<std::uint32_t>(i));
    }
    policy_ = trainer->policy().Clone();
  }

  Diagnosis Run() {
    std::vector<Batch> batches = Batches(*policy_);
    Diagnosis diagnosis;
    std::vector<double> returns;
    for (const Batch& batch : batches) {
      returns.push_back(Sum(batch.rewards) / static_cast<double>(batch.trajectories.size()));
    }
    diagnosis.return_mean = Mean(returns);
    diagnosis.baselines = Baselines(batches);
    diagnosis.reuse = Reuse(batches);
    diagnosis.trust_region = TrustRegion(batches.front());
    if (model_.ready()) {
      diagnosis.gains = Gains(batches.front());
      diagnosis.correlations = Correlations(batches.front());
    }
    diagnosis.linear_task =
        CompareOnLinearTask(config_.bnn, config_.gain, static_cast<std::uint64_t>(config_.seed));
    return diagnosis;
  }

 private:
  Batch Collect(const Policy& policy) {
    Batch batch;
    rollout_->Collect(policy, config_.batch_steps, next_batch_++, num_threads_, batch);
    return batch;
  }
  std::vector<Batch> Batches(const Policy& policy) {
    std::vector<Batch> batches;
    for (std::int64_t i = 0; i < options_.batches; ++i) batches.push_back(Collect(policy));
    return batches;
  }

  bool from_start() const { return config_.reinforce.form == ReturnForm::kTrajectory; }
  VectorXd Returns(const Batch& batch) const {
    const double gamma = config_.reinforce.gamma;
    return from_start() ? PerStep(batch, TrajectoryReturns(batch, batch.rewards, gamma))
                        : RewardToGo(batch, batch.rewards, gamma);
  }

  Reinforce Estimator(BaselineKind baseline) const {
    ReinforceOptions options = config_.reinforce;
    options.baseline = baseline;
    options.scale_returns = false;
    options.reuse_epochs = 1;
    const ValueKind value = baseline == BaselineKind::kMlp ? ValueKind::kMlp : ValueKind::kLinear;
    return Reinforce(options, policy_->num_parameters(),
                     MakeValueFunction(value, rollout_->spec(), rollout_->horizon(),
                                       static_cast<std::uint64_t>(config_.seed)));
  }

  std::vector<BaselineRow> Baselines(const std::vector<Batch>& batches) {
    const Batch other = Collect(*policy_);
    std::vector<BaselineRow> rows;
    for (const BaselineKind baseline :
         {BaselineKind::kNone, BaselineKind::kMean, BaselineKind::kTime, BaselineKind::kLinear,
          BaselineKind::kMlp, BaselineKind::kOptimal}) {
      Reinforce reinforce = Estimator(baseline);
      reinforce.Update(other, other.rewards, *policy_->Clone(), num_threads_);  // fits the value
      VarianceChanges changes;
      for (const Batch& batch : batches) {
        const GradientEstimate estimate =
            reinforce.Estimate(batch, Returns(batch), *policy_, num_threads_);
        changes.Add(estimate.variances, estimate.plain_variances);
      }
      rows.push_back(changes.Row(baseline, /*pooled=*/false));
    }
    PooledBaselines(batches, rows);
    return rows;
  }

  // The two constants, fitted to the trajectories of all other batches: quotients of sums over all
  // batches, less those over the one held out.
  void PooledBaselines(const std::vector<Batch>& batches, std::vector<BaselineRow>& rows) {
    const Index num_parameters = policy_->num_parameters();
    BaselineSums total{VectorXd::Zero(num_parameters), VectorXd::Zero(num_parameters)};
    double returns = 0, steps = 0;
    std::vector<Scores> all;
    for (const Batch& batch : batches) {
      const Scores& scores = all.emplace_back(ScoresOf(batch));
      total.numerator += scores.sums.numerator;
      total.denominator += scores.sums.denominator;
      returns += scores.returns;
      steps += scores.steps;
    }
    VarianceChanges mean, optimal;
    for (const Scores& held_out : all) {
      const VectorXd plain = Variances(held_out.weighted);
      const auto with = [&](const VectorXd& b) {
        const MatrixXd baseline_part = held_out.scores.array().rowwise() * b.transpose().array();
        return Variances(held_out.weighted - baseline_part);
      };
      const double mean_return = (returns - held_out.returns) / (steps - held_out.steps);
      mean.Add(with(VectorXd::Constant(num_parameters, mean_return)), plain);
      optimal.Add(with(OptimalBaseline({total.numerator - held_out.sums.numerator,
                                        total.denominator - held_out.sums.denominator})),
                  plain);
    }
    rows.push_back(mean.Row(BaselineKind::kMean, /*pooled=*/true));
    rows.push_back(optimal.Row(BaselineKind::kOptimal, /*pooled=*/true));
  }

  // Sums over each trajectory of g_t and g_t A_t (trajectories x parameters), and over the batch.
  struct Scores {
    MatrixXd scores, weighted;
    BaselineSums sums;
    double returns = 0, steps = 0;
  };
  Scores ScoresOf(const Batch& batch) const {
    MatrixXd weights(batch.size(), 2);
    weights.col(0).setOnes();
    weights.col(1) = Returns(batch);
    const std::vector<MatrixXd> parts = policy_->TrajectoryScores(batch, weights, num_threads_);
    return {parts[0], parts[1], SumOverTrajectories(parts[0], parts[1]), Sum(weights.col(1)),
            static_cast<double>(batch.size())};
  }

  std::vector<ReuseRow> Reuse(const std::vector<Batch>& batches) {
    const Reinforce reinforce =
        Estimator(config_.reinforce.baseline == BaselineKind::kOptimal ? BaselineKind::kOptimal
                                                                       : BaselineKind::kNone);
    const std::unique_ptr<Policy> moved = policy_->Clone();
    Reinforce mover(config_.reinforce, moved->num_parameters());
    std::vector<ReuseRow> rows;
    std::int64_t steps = 0;
    for (const std::int64_t until : {1, 2, 4, 8, 16}) {
      for (; steps < until; ++steps) {
        const Batch batch = Collect(*moved);
        mover.Update(batch, batch.rewards, *moved, num_threads_);
      }
      std::vector<VectorXd> on_policy;
      for (const Batch& batch : Batches(*moved)) {
        on_policy.push_back(
            reinforce.Estimate(batch, Returns(batch), *moved, num_threads_).gradient);
      }
      const VectorMean truth = MeanOf(on_policy);
      const double unit = EuclideanNorm(truth.mean);
      for (const ImportanceKind kind : {ImportanceKind::kTrajectory, ImportanceKind::kPerDecision,
                                        ImportanceKind::kPrefix, ImportanceKind::kClipped}) {
        std::vector<VectorXd> estimates;
        std::vector<double> kls, shares;
        for (const Batch& batch : batches) {
          const ActionDistributions before = policy_->Distributions(batch);
          const ActionDistributions after = moved->Distributions(batch);
          const VectorXd log_ratios =
              LogProb(after, batch.sampled_actions) - LogProb(before, batch.sampled_actions);
          const VectorXd ratios = Ratios(log_ratios);
          kls.push_back(MeanKl(before, after));
          shares.push_back(EffectiveSampleShare(batch, log_ratios));
          const ScoreWeights weights =
              ReuseWeights(kind, batch, ratios, batch.rewards, Returns(batch),
                           config_.reinforce.gamma, from_start(), config_.reinforce.ratio_clip);
          estimates.push_back(reinforce.Estimate(batch, weights, *moved, num_threads_).gradient);
        }
        const VectorMean estimate = MeanOf(estimates);
        const double n = static_cast<double>(batches.size());
        rows.push_back({.steps = until,
                        .kl = Mean(kls),
                        .effective_sample_share = Mean(shares),
                        .kind = kind,
                        .bias = EuclideanNorm(estimate.mean - truth.mean) / unit,
                        .noise = std::hypot(estimate.spread, truth.spread) / std::sqrt(n) / unit,
                        .spread = estimate.spread / unit});
      }
    }
    return rows;
  }

  std::vector<TrustRegionRow> TrustRegion(const Batch& batch) {
    const VectorXd advantages = Standardized(Returns(batch));
    const VectorXd gradient =
        policy_->WeightedScore(batch, advantages, num_threads_) / static_cast<double>(batch.size());
    const auto fisher = [&](const VectorXd& v) -> VectorXd {
      return policy_->FisherVectorProduct(batch, v, num_threads_) + config_.trpo.damping * v;
    };
    const VectorXd x = ConjugateGradient(
        fisher, gradient, static_cast<int>(config_.trpo.cg_iterations), config_.trpo.cg_tolerance);
    const double curvature = Dot(x, fisher(x));
    if (!(curvature > 0)) return {};
    const VectorXd step = std::sqrt(2 * config_.trpo.max_kl / curvature) * x;
    const double quadratic =
        0.5 * Dot(step, policy_->FisherVectorProduct(batch, step, num_threads_));
    const ActionDistributions old = policy_->Distributions(batch);
    const std::unique_ptr<Policy> moved = policy_->Clone();
    std::vector<TrustRegionRow> rows;
    for (const double scale : {0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0}) {
      moved->SetParameters(policy_->parameters() + scale * step);
      rows.push_back({scale, MeanKl(old, moved->Distributions(batch)), scale * scale * quadratic});
    }
    return rows;
  }

  NoiseKey Noise(std::uint32_t item) const {
    return {static_cast<std::uint64_t>(config_.seed), Stream::kDiagnosticNoise, kFirstBatch, item};
  }

  std::vector<GainRow> Gains(const Batch& batch) const {
    std::vector<GainRow> rows;
    for (const double step_size : {1e-4, 1e-3, 1e-2, 0.1, 1.0}) {
      const auto gain = [&](GainForm form) {
        return model_.belief().Gain(batch, {.form = form, .step_size = step_size}, Noise(0),
                                    num_threads_);
      };
      const VectorXd taylor = gain(GainForm::kTaylor);
      const VectorXd exact = gain(GainForm::kExact);
      rows.push_back({step_size, Mean(AsSpan(taylor)), Mean(AsSpan(exact)),
                      SpearmanCorrelation(AsSpan(taylor), AsSpan(exact))});
    }
    return rows;
  }

  GainCorrelations Correlations(const Batch& batch) const {
    const auto gain = [&](std::uint32_t item) {
      return model_.belief().Gain(batch, config_.gain, Noise(item), num_threads_);
    };
    const VectorXd first = gain(0);
    const auto with = [&](const VectorXd& other) {
      return SpearmanCorrelation(AsSpan(first), AsSpan(other));
    };
    PlainBonus norm(rollout_->spec(), PlainMeasure::kStateNorm);
    norm.Observe(batch);
    const StandardizedTransitions data = model_.belief().scaler().Apply(batch);
    MatrixXd inputs(data.x.rows(), data.x.cols() + 1);
    inputs << data.x.cast<double>(), VectorXd::Ones(data.x.rows());
    const LinearBelief linear(inputs, data.y, 1, 1, 1e-6);
    return {with(gain(static_cast<std::uint32_t>(batch.size()))),
            with(norm.Scorer()->Score(batch, Noise(0), 1)), with(linear.Gain(inputs, data.y))};
  }

  const RunConfig& config_;
  const DiagnoseOptions& options_;
  int num_threads_;
  std::unique_ptr<Rollout> rollout_;
  DynamicsModel model_;
  std::unique_ptr<Policy> policy_;
  std::uint32_t next_batch_ = kFirstBatch;
};

}  // namespace

Diagnosis Diagnose(const RunConfig& config, const DiagnoseOptions& options, int num_threads) {
  VIME_CHECK(options.batches >= 2);
  return Laboratory(config, options, num_threads).Run();
}

}  // namespace vime
