#include "lib/vime/count_bonus.h"

#include <algorithm>
#include <vector>

#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr int kBits = 32;

}  // namespace

class CountBonus::CountScorer final : public BonusScorer {
 public:
  CountScorer(const Hash& hash, const Counts& counts) : hash_(hash), counts_(counts) {}

  VectorXd Score(const Batch& batch, const NoiseKey& /*key*/, int /*num_threads*/) const override {
    VectorXd bonus(batch.size());
    for (Index b = 0; b < batch.size(); ++b) {
      const auto cell = counts_.find(hash_.CellOf(batch, b));
      const std::int64_t visits = cell == counts_.end() ? 0 : cell->second;
      bonus[b] = 1 / Sqrt(static_cast<double>(visits + 1));
    }
    return bonus;
  }

 private:
  Hash hash_;
  Counts counts_;
};

CountBonus::CountBonus(const EnvSpec& spec, CountCells cells, std::uint64_t seed)
    : hash_{.cells = cells,
            .coverage = spec.coverage,
            .centre = VectorXd(spec.observation_dim()),
            .inverse_half_width = VectorXd(spec.observation_dim()),
            .projections = MatrixXd(kBits, spec.observation_dim() + 1)} {
  for (int d = 0; d < spec.observation_dim(); ++d) {
    const Axis& axis = spec.observation[static_cast<std::size_t>(d)];
    hash_.centre[d] = 0.5 * (axis.low + axis.high);
    hash_.inverse_half_width[d] = 2 / (axis.high - axis.low);
  }
  Rng rng({seed, Stream::kBonusInit, 0, 0});
  for (double& p : hash_.projections.reshaped()) p = rng.Normal();
}

std::uint32_t CountBonus::Hash::CellOf(const Batch& batch, Index row) const {
  if (cells == CountCells::kGrid) {
    return static_cast<std::uint32_t>(CoverageCell(coverage,
                                                   static_cast<double>(batch.coverage(row, 0)),
                                                   static_cast<double>(batch.coverage(row, 1))));
  }
  std::uint32_t cell = 0;
  for (Index k = 0; k < kBits; ++k) {
    double sum = projections(k, centre.size());
    for (Index d = 0; d < centre.size(); ++d) {
      sum += projections(k, d) * inverse_half_width[d] *
             (static_cast<double>(batch.next_observations(row, d)) - centre[d]);
    }
    cell = (cell << 1) | (sum > 0 ? 1u : 0u);
  }
  return cell;
}

std::unique_ptr<const BonusScorer> CountBonus::Scorer() const {
  if (counts_.empty()) return nullptr;
  return std::make_unique<CountScorer>(hash_, counts_);
}

void CountBonus::Observe(const Batch& batch) {
  for (Index b = 0; b < batch.size(); ++b) ++counts_[hash_.CellOf(batch, b)];
}

void CountBonus::Serialize(Archive& archive) {
  std::vector<double> flat;  // cell, visits; in the order of cells
  for (const auto& [cell, visits] : counts_) flat.push_back(static_cast<double>(cell));
  std::sort(flat.begin(), flat.end());
  const std::size_t n = flat.size();
  for (std::size_t i = 0; i < n; ++i) {
    flat.push_back(static_cast<double>(counts_[static_cast<std::uint32_t>(flat[i])]));
  }
  archive.Numbers("visit counts", flat);
  archive.Require(flat.size() % 2 == 0, "visit counts");
  counts_.clear();
  const std::size_t cells = flat.size() / 2;
  for (std::size_t i = 0; i < cells; ++i) {
    archive.Require(
        flat[i] >= 0 && flat[i] < 4294967296.0 && flat[cells + i] >= 1 && flat[cells + i] <= 1e15,
        "visit counts");
    counts_[static_cast<std::uint32_t>(flat[i])] = static_cast<std::int64_t>(flat[cells + i]);
  }
}

}  // namespace vime
