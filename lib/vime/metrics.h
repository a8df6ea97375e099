// What an iteration reports. Each metric is described once: its key, its value, its meaning.
#pragma once

#include <cstdint>
#include <optional>

namespace vime {

/// Absent values (no bonus, no model) are written as null. Returns are extrinsic and undiscounted.
struct IterationMetrics {
  std::int64_t iteration = 0;
  std::int64_t env_steps = 0;
  std::int64_t episodes = 0;
  double wall_s = 0;
  double return_mean = 0;
  double return_std = 0;
  double return_min = 0;
  double return_max = 0;
  double success_fraction = 0;
  double terminated_fraction = 0;
  double episode_length_mean = 0;
  std::optional<double> eta;
  std::optional<double> bonus_mean, bonus_median, bonus_max, bonus_scale, bonus_reward_mean;
  std::optional<double> bonus_noise_rank_correlation;
  std::int64_t bonus_not_finite = 0;
  std::optional<double> bnn_elbo;
  std::optional<double> bnn_mse_mean_prediction, bnn_mse_predict_zero, bnn_mse_identity;
  double policy_std_mean = 0;
  double policy_gradient_norm = 0;
  std::optional<double> policy_gradient_variance_ratio;
  double policy_kl = 0;
  std::optional<double> policy_value_explained_variance, policy_effective_sample_share;
  std::int64_t policy_epochs = 0;
  std::int64_t policy_backtracks = 0;
  std::int64_t policy_step_accepted = 1;
  double coverage_fraction = 0;
  double time_rollout_s = 0, time_bonus_s = 0, time_policy_s = 0, time_dynamics_s = 0;

  /// Calls visit(key, value, help) for every metric, in the order in which they are written.
  template <class Self, class Visit>
  static void Describe(Self&& m, const Visit& visit) {
    visit("iteration", m.iteration, "index of the iteration, from 0");
    visit("env_steps", m.env_steps, "environment steps taken so far");
    visit("episodes", m.episodes, "episodes finished so far");
    visit("wall_s", m.wall_s, "seconds since the run began");
    visit("rollout/return_mean", m.return_mean,
          "mean over the episodes of the iteration of the extrinsic, undiscounted return");
    visit("rollout/return_std", m.return_std, "standard deviation of that return (population)");
    visit("rollout/return_min", m.return_min, "smallest return of the iteration");
    visit("rollout/return_max", m.return_max, "largest return of the iteration");
    visit("rollout/success_fraction", m.success_fraction,
          "share of the episodes that succeeded, as the environment defines success");
    visit("rollout/terminated_fraction", m.terminated_fraction,
          "share of the episodes that the environment ended; the horizon truncated the others");
    visit("rollout/episode_length_mean", m.episode_length_mean, "mean steps per episode");
    visit("bonus/eta", m.eta, "weight of the shaped bonus in the reward");
    visit("bonus/mean", m.bonus_mean, "mean raw bonus per transition (information gain: nats)");
    visit("bonus/median", m.bonus_median, "median raw bonus");
    visit("bonus/max", m.bonus_max, "largest raw bonus");
    visit("bonus/scale", m.bonus_scale,
          "what raw bonuses are divided by; where it is not positive the bonus is left out");
    visit("bonus/not_finite", m.bonus_not_finite,
          "transitions whose raw bonus is not a finite number; with any the batch has no bonus");
    visit("bonus/reward_mean", m.bonus_reward_mean,
          "mean of eta * clip(normalised bonus), before centring and what an episode's end adds");
    visit("bonus/noise_rank_correlation", m.bonus_noise_rank_correlation,
          "Spearman correlation of the raw bonus between two noise draws, on 128 transitions, or "
          "about as many in whole episodes where a bonus needs them; null when either draw is "
          "constant");
    visit("bnn/elbo", m.bnn_elbo, "ELBO per transition during the fit, nats");
    visit(
        "bnn/mse_mean_prediction", m.bnn_mse_mean_prediction,
        "squared error of the mean network on the fresh batch before fitting, standardised units");
    visit("bnn/mse_predict_zero", m.bnn_mse_predict_zero,
          "the same for a network that always says 0, the mean of everything observed");
    visit("bnn/mse_identity", m.bnn_mse_identity, "the same for the prediction s' = s");
    visit("policy/std_mean", m.policy_std_mean,
          "mean standard deviation of the policy over actions, normalised units");
    visit("policy/gradient_norm", m.policy_gradient_norm, "Euclidean norm of the policy gradient");
    visit("policy/gradient_variance_ratio", m.policy_gradient_variance_ratio,
          "variance of the gradient estimate with the baseline (fitted on the other "
          "trajectories) over the variance without");
    visit("policy/kl", m.policy_kl, "mean KL[old policy || new policy] of the update, nats");
    visit("policy/value_explained_variance", m.policy_value_explained_variance,
          "1 - Var(return - V) / Var(return), of the value function before its fit; null without "
          "one");
    visit("policy/effective_sample_share", m.policy_effective_sample_share,
          "share of the trajectories that importance weights leave effective, at the last reuse of "
          "the batch; null without reuse");
    visit("policy/epochs", m.policy_epochs, "passes over the batch; erwr: iterations of L-BFGS");
    visit("policy/backtracks", m.policy_backtracks,
          "times that the line search shortened the step");
    visit("policy/step_accepted", m.policy_step_accepted,
          "0 when no step was found and the policy stayed as it was, else 1");
    visit("coverage/fraction", m.coverage_fraction,
          "share of a 50 x 50 grid over two state dimensions visited so far");
    visit("time/rollout_s", m.time_rollout_s, "seconds spent in the environment and the policy");
    visit("time/bonus_s", m.time_bonus_s, "seconds spent scoring bonuses");
    visit("time/policy_s", m.time_policy_s, "seconds spent updating the policy");
    visit("time/dynamics_s", m.time_dynamics_s, "seconds spent fitting the model of the bonus");
  }
};

}  // namespace vime
