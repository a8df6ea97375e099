#include "lib/vime/plain_bonus.h"

#include <cmath>

namespace vime {
namespace {

class PlainScorer final : public BonusScorer {
 public:
  PlainScorer(PlainMeasure measure, const TransitionScaler& scaler)
      : measure_(measure), scaler_(scaler) {}

  VectorXd Score(const Batch& batch, const NoiseKey& key, int /*num_threads*/) const override {
    VectorXd bonus = VectorXd::Zero(batch.size());
    if (measure_ == PlainMeasure::kNoise) {
      for (Index b = 0; b < batch.size(); ++b) {
        NoiseKey row = key;
        row.item += static_cast<std::uint32_t>(b);
        bonus[b] = std::abs(Rng(row).Normal());
      }
      return bonus;
    }
    const Features<float> z = scaler_.Apply(batch).y;
    for (Index d = 0; d < z.cols(); ++d) {
      for (Index b = 0; b < batch.size(); ++b) {
        bonus[b] += static_cast<double>(z(b, d)) * static_cast<double>(z(b, d));
      }
    }
    return bonus;
  }

 private:
  PlainMeasure measure_;
  TransitionScaler scaler_;
};

}  // namespace

std::unique_ptr<const BonusScorer> PlainBonus::Scorer() const {
  if (!scaler_.ready()) return nullptr;
  return std::make_unique<PlainScorer>(measure_, scaler_);
}

}  // namespace vime
