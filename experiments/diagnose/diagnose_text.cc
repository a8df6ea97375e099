// A diagnosis as JSON and as Markdown.
#include <cmath>

#include "experiments/compare/table.h"
#include "experiments/diagnose/diagnose.h"
#include "experiments/runner/config_json.h"
#include "experiments/runner/text.h"

namespace vime {
namespace {

template <class Choice>
std::string Name(Choice choice) {
  return std::string(EnumNames<Choice>()[static_cast<std::size_t>(choice)]);
}

// NaN and infinity are null.
Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json ToJson(const Measured& measured) {
  return {{"mean", Number(measured.mean)}, {"standard_error", Number(measured.standard_error)}};
}

std::string Text(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.3g", value);
  return digits;
}

std::string Text(const Measured& m) { return Text(m.mean) + " +- " + Text(m.standard_error); }

}  // namespace

Json ToJson(const Diagnosis& diagnosis) {
  Json json;
  json["return_mean"] = Number(diagnosis.return_mean);
  json["baselines"] = Json::array();
  for (const BaselineRow& row : diagnosis.baselines) {
    json["baselines"].push_back({{"baseline", Name(row.baseline)},
                                 {"pooled", row.pooled},
                                 {"variance_ratio", ToJson(row.variance_ratio)},
                                 {"improved_share", ToJson(row.improved_share)}});
  }
  json["reuse"] = Json::array();
  for (const ReuseRow& row : diagnosis.reuse) {
    json["reuse"].push_back({{"steps", row.steps},
                             {"kl", Number(row.kl)},
                             {"effective_sample_share", Number(row.effective_sample_share)},
                             {"importance", Name(row.kind)},
                             {"bias", Number(row.bias)},
                             {"noise", Number(row.noise)},
                             {"spread", Number(row.spread)}});
  }
  json["trust_region"] = Json::array();
  for (const TrustRegionRow& row : diagnosis.trust_region) {
    json["trust_region"].push_back({{"scale", row.scale},
                                    {"exact_kl", Number(row.exact_kl)},
                                    {"quadratic_kl", Number(row.quadratic_kl)}});
  }
  json["information_gain"] = Json::array();
  for (const GainRow& row : diagnosis.gains) {
    json["information_gain"].push_back({{"step_size", row.step_size},
                                        {"taylor_mean", Number(row.taylor_mean)},
                                        {"exact_mean", Number(row.exact_mean)},
                                        {"rank_correlation", Number(row.rank_correlation)}});
  }
  json["rank_correlations"] = {{"other_noise", Number(diagnosis.correlations.other_noise)},
                               {"state_norm", Number(diagnosis.correlations.state_norm)},
                               {"linear_model", Number(diagnosis.correlations.linear_model)}};
  json["linear_task"] = {{"information_gain", Number(diagnosis.linear_task.information_gain)},
                         {"state_norm", Number(diagnosis.linear_task.state_norm)}};
  return json;
}

std::string ToMarkdown(const Diagnosis& diagnosis) {
  const auto section = [](const std::string& title, const Table& table) {
    return "\n" + title + "\n\n" + ToMarkdown(table);
  };
  std::string text = "mean return " + Text(diagnosis.return_mean) + "\n";
  Table baselines{
      "", {{"baseline"}, {"variance / without", true}, {"parameters improved", true}}, {}};
  for (const BaselineRow& row : diagnosis.baselines) {
    baselines.rows.push_back({Name(row.baseline) + (row.pooled ? ", pooled" : ""),
                              Text(row.variance_ratio), Text(row.improved_share)});
  }
  text += section("Variance of the policy gradient, out of sample", baselines);
  Table reuse{"",
              {{"steps", true},
               {"KL", true},
               {"effective", true},
               {"importance"},
               {"bias", true},
               {"noise", true},
               {"spread", true}},
              {}};
  for (const ReuseRow& row : diagnosis.reuse) {
    reuse.rows.push_back({std::to_string(row.steps), Text(row.kl), Text(row.effective_sample_share),
                          Name(row.kind), Text(row.bias), Text(row.noise), Text(row.spread)});
  }
  text += section("Gradients from batches of an older policy, relative to the gradient", reuse);
  Table region{"", {{"scale", true}, {"exact KL", true}, {"quadratic", true}}, {}};
  for (const TrustRegionRow& row : diagnosis.trust_region) {
    region.rows.push_back({Text(row.scale), Text(row.exact_kl), Text(row.quadratic_kl)});
  }
  text += section("KL along the natural gradient", region);
  Table gains{
      "", {{"lambda", true}, {"Taylor", true}, {"exact KL", true}, {"rank correlation", true}}, {}};
  for (const GainRow& row : diagnosis.gains) {
    gains.rows.push_back({Text(row.step_size), Text(row.taylor_mean), Text(row.exact_mean),
                          Text(row.rank_correlation)});
  }
  text += section("Information gain, means over a batch, nats", gains);
  const GainCorrelations& c = diagnosis.correlations;
  text += "\nRank correlation of the information gain with itself under other noise " +
          Text(c.other_noise) + ", with the state norm " + Text(c.state_norm) +
          ", with the exact gain of a linear model " + Text(c.linear_model) + "\n";
  text += "\nOn a linear task, rank correlation with the exact information gain: of this model's " +
          Text(diagnosis.linear_task.information_gain) + ", of the state norm " +
          Text(diagnosis.linear_task.state_norm) + "\n";
  return text;
}

}  // namespace vime
