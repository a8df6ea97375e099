// Figures over environment steps.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "experiments/compare/figure_parts.h"
#include "experiments/runner/text.h"

namespace vime {
namespace {

using Anchor = Svg::Anchor;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct LineFigureSpec {
  std::string id, title, caption, y_title;
  bool logarithmic = false;
  double floor = -std::numeric_limits<double>::infinity();  // of intervals and of the axis
  double ceiling = std::numeric_limits<double>::infinity();
  double reference = kNaN;  // a horizontal line with a meaning
  std::string reference_text = {};
};

struct Line {
  ArmStyle style;
  MeanCurve curve;
  std::vector<const RunCurves*> runs;  // drawn one by one where they are few
};

// Where the figure maps data to pixels, for the code of the page.
std::string PlotAttributes(const Scale& x, const Scale& y) {
  const auto numbers = [](const Scale& scale) {
    return Px(scale.from()) + " " + Px(scale.to()) + " " + NumberText(scale.low()) + " " +
           NumberText(scale.high()) + (scale.logarithmic() ? " log" : "");
  };
  return "tabindex=\"0\" data-x=\"" + numbers(x) + "\" data-y=\"" + numbers(y) + "\"";
}

Table CurveTable(const FigureContext& context, const LineFigureSpec& spec,
                 const std::vector<double>& steps, const std::vector<Line>& lines) {
  Table table;
  table.title = spec.title;
  table.columns = {{"environment steps", true}};
  for (const Line& line : lines) {
    const std::string id = context.Id(line.style);
    for (const char* what : {" mean", " low", " high"}) table.columns.push_back({id + what, true});
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    table.rows.push_back({Fixed(steps[i], 0)});
    for (const Line& line : lines) {
      for (const auto* values : {&line.curve.mean, &line.curve.low, &line.curve.high}) {
        table.rows.back().push_back(NumberCell((*values)[i]));
      }
    }
  }
  return table;
}

std::optional<Figure> DrawLines(const FigureContext& context, const LineFigureSpec& spec,
                                const std::vector<double>& steps, std::vector<Line> lines,
                                CurveKind kind, bool step_function) {
  std::erase_if(lines, [](const Line& line) {
    return std::none_of(line.curve.mean.begin(), line.curve.mean.end(),
                        [](double value) { return std::isfinite(value); });
  });
  if (lines.empty() || steps.size() < 2) return {};
  double low =
      std::isnan(spec.reference) ? std::numeric_limits<double>::infinity() : spec.reference;
  double high = std::isnan(spec.reference) ? -low : spec.reference;
  std::vector<ArmStyle> arms;
  std::vector<std::string> labels;
  for (Line& line : lines) {
    arms.push_back(line.style);
    labels.push_back(context.Label(line.style));
    for (auto* values : {&line.curve.low, &line.curve.mean, &line.curve.high}) {
      for (double& value : *values) {
        if (!std::isfinite(value)) continue;
        value = std::clamp(value, spec.floor, spec.ceiling);
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  if (std::isfinite(spec.floor)) low = spec.floor;
  if (std::isfinite(spec.ceiling)) high = spec.ceiling;

  const double left = kPlotLeft + (spec.logarithmic ? 12 : 0);  // 2·10⁻⁶ is wide
  const double right = kFigureWidth - LabelRoom(labels);
  const double bottom = kFigureHeight - kBelowPlot;
  const Scale x(step_function ? 0 : std::min(0.0, steps.front()), steps.back(), left, right);
  const Scale y = Scale(low, high, bottom, kPlotTop, spec.logarithmic).Nice();
  Svg svg(kFigureWidth, kFigureHeight);
  DrawYAxis(svg, y, left, right, spec.y_title);
  DrawXAxis(svg, x, bottom, "environment steps");
  if (!std::isnan(spec.reference)) {
    svg.Line(left, y(spec.reference), right, y(spec.reference),
             "stroke=\"#666\" fill=\"none\" class=\"axis\" stroke-dasharray=\"4 3\"");
    // Above the line, or below it where the plot ends there.
    const double height = y(spec.reference);
    svg.Text(left + 5, height < kPlotTop + 12 ? height + 14 : height - 5, spec.reference_text,
             Anchor::kStart, kFaintText);
  }

  std::vector<double> heights;
  std::string description;
  const auto pixels = [](const std::vector<double>& values, const Scale& scale) {
    std::vector<double> result;
    for (const double value : values) {
      result.push_back(std::isfinite(value) ? scale(value) : kNaN);
    }
    return result;
  };
  // A step function stands still until the next point.
  const auto points = [&](const std::vector<double>& xs, const std::vector<double>& ys) {
    if (!step_function) return PathThrough(xs, ys);
    std::vector<double> sx, sy;
    for (std::size_t i = 0; i < xs.size(); ++i) {
      if (i > 0) {
        sx.push_back(xs[i]);
        sy.push_back(ys[i - 1]);
      }
      sx.push_back(xs[i]);
      sy.push_back(ys[i]);
    }
    return PathThrough(sx, sy);
  };
  const std::vector<double> px = pixels(steps, x);
  for (const Line& line : lines) {
    svg.Raw(OpenArm(line.style));
    std::vector<double> band_x, band_low, band_high;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!std::isfinite(line.curve.low[i])) continue;
      // Before the first event the interval is that of nothing, the same for every arm.
      if (step_function && line.curve.mean[i] == 0 && i + 1 < steps.size()) continue;
      band_x.push_back(px[i]);
      band_low.push_back(y(line.curve.low[i]));
      band_high.push_back(y(line.curve.high[i]));
    }
    if (band_x.size() > 1) {
      std::string there = points(band_x, band_high);
      std::string back = points(band_x, band_low);
      // The way back, from right to left.
      std::vector<std::string> corners;
      for (std::size_t begin = 1, end = 0; begin < back.size(); begin = end + 1) {
        end = std::min(back.find('L', begin), back.size());
        corners.push_back(back.substr(begin, end - begin));
      }
      for (auto corner = corners.rbegin(); corner != corners.rend(); ++corner) {
        there += "L" + *corner;
      }
      svg.Raw("<path class=\"band\" stroke=\"none\" fill-opacity=\"" +
              std::string(step_function ? "0.1" : "0.16") + "\" d=\"" + there + "Z\"/>\n");
    }
    if (band_x.size() == 1) {  // of an arm without events, at its end
      svg.Line(band_x[0], band_low[0], band_x[0], band_high[0],
               "stroke-width=\"4\" stroke-opacity=\"0.35\"");
    }
    for (const RunCurves* run : line.runs) {
      svg.Raw("<path fill=\"none\" stroke-opacity=\"0.3\" stroke-width=\"0.8\" d=\"" +
              PathThrough(pixels(run->env_steps, x), pixels((*run)[kind], y)) + "\"/>\n");
    }
    svg.Raw("<path fill=\"none\" stroke-width=\"2.2\" stroke-linejoin=\"round\"" +
            DashAttribute(line.style) + " d=\"" + points(px, pixels(line.curve.mean, y)) +
            "\"/>\n</g>\n");
    std::size_t last = steps.size() - 1;
    while (!std::isfinite(line.curve.mean[last])) --last;
    heights.push_back(y(line.curve.mean[last]));
    description +=
        " " + context.Label(line.style) + " ends at " +
        IntervalText(line.curve.mean[last], {line.curve.low[last], line.curve.high[last]}) + ".";
  }
  DrawEndLabels(svg, arms, labels, heights, right, kPlotTop, bottom, true);
  Figure figure{
      .id = spec.id, .title = spec.title, .caption = spec.caption, .kind = FigureKind::kLines};
  figure.svg =
      svg.Finish(spec.id, spec.title, spec.y_title + " over environment steps." + description,
                 PlotAttributes(x, y));
  figure.data = CurveTable(context, spec, steps, lines);
  figure.csv = ToCsv(figure.data);
  return figure;
}

std::optional<Figure> CurveFigure(const FigureContext& context, const LineFigureSpec& spec,
                                  CurveKind kind) {
  constexpr std::size_t kFewRuns = 10;
  std::vector<ArmCurves> shown;
  for (const ArmStyle& style : context.drawn) shown.push_back(context.Curves(style));
  const std::vector<double> steps = CommonSteps(shown, kind);
  std::vector<Line> lines;
  for (const ArmStyle& style : context.drawn) {
    const ArmCurves& arm = context.Curves(style);
    Line line{.style = style, .curve = Average(arm, kind, steps, spec.logarithmic), .runs = {}};
    if (arm.runs.size() < kFewRuns && arm.runs.size() > 1 && !spec.logarithmic) {
      for (const RunCurves& run : arm.runs) line.runs.push_back(&run);
    }
    lines.push_back(line);
  }
  return DrawLines(context, spec, steps, lines, kind, false);
}

std::string Band(const FigureContext& context) {
  return context.comparison.num_runs() > context.comparison.arms.size()
             ? " Line and band: mean over runs and its 95 % interval (Student's t, pointwise)."
             : "";
}

}  // namespace

std::optional<Figure> FirstSuccessFigure(const FigureContext& context) {
  constexpr std::size_t kMostSteps = 150;
  std::set<double> events;
  double end = 0;
  for (const ArmStyle& style : context.drawn) {
    for (const double steps : context.Result(style).first_success) {
      if (std::isfinite(steps)) events.insert(steps);
    }
    for (const RunRecord* run : context.Result(style).arm.runs) {
      end = std::max(end, run->Number("env_steps").value_or(0));
    }
  }
  if (events.empty()) return {};
  events.insert({0, std::max(end, *events.rbegin())});
  std::vector<double> steps(events.begin(), events.end());
  if (steps.size() > kMostSteps) {
    for (std::size_t i = 0; i < kMostSteps; ++i) {
      steps[i] = steps.back() * static_cast<double>(i) / (kMostSteps - 1);
    }
    steps.resize(kMostSteps);
  }
  std::vector<Line> lines;
  for (const ArmStyle& style : context.drawn) {
    const auto& first = context.Result(style).first_success;
    Line line{.style = style, .curve = {}, .runs = {}};
    for (const double step : steps) {
      const auto count = std::count_if(first.begin(), first.end(),
                                       [step](double steps_taken) { return steps_taken <= step; });
      const auto trials = static_cast<int>(first.size());
      const Interval interval = WilsonInterval(static_cast<int>(count), trials);
      line.curve.mean.push_back(trials > 0 ? static_cast<double>(count) / trials : kNaN);
      line.curve.low.push_back(trials > 1 ? interval.low : kNaN);
      line.curve.high.push_back(trials > 1 ? interval.high : kNaN);
    }
    lines.push_back(line);
  }
  return DrawLines(
      context,
      {.id = "first-success",
       .title = "Steps to the first success",
       .caption = "The share of runs that have had a successful episode by then. Bands "
                  "from the first of them on, and bars at the end of arms without "
                  "any: Wilson 95 % intervals.",
       .y_title = "share of runs",
       .floor = 0,
       .ceiling = 1},
      steps, lines, CurveKind::kReturn, true);
}

std::optional<Figure> ReturnFigure(const FigureContext& context) {
  return CurveFigure(context,
                     {.id = "return",
                      .title = "Return while learning",
                      .caption = "Extrinsic, undiscounted return per episode." + Band(context),
                      .y_title = "return per episode"},
                     CurveKind::kReturn);
}

std::optional<Figure> SuccessFigure(const FigureContext& context) {
  return CurveFigure(
      context,
      {.id = "success",
       .title = "Success while learning",
       .caption = "Share of the episodes of an iteration that succeed." + Band(context),
       .y_title = "share of episodes",
       .floor = 0,
       .ceiling = 1},
      CurveKind::kSuccess);
}

std::optional<Figure> CoverageFigure(const FigureContext& context) {
  return CurveFigure(
      context,
      {.id = "coverage",
       .title = "States seen so far",
       .caption =
           "Share of the cells of the visit grid that were seen at least once." + Band(context),
       .y_title = "share of cells",
       .floor = 0,
       .ceiling = 1},
      CurveKind::kCoverage);
}

std::optional<Figure> GainFigure(const FigureContext& context) {
  return CurveFigure(
      context,
      {.id = "gain",
       .title = "Information gain",
       .caption = "Mean information gain per transition, before normalisation; where there are "
                  "several runs, their geometric mean and its 95 % interval. Arms without bonus "
                  "have none.",
       .y_title = "nats per transition",
       .logarithmic = true},
      CurveKind::kGain);
}

std::optional<Figure> ModelErrorFigure(const FigureContext& context) {
  return CurveFigure(
      context,
      {.id = "model-error",
       .title = "Error of the dynamics model",
       .caption = "Squared error of the mean network on fresh transitions, over that of always "
                  "predicting the mean. At 1 the network has learnt nothing." +
                  Band(context),
       .y_title = "relative squared error",
       .floor = 0,
       .reference = 1,
       .reference_text = "predicting the mean"},
      CurveKind::kModelError);
}

}  // namespace vime
