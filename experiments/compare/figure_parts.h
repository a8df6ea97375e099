// What the figures have in common: sizes, axes, labels, the looks of arms. Only figure*.cc include
// this.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/compare/figures.h"
#include "experiments/compare/svg.h"

namespace vime {

inline constexpr double kFigureWidth = 460;
inline constexpr double kFigureHeight = 300;
inline constexpr double kPlotLeft = 60;
inline constexpr double kPlotTop = 14;
inline constexpr double kBelowPlot = 50;
inline constexpr std::size_t kLongestLabel = 20;  // characters
inline constexpr const char* kAxisLine = "stroke=\"#666\" fill=\"none\" class=\"axis\"";
inline constexpr const char* kGridLine = "stroke=\"#e4e4e4\" fill=\"none\" class=\"grid\"";
inline constexpr const char* kFaintText = "fill=\"#555\" class=\"faint\"";
inline constexpr const char* kSmallFaintText = "fill=\"#555\" class=\"faint\" font-size=\"11.5\"";

struct FigureContext {
  const Comparison& comparison;
  const std::vector<ArmCurves>& curves;
  std::vector<ArmStyle> drawn;

  const ArmResult& Result(const ArmStyle& style) const { return comparison.arms[style.arm]; }
  const ArmCurves& Curves(const ArmStyle& style) const { return curves[style.arm]; }
  const std::string& Label(const ArmStyle& style) const { return Result(style).arm.label; }
  const std::string& Id(const ArmStyle& style) const { return Result(style).arm.id; }
};

/// The look of the n-th series: 0 is the baseline's.
ArmStyle SeriesStyle(std::size_t arm, std::size_t series);

/// <g> in the colour of a series; closed by </g>.
std::string OpenSeries(const ArmStyle& style);
/// The same for what belongs to one arm, so that a page can hide it.
std::string OpenArm(const ArmStyle& style);
/// The attribute for the dashes of a line, or "".
std::string DashAttribute(const ArmStyle& style);

void DrawXAxis(Svg& svg, const Scale& x, double y, const std::string& title);
void DrawYAxis(Svg& svg, const Scale& y, double left, double right, const std::string& title);

/// The width that labels at the ends of curves need.
double LabelRoom(const std::vector<std::string>& labels);

/// A line sample and a label for each series at the height where its curve ends, moved apart where
/// they would overlap. The groups are marked as of their arms when `of_arms`.
void DrawEndLabels(Svg& svg, const std::vector<ArmStyle>& styles,
                   const std::vector<std::string>& labels, const std::vector<double>& heights,
                   double x, double top, double bottom, bool of_arms);

/// "57.4 [54.0, 60.8]", with as many decimals as the width of the interval deserves.
std::string IntervalText(double value, const Interval& interval);

/// A number of a table behind a figure; "" for NaN.
std::string NumberCell(double value);

// The figures. Each is empty when the data do not allow it.
Figure RunsFigure(const FigureContext& context);
std::optional<Figure> DifferencesFigure(const FigureContext& context);
std::optional<Figure> EtaFigure(const FigureContext& context);
std::optional<Figure> ReturnFigure(const FigureContext& context);
std::optional<Figure> SuccessFigure(const FigureContext& context);
std::optional<Figure> FirstSuccessFigure(const FigureContext& context);
std::optional<Figure> CoverageFigure(const FigureContext& context);
std::optional<Figure> GainFigure(const FigureContext& context);
std::optional<Figure> ModelErrorFigure(const FigureContext& context);
std::optional<Figure> VisitsFigure(const FigureContext& context);
std::optional<Figure> FilmFigure(const FigureContext& context);
std::optional<Figure> ReplayFigure(const FigureContext& context);

}  // namespace vime
