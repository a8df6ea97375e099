#include "experiments/runner/metrics_json.h"

#include <cmath>

namespace vime {
namespace {

void Put(Json& line, const std::string& key, std::int64_t value) { line[key] = value; }

void Put(Json& line, const std::string& key, double value) { PutNumber(line, key, value); }

void Put(Json& line, const std::string& key, const std::optional<double>& value) {
  if (value) return PutNumber(line, key, *value);
  line[key] = nullptr;
}

}  // namespace

void PutNumber(Json& json, const std::string& key, double value) {
  if (std::isfinite(value)) {
    json[key] = value;
    return;
  }
  json[key] = nullptr;
  json[key + "_nonfinite"] = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

Json ToJson(const IterationMetrics& metrics) {
  Json line;
  IterationMetrics::Describe(
      metrics, [&](const char* key, const auto& value, const char*) { Put(line, key, value); });
  return line;
}

Json ToJson(const Evaluation& evaluation) {
  Json line = Json::object();
  Evaluation::Describe(
      evaluation, [&](const char* key, const auto& value, const char*) { Put(line, key, value); });
  return line;
}

Json ToJson(const Evaluation& evaluation, const IterationMetrics& metrics) {
  Json line;
  line["iteration"] = metrics.iteration;
  line["env_steps"] = metrics.env_steps;
  line["episodes"] = metrics.episodes;
  line["wall_s"] = metrics.wall_s;
  line.update(ToJson(evaluation));
  return line;
}

}  // namespace vime
