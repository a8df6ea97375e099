#include "experiments/runner/summary.h"

#include <algorithm>
#include <vector>

#include "experiments/runner/metrics_json.h"
#include "experiments/runner/oracle_values.h"
#include "lib/core/statistics.h"

namespace vime {
namespace {

Json OrNull(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(); }

std::optional<double> MeanOf(const std::deque<double>& values) {
  if (values.empty()) return std::nullopt;
  return Mean(std::vector<double>(values.begin(), values.end()));
}

void Put(Json& json, const char* key, const std::optional<double>& value) {
  if (value) return PutNumber(json, key, *value);
  json[key] = nullptr;
}

void Push(std::deque<double>& window, double value, std::size_t length) {
  window.push_back(value);
  if (window.size() > length) window.pop_front();
}

template <class T>
void Visit(Archive& archive, const char* name, std::optional<T>& value) {
  bool present = value.has_value();
  T stored = value.value_or(T{});
  archive.Visit(name, present);
  archive.Visit(name, stored);
  value = present ? std::optional<T>(stored) : std::nullopt;
}

void Visit(Archive& archive, const char* name, std::deque<double>& window) {
  std::vector<double> values(window.begin(), window.end());
  archive.Numbers(name, values);
  archive.Require(values.size() <= SummaryBuilder::kLast, name);
  window.assign(values.begin(), values.end());
}

}  // namespace

bool LimitsReached(const RunConfig& config, std::int64_t iterations, std::int64_t env_steps,
                   bool solved) {
  return iterations >= config.iterations ||
         (config.env_steps > 0 && env_steps >= config.env_steps) ||
         (config.stop_when == StopWhen::kSolved && solved);
}

bool SummaryBuilder::Done(const RunConfig& config) const {
  return LimitsReached(config, iterations_, env_steps_, solved());
}

bool SummaryBuilder::WasDone(const RunConfig& config) const {
  const std::int64_t before = iterations_ - 1;
  const bool solved_before = solved() && *solved_iteration_ < before;
  return before >= 0 && LimitsReached(config, before, env_steps_before_, solved_before);
}

void SummaryBuilder::Serialize(Archive& archive) {
  archive.Visit("summary iterations", iterations_);
  archive.Visit("summary env steps", env_steps_);
  archive.Visit("summary env steps before", env_steps_before_);
  archive.Visit("summary episodes", episodes_);
  archive.Visit("summary consecutive", consecutive_);
  Visit(archive, "summary solved iteration", solved_iteration_);
  Visit(archive, "summary solved env steps", solved_env_steps_);
  Visit(archive, "summary first success", first_success_env_steps_);
  Visit(archive, "summary last success", last_success_);
  Visit(archive, "summary last return", last_return_);
  archive.Visit("summary return area", return_area_);
  Visit(archive, "summary best return", best_return_);
  Visit(archive, "summary evaluation return", evaluation_return_);
  archive.Visit("summary coverage", coverage_);
}

void SummaryBuilder::Add(const IterationMetrics& metrics, const Batch& batch) {
  if (!first_success_env_steps_) {
    for (const Trajectory& trajectory : batch.trajectories) {
      if (!trajectory.success) continue;
      first_success_env_steps_ = env_steps_ + trajectory.begin + trajectory.length;
      break;
    }
  }
  ++iterations_;
  env_steps_before_ = env_steps_;
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
  const bool any = env_steps_ > 0;
  Put(json, "success_fraction_last20", MeanOf(last_success_));
  const std::optional<double> last_return = MeanOf(last_return_);
  Put(json, "return_last20", last_return);
  Put(json, "return_best", best_return_);
  Put(json, "eval_return", evaluation_return_);
  Put(json, "auc_return",
      any ? std::optional(return_area_ / static_cast<double>(env_steps_)) : std::nullopt);
  const OracleValue* oracle = FindOracleValue(config);
  const bool scored = oracle != nullptr && last_return;
  Put(json, "regret", scored ? std::optional(oracle->Regret(*last_return)) : std::nullopt);
  Put(json, "normalised_score", scored ? std::optional(oracle->Score(*last_return)) : std::nullopt);
  Put(json, "coverage_fraction", any ? std::optional(coverage_) : std::nullopt);
  json["wall_s"] = wall_s;
  return json;
}

}  // namespace vime
