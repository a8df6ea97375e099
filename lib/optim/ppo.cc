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

// A uniformly random order of 0, ..., n - 1.
std::vector<Index> Permutation(Index n, Rng& rng) {
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index{0});
  Shuffle(rng, order);
  return order;
}

// A part of a batch, and where its steps lie there.
struct Minibatch {
  std::vector<Index> rows;
  Batch batch;
};

// Takes the next single steps of `order`, or the next whole episodes, until there are `steps`.
Minibatch NextMinibatch(const Batch& batch, bool episodes, Index steps,
                        std::span<const Index>& order) {
  std::size_t count = 0;
  for (Index taken = 0; taken < steps && count < order.size(); ++count) {
    taken += episodes ? batch.trajectories[static_cast<std::size_t>(order[count])].length : 1;
  }
  const std::span<const Index> chosen = order.first(count);
  order = order.subspan(count);
  if (episodes) return {batch.RowsOf(chosen), batch.Episodes(chosen)};
  return {{chosen.begin(), chosen.end()}, batch.Rows(chosen)};
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
    const bool episodes = policy.memory_size() > 0;
    const std::vector<Index> order =
        Permutation(episodes ? static_cast<Index>(batch.trajectories.size()) : batch.size(), rng);
    for (std::span<const Index> left = order; !left.empty();) {
      const auto [rows, minibatch] = NextMinibatch(batch, episodes, options_.minibatch, left);
      const VectorXd ratios = Ratios(policy.LogProb(minibatch) - old_log_prob(rows));
      const VectorXd weights =
          ratios.cwiseProduct(ClippedAdvantages(ratios, advantages.values(rows), options_.clip)) /
          static_cast<double>(rows.size());
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
