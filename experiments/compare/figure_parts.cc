#include "experiments/compare/figure_parts.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/runner/text.h"

namespace vime {
namespace {

using Anchor = Svg::Anchor;

constexpr double kCharacterWidth = 7.6;  // mean at 13 pixels, of a wide font
constexpr double kLabelHeight = 16;

// Okabe and Ito's colours, darkened where they would not stand out from white, after the grey of
// the baseline. Dashes tell series apart without colour.
constexpr std::array kColours = {"#555555", "#0072B2", "#D55E00", "#009E73",
                                 "#B5478E", "#A87400", "#2484B8", "#000000"};
constexpr std::array kDashes = {"", "", "7 3", "2 2.5", "9 3 2 3", "5 2", "1 3", "12 3"};
static_assert(kColours.size() == kMostDrawnArms && kDashes.size() == kMostDrawnArms);

// Moves labels apart, keeping their order, within [top, bottom].
std::vector<double> MovedApart(std::vector<double> wanted, double top, double bottom) {
  std::vector<std::size_t> order(wanted.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  double least = top;
  for (const std::size_t i : order) {
    wanted[i] = std::max(wanted[i], least);
    least = wanted[i] + kLabelHeight;
  }
  double most = bottom;
  for (auto i = order.rbegin(); i != order.rend(); ++i) {
    wanted[*i] = std::min(wanted[*i], most);
    most = wanted[*i] - kLabelHeight;
  }
  return wanted;
}

}  // namespace

ArmStyle SeriesStyle(std::size_t arm, std::size_t series) {
  const std::size_t look = series % kColours.size();
  return {.arm = arm,
          .series = static_cast<int>(look),
          .colour = kColours[look],
          .dash = kDashes[look]};
}

std::string OpenSeries(const ArmStyle& style) {
  return "<g class=\"s" + std::to_string(style.series) + "\" stroke=\"" + style.colour +
         "\" fill=\"" + style.colour + "\">\n";
}

std::string OpenArm(const ArmStyle& style) {
  return "<g class=\"arm arm-" + std::to_string(style.arm) + " s" + std::to_string(style.series) +
         "\" stroke=\"" + style.colour + "\" fill=\"" + style.colour + "\">\n";
}

std::string DashAttribute(const ArmStyle& style) {
  return style.dash.empty() ? "" : " stroke-dasharray=\"" + style.dash + "\"";
}

void DrawXAxis(Svg& svg, const Scale& x, double y, const std::string& title) {
  svg.Line(x.from(), y, x.to(), y, kAxisLine);
  for (const double tick : x.Ticks()) {
    svg.Line(x(tick), y, x(tick), y + 4, kAxisLine);
    svg.Text(x(tick), y + 18, TickText(tick, x), Anchor::kMiddle, kFaintText);
  }
  svg.Text((x.from() + x.to()) / 2, y + 38, title, Anchor::kMiddle, "", 70);
}

void DrawYAxis(Svg& svg, const Scale& y, double left, double right, const std::string& title) {
  for (const double tick : y.Ticks()) {
    svg.Line(left, y(tick), right, y(tick), kGridLine);
    svg.Text(left - 6, y(tick) + 4, TickText(tick, y), Anchor::kEnd, kFaintText);
  }
  const double middle = (y.from() + y.to()) / 2;
  svg.Text(14, middle, title, Anchor::kMiddle, "transform=\"rotate(-90 14 " + Px(middle) + ")\"",
           40);
}

double LabelRoom(const std::vector<std::string>& labels) {
  std::size_t longest = 0;
  for (const std::string& label : labels) {
    longest = std::max(longest, std::min(kLongestLabel, Length(label)));
  }
  return 25 + kCharacterWidth * static_cast<double>(longest);
}

void DrawEndLabels(Svg& svg, const std::vector<ArmStyle>& styles,
                   const std::vector<std::string>& labels, const std::vector<double>& heights,
                   double x, double top, double bottom, bool of_arms) {
  const std::vector<double> at = MovedApart(heights, top + 4, bottom - 2);
  for (std::size_t i = 0; i < styles.size(); ++i) {
    svg.Raw(of_arms ? OpenArm(styles[i]) : OpenSeries(styles[i]));
    svg.Line(x + 4, at[i], x + 18, at[i], "stroke-width=\"2.5\"" + DashAttribute(styles[i]));
    svg.Raw("<g stroke=\"none\" fill=\"#222\" class=\"ink\">");
    svg.Text(x + 22, at[i] + 4, labels[i], Anchor::kStart, "", kLongestLabel);
    svg.Raw("</g></g>\n");
  }
}

std::string IntervalText(double value, const Interval& interval) {
  if (!std::isfinite(interval.low) || !std::isfinite(interval.high)) return Significant(value, 4);
  const double width = interval.high - interval.low;
  if (std::abs(value) < 1e-3 || width < 1e-4 * std::abs(value)) {
    return Significant(value, 3) + " [" + Significant(interval.low, 3) + ", " +
           Significant(interval.high, 3) + "]";
  }
  const int decimals = DecimalsFor(width);
  return Fixed(value, decimals) + " [" + Fixed(interval.low, decimals) + ", " +
         Fixed(interval.high, decimals) + "]";
}

std::string NumberCell(double value) { return std::isnan(value) ? "" : Significant(value, 5); }

}  // namespace vime
