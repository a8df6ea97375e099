#include "experiments/runner/summary.h"

#include <algorithm>
#include <vector>

#include "lib/core/statistics.h"

namespace vime {
namespace {

Json OrNull(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); }
Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json MeanOrNull(const std::deque<double>& values) {
  if (values.empty()) return nullptr;
  return Mean(std::vector<double>(values.begin(), values.end()));
}

void Push(std::deque<double>& window, double value, std::size_t length) {
  window.push_back(value);
  if (window.size() > length) window.pop_front();
}

}  // namespace

void SummaryBuilder::Add(const IterationMetrics& metrics, const Batch& batch) {
  if (!first_success_env_steps_) {
    for (const Trajectory& trajectory : batch.trajectories) {
      if (!trajectory.success) continue;
      first_success_env_steps_ = env_steps_ + trajectory.begin + trajectory.length;
      break;
    }
  }
  ++iterations_;
  env_steps_ = metrics.env_steps;
  episodes_ = metrics.episodes;
  consecutive_ = metrics.success_fraction >= kSolvedSuccess ? consecutive_ + 1 : 0;
  if (consecutive_ == kSolvedIterations && !solved_iteration_) {
    solved_iteration_ = metrics.iteration;
    solved_env_steps_ = metrics.env_steps;
  }
  Push(last_success_, metrics.success_fraction, kLast);
  Push(last_return_, metrics.return_mean, kLast);
  return_area_ += metrics.return_mean * static_cast<double>(batch.size());
  best_return_ = std::max(best_return_.value_or(metrics.return_mean), metrics.return_mean);
  coverage_ = metrics.coverage_fraction;
}

Json SummaryBuilder::ToJson(const RunConfig& config, const std::string& error,
                            double wall_s) const {
  Json json;
  json["schema"] = "vime-summary-1";
  json["status"] = error.empty() ? "finished" : "diverged";
  if (!error.empty()) json["error"] = error;
  json["env"] = config.env;
  json["algo"] = vime::ToJson(config)["algo"];
  json["bonus"] = vime::ToJson(config)["bonus"];
  json["eta"] = config.shaping.eta;
  json["seed"] = config.seed;
  json["config_hash"] = ConfigHash(config);
  json["iterations"] = iterations_;
  json["env_steps"] = env_steps_;
  json["episodes"] = episodes_;
  json["solved"] = solved();
  json["solved_iteration"] = OrNull(solved_iteration_);
  json["solved_env_steps"] = OrNull(solved_env_steps_);
  json["first_success_env_steps"] = OrNull(first_success_env_steps_);
  json["success_fraction_last20"] = MeanOrNull(last_success_);
  json["return_last20"] = MeanOrNull(last_return_);
  json["return_best"] = OrNull(best_return_);
  json["auc_return"] =
      env_steps_ > 0 ? Json(return_area_ / static_cast<double>(env_steps_)) : Json();
  json["coverage_fraction"] = iterations_ > 0 ? Json(coverage_) : Json();
  json["wall_s"] = wall_s;
  return json;
}

}  // namespace vime
