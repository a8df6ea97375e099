#include "lib/rl/replay_pool.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/support/toy_env.h"

namespace vime {
namespace {

// Transitions first, first + 1, ...: number i is (s, a, s') = (i, i + 0.25, i + 0.5).
Batch Numbered(int first, Index n) {
  Batch batch = testing::EmptyBatch({n});
  for (Index t = 0; t < n; ++t) {
    const float number = static_cast<float>(first + t);
    batch.observations(t, 0) = number;
    batch.executed_actions(t, 0) = number + 0.25f;
    batch.next_observations(t, 0) = number + 0.5f;
    batch.sampled_actions(t, 0) = -1;
  }
  return batch;
}

std::set<int> Contents(const ReplayPool& pool) {
  std::set<int> numbers;
  for (Index row = 0; row < pool.size(); ++row) {
    const float s = pool.observations()(row, 0);
    // Every row belongs together, and holds what was executed rather than what was sampled.
    CHECK(pool.actions()(row, 0) == s + 0.25f);
    CHECK(pool.next_observations()(row, 0) == s + 0.5f);
    numbers.insert(static_cast<int>(s));
  }
  CHECK(static_cast<Index>(numbers.size()) == pool.size());
  return numbers;
}

std::set<int> Range(int first, int last) {
  std::set<int> numbers;
  for (int i = first; i <= last; ++i) numbers.insert(i);
  return numbers;
}

TEST_CASE("The pool keeps the last transitions up to its capacity, oldest out first") {
  ReplayPool pool(7, 1, 1);
  CHECK(pool.size() == 0);
  CHECK(pool.capacity() == 7);
  int added = 0;
  for (const Index n : {3, 2, 4, 1, 7, 5, 6}) {
    pool.Add(Numbered(added, n));
    added += static_cast<int>(n);
    CAPTURE(added);
    CHECK(pool.size() == std::min(added, 7));
    CHECK(pool.capacity() == 7);
    CHECK(Contents(pool) == Range(std::max(0, added - 7), added - 1));
  }
}

TEST_CASE("Of a batch larger than the pool the last transitions stay") {
  ReplayPool pool(4, 1, 1);
  pool.Add(Numbered(0, 3));
  pool.Add(Numbered(3, 50));
  CHECK(Contents(pool) == Range(49, 52));
  pool.Add(Numbered(53, 1));
  CHECK(Contents(pool) == Range(50, 53));
}

TEST_CASE("A pool of one transition holds the newest") {
  ReplayPool pool(1, 1, 1);
  pool.Add(Numbered(0, 1));
  pool.Add(Numbered(1, 3));
  CHECK(Contents(pool) == Range(3, 3));
}

TEST_CASE("A transition at the end of a trajectory keeps its own next state") {
  Batch batch = testing::RandomBatch({2, 3}, 2, 1, 1);
  ReplayPool pool(10, 2, 1);
  pool.Add(batch);
  CHECK(pool.next_observations().row(1) == batch.next_observations.row(1));
  CHECK(pool.next_observations().row(1) != pool.observations().row(2));
}

TEST_CASE("Rows are drawn uniformly among those that are filled") {
  ReplayPool pool(100, 1, 1);
  pool.Add(Numbered(0, 10));
  Rng rng({3, Stream::kTest, 0, 0});
  std::vector<Index> rows(100000);
  pool.Sample(rng, rows);
  double counts[10] = {};
  for (const Index row : rows) {
    REQUIRE((row >= 0 && row < 10));
    ++counts[row];
  }
  double chi2 = 0;
  for (const double c : counts) chi2 += (c - 1e4) * (c - 1e4) / 1e4;
  CHECK(chi2 < 39.4);  // chi-square, 9 degrees of freedom: false alarm with probability 1e-5
}

}  // namespace
}  // namespace vime
