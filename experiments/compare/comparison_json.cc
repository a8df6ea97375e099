// What programs read: a comparison as JSON, and its flat numbers as CSV.
#include "experiments/compare/comparison_text.h"
#include "experiments/runner/build_info.h"
#include "experiments/runner/metrics_json.h"
#include "experiments/runner/text.h"

namespace vime {

Json ToJson(const Comparison& comparison) {
  const auto put_interval = [](Json& json, const std::string& key, const Interval& interval) {
    PutNumber(json, key + "_low", interval.low);
    PutNumber(json, key + "_high", interval.high);
  };
  const auto paths = [](const std::vector<const RunRecord*>& runs) {
    Json list = Json::array();
    for (const RunRecord* run : runs) list.push_back(Printable(run->path));
    return list;
  };
  Json json;
  json["schema"] = "vime-comparison-1";
  json["version"] = GetBuildInfo().version;
  json["primary"] = comparison.primary.name;
  json["lower_is_better"] = comparison.primary.lower_is_better;
  json["environment"] = comparison.environment;
  json["budget"] = comparison.budget;
  json["runs_version"] = comparison.version;
  json["seeds"] = comparison.seeds;
  json["baseline"] = comparison.arms.empty() ? "" : comparison.arms[comparison.baseline].arm.id;
  json["arms"] = Json::array();
  for (const ArmResult& result : comparison.arms) {
    Json arm;
    arm["id"] = result.arm.id;
    arm["label"] = result.arm.label;
    arm["config_hash"] = result.arm.config_hash;
    arm["environment"] = result.arm.environment;
    arm["budget"] = result.arm.budget;
    arm["runs"] = result.values.size();
    arm["diverged"] = result.arm.diverged.size();
    arm["unfinished"] = result.arm.unfinished.size();
    PutNumber(arm, "mean", result.mean);
    PutNumber(arm, "stddev", result.stddev);
    put_interval(arm, "mean", result.mean_interval);
    PutNumber(arm, "median", result.median);
    PutNumber(arm, "lower_quartile", result.lower_quartile);
    PutNumber(arm, "upper_quartile", result.upper_quartile);
    PutNumber(arm, "iqm", result.iqm);
    if (result.iqm_interval) put_interval(arm, "iqm", *result.iqm_interval);
    PutNumber(arm, "auc_return", result.auc_return);
    PutNumber(arm, "final_return", result.final_return);
    arm["solved"] = result.solved;
    arm["attempts"] = result.attempts;
    put_interval(arm, "solved", result.solved_interval);
    PutNumber(arm, "first_success_median", result.first_success_median);
    put_interval(arm, "first_success", result.first_success_interval);
    arm["seeds"] = Json::array();
    arm["values"] = Json::array();
    for (std::size_t i = 0; i < result.values.size(); ++i) {
      arm["seeds"].push_back(result.arm.runs[i]->seed);
      arm["values"].push_back(std::isfinite(result.values[i]) ? Json(result.values[i]) : Json());
    }
    arm["paths"] = paths(result.arm.runs);
    arm["config"] = Json::object();
    for (const auto& [key, values] : result.arm.config) arm["config"][key] = values;
    json["arms"].push_back(arm);
  }
  json["comparisons"] = Json::array();
  for (const PairResult& pair : comparison.pairs) {
    constexpr const char* kVerdicts[] = {"none", "better", "worse", "not shown"};
    Json entry;
    entry["arm"] = comparison.arms[pair.arm].arm.id;
    entry["baseline"] = comparison.arms[pair.baseline].arm.id;
    PutNumber(entry, "difference", pair.welch.difference);
    put_interval(entry, "difference", pair.welch.interval);
    PutNumber(entry, "welch_t", pair.welch.t);
    PutNumber(entry, "welch_df", pair.welch.df);
    PutNumber(entry, "welch_p", pair.welch.p);
    PutNumber(entry, "mann_whitney_p", pair.mann_whitney_p);
    entry["deciding_test"] = pair.ranks_decide ? "mann-whitney" : "welch";
    PutNumber(entry, "p_holm", pair.p_holm);
    PutNumber(entry, "probability_higher", pair.superiority);
    if (pair.superiority_interval) {
      put_interval(entry, "probability_higher", *pair.superiority_interval);
    }
    PutNumber(entry, "hedges_g", pair.hedges_g);
    entry["verdict"] = kVerdicts[static_cast<std::size_t>(pair.verdict)];
    entry["few_runs"] = pair.few_seeds;
    entry["reason"] = pair.reason;
    json["comparisons"].push_back(entry);
  }
  if (comparison.selection) {
    Json selection;
    selection["seeds"] = comparison.selection->seeds;
    selection["candidates"] = Json::array();
    for (const Selection::Candidate& candidate : comparison.selection->candidates) {
      Json entry;
      entry["family"] = candidate.family;
      entry["label"] = candidate.label;
      entry["runs"] = candidate.count;
      PutNumber(entry, "value", candidate.mean);
      entry["chosen"] = candidate.chosen;
      selection["candidates"].push_back(entry);
    }
    json["selection"] = selection;
  }
  json["left_out"] = Json::array();
  for (const LeftOut& run : comparison.left_out) {
    json["left_out"].push_back({{"path", Printable(run.path)}, {"reason", Printable(run.reason)}});
  }
  json["notes"] = Json::array();
  for (const std::string& note : comparison.notes) json["notes"].push_back(Printable(note));
  return json;
}

std::string ToCsv(const Comparison& comparison) {
  // The flat numbers of the JSON form: one row per arm, what compares it with the baseline beside.
  const Json json = ToJson(comparison);
  Table table;
  for (const char* key : {"id",
                          "label",
                          "config_hash",
                          "environment",
                          "budget",
                          "runs",
                          "diverged",
                          "unfinished",
                          "mean",
                          "stddev",
                          "mean_low",
                          "mean_high",
                          "median",
                          "lower_quartile",
                          "upper_quartile",
                          "iqm",
                          "iqm_low",
                          "iqm_high",
                          "auc_return",
                          "final_return",
                          "solved",
                          "attempts",
                          "solved_low",
                          "solved_high",
                          "first_success_median",
                          "first_success_low",
                          "first_success_high"}) {
    table.columns.push_back({key, table.columns.size() >= 5});
  }
  const std::size_t of_arm = table.columns.size();
  for (const char* key :
       {"baseline", "verdict", "difference", "difference_low", "difference_high", "welch_p",
        "mann_whitney_p", "deciding_test", "p_holm", "probability_higher", "probability_higher_low",
        "probability_higher_high", "hedges_g"}) {
    table.columns.push_back({key, table.columns.size() >= of_arm + 2});
  }
  const auto text = [](const Json& object, const std::string& key) -> std::string {
    if (!object.contains(key) || object[key].is_null()) return "";
    return object[key].is_string() ? object[key].get<std::string>() : object[key].dump();
  };
  for (const Json& arm : json["arms"]) {
    Json pair = Json::object();
    for (const Json& entry : json["comparisons"]) {
      if (entry["arm"] == arm["id"]) pair = entry;
    }
    table.rows.emplace_back();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      table.rows.back().push_back(text(c < of_arm ? arm : pair, table.columns[c].name));
    }
  }
  return ToCsv(table);
}

}  // namespace vime
