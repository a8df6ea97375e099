// Figures of the primary metric: every run, and differences from the baseline.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "experiments/compare/figure_parts.h"
#include "experiments/runner/text.h"

namespace vime {
namespace {

using Anchor = Svg::Anchor;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// One line of text, then dots and an interval below it.
struct Row {
  ArmStyle style;
  std::string text;  // at the right end
  double centre = kNaN;
  Interval interval{kNaN, kNaN};
  std::vector<double> dots;
  std::vector<std::string> dot_titles;
};

Figure DrawRows(const FigureContext& context, const std::string& id, const std::string& title,
                const std::string& caption, const std::string& x_title,
                const std::vector<Row>& rows, bool with_zero) {
  constexpr double kRow = 48;
  constexpr std::size_t kMostTitles = 60;
  constexpr double kSide = 16;
  double low = with_zero ? 0 : std::numeric_limits<double>::infinity();
  double high = with_zero ? 0 : -std::numeric_limits<double>::infinity();
  bool never = false;
  for (const Row& row : rows) {
    std::vector<double> values = row.dots;
    values.insert(values.end(), {row.centre, row.interval.low, row.interval.high});
    for (const double value : values) {
      never = never || value == std::numeric_limits<double>::infinity();
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (low > high) low = high = 0;
  const double bottom = 6 + kRow * static_cast<double>(rows.size());
  const double right = kFigureWidth - kSide - (never ? 44 : 0);
  const double never_x = kFigureWidth - kSide - 14;
  const Scale x = Scale(low, high, kSide, right).Nice();
  Svg svg(kFigureWidth, bottom + kBelowPlot);
  DrawXAxis(svg, x, bottom, x_title);
  if (never) svg.Text(never_x, bottom + 18, "never", Anchor::kMiddle, kFaintText);
  std::string description;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const Row& row = rows[r];
    const double text_y = 6 + kRow * static_cast<double>(r) + 13;
    const double y = text_y + 18;
    // Lines of the grid behind the dots only, so that they do not cross the text.
    for (const double tick : x.Ticks()) {
      svg.Line(x(tick), y - 11, x(tick), y + 14, with_zero && tick == 0 ? kAxisLine : kGridLine);
    }
    const auto place = [&](double value) { return std::isfinite(value) ? x(value) : never_x; };
    svg.Raw(OpenArm(row.style));
    // The golden ratio spreads dots evenly, whatever their number.
    const auto height = [&](std::size_t i) {
      return y + 16 * (std::fmod(static_cast<double>(i) * 0.6180339887, 1) - 0.5);
    };
    if (row.dots.size() <= kMostTitles) {
      for (std::size_t i = 0; i < row.dots.size(); ++i) {
        svg.Raw("<circle stroke=\"none\" fill-opacity=\"0.6\" r=\"3\" cx=\"" +
                Px(place(row.dots[i])) + "\" cy=\"" + Px(height(i)) + "\"><title>" +
                EscapeHtml(row.dot_titles[i]) + "</title></circle>\n");
      }
    } else {
      std::string path;
      for (std::size_t i = 0; i < row.dots.size(); ++i) {
        path += "M" + Px(place(row.dots[i])) + " " + Px(height(i)) + "h0";
      }
      svg.Raw(
          "<path fill=\"none\" stroke-width=\"3\" stroke-linecap=\"round\" "
          "stroke-opacity=\"0.25\" d=\"" +
          path + "\"/>\n");
    }
    svg.Raw("<g stroke=\"#222\" fill=\"#222\" class=\"mark\">");
    if (std::isfinite(row.interval.low)) {
      svg.Line(x(row.interval.low), y, x(row.interval.high), y, "stroke-width=\"2\"");
      for (const double end : {row.interval.low, row.interval.high}) {
        svg.Line(x(end), y - 5, x(end), y + 5, "stroke-width=\"2\"");
      }
    }
    if (std::isfinite(row.centre)) {
      const double c = x(row.centre);
      svg.Raw("<path class=\"halo\" stroke=\"#fff\" d=\"M" + Px(c) + " " + Px(y - 6) +
              "l5 6l-5 6l-5 -6z\"/>");
    }
    svg.Raw("</g>\n<g stroke=\"none\" fill=\"#222\" class=\"ink\">");
    svg.Text(kSide, text_y, context.Id(row.style) + ": " + context.Label(row.style), Anchor::kStart,
             "", 40);
    svg.Text(kFigureWidth - kSide, text_y, row.text, Anchor::kEnd);
    svg.Raw("</g></g>\n");
    description += " " + context.Label(row.style) + ": " + row.text + ".";
  }
  Figure figure{.id = id, .title = title, .caption = caption};
  figure.svg = svg.Finish(id, title, x_title + "." + description);
  return figure;
}

std::string MetricTitle(const Comparison& comparison) {
  static const std::map<std::string, std::string> kTitles = {
      {"auc_return", "return per episode, mean over training (auc_return)"},
      {"return_last20", "return per episode, last 20 iterations (return_last20)"},
      {"return_best", "return per episode, best iteration (return_best)"},
      {"regret", "return per episode that the oracle gets more, last 20 iterations (regret)"},
      {"normalised_score", "return, last 20 iterations; 0: random play, 1: oracle"},
      {"success_fraction_last20", "share of episodes that succeed, last 20 iterations"},
      {"first_success_env_steps", "environment steps to the first success"},
      {"solved_env_steps", "environment steps until solved"},
      {"solved_iteration", "iterations until solved"},
      {"solved", "share of runs solved"},
      {"coverage_fraction", "share of the visit grid seen"}};
  const auto known = kTitles.find(comparison.primary.name);
  return known == kTitles.end() ? comparison.primary.name : known->second;
}

}  // namespace

Figure RunsFigure(const FigureContext& context) {
  std::vector<Row> rows;
  Table table;
  table.columns = {{"arm", false}, {"seed", true}, {context.comparison.primary.name, true}};
  table.title = "Every run";
  for (const ArmStyle& style : context.drawn) {
    const ArmResult& result = context.Result(style);
    Row row{.style = style,
            .text = IntervalText(result.mean, result.mean_interval),
            .centre = result.mean,
            .interval = result.mean_interval,
            .dots = result.values,
            .dot_titles = {}};
    if (std::isnan(result.mean)) {
      row.text = "median " + IntervalText(result.median, {kNaN, kNaN});
      row.centre = result.median;
    }
    for (std::size_t i = 0; i < result.values.size(); ++i) {
      const std::string seed = std::to_string(result.arm.runs[i]->seed);
      row.dot_titles.push_back("seed " + seed + ": " + Significant(result.values[i], 4));
      table.rows.push_back({result.arm.id, seed, Significant(result.values[i], 6)});
    }
    rows.push_back(row);
  }
  Figure figure =
      DrawRows(context, "runs", "Every run",
               "One dot per run; diamond and bar: the mean and its 95 % interval (Student's t).",
               MetricTitle(context.comparison), rows, false);
  figure.data = table;
  figure.csv = ToCsv(table);
  return figure;
}

std::optional<Figure> DifferencesFigure(const FigureContext& context) {
  std::vector<Row> rows;
  Table table;
  table.columns = {{"arm", false}, {"difference", true}, {"low", true}, {"high", true}};
  for (const ArmStyle& style : context.drawn) {
    for (const PairResult& pair : context.comparison.pairs) {
      if (pair.arm != style.arm || !pair.welch.defined) continue;
      const std::string text = IntervalText(pair.welch.difference, pair.welch.interval);
      rows.push_back({.style = style,
                      .text = text,
                      .centre = pair.welch.difference,
                      .interval = pair.welch.interval,
                      .dots = {},
                      .dot_titles = {}});
      table.rows.push_back({context.Id(style), Significant(pair.welch.difference, 6),
                            Significant(pair.welch.interval.low, 6),
                            Significant(pair.welch.interval.high, 6)});
    }
  }
  if (rows.empty()) return {};
  const ArmResult& baseline = context.comparison.arms[context.comparison.baseline];
  Figure figure = DrawRows(
      context, "differences", "Difference from " + baseline.arm.label,
      "Diamond and bar: the difference of means and its 95 % interval (Welch), for each arm alone; "
      "the verdicts of the table are adjusted for the number of arms.",
      "difference of " + context.comparison.primary.name, rows, true);
  table.title = figure.title;
  figure.data = table;
  figure.csv = ToCsv(table);
  return figure;
}

}  // namespace vime
