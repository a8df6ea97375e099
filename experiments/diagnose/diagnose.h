// What the estimators of a run are worth at one moment of it: variances, biases, approximations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/diagnose/linear_task.h"
#include "experiments/runner/config_json.h"
#include "experiments/runner/run_config.h"

namespace vime {

struct DiagnoseOptions {
  std::int64_t warmup = 10;   ///< iterations of the configured run before anything is measured
  std::int64_t batches = 10;  ///< independent batches behind every mean
};

/// A mean over batches and its standard error (ddof 1).
struct Measured {
  double mean = 0;
  double standard_error = 0;
};

/// A baseline, fitted to the other trajectories of a batch or (linear, mlp) to another batch.
struct BaselineRow {
  BaselineKind baseline;
  /// Fitted to all trajectories of the other batches instead: without most of what it costs to
  /// estimate a baseline from one batch.
  bool pooled = false;
  /// Variance of the gradient estimate, summed over parameters, over that without a baseline.
  Measured variance_ratio;
  /// The share of the parameters whose variance is below that without a baseline.
  Measured improved_share;
};

/// Gradients of a policy that has moved on, estimated from batches of the old one.
struct ReuseRow {
  std::int64_t steps = 0;  ///< gradient steps between the two policies
  double kl = 0;           ///< (1/N) sum_t KL[old || moved], nats
  double effective_sample_share = 0;
  ImportanceKind kind;
  /// |mean estimate - on-policy gradient| / |on-policy gradient|; noise alone makes it about
  /// `noise`, the standard error of that difference, in the same unit.
  double bias = 0;
  double noise = 0;
  double spread = 0;  ///< standard deviation of one batch's estimate, in the same unit
};

/// A step of `scale` times the natural gradient step for trpo.max_kl.
struct TrustRegionRow {
  double scale = 0;
  double exact_kl = 0;      ///< mean KL[old || moved], nats
  double quadratic_kl = 0;  ///< 1/2 d^T F d, nats
};

/// The information gain of a batch for one step size lambda.
struct GainRow {
  double step_size = 0;
  double taylor_mean = 0;
  double exact_mean = 0;        ///< nats
  double rank_correlation = 0;  ///< Spearman, Taylor against exact
};

/// Spearman's rank correlations of the bonus (gain.* of the config) over the transitions of a
/// batch.
struct GainCorrelations {
  double other_noise = 0;   ///< with itself under other noise
  double state_norm = 0;    ///< with |z|^2 of the standardised next observation
  double linear_model = 0;  ///< with the exact gain of a Bayesian linear model of (s, a) -> s'
};

struct Diagnosis {
  double return_mean = 0;  ///< of the policy that is looked at
  std::vector<BaselineRow> baselines;
  std::vector<ReuseRow> reuse;
  std::vector<TrustRegionRow> trust_region;
  std::vector<GainRow> gains;
  GainCorrelations correlations;
  LinearTaskCorrelations linear_task;  ///< of a model like that of the config
};

/// Runs the config for options.warmup iterations and looks at the policy and the dynamics model
/// that it then has. Rewards are those of the task, without bonus.
Diagnosis Diagnose(const RunConfig& config, const DiagnoseOptions& options, int num_threads);

Json ToJson(const Diagnosis& diagnosis);

/// The same as Markdown tables.
std::string ToMarkdown(const Diagnosis& diagnosis);

}  // namespace vime
