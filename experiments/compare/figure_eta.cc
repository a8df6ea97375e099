// The sweep over eta: results over the weight of the bonus.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "experiments/compare/figure_parts.h"
#include "experiments/runner/text.h"

namespace vime {
namespace {

using Anchor = Svg::Anchor;

struct Point {
  double eta = 0;
  const ArmResult* result = nullptr;
  std::size_t arm = 0;
};

// Arms that differ in nothing but eta, by what else sets them apart from the others; in the order
// of eta.
std::map<std::string, std::vector<Point>> Sweeps(const Comparison& comparison) {
  std::vector<Arm> arms;
  for (const ArmResult& result : comparison.arms) arms.push_back(result.arm);
  const std::vector<std::string> differing = DifferingKeys(arms);
  std::map<std::string, std::vector<Point>> sweeps;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    const std::optional<double> eta = NumberIn(ValueText(arms[i], "eta"));
    if (!eta || !std::isfinite(comparison.arms[i].mean)) continue;
    std::string others;
    for (const std::string& key : differing) {
      if (key != "eta") others += (others.empty() ? "" : ", ") + ValueText(arms[i], key);
    }
    sweeps[others].push_back({*eta, &comparison.arms[i], i});
  }
  for (auto& [others, points] : sweeps) {
    std::sort(points.begin(), points.end(),
              [](const Point& a, const Point& b) { return a.eta < b.eta; });
  }
  return sweeps;
}

// The axis of eta: logarithmic, with 0 on a piece of its own to the left.
struct EtaAxis {
  static constexpr double kZero = kPlotLeft + 14;

  Scale positive;
  bool has_zero;

  double operator()(double eta) const { return eta > 0 ? positive(eta) : kZero; }

  void Draw(Svg& svg, double right, double bottom) const {
    const auto tick = [&](double x, const std::string& text) {
      svg.Line(x, bottom, x, bottom + 4, kAxisLine);
      svg.Text(x, bottom + 18, text, Anchor::kMiddle, kFaintText);
    };
    if (has_zero) {
      svg.Line(kPlotLeft, bottom, kZero + 16, bottom, kAxisLine);
      for (const double gap : {kZero + 16, kZero + 22}) {
        svg.Line(gap - 3, bottom + 5, gap + 3, bottom - 5, kAxisLine);
      }
      tick(kZero, "0");
    }
    svg.Line(has_zero ? kZero + 22 : kPlotLeft, bottom, right, bottom, kAxisLine);
    for (const double eta : positive.Ticks()) tick(positive(eta), TickText(eta, positive));
    svg.Text((kPlotLeft + right) / 2, bottom + 38, "eta, weight of the bonus (logarithmic)",
             Anchor::kMiddle);
  }
};

void DrawSweep(Svg& svg, const std::vector<Point>& points, const ArmStyle& style, const EtaAxis& x,
               const Scale& y) {
  std::vector<double> px, py;
  for (const Point& point : points) {
    px.push_back(x(point.eta));
    py.push_back(y(point.result->mean));
  }
  svg.Raw(OpenSeries(style) + "<path fill=\"none\" stroke-width=\"1.4\"" + DashAttribute(style) +
          " d=\"" + PathThrough(px, py) + "\"/>\n");
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Interval& interval = points[i].result->mean_interval;
    svg.Raw("<g class=\"arm arm-" + std::to_string(points[i].arm) + "\">");
    if (interval.defined()) {
      svg.Line(px[i], y(interval.low), px[i], y(interval.high), "stroke-width=\"1.8\"");
      for (const double end : {interval.low, interval.high}) {
        svg.Line(px[i] - 4, y(end), px[i] + 4, y(end), "stroke-width=\"1.8\"");
      }
    }
    svg.Raw("<circle r=\"4.5\" stroke=\"#fff\" class=\"halo\" cx=\"" + Px(px[i]) + "\" cy=\"" +
            Px(py[i]) + "\"><title>" +
            EscapeHtml("eta " + Significant(points[i].eta, 4) + ": " +
                       IntervalText(points[i].result->mean, interval)) +
            "</title></circle></g>\n");
  }
  svg.Raw("</g>\n");
}

}  // namespace

std::optional<Figure> EtaFigure(const FigureContext& context) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::size_t kFewestPoints = 3;
  const auto sweeps = Sweeps(context.comparison);
  Figure figure{.id = "eta",
                .title = "Results over eta",
                .caption = "Point and bar: mean and 95 % interval (Student's t) over the runs."};
  figure.data.title = figure.title;
  figure.data.columns = {
      {"arm", false}, {"eta", true}, {"mean", true}, {"low", true}, {"high", true}};
  double low = kInfinity;
  double high = -kInfinity;
  double least = kInfinity;
  double most = 0;
  bool has_zero = false;
  std::size_t longest = 0;
  std::string description;
  std::vector<ArmStyle> styles;
  std::vector<std::string> labels;
  for (const auto& [others, points] : sweeps) {
    longest = std::max(longest, points.size());
    styles.push_back(SeriesStyle(0, styles.size() + 1));
    labels.push_back(others);
    for (const Point& point : points) {
      const auto& [mean, interval] = std::pair(point.result->mean, point.result->mean_interval);
      for (const double value : {mean, interval.low, interval.high}) {
        if (!std::isfinite(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
      }
      has_zero = has_zero || point.eta <= 0;
      if (point.eta > 0) {
        least = std::min(least, point.eta);
        most = std::max(most, point.eta);
      }
      figure.data.rows.push_back({point.result->arm.id, Significant(point.eta, 6), NumberCell(mean),
                                  NumberCell(interval.low), NumberCell(interval.high)});
      description += " eta " + Significant(point.eta, 4) + (others.empty() ? "" : ", " + others) +
                     ": " + IntervalText(mean, interval) + ".";
    }
  }
  if (longest < kFewestPoints || most == 0) return {};

  const bool labelled = sweeps.size() > 1;
  const double right = kFigureWidth - (labelled ? LabelRoom(labels) : 16);
  const double bottom = kFigureHeight - kBelowPlot;
  const EtaAxis x{
      .positive = Scale(least, most, kPlotLeft + (has_zero ? 58 : 14), right - 12, true),
      .has_zero = has_zero};
  const Scale y = Scale(low, high, bottom, kPlotTop).Nice();
  Svg svg(kFigureWidth, kFigureHeight);
  DrawYAxis(svg, y, kPlotLeft, right, context.comparison.primary.name);
  x.Draw(svg, right, bottom);
  std::vector<double> heights;
  for (const auto& [others, points] : sweeps) {
    DrawSweep(svg, points, styles[heights.size()], x, y);
    heights.push_back(y(points.back().result->mean));
  }
  if (labelled) {
    DrawEndLabels(svg, styles, labels, heights, right, kPlotTop, bottom, false);
  }
  figure.svg = svg.Finish(figure.id, figure.title,
                          context.comparison.primary.name + " over eta." + description);
  figure.csv = ToCsv(figure.data);
  return figure;
}

}  // namespace vime
