#include "lib/vime/bonus_shaping.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lib/core/rng.h"
#include "lib/core/statistics.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

double BatchScale(BonusNormalization normalization, const VectorXd& values) {
  const std::span<const double> x = AsSpan(values);
  switch (normalization) {
    case BonusNormalization::kMedian:
      return Median(x);
    case BonusNormalization::kMean:
      return Mean(x);
    case BonusNormalization::kStddev:
      return StandardDeviation(x);
    case BonusNormalization::kNone:
      break;
  }
  return 1;
}

}  // namespace

Index NotFinite(const VectorXd& values) {
  return std::count_if(values.begin(), values.end(), [](double v) { return !std::isfinite(v); });
}

BonusShaping::BonusShaping(const BonusShapingOptions& options, std::int64_t iterations,
                           std::uint64_t seed)
    : options_(options), iterations_(iterations), seed_(seed) {}

double BonusShaping::Eta(std::uint32_t iteration) const {
  const double last = static_cast<double>(std::max<std::int64_t>(iterations_ - 1, 1));
  const double share = std::min(1.0, static_cast<double>(iteration) / last);
  switch (options_.eta_schedule) {
    case EtaSchedule::kLinear:
      return options_.eta + share * (options_.eta_final - options_.eta);
    case EtaSchedule::kExponential:
      return options_.eta * Exp(share * Log(options_.eta_final / options_.eta));
    case EtaSchedule::kConstant:
      break;
  }
  return options_.eta;
}

VectorXd BonusShaping::Shape(const VectorXd& raw, std::uint32_t iteration) {
  VectorXd bonus = raw;
  if (NotFinite(raw) > 0) {
    scale_ = std::numeric_limits<double>::quiet_NaN();
    return VectorXd::Zero(bonus.size());
  }
  if (options_.shuffle) {
    Rng rng({seed_, Stream::kShuffle, iteration, 0});
    Shuffle(rng, bonus);
  }
  window_.push_back(BatchScale(options_.normalization, bonus));
  if (static_cast<std::int64_t>(window_.size()) > options_.window) window_.pop_front();
  const std::vector<double> scales(window_.begin(), window_.end());
  scale_ = Mean(scales);
  if (!(scale_ > 0) || !std::isfinite(scale_)) return VectorXd::Zero(bonus.size());
  const double eta = Eta(iteration);
  for (double& value : bonus) value = eta * std::min(value / scale_, options_.clip);
  return bonus;
}

VectorXd RewardsWithBonus(const BonusShapingOptions& options, const Batch& batch,
                          const VectorXd& shaped, double gamma, Index horizon) {
  VectorXd rewards = options.intrinsic_only ? VectorXd::Zero(batch.size()) : batch.rewards;
  const double mean = Sum(shaped) / static_cast<double>(shaped.size());
  rewards += shaped;
  if (options.center) rewards.array() -= mean;
  // Centred bonuses have mean 0: nothing is lost by ending.
  if (options.end == EndBonus::kNone || options.center) return rewards;
  for (const Trajectory& trajectory : batch.trajectories) {
    if (!trajectory.terminated) continue;
    double lost = 0;
    double discount = 1;
    for (Index t = trajectory.length; t < horizon; ++t) {
      discount *= gamma;
      lost += discount;
    }
    rewards[trajectory.begin + trajectory.length - 1] += mean * lost;
  }
  return rewards;
}

void BonusShaping::Serialize(Archive& archive) {
  std::vector<double> window(window_.begin(), window_.end());
  archive.Numbers("bonus scales", window);
  archive.Require(static_cast<std::int64_t>(window.size()) <= options_.window, "bonus scales");
  window_.assign(window.begin(), window.end());
}

}  // namespace vime
