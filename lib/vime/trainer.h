// One iteration of VIME: collect, score, reward, update the policy, fit the model.
#pragma once

#include <memory>
#include <vector>

#include "lib/optim/policy_optimizer.h"
#include "lib/rl/rollout.h"
#include "lib/vime/bonus.h"
#include "lib/vime/bonus_shaping.h"
#include "lib/vime/metrics.h"

namespace vime {

struct TrainerOptions {
  std::uint64_t seed = 1;
  Index batch_steps = 5000;
  std::int64_t iterations = 100;  ///< what the schedule of eta spans
  int num_threads = 1;
  double gamma = 0.99;  ///< of the remaining-horizon bonus
  BonusShapingOptions shaping = {};
};

/// Values move forward only:
///   Collect -> BonusScorer::Score -> r' = r + shaped bonus -> PolicyOptimizer::Update
///           -> Bonus::Observe, Bonus::Fit -> IterationMetrics
/// The second line needs nothing of the first but the batch: with more than one thread they
/// overlap.
class Trainer {
 public:
  /// `bonus` may be null: then nothing is scored or trained and bonus/* and bnn/* are absent.
  Trainer(const TrainerOptions& options, std::unique_ptr<Rollout> rollout,
          std::unique_ptr<Policy> policy, std::unique_ptr<PolicyOptimizer> optimizer,
          std::unique_ptr<Bonus> bonus);

  /// Runs one iteration. A NumericalError names the iteration and the quantity.
  IterationMetrics Iterate();

  /// The state between two iterations. A trainer of the same options that reads it continues as
  /// this one would, bit by bit.
  void Serialize(Archive& archive);

  const Policy& policy() const { return *policy_; }
  const Rollout& rollout() const { return *rollout_; }
  /// The batch of the last iteration.
  const Batch& batch() const { return batch_; }

  /// Steps so far that ended in each cell of the visit grid (CoverageCell).
  const std::vector<std::int64_t>& visits() const { return visits_; }

 private:
  IterationMetrics IterateOnce();
  VectorXd ScoreBatch(const BonusScorer& scorer, std::uint32_t iteration, int num_threads,
                      IterationMetrics& metrics);
  void Learn(std::uint32_t iteration, IterationMetrics& metrics);
  void ReportRollout(IterationMetrics& metrics);

  TrainerOptions options_;
  std::unique_ptr<Rollout> rollout_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<PolicyOptimizer> optimizer_;
  std::unique_ptr<Bonus> bonus_;
  BonusShaping shaping_;
  Batch batch_;
  std::int64_t iteration_ = 0;
  std::int64_t env_steps_ = 0;
  std::int64_t episodes_ = 0;
  std::vector<std::int64_t> visits_;
};

}  // namespace vime
