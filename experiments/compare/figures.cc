#include "experiments/compare/figures.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/compare/figure_parts.h"

namespace vime {

std::vector<ArmStyle> DrawnArms(const Comparison& comparison) {
  const auto has_values = [&](std::size_t i) { return !comparison.arms[i].values.empty(); };
  std::vector<std::size_t> drawn;
  for (std::size_t i = 0; i < comparison.arms.size(); ++i) {
    if (i != comparison.baseline && has_values(i)) drawn.push_back(i);
  }
  const auto score = [&](std::size_t i) {
    const ArmResult& arm = comparison.arms[i];
    const double value = comparison.primary.may_never ? arm.median : arm.mean;
    if (std::isnan(value)) return -std::numeric_limits<double>::infinity();
    return comparison.primary.lower_is_better ? -value : value;
  };
  std::stable_sort(drawn.begin(), drawn.end(),
                   [&](std::size_t a, std::size_t b) { return score(a) > score(b); });
  if (drawn.size() > kMostDrawnArms - 1) drawn.resize(kMostDrawnArms - 1);
  if (!comparison.arms.empty() && has_values(comparison.baseline)) {
    drawn.push_back(comparison.baseline);
  }
  std::sort(drawn.begin(), drawn.end());
  std::vector<ArmStyle> styles;
  std::size_t series = 0;
  for (const std::size_t arm : drawn) {
    // A lone arm is nobody's baseline.
    const bool baseline = arm == comparison.baseline && comparison.arms.size() > 1;
    styles.push_back(SeriesStyle(arm, baseline ? 0 : ++series));
  }
  return styles;
}

std::vector<Figure> MakeFigures(const Comparison& comparison,
                                const std::vector<ArmCurves>& curves) {
  const FigureContext context{
      .comparison = comparison, .curves = curves, .drawn = DrawnArms(comparison)};
  std::vector<Figure> figures;
  if (context.drawn.empty()) return figures;
  const auto add = [&](std::optional<Figure> figure) {
    if (figure) figures.push_back(std::move(*figure));
  };
  const bool several = comparison.num_runs() > 1;
  if (several) figures.push_back(RunsFigure(context));
  add(DifferencesFigure(context));
  add(EtaFigure(context));
  add(ReturnFigure(context));
  add(SuccessFigure(context));
  if (several) add(FirstSuccessFigure(context));
  add(CoverageFigure(context));
  add(VisitsFigure(context));
  add(FilmFigure(context));
  add(ReplayFigure(context));
  add(GainFigure(context));
  add(ModelErrorFigure(context));
  return figures;
}

}  // namespace vime
