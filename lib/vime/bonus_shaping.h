// From raw bonuses to rewards, r' = r + eta * clip(normalise(shuffle(bonus))): the pieces that
// every bonus shares, in the order in which they apply.
#pragma once

#include <cstdint>
#include <deque>

#include "lib/core/archive.h"
#include "lib/core/types.h"
#include "lib/rl/batch.h"

namespace vime {

/// What the bonuses of a batch are divided by.
enum class BonusNormalization {
  kMedian,  ///< mean over the last `window` batches of the batch median [H16]
  kMean,    ///< mean over the last `window` batches of the batch mean
  kStddev,  ///< mean over the last `window` batches of the batch standard deviation
  kNone,
};

enum class EtaSchedule {
  kConstant,     ///< eta
  kLinear,       ///< from eta to eta_final over the iterations of the run
  kExponential,  ///< the same on a logarithmic scale; both must be positive
};

enum class EndBonus {
  kNone,
  kRemainingHorizon,  ///< see RewardsWithBonus
};

struct BonusShapingOptions {
  double eta = 0.1;
  EtaSchedule eta_schedule = EtaSchedule::kConstant;
  double eta_final = 0.0;
  BonusNormalization normalization = BonusNormalization::kMean;
  std::int64_t window = 10;
  /// Upper bound on a normalised bonus.
  double clip = 10.0;
  /// Hand each batch its own bonuses in random order: the placebo, which keeps their distribution
  /// and destroys what they say.
  bool shuffle = false;
  /// Subtract the mean of the batch's shaped bonuses: what is left rewards transitions for being
  /// worth more than others, not for living longer.
  bool center = false;
  /// What the transition that ends an episode gets beside its own bonus.
  EndBonus end = EndBonus::kNone;
  /// The reward is the shaped bonus alone.
  bool intrinsic_only = false;
};

/// r' = r + bonus (or the bonus alone), with the repairs of the survivor bonus that the options ask
/// for. A bonus that is positive on average pays an agent for staying alive, and so for avoiding a
/// goal that ends the episode. With kRemainingHorizon the last transition of a terminated
/// trajectory of length T gets, beside its own bonus, the batch mean m for each step that is lost,
/// discounted to where it stands: m (gamma + gamma^2 + ... + gamma^{H - T}).
VectorXd RewardsWithBonus(const BonusShapingOptions& options, const Batch& batch,
                          const VectorXd& shaped, double gamma, Index horizon);

/// How many values are not finite.
Index NotFinite(const VectorXd& values);

class BonusShaping {
 public:
  /// `iterations` is the length that the schedule of eta spans.
  BonusShaping(const BonusShapingOptions& options, std::int64_t iterations, std::uint64_t seed);

  /// eta of an iteration.
  double Eta(std::uint32_t iteration) const;

  /// eta * clip(normalise(shuffle(raw))). The statistics of this batch are part of the window. A
  /// divisor that is not a positive number leaves the bonus out (zeros; see scale()). A batch in
  /// which a raw bonus is not finite has none, and no part in the window.
  VectorXd Shape(const VectorXd& raw, std::uint32_t iteration);

  /// What the last Shape() divided by; NaN after a batch with a bonus that is not finite.
  double scale() const { return scale_; }

  void Serialize(Archive& archive);

 private:
  BonusShapingOptions options_;
  std::int64_t iterations_;
  std::uint64_t seed_;
  std::deque<double> window_;
  double scale_ = 0;
};

}  // namespace vime
