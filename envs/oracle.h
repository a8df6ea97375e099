// The oracle of a task: what can be had from it, by value iteration on a grid.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "envs/bellman.h"
#include "envs/difficulty.h"
#include "lib/rl/env.h"

namespace vime {

/// The optimal values with t steps of the horizon T taken, V_T = 0 and V_t = T V_{t+1}, t = 0..T.
/// Keeps every sqrt(T)-th and computes the others again when they are asked for.
class StageValues {
 public:
  StageValues(const BellmanOperator& bellman, int horizon);

  int horizon() const { return horizon_; }
  /// V_t; fast when t goes up by one. The reference holds until the next call.
  const std::vector<double>& At(int t);

 private:
  const BellmanOperator& bellman_;
  int horizon_, block_length_;
  std::vector<std::vector<double>> kept_;   // V of the stages 0, b, 2b, ..., and of T
  std::vector<std::vector<double>> block_;  // V from block_begin_ on
  int block_begin_ = -1;
};

struct OracleOptions {
  std::vector<std::int64_t> grid = {401};  ///< nodes per state dimension; one number for all
  int actions = 41;                        ///< values per action dimension
  double gamma = 1;                        ///< of the return that is maximised
  int horizon = 0;                         ///< 0: the environment's own
  Index episodes = 1000;                   ///< rolled out, each from a reset of its own
  Index random_episodes = 10000;           ///< of random play
  std::uint64_t seed = 1;
  int num_threads = 1;
};

struct OracleReport {
  int horizon = 0;
  std::vector<std::int64_t> grid = {};
  /// Of the episodes of the greedy policy in the exact dynamics. Means and, over episodes, standard
  /// deviations (NaN for one episode).
  double return_mean = 0, return_stddev = 0;
  double discounted_return_mean = 0;
  double steps_mean = 0;
  double success_fraction = 0;
  /// Of V_0 at the same initial states: what the grid promises.
  double value_mean = 0;
  /// Play with a' ~ N(0, 1), clipped.
  PlayReport random = {};
};

/// Maximises the expected return sum_t gamma^t r_t of an episode, t < horizon, by backward
/// recursion of the Bellman operator, and plays episodes with the policy that is greedy for it: in
/// step t it takes the action of the grid that maximises r + gamma V_{t+1}(s'), s' the exact next
/// state. So the returns are achievable, and below the optimum only by the error of the grid.
/// Episode i starts from the state from which Play's episode i of the same seed starts. The noise
/// of env_params.noise_dims, which changes neither dynamics nor rewards, is left out. The result
/// does not depend on the number of threads. Throws ConfigError when the state has too many
/// dimensions or the grid does not fit it.
OracleReport SolveOracle(const EnvEntry& entry, const EnvParams& params,
                         const OracleOptions& options);

}  // namespace vime
