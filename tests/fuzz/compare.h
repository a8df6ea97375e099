// What vime-compare does with a directory of runs.
#pragma once

#include <string>

#include "experiments/compare/comparison_text.h"
#include "experiments/compare/figures.h"

namespace vime::testing {

inline void PrintTables(const std::string& directory, const std::string& primary) {
  CompareOptions options;
  options.primary = primary;
  const std::vector<RunRecord> runs = ReadRuns({directory}, 1);
  const Comparison comparison = Compare(runs, options);
  ToMarkdown(comparison);
  ToCsv(comparison);
  ToJson(comparison).dump();
}

inline void DrawFigures(const std::string& directory) {
  const std::vector<RunRecord> runs = ReadRuns({directory}, 1);
  Comparison comparison = Compare(runs, {});
  MakeFigures(comparison, ReadCurves(comparison, 1, comparison.notes));
}

}  // namespace vime::testing
