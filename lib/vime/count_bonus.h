// Bonuses that count visits: 1/sqrt(n(s') + 1), n the visits of the cell of s' in earlier batches
// [Strehl and Littman 2008].
#pragma once

#include <cstdint>
#include <unordered_map>

#include "lib/rl/env.h"
#include "lib/vime/bonus.h"

namespace vime {

enum class CountCells {
  /// The 50 x 50 cells of the visit grid over EnvSpec::coverage, which looks at the state behind
  /// noise and chooses the two dimensions that matter: an oracle, for comparison.
  kGrid,
  /// Locality-sensitive hashing of the observation [Tang et al. 2017, SimHash]: the signs of 32
  /// random projections of (s', 1), s' scaled to its bounds. The 1 lets the hyperplanes miss the
  /// centre, which matters in few dimensions.
  kHash,
};

class CountBonus final : public Bonus {
 public:
  CountBonus(const EnvSpec& spec, CountCells cells, std::uint64_t seed);

  std::unique_ptr<const BonusScorer> Scorer() const override;
  void Observe(const Batch& batch) override;
  FitReport Fit(std::uint32_t /*iteration*/) override { return {}; }
  void Serialize(Archive& archive) override;

 private:
  using Counts = std::unordered_map<std::uint32_t, std::int64_t>;
  struct Hash {
    CountCells cells;
    std::array<Axis, 2> coverage;
    VectorXd centre, inverse_half_width;  // of the observation
    MatrixXd projections;                 // 32 x (observation_dim + 1)

    std::uint32_t CellOf(const Batch& batch, Index row) const;
  };
  class CountScorer;

  Hash hash_;
  Counts counts_;
};

}  // namespace vime
