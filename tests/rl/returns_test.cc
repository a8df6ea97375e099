#include "lib/rl/returns.h"

#include <doctest/doctest.h>

#include "tests/support/toy_env.h"

namespace vime {
namespace {

const std::vector<Index> kLengths = {3, 1, 2};
const VectorXd kRewards{{1, 2, 4, 8, 16, 32}};

TEST_CASE("Reward-to-go discounts what follows within the trajectory") {
  const Batch batch = testing::EmptyBatch(kLengths);
  // 1 + 0.5 (2 + 0.5 4), 2 + 0.5 4, 4 | 8 | 16 + 0.5 32, 32
  CHECK(RewardToGo(batch, kRewards, 0.5) == VectorXd{{3, 4, 4, 8, 32, 32}});
  CHECK(RewardToGo(batch, kRewards, 0) == kRewards);
  CHECK(RewardToGo(batch, kRewards, 1) == VectorXd{{7, 6, 4, 8, 48, 32}});
}

TEST_CASE("The return of a trajectory is its reward-to-go at the first step") {
  const Batch batch = testing::EmptyBatch(kLengths);
  CHECK(TrajectoryReturns(batch, kRewards, 0.5) == VectorXd{{3, 8, 32}});
  CHECK(TrajectoryReturns(batch, kRewards, 0) == VectorXd{{1, 8, 16}});
  CHECK(TrajectoryReturns(batch, kRewards, 1) == VectorXd{{7, 8, 48}});
}

TEST_CASE("A value per trajectory is repeated for each of its steps") {
  const Batch batch = testing::EmptyBatch(kLengths);
  CHECK(PerStep(batch, VectorXd{{3, 8, 32}}) == VectorXd{{3, 3, 3, 8, 32, 32}});
}

TEST_CASE("Rewards beside those of the batch can be summed, a bonus for instance") {
  Batch batch = testing::EmptyBatch(kLengths);
  batch.rewards.setConstant(1e9);
  CHECK(TrajectoryReturns(batch, kRewards, 1) == VectorXd{{7, 8, 48}});
}

}  // namespace
}  // namespace vime
