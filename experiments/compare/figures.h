// The figures of a report: each one picture that stands alone, and the numbers behind it.
#pragma once

#include <string>
#include <vector>

#include "experiments/compare/comparison.h"
#include "experiments/compare/curves.h"
#include "experiments/compare/table.h"

namespace vime {

enum class FigureKind { kStatic, kLines, kReplay };

struct Figure {
  std::string id;  ///< also the name of its files
  std::string title;
  std::string caption = {};  ///< what lines, bands and points are
  FigureKind kind = FigureKind::kStatic;
  std::string svg = {};
  Table data = {};       ///< what a reader sees behind the figure
  std::string csv = {};  ///< the numbers in full
};

/// Arms in the colours of all figures; those beyond kMostDrawnArms are left to the tables.
inline constexpr std::size_t kMostDrawnArms = 8;

/// How an arm looks: its colour in light pages and on paper, its class and its dashes.
struct ArmStyle {
  std::size_t arm = 0;
  int series = 0;  ///< 0: the baseline
  std::string colour, dash;
};

/// The arms that figures show, in their order: the baseline and the best of the others.
std::vector<ArmStyle> DrawnArms(const Comparison& comparison);

/// All figures that the data allow, in the order of the report.
std::vector<Figure> MakeFigures(const Comparison& comparison, const std::vector<ArmCurves>& curves);

}  // namespace vime
