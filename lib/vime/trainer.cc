#include "lib/vime/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/core/statistics.h"

namespace vime {
namespace {

using Clock = std::chrono::steady_clock;

// Transitions on which the noise of the bonus is measured.
constexpr Index kNoiseCheckRows = 128;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Absent when it is not a number.
std::optional<double> Finite(double value) {
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

Trainer::Trainer(const TrainerOptions& options, std::unique_ptr<Rollout> rollout,
                 std::unique_ptr<Policy> policy, std::unique_ptr<PolicyOptimizer> optimizer,
                 std::unique_ptr<Bonus> bonus)
    : options_(options),
      rollout_(std::move(rollout)),
      policy_(std::move(policy)),
      optimizer_(std::move(optimizer)),
      bonus_(std::move(bonus)),
      shaping_(options.shaping, options.iterations, options.seed),
      visits_(static_cast<std::size_t>(kCoverageCells) * kCoverageCells) {}

IterationMetrics Trainer::Iterate() {
  try {
    return IterateOnce();
  } catch (const NumericalError& error) {
    throw NumericalError("iteration " + std::to_string(iteration_) + ": " + error.what());
  }
}

IterationMetrics Trainer::IterateOnce() {
  const auto iteration = static_cast<std::uint32_t>(iteration_);
  IterationMetrics metrics;
  metrics.iteration = iteration_;

  auto start = Clock::now();
  rollout_->Collect(*policy_, options_.batch_steps, iteration, options_.num_threads, batch_);
  metrics.time_rollout_s = SecondsSince(start);
  ReportRollout(metrics);

  // Scoring uses the bonus as it was before the batch, and learning needs neither the scores nor
  // the policy: with more than one thread, one learns while the others score and update.
  const std::unique_ptr<const BonusScorer> scorer = bonus_ ? bonus_->Scorer() : nullptr;
  Deferred learning([&] { Learn(iteration, metrics); },
                    bonus_ != nullptr && options_.num_threads > 1);
  const int num_threads = std::max(1, options_.num_threads - (bonus_ ? 1 : 0));

  start = Clock::now();
  const VectorXd bonus =
      scorer ? ScoreBatch(*scorer, iteration, num_threads, metrics) : VectorXd::Zero(batch_.size());
  const VectorXd rewards =
      RewardsWithBonus(options_.shaping, batch_, bonus, options_.gamma, rollout_->horizon());
  metrics.time_bonus_s = SecondsSince(start);

  start = Clock::now();
  const UpdateReport update = optimizer_->Update(batch_, rewards, *policy_, num_threads);
  metrics.policy_gradient_norm = update.gradient_norm;
  metrics.policy_gradient_variance_ratio = Finite(update.gradient_variance_ratio);
  metrics.policy_value_explained_variance = Finite(update.value_explained_variance);
  metrics.policy_effective_sample_share = Finite(update.effective_sample_share);
  metrics.policy_epochs = update.epochs;
  metrics.policy_backtracks = update.backtracks;
  metrics.policy_step_accepted = update.step_accepted ? 1 : 0;
  metrics.policy_kl = update.kl;
  if (!std::isfinite(metrics.policy_kl)) throw NumericalError("the policy is not finite");
  metrics.policy_std_mean = policy_->MeanStddev(batch_);
  policy_->ObserveBatch(batch_);
  metrics.time_policy_s = SecondsSince(start);

  learning.Join();
  ++iteration_;
  return metrics;
}

void Trainer::Learn(std::uint32_t iteration, IterationMetrics& metrics) {
  if (bonus_ == nullptr) return;
  const auto start = Clock::now();
  bonus_->Observe(batch_);
  metrics.bnn_elbo = bonus_->Fit(iteration).elbo;
  metrics.time_dynamics_s = SecondsSince(start);
}

VectorXd Trainer::ScoreBatch(const BonusScorer& scorer, std::uint32_t iteration, int num_threads,
                             IterationMetrics& metrics) {
  const NoiseKey key{options_.seed, Stream::kBonusNoise, iteration, 0};
  const VectorXd raw = scorer.Score(batch_, key, num_threads);
  VectorXd shaped = shaping_.Shape(raw, iteration);
  metrics.eta = shaping_.Eta(iteration);
  metrics.bonus_scale = Finite(shaping_.scale());
  metrics.bonus_not_finite = NotFinite(raw);
  if (metrics.bonus_not_finite > 0) return shaped;  // there is nothing more to say of it
  metrics.bonus_mean = Mean(AsSpan(raw));
  metrics.bonus_median = Median(AsSpan(raw));
  metrics.bonus_max = *std::max_element(raw.begin(), raw.end());
  metrics.bonus_reward_mean = Mean(AsSpan(shaped));

  const Batch sample = scorer.NeedsWholeEpisodes() ? EvenEpisodes(batch_, kNoiseCheckRows)
                                                   : EvenSample(batch_, kNoiseCheckRows);
  NoiseKey check{options_.seed, Stream::kDiagnosticNoise, iteration, 0};
  const VectorXd first = scorer.Score(sample, check, 1);
  check.item += static_cast<std::uint32_t>(sample.size());
  const VectorXd second = scorer.Score(sample, check, 1);
  const double correlation = SpearmanCorrelation(AsSpan(first), AsSpan(second));
  metrics.bonus_noise_rank_correlation = Finite(correlation);

  if (const auto errors = scorer.Errors(batch_)) {
    metrics.bnn_mse_mean_prediction = errors->mean_prediction;
    metrics.bnn_mse_predict_zero = errors->predict_zero;
    metrics.bnn_mse_identity = errors->identity;
  }
  return shaped;
}

void Trainer::ReportRollout(IterationMetrics& metrics) {
  const double n = static_cast<double>(batch_.trajectories.size());
  VectorXd returns(static_cast<Index>(batch_.trajectories.size()));
  for (Index i = 0; i < returns.size(); ++i) {
    const Trajectory& trajectory = batch_.trajectories[static_cast<std::size_t>(i)];
    returns[i] = Sum(batch_.rewards.segment(trajectory.begin, trajectory.length));
    metrics.success_fraction += trajectory.success ? 1 : 0;
    metrics.terminated_fraction += trajectory.terminated ? 1 : 0;
  }
  metrics.success_fraction /= n;
  metrics.terminated_fraction /= n;
  env_steps_ += batch_.size();
  episodes_ += static_cast<std::int64_t>(batch_.trajectories.size());
  metrics.env_steps = env_steps_;
  metrics.episodes = episodes_;
  metrics.return_mean = Mean(AsSpan(returns));
  metrics.return_std = StandardDeviation(AsSpan(returns));
  metrics.return_min = *std::min_element(returns.begin(), returns.end());
  metrics.return_max = *std::max_element(returns.begin(), returns.end());
  metrics.episode_length_mean = static_cast<double>(batch_.size()) / n;

  const auto& axes = rollout_->spec().coverage;
  for (Index t = 0; t < batch_.size(); ++t) {
    const int cell = CoverageCell(axes, static_cast<double>(batch_.coverage(t, 0)),
                                  static_cast<double>(batch_.coverage(t, 1)));
    ++visits_[static_cast<std::size_t>(cell)];
  }
  const auto cells = static_cast<std::ptrdiff_t>(visits_.size());
  metrics.coverage_fraction =
      static_cast<double>(cells - std::count(visits_.begin(), visits_.end(), 0)) /
      static_cast<double>(cells);
}

void Trainer::Serialize(Archive& archive) {
  archive.Visit("iteration", iteration_);
  archive.Visit("env steps", env_steps_);
  archive.Visit("episodes", episodes_);
  archive.Bytes("visits", visits_.data(), visits_.size() * sizeof visits_[0]);
  Index rows = batch_.size();
  archive.Visit("batch rows", rows);
  archive.Require(rows >= 0 && rows < options_.batch_steps + rollout_->horizon(), "batch rows");
  const EnvSpec& spec = rollout_->spec();
  batch_.Resize(rows, spec.observation_dim(), spec.action_dim());
  batch_.Serialize(archive);
  policy_->Serialize(archive);
  optimizer_->Serialize(archive);
  shaping_.Serialize(archive);
  if (bonus_ != nullptr) bonus_->Serialize(archive);
}

}  // namespace vime
