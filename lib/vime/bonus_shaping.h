// From raw bonuses to rewards, r' = r + eta * clip(normalise(shuffle(bonus))): the pieces that
// every bonus shares, in the order in which they apply.
#pragma once

#include <cstdint>
#include <deque>

#include "lib/core/archive.h"
#include "lib/core/types.h"

namespace vime {

/// What the bonuses of a batch are divided by.
enum class BonusNormalization {
  kMedian,  ///< mean over the last `window` batches of the batch median [H16 section 2.4]
  kMean,    ///< mean over the last `window` batches of the batch mean
  kStddev,  ///< mean over the last `window` batches of the batch standard deviation
  kNone,
};

enum class EtaSchedule {
  kConstant,     ///< eta
  kLinear,       ///< from eta to eta_final over the iterations of the run
  kExponential,  ///< the same on a logarithmic scale; both must be positive
};

struct BonusShapingOptions {
  double eta = 0.1;
  EtaSchedule eta_schedule = EtaSchedule::kConstant;
  double eta_final = 0.0;
  BonusNormalization normalization = BonusNormalization::kMedian;
  std::int64_t window = 10;
  /// Upper bound on a normalised bonus.
  double clip = 10.0;
  /// Hand each batch its own bonuses in random order: the placebo, which keeps their distribution
  /// and destroys what they say.
  bool shuffle = false;
};

class BonusShaping {
 public:
  /// `iterations` is the length that the schedule of eta spans.
  BonusShaping(const BonusShapingOptions& options, std::int64_t iterations, std::uint64_t seed);

  /// eta of an iteration.
  double Eta(std::uint32_t iteration) const;

  /// eta * clip(normalise(shuffle(raw))). The statistics of this batch are part of the window. A
  /// divisor that is not a positive number leaves the bonus out (zeros). Throws NumericalError
  /// when a raw bonus is not finite.
  VectorXd Shape(const VectorXd& raw, std::uint32_t iteration);

  void Serialize(Archive& archive);

 private:
  BonusShapingOptions options_;
  std::int64_t iterations_;
  std::uint64_t seed_;
  std::deque<double> window_;
};

}  // namespace vime
