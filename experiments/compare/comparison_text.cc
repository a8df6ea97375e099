// What people read: sentences and tables. The forms for programs are in comparison_json.cc.
#include "experiments/compare/comparison_text.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/runner/build_info.h"
#include "experiments/runner/metrics_json.h"
#include "experiments/runner/text.h"

namespace vime {
namespace {

std::string Name(const Comparison& comparison, std::size_t arm) {
  return comparison.arms[arm].arm.id + ": " + comparison.arms[arm].arm.label;
}

// Decimals for the primary metric: those of the smallest spread of an arm, if there is one.
int PrimaryDecimals(const Comparison& comparison) {
  double least = 0;
  double range = 0;
  for (const ArmResult& arm : comparison.arms) {
    if (arm.stddev > 0 && (least == 0 || arm.stddev < least)) least = arm.stddev;
    for (const double value : arm.values) {
      if (std::isfinite(value)) range = std::max(range, std::abs(value));
    }
  }
  if (least == 0) least = range / 100;  // one run an arm
  // Not more than six significant digits of the largest value.
  return std::min(DecimalsFor(least), range > 0 ? std::max(0, DecimalsFor(range) + 4) : 6);
}

std::string Bracket(const Interval& interval, int decimals) {
  if (std::isnan(interval.low)) return "-";
  return "[" + Fixed(interval.low, decimals) + ", " + Fixed(interval.high, decimals) + "]";
}

std::string WithBracket(const std::string& value, const std::string& bracket) {
  return bracket == "-" ? value : value + " " + bracket;
}

std::string Steps(double value) {
  return std::isfinite(value) ? Thousands(value) : Fixed(value, 0);
}

std::string StepsBracket(const Interval& interval) {
  if (std::isnan(interval.low)) return "-";
  return "[" + Steps(interval.low) + ", " + Steps(interval.high) + "]";
}

std::string CountText(const ArmResult& arm) {
  std::string text = std::to_string(arm.values.size());
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0) text += " + " + std::to_string(count) + what;
  };
  add(arm.arm.diverged.size(), " diverged");
  add(arm.arm.unfinished.size(), " unfinished");
  return text;
}

std::string PText(double p) { return p < 1e-4 ? "p < 0.0001" : "p = " + PValue(p); }

// One pair in full.
std::string AnswerOf(const Comparison& comparison, const PairResult& pair) {
  const int decimals = PrimaryDecimals(comparison);
  const std::string arm = Name(comparison, pair.arm);
  const std::string baseline = Name(comparison, pair.baseline);
  std::string text;
  switch (pair.verdict) {
    case Verdict::kBetter:
    case Verdict::kWorse:
      text = arm + " is " + pair.reason + " than " + baseline;
      break;
    case Verdict::kNotShown:
      text = "No difference shown between " + arm + " and " + baseline;
      break;
    case Verdict::kNone:
      text = arm + " against " + baseline + ": " + pair.reason;
  }
  text += ". " + comparison.primary.name;
  if (pair.welch.defined) {
    text += " differs by " + Fixed(pair.welch.difference, decimals) + ", 95 % interval " +
            Bracket(pair.welch.interval, decimals) + ", Welch " + PText(pair.p_holm);
  } else {
    text += ": P(higher) = " + Fixed(pair.superiority, 2) + ", Mann-Whitney " + PText(pair.p_holm);
  }
  if (comparison.pairs.size() > 1) {
    text += ", adjusted for " + std::to_string(comparison.pairs.size()) + " tests";
  }
  return text + (pair.few_seeds ? "; with caution, few runs." : ".");
}

}  // namespace

std::string Subject(const Comparison& comparison) {
  if (comparison.arms.empty()) return "No runs to compare.";
  const auto count = [](std::size_t n, const std::string& what) {
    return Thousands(static_cast<double>(n)) + " " + what + (n == 1 ? "" : "s");
  };
  std::string text =
      count(comparison.num_runs(), "run") + " in " + count(comparison.arms.size(), "arm") + " on " +
      (comparison.environment.empty() ? "several environments" : comparison.environment) + ", " +
      (comparison.budget.empty() ? "several budgets" : comparison.budget + " each");
  if (!comparison.seeds.empty()) {
    const bool one = comparison.seeds.find_first_not_of("0123456789") == std::string::npos;
    text += (one ? ", seed " : ", seeds ") + Shortened(comparison.seeds, 80);
  }
  return text + ".";
}

std::vector<Answer> Answers(const Comparison& comparison) {
  constexpr std::size_t kMostInFull = 3;
  std::vector<Answer> answers;
  if (comparison.pairs.size() <= kMostInFull) {
    for (const PairResult& pair : comparison.pairs) {
      answers.push_back({pair.verdict, AnswerOf(comparison, pair)});
    }
    return answers;
  }
  // Of many, who belongs where; the table of pairs has the numbers.
  const std::string baseline = Name(comparison, comparison.baseline);
  const std::pair<Verdict, std::string> kinds[] = {
      {Verdict::kBetter, "Better than " + baseline},
      {Verdict::kWorse, "Worse than " + baseline},
      {Verdict::kNotShown, "No difference from " + baseline + " shown"},
      {Verdict::kNone, "No verdict, too few runs"}};
  for (const auto& [verdict, text] : kinds) {
    std::vector<std::string> arms;
    bool few_seeds = false;
    for (const PairResult& pair : comparison.pairs) {
      if (pair.verdict != verdict) continue;
      arms.push_back(Name(comparison, pair.arm));
      few_seeds = few_seeds || pair.few_seeds;
    }
    if (arms.empty()) continue;
    std::string list;
    for (const std::string& arm : arms) list += (list.empty() ? "" : "; ") + arm;
    answers.push_back({verdict, text + " (" + comparison.primary.name + ", adjusted for " +
                                    std::to_string(comparison.pairs.size()) + " tests): " + list +
                                    (few_seeds ? "; with caution, few runs." : ".")});
  }
  return answers;
}

Table PrimaryTable(const Comparison& comparison) {
  Table table;
  table.title = comparison.primary.name + " per arm" +
                (comparison.primary.lower_is_better ? " (lower is better)" : "");
  table.columns = {{"arm", false},
                   {"runs", true},
                   {"mean ± sd", true},
                   {"95 % interval", true},
                   {"median [quartiles]", true},
                   {"IQM [95 %]", true}};
  const int decimals = PrimaryDecimals(comparison);
  for (std::size_t i = 0; i < comparison.arms.size(); ++i) {
    const ArmResult& arm = comparison.arms[i];
    std::string mean = Fixed(arm.mean, decimals);
    if (!std::isnan(arm.stddev)) mean += " ± " + Fixed(arm.stddev, decimals);
    table.rows.push_back(
        {Name(comparison, i), CountText(arm), mean, Bracket(arm.mean_interval, decimals),
         WithBracket(Fixed(arm.median, decimals),
                     Bracket({arm.lower_quartile, arm.upper_quartile}, decimals)),
         WithBracket(Fixed(arm.iqm, decimals),
                     arm.iqm_interval ? Bracket(*arm.iqm_interval, decimals) : "-")});
  }
  return table;
}

Table OutcomeTable(const Comparison& comparison) {
  Table table;
  table.title = "What the runs reached";
  table.columns = {{"arm", false},
                   {"AUC of return", true},
                   {"final return", true},
                   {"solved [95 %]", true},
                   {"first success, steps: median [95 %]", true},
                   {"succeeded", true}};
  double spread = 0;
  for (const ArmResult& arm : comparison.arms) {
    for (const double value : {arm.auc_return, arm.final_return}) {
      if (std::isfinite(value)) spread = std::max(spread, std::abs(value));
    }
  }
  const int decimals = DecimalsFor(spread) + 1;
  for (std::size_t i = 0; i < comparison.arms.size(); ++i) {
    const ArmResult& arm = comparison.arms[i];
    const auto succeeded = std::count_if(arm.first_success.begin(), arm.first_success.end(),
                                         [](double steps) { return std::isfinite(steps); });
    table.rows.push_back(
        {Name(comparison, i), Fixed(arm.auc_return, decimals), Fixed(arm.final_return, decimals),
         WithBracket(std::to_string(arm.solved) + "/" + std::to_string(arm.attempts),
                     Bracket(arm.solved_interval, arm.attempts < 100 ? 2 : 3)),
         WithBracket(Steps(arm.first_success_median), StepsBracket(arm.first_success_interval)),
         std::to_string(succeeded) + "/" + std::to_string(arm.first_success.size())});
  }
  return table;
}

Table PairTable(const Comparison& comparison) {
  Table table;
  const bool several = comparison.pairs.size() > 1;
  table.title =
      comparison.primary.name + ", difference from " + Name(comparison, comparison.baseline);
  table.columns = {{"arm", false},           {"difference [95 %]", true},
                   {"Welch p", true},        {several ? "Holm p" : "", true},
                   {"Mann-Whitney p", true}, {"P(higher) [95 %]", true},
                   {"Hedges g", true},       {"verdict", false}};
  const int decimals = PrimaryDecimals(comparison);
  for (const PairResult& pair : comparison.pairs) {
    table.rows.push_back(
        {Name(comparison, pair.arm),
         WithBracket(Fixed(pair.welch.difference, decimals),
                     Bracket(pair.welch.interval, decimals)),
         PValue(pair.welch.p), PValue(pair.p_holm), PValue(pair.mann_whitney_p),
         WithBracket(Fixed(pair.superiority, 2),
                     pair.superiority_interval ? Bracket(*pair.superiority_interval, 2) : "-"),
         Fixed(pair.hedges_g, 2), pair.reason + (pair.few_seeds ? " (few runs)" : "")});
  }
  if (!several) {  // one test needs no adjustment
    table.columns.erase(table.columns.begin() + 3);
    for (auto& row : table.rows) row.erase(row.begin() + 3);
  }
  return table;
}

Table ConfigTable(const Comparison& comparison) {
  Table table;
  table.title = "Where the configs differ";
  table.columns = {{"key", false}};
  std::vector<Arm> arms;
  for (const ArmResult& result : comparison.arms) {
    table.columns.push_back({result.arm.id, false});
    arms.push_back(result.arm);
  }
  for (const std::string& key : DifferingKeys(arms)) {
    table.rows.push_back({key});
    for (const Arm& arm : arms) {
      const std::string value = ValueText(arm, key);
      table.rows.back().push_back(value.empty() ? "-" : value);
    }
  }
  return table;
}

Table SelectionTable(const Comparison& comparison) {
  Table table;
  if (!comparison.selection) return table;
  table.title = "Chosen on seeds " + comparison.selection->seeds + ", which the results leave out";
  table.columns = {{"among", false},
                   {"config", false},
                   {"runs", true},
                   {comparison.primary.name, true},
                   {"chosen", false}};
  for (const Selection::Candidate& candidate : comparison.selection->candidates) {
    table.rows.push_back({candidate.family, candidate.label, std::to_string(candidate.count),
                          Significant(candidate.mean, 4), candidate.chosen ? "yes" : ""});
  }
  return table;
}

Table LeftOutSummary(const Comparison& comparison) {
  constexpr std::size_t kShownPaths = 3;
  Table table;
  table.title = "Not in the numbers";
  table.columns = {{"runs", true}, {"reason", false}, {"such as", false}};
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
  for (const LeftOut& run : comparison.left_out) {
    const auto known = std::find_if(reasons.begin(), reasons.end(),
                                    [&](const auto& entry) { return entry.first == run.reason; });
    auto& paths = known == reasons.end()
                      ? reasons.emplace_back(run.reason, std::vector<std::string>()).second
                      : known->second;
    paths.push_back(Shortened(Printable(run.path), 50));
  }
  for (const auto& [reason, paths] : reasons) {
    std::string shown;
    for (std::size_t i = 0; i < std::min(kShownPaths, paths.size()); ++i) {
      shown += (i > 0 ? ", " : "") + paths[i];
    }
    if (paths.size() > kShownPaths) shown += ", ...";
    table.rows.push_back({std::to_string(paths.size()), Printable(reason), shown});
  }
  return table;
}

Table LeftOutTable(const Comparison& comparison) {
  Table table;
  table.title = "Not in the numbers";
  table.columns = {{"run", false}, {"reason", false}};
  for (const LeftOut& run : comparison.left_out) {
    table.rows.push_back({Shortened(Printable(run.path), 120), Printable(run.reason)});
  }
  return table;
}

Table RunTable(const Comparison& comparison) {
  Table table;
  table.title = "Runs";
  table.columns = {{"run", false},    {"arm", false},
                   {"seed", true},    {comparison.primary.name, true},
                   {"solved", false}, {"first success", true}};
  for (const ArmResult& arm : comparison.arms) {
    for (std::size_t i = 0; i < arm.values.size(); ++i) {
      const RunRecord& run = *arm.arm.runs[i];
      table.rows.push_back({Shortened(Printable(run.path), 80), arm.arm.id,
                            std::to_string(run.seed), Significant(arm.values[i], 5),
                            run.Number("solved").value_or(0) > 0 ? "yes" : "no",
                            Steps(arm.first_success[i])});
    }
  }
  return table;
}

std::string ToMarkdown(const Comparison& comparison) {
  std::string text = EscapeMarkdown(Subject(comparison)) + "\n";
  for (const Answer& answer : Answers(comparison)) {
    text += "\n**" + EscapeMarkdown(answer.text) + "**\n";
  }
  const auto add = [&](const Table& table) {
    if (table.rows.empty()) return;
    text += "\n" + EscapeMarkdown(table.title) + ":\n\n" + ToMarkdown(table);
  };
  if (!comparison.arms.empty()) {
    add(SelectionTable(comparison));
    add(PairTable(comparison));
    add(PrimaryTable(comparison));
    add(OutcomeTable(comparison));
    add(ConfigTable(comparison));
  }
  add(LeftOutSummary(comparison));
  if (!comparison.notes.empty()) text += "\n";
  for (const std::string& note : comparison.notes) text += "- " + EscapeMarkdown(note) + "\n";
  return text;
}

}  // namespace vime
