// A Markov decision process so small that every trajectory can be enumerated, and a policy for it.
#pragma once

#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "lib/core/check.h"
#include "lib/rl/policy.h"
#include "tests/support/toy_env.h"

namespace vime::testing {

inline constexpr int kStates = 2;
inline constexpr int kActions = 2;

/// Starts in state 0, takes `horizon` steps; r(s, a) = kRewards, P(s' = 1 | s, a) = kToOne.
struct FiniteMdp {
  int horizon = 3;
  std::array<std::array<double, kActions>, kStates> rewards{{{1.0, -0.4}, {0.3, 2.5}}};
  std::array<std::array<double, kActions>, kStates> to_one{{{0.2, 0.7}, {0.6, 0.1}}};

  double Transition(int s, int a, int next) const {
    const double p = to_one[static_cast<std::size_t>(s)][static_cast<std::size_t>(a)];
    return next == 1 ? p : 1 - p;
  }
  double Reward(int s, int a) const {
    return rewards[static_cast<std::size_t>(s)][static_cast<std::size_t>(a)];
  }
};

/// pi(a = 1 | s) = sigmoid(theta_s). Its steps are stored as numbers: observation s, action a.
class TabularPolicy final : public Policy {
 public:
  explicit TabularPolicy(const VectorXd& theta) : theta_(theta) {}

  double Probability(int s, int a) const {
    const double one = 1 / (1 + std::exp(-theta_[s]));
    return a == 1 ? one : 1 - one;
  }
  /// d log pi(a|s) / d theta_s
  double Score(int s, int a) const { return a - Probability(s, 1); }

  std::unique_ptr<Policy> Clone() const override { return std::make_unique<TabularPolicy>(*this); }
  const VectorXd& parameters() const override { return theta_; }
  void SetParameters(const VectorXd& theta) override { theta_ = theta; }
  std::vector<MatrixXd> TrajectoryScores(const Batch& batch, const MatrixXd& weights,
                                         int /*num_threads*/) const override {
    std::vector<MatrixXd> scores;
    const auto trajectories = static_cast<Index>(batch.trajectories.size());
    for (Index c = 0; c < weights.cols(); ++c) {
      scores.emplace_back(MatrixXd::Zero(trajectories, kStates));
      for (Index i = 0; i < trajectories; ++i) {
        const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
        for (Index t = trajectory.begin; t < trajectory.begin + trajectory.length; ++t) {
          const int s = static_cast<int>(batch.observations(t, 0));
          const int a = static_cast<int>(batch.sampled_actions(t, 0));
          scores.back()(i, s) += weights(t, c) * Score(s, a);
        }
      }
    }
    return scores;
  }
  /// pi(a_t|s_t) / old(a_t|s_t).
  VectorXd RatiosTo(const TabularPolicy& old, const Batch& batch) const {
    VectorXd ratios(batch.size());
    for (Index t = 0; t < batch.size(); ++t) {
      const int s = static_cast<int>(batch.observations(t, 0));
      const int a = static_cast<int>(batch.sampled_actions(t, 0));
      ratios[t] = Probability(s, a) / old.Probability(s, a);
    }
    return ratios;
  }

  // Not Gaussian: what follows is not asked of it.
  void Act(const FeaturesRef<float>& /*observations*/, const FeaturesRef<float>& /*noise*/,
           FeaturesOut<double> /*memory*/, FeaturesOut<float> /*actions*/) const override {
    VIME_CHECK(false);
  }
  ActionDistributions Distributions(const Batch& /*batch*/) const override {
    VIME_CHECK(false);
    return {};
  }
  VectorXd FisherVectorProduct(const Batch& /*batch*/, const VectorXd& v,
                               int /*num_threads*/) const override {
    VIME_CHECK(false);
    return v;
  }
  double MeanStddev(const Batch& /*batch*/) const override { return 0; }
  void Serialize(Archive& archive) override { archive.Visit("theta", theta_); }

 private:
  VectorXd theta_;
};

/// One way an episode can go.
struct Path {
  std::vector<int> states, actions;
  double probability = 1;
};

/// Every path with its probability under a policy.
inline std::vector<Path> Enumerate(const FiniteMdp& mdp, const TabularPolicy& policy) {
  std::vector<Path> paths{{.states = {0}, .actions = {}}};
  for (int t = 0; t < mdp.horizon; ++t) {
    std::vector<Path> longer;
    for (const Path& path : paths) {
      const int s = path.states.back();
      for (int a = 0; a < kActions; ++a) {
        Path taken = path;
        taken.actions.push_back(a);
        taken.probability *= policy.Probability(s, a);
        if (t + 1 == mdp.horizon) {
          longer.push_back(taken);
          continue;
        }
        for (int next = 0; next < kStates; ++next) {
          longer.push_back(taken);
          longer.back().states.push_back(next);
          longer.back().probability *= mdp.Transition(s, a, next);
        }
      }
    }
    paths = std::move(longer);
  }
  return paths;
}

/// The batch of the given paths, one trajectory each.
inline Batch BatchOf(const FiniteMdp& mdp, const std::vector<const Path*>& paths) {
  Batch batch = EmptyBatch(std::vector<Index>(paths.size(), mdp.horizon));
  for (std::size_t i = 0; i < paths.size(); ++i) {
    for (int t = 0; t < mdp.horizon; ++t) {
      const Index row = batch.trajectories[i].begin + t;
      const int s = paths[i]->states[static_cast<std::size_t>(t)];
      const int a = paths[i]->actions[static_cast<std::size_t>(t)];
      batch.observations(row, 0) = static_cast<float>(s);
      batch.sampled_actions(row, 0) = static_cast<float>(a);
      batch.rewards[row] = mdp.Reward(s, a);
    }
  }
  return batch;
}

/// E[f(batch)] over batches of `size` independent paths.
inline VectorXd Expectation(const FiniteMdp& mdp, const std::vector<Path>& paths, int size,
                            const std::function<VectorXd(const Batch&)>& f) {
  std::vector<const Path*> chosen(static_cast<std::size_t>(size));
  VectorXd sum = VectorXd::Zero(kStates);
  const std::function<void(int, double)> choose = [&](int i, double probability) {
    if (i == size) {
      sum += probability * f(BatchOf(mdp, chosen));
      return;
    }
    for (const Path& path : paths) {
      chosen[static_cast<std::size_t>(i)] = &path;
      choose(i + 1, probability * path.probability);
    }
  };
  choose(0, 1);
  return sum;
}

}  // namespace vime::testing
