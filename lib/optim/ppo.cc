#include "lib/optim/ppo.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "lib/core/check.h"
#include "lib/core/rng.h"
#include "lib/core/statistics.h"
#include "lib/rl/importance.h"

namespace vime {
namespace {

// A uniformly random order of 0, ..., n - 1 (Fisher and Yates).
std::vector<Index> Permutation(Index n, Rng& rng) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[rng.Below(static_cast<std::uint32_t>(i))]);
  }
  return order;
}

VectorXd Select(const VectorXd& values, std::span<const Index> rows) {
  VectorXd selected(static_cast<Index>(rows.size()));
  for (Index i = 0; i < selected.size(); ++i)
    selected[i] = values[rows[static_cast<std::size_t>(i)]];
  return selected;
}

}  // namespace

Ppo::Ppo(const PpoOptions& options, AdvantageEstimator advantages, Index num_parameters,
         std::uint64_t seed)
    : options_(options),
      advantages_(std::move(advantages)),
      adam_(num_parameters, {.learning_rate = options.learning_rate}),
      seed_(seed) {}

VectorXd ClippedAdvantages(const VectorXd& ratios, const VectorXd& advantages, double clip) {
  VectorXd weights = advantages;
  for (Index t = 0; t < weights.size(); ++t) {
    const double a = advantages[t];
    if (a > 0 ? ratios[t] > 1 + clip : ratios[t] < 1 - clip) weights[t] = 0;
  }
  return weights;
}

UpdateReport Ppo::Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                         int num_threads) {
  const Advantages advantages = advantages_.Estimate(batch, rewards);
  const ActionDistributions old = policy.Distributions(batch);
  const VectorXd old_log_prob = LogProb(old, batch.sampled_actions);
  UpdateReport report{
      .gradient_norm = EuclideanNorm(policy.WeightedScore(batch, advantages.values, num_threads)) /
                       static_cast<double>(batch.size()),
      .value_explained_variance = advantages.explained_variance,
      .epochs = 0};
  while (report.epochs < options_.epochs) {
    Rng rng({seed_, Stream::kPolicyMinibatch, updates_, static_cast<std::uint32_t>(report.epochs)});
    const std::vector<Index> order = Permutation(batch.size(), rng);
    for (std::size_t begin = 0; begin < order.size();) {
      const std::size_t count =
          std::min(order.size() - begin, static_cast<std::size_t>(options_.minibatch));
      const std::span<const Index> rows(order.data() + begin, count);
      begin += count;
      const Batch minibatch = batch.Rows(rows);
      const VectorXd ratios = Ratios(policy.LogProb(minibatch), Select(old_log_prob, rows));
      const VectorXd weights = ratios.cwiseProduct(ClippedAdvantages(
                                   ratios, Select(advantages.values, rows), options_.clip)) /
                               static_cast<double>(count);
      const VectorXd gradient = policy.WeightedScore(minibatch, weights, num_threads);
      if (!std::isfinite(EuclideanNorm(gradient))) {
        throw NumericalError("policy gradient is not finite");
      }
      VectorXd theta = policy.parameters();
      adam_.Step(theta, -gradient);
      policy.SetParameters(theta);
    }
    ++report.epochs;
    report.kl = MeanKl(old, policy.Distributions(batch));
    if (!(report.kl <= options_.max_kl)) break;
  }
  ++updates_;
  return report;
}

void Ppo::Serialize(Archive& archive) {
  advantages_.Serialize(archive);
  adam_.Serialize(archive);
  archive.Visit("updates", updates_);
}

}  // namespace vime
