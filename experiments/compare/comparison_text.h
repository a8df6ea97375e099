// A comparison as tables, Markdown, CSV and JSON.
#pragma once

#include <string>

#include "experiments/compare/comparison.h"
#include "experiments/compare/table.h"

namespace vime {

/// One sentence: what is compared.
std::string Subject(const Comparison& comparison);

/// The answer about a pair of arms, with the difference and how sure it is; or, where there are
/// many pairs, who got a verdict.
struct Answer {
  Verdict verdict = Verdict::kNone;
  std::string text;
};
std::vector<Answer> Answers(const Comparison& comparison);

Table PrimaryTable(const Comparison& comparison);
Table OutcomeTable(const Comparison& comparison);
Table PairTable(const Comparison& comparison);
Table ConfigTable(const Comparison& comparison);
Table SelectionTable(const Comparison& comparison);
/// One row per reason, with its first paths.
Table LeftOutSummary(const Comparison& comparison);
/// One row per run that is left out.
Table LeftOutTable(const Comparison& comparison);
/// One row per run that the numbers contain.
Table RunTable(const Comparison& comparison);

/// The whole comparison for terminals and papers.
std::string ToMarkdown(const Comparison& comparison);
/// One row per arm, numbers in full.
std::string ToCsv(const Comparison& comparison);
Json ToJson(const Comparison& comparison);

}  // namespace vime
