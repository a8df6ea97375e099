// Figures over the visit grid: where the agent went, and one episode.
#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/compare/figure_parts.h"
#include "experiments/runner/text.h"

namespace vime {
namespace {

using Anchor = Svg::Anchor;

std::string AxisTitle(const Axis& axis) {
  return axis.name + (axis.unit.empty() ? "" : " (" + axis.unit + ")");
}

// Panels of equal size, two per row.
struct Panels {
  static constexpr double kPanelWidth = 170;
  static constexpr double kPanelHeight = 130;
  static constexpr double kGapX = 46;
  static constexpr double kLeftMargin = 58;
  static constexpr double kAbovePanel = 38;  // two lines of text

  double row_height;

  double Left(std::size_t i) const {
    return kLeftMargin + static_cast<double>(i % 2) * (kPanelWidth + kGapX);
  }
  double Top(std::size_t i) const {
    const std::size_t row = i / 2;
    return kAbovePanel + static_cast<double>(row) * row_height;
  }
  double Bottom(std::size_t count) const { return Top(count - 1) + row_height - kAbovePanel; }
};

// Frame, ticks and titles of a panel over the visit grid; returns its scales.
std::pair<Scale, Scale> DrawPanel(Svg& svg, const States& states, const Panels& panels,
                                  std::size_t index, const std::string& title,
                                  const std::string& subtitle) {
  const double left = panels.Left(index);
  const double top = panels.Top(index);
  const double right = left + Panels::kPanelWidth;
  const double bottom = top + Panels::kPanelHeight;
  const Scale x(states.axes[0].low, states.axes[0].high, left, right);
  const Scale y(states.axes[1].low, states.axes[1].high, bottom, top);
  svg.Text(left, top - 21, title, Anchor::kStart, "", kLongestLabel);
  svg.Text(left, top - 6, subtitle, Anchor::kStart, kSmallFaintText);
  svg.Raw("<path fill=\"none\" stroke=\"#666\" class=\"axis\" d=\"M" + Px(left) + " " + Px(top) +
          "H" + Px(right) + "V" + Px(bottom) + "H" + Px(left) + "Z\"/>\n");
  for (const double tick : x.Ticks(4)) {
    svg.Line(x(tick), bottom, x(tick), bottom + 3, kAxisLine);
    svg.Text(x(tick), bottom + 15, TickText(tick, x), Anchor::kMiddle, kSmallFaintText);
  }
  for (const double tick : y.Ticks(4)) {
    svg.Line(left - 3, y(tick), left, y(tick), kAxisLine);
    svg.Text(left - 5, y(tick) + 3.5, TickText(tick, y), Anchor::kEnd, kSmallFaintText);
  }
  svg.Text((left + right) / 2, bottom + 30, AxisTitle(states.axes[0]), Anchor::kMiddle,
           "font-size=\"12\"");
  if (index % 2 == 1) return {x, y};  // the panel to the left has the same axis
  const double middle = (top + bottom) / 2;
  svg.Text(left - 42, middle, AxisTitle(states.axes[1]), Anchor::kMiddle,
           "font-size=\"12\" transform=\"rotate(-90 " + Px(left - 42) + " " + Px(middle) + ")\"");
  return {x, y};
}

bool SameGrid(const States& a, const States& b) {
  const auto same = [](const Axis& x, const Axis& y) {
    return x.name == y.name && x.low == y.low && x.high == y.high;
  };
  return a.cells == b.cells && same(a.axes[0], b.axes[0]) && same(a.axes[1], b.axes[1]);
}

// The arms whose states lie on the grid of the first of them. One map cannot show two grids: the
// caption says how many arms have another.
std::vector<ArmStyle> ArmsWithStates(const FigureContext& context, std::string& caption) {
  std::vector<ArmStyle> arms;
  int others = 0;
  for (const ArmStyle& style : context.drawn) {
    const auto& states = context.Curves(style).states;
    if (!states) continue;
    if (arms.empty() || SameGrid(*states, *context.Curves(arms.front()).states)) {
      arms.push_back(style);
    } else {
      ++others;
    }
  }
  if (others > 0) {
    caption += " Left out, on another grid: " + std::to_string(others) +
               (others == 1 ? " arm." : " arms.");
  }
  return arms;
}

// Eleven steps of viridis (van der Walt and Smith 2015), light to dark: lightness alone orders
// them.
constexpr std::array kMapColours = {"#fde725", "#bddf26", "#7ad151", "#44bf70",
                                    "#22a884", "#21918c", "#2a788e", "#355f8d",
                                    "#414487", "#482475", "#440154"};

// Cells of one colour as one path, neighbours in a row joined. Cell units, the second axis upwards.
std::string MapPaths(const States& states, const std::vector<int>& levels) {
  const auto n = static_cast<std::size_t>(states.cells);
  std::array<std::string, kMapColours.size()> paths;
  for (std::size_t j = 0; j < n; ++j) {
    const auto level = [&](std::size_t i) { return levels[i * n + j]; };
    for (std::size_t i = 0; i < n;) {
      std::size_t end = i + 1;
      while (end < n && level(end) == level(i)) ++end;
      if (level(i) >= 0) {
        const std::string width = std::to_string(end - i);
        paths[static_cast<std::size_t>(level(i))] += "M" + std::to_string(i) + " " +
                                                     std::to_string(n - 1 - j) + "h" + width +
                                                     "v1h-" + width + "z";
      }
      i = end;
    }
  }
  std::string text;
  for (std::size_t c = 0; c < paths.size(); ++c) {
    if (paths[c].empty()) continue;
    text += "<path class=\"m" + std::to_string(c) + "\" fill=\"" + kMapColours[c] + "\" d=\"" +
            paths[c] + "\"/>\n";
  }
  return text;
}

}  // namespace

std::optional<Figure> VisitsFigure(const FigureContext& context) {
  std::string left_out;
  const std::vector<ArmStyle> arms = ArmsWithStates(context, left_out);
  if (arms.empty()) return {};
  const States& grid = *context.Curves(arms.front()).states;
  // One scale for all: the logarithm of the share of steps.
  double least = 1;
  double most = 0;
  std::vector<std::vector<double>> shares;
  for (const ArmStyle& style : arms) {
    const auto& visits = context.Curves(style).states->visits;
    double total = 0;
    for (const std::int64_t count : visits) total += static_cast<double>(count);
    shares.emplace_back();
    for (const std::int64_t count : visits) {
      shares.back().push_back(static_cast<double>(count) / std::max(total, 1.0));
      if (count == 0) continue;
      least = std::min(least, shares.back().back());
      most = std::max(most, shares.back().back());
    }
  }
  if (most == 0) return {};
  constexpr int kLevels = static_cast<int>(kMapColours.size());
  const Scale colour = Scale(least, most, 0, kLevels, true).Nice();
  const Panels panels{.row_height = Panels::kPanelHeight + 82};
  const double bottom = panels.Bottom(arms.size());
  Svg svg(kFigureWidth, bottom + 46);

  Figure figure{
      .id = "visits",
      .title = "Where the agent went",
      .caption =
          "Steps per cell of a " + std::to_string(grid.cells) + " x " + std::to_string(grid.cells) +
          " grid, as a share of all steps of the arm, over the whole training and "
          "all runs; the same axes and the same logarithmic colours for every arm. Blank: never." +
          left_out,
      .data = {}};
  figure.data.title = figure.title;
  figure.data.columns = {{"arm", false},
                         {"runs", true},
                         {"cells visited", true},
                         {"share of cells", true},
                         {"cells that hold half of the steps", true}};
  Table cells;
  cells.columns = {{grid.axes[0].name, true}, {grid.axes[1].name, true}};
  std::string description;
  for (std::size_t a = 0; a < arms.size(); ++a) {
    std::vector<int> levels;
    int visited = 0;
    for (const double share : shares[a]) {
      const int level = share > 0 ? static_cast<int>(colour(share)) : -1;
      levels.push_back(std::min(level, kLevels - 1));
      visited += share > 0 ? 1 : 0;
    }
    std::vector<double> sorted = shares[a];
    std::sort(sorted.rbegin(), sorted.rend());
    std::size_t half = 0;
    for (double sum = 0; half < sorted.size() && sum < 0.5; ++half) sum += sorted[half];
    const double fraction = visited / static_cast<double>(levels.size());
    const std::string percent = Fixed(100 * fraction, 0) + " %";
    svg.Raw("<g class=\"arm arm-" + std::to_string(arms[a].arm) + "\">\n<g transform=\"translate(" +
            Px(panels.Left(a)) + " " + Px(panels.Top(a)) + ") scale(" +
            NumberText(Panels::kPanelWidth / grid.cells) + " " +
            NumberText(Panels::kPanelHeight / grid.cells) +
            ")\" shape-rendering=\"crispEdges\">\n" + MapPaths(grid, levels) + "</g>\n");
    DrawPanel(svg, grid, panels, a, context.Label(arms[a]), percent + " of the cells");
    svg.Raw("</g>\n");
    description += " " + context.Label(arms[a]) + " visited " + percent + " of the cells.";
    figure.data.rows.push_back({context.Id(arms[a]) + ": " + context.Label(arms[a]),
                                std::to_string(context.Curves(arms[a]).visited_runs),
                                std::to_string(visited), percent, std::to_string(half)});
    cells.columns.push_back({context.Id(arms[a]), true});
  }
  const double bar_left = Panels::kLeftMargin;
  const double bar_width = 220;
  for (int c = 0; c < kLevels; ++c) {
    svg.Raw("<path class=\"m" + std::to_string(c) + "\" fill=\"" +
            kMapColours[static_cast<std::size_t>(c)] + "\" d=\"M" +
            Px(bar_left + bar_width * c / kLevels) + " " + Px(bottom + 6) + "h" +
            Px(bar_width / kLevels + 0.3) + "v10h-" + Px(bar_width / kLevels + 0.3) + "z\"/>\n");
  }
  const Scale bar(colour.low(), colour.high(), bar_left, bar_left + bar_width, true);
  for (const double tick : bar.Ticks(6)) {
    svg.Line(bar(tick), bottom + 16, bar(tick), bottom + 20, kAxisLine);
    svg.Text(bar(tick), bottom + 32, TickText(tick, bar), Anchor::kMiddle, kFaintText);
  }
  svg.Text(bar_left + bar_width + 10, bottom + 16, "share of steps");
  const auto n = static_cast<std::size_t>(grid.cells);
  const auto centre = [&](const Axis& axis, std::size_t index) {
    const double share = (static_cast<double>(index) + 0.5) / grid.cells;
    return Significant(axis.low + (axis.high - axis.low) * share, 6);
  };
  for (std::size_t cell = 0; cell < n * n; ++cell) {
    bool any = false;
    std::vector<std::string> row = {centre(grid.axes[0], cell / n), centre(grid.axes[1], cell % n)};
    for (const ArmStyle& style : arms) {
      const std::int64_t count = context.Curves(style).states->visits[cell];
      row.push_back(std::to_string(count));
      any = any || count > 0;
    }
    if (any) cells.rows.push_back(row);
  }
  figure.svg = svg.Finish("visits", figure.title, description);
  figure.csv = ToCsv(cells);
  return figure;
}

std::optional<Figure> ReplayFigure(const FigureContext& context) {
  std::string left_out;
  std::vector<ArmStyle> arms = ArmsWithStates(context, left_out);
  std::erase_if(
      arms, [&](const ArmStyle& style) { return context.Curves(style).states->replay.x.empty(); });
  if (arms.empty()) return {};
  const States& grid = *context.Curves(arms.front()).states;
  double action_low = 0;
  double action_high = 0;
  std::size_t longest = 0;
  for (const ArmStyle& style : arms) {
    const Replay& replay = context.Curves(style).states->replay;
    longest = std::max(longest, replay.x.size());
    if (replay.actions.empty()) continue;
    for (const double value : replay.actions[0].values) {
      action_low = std::min(action_low, value);
      action_high = std::max(action_high, value);
    }
  }
  constexpr double kStrip = 34;
  const Panels panels{.row_height = Panels::kPanelHeight + 82 + kStrip + 34};
  Svg svg(kFigureWidth, panels.Bottom(arms.size()));
  Figure figure{.id = "replay",
                .title = "One episode after training",
                .caption =
                    "The first episode of the last iteration, of the run with the median "
                    "result. Open circle: where it is after one step; below, the action "
                    "over the steps." +
                    left_out,
                .kind = FigureKind::kReplay,
                .data = {}};
  figure.data.title = figure.title;
  figure.data.columns = {
      {"arm", false}, {"steps", true}, {"return", true}, {"success", false}, {"run", false}};
  Table steps;
  steps.columns = {{"arm", false},
                   {"step", true},
                   {grid.axes[0].name, true},
                   {grid.axes[1].name, true},
                   {"action", true}};
  std::string description;
  for (std::size_t a = 0; a < arms.size(); ++a) {
    const Replay& replay = context.Curves(arms[a]).states->replay;
    svg.Raw("<g class=\"arm arm-" + std::to_string(arms[a].arm) + "\">\n");
    const auto [x, y] = DrawPanel(svg, grid, panels, a, context.Label(arms[a]),
                                  std::to_string(replay.length) +
                                      (replay.success ? " steps, success" : " steps, no success"));
    std::string path, strip;
    const double top = panels.Top(a) + Panels::kPanelHeight + 42;
    const Scale time(0, static_cast<double>(longest), panels.Left(a),
                     panels.Left(a) + Panels::kPanelWidth);
    const Scale height(action_low, action_high, top + kStrip, top);
    for (std::size_t t = 0; t < replay.x.size(); ++t) {
      const double at_x = std::clamp(x(replay.x[t]), x.from(), x.to());
      const double at_y = std::clamp(y(replay.y[t]), y.to(), y.from());
      path += (t > 0 ? " " : "") + Px(at_x) + "," + Px(at_y);
      const double action = replay.actions.empty() ? 0 : replay.actions[0].values[t];
      strip += (t > 0 ? " " : "") + Px(time(static_cast<double>(t))) + "," + Px(height(action));
      steps.rows.push_back({context.Id(arms[a]), std::to_string(t + 1), Significant(replay.x[t], 6),
                            Significant(replay.y[t], 6), Significant(action, 6)});
    }
    const std::string last = path.substr(path.rfind(' ') + 1);
    const auto comma = [](const std::string& point) { return point.find(','); };
    const std::string first = path.substr(0, path.find(' '));
    svg.Raw("<g class=\"s" + std::to_string(arms[a].series) + "\" stroke=\"" + arms[a].colour +
            "\" fill=\"" + arms[a].colour +
            "\">\n<polyline class=\"path\" fill=\"none\" "
            "stroke-width=\"1.5\" stroke-linejoin=\"round\" points=\"" +
            path + "\"/>\n" + "<circle fill=\"none\" stroke-width=\"1.5\" r=\"3.5\" cx=\"" +
            first.substr(0, comma(first)) + "\" cy=\"" + first.substr(comma(first) + 1) + "\"/>\n" +
            "<circle class=\"head\" stroke=\"none\" r=\"4.5\" cx=\"" + last.substr(0, comma(last)) +
            "\" cy=\"" + last.substr(comma(last) + 1) + "\"/>\n");
    if (!replay.actions.empty()) {
      svg.Raw("<polyline class=\"strip\" fill=\"none\" stroke-width=\"1\" points=\"" + strip +
              "\"/>\n");
    }
    svg.Raw("</g>\n");
    if (!replay.actions.empty()) {
      const Replay::Action& action = replay.actions[0];
      svg.Line(time.from(), height(0), time.to(), height(0), kGridLine);
      svg.Line(time.from(), top + kStrip, time.to(), top + kStrip, kAxisLine);
      for (const double tick : time.Ticks(4)) {
        svg.Line(time(tick), top + kStrip, time(tick), top + kStrip + 3, kAxisLine);
        svg.Text(time(tick), top + kStrip + 14, TickText(tick, time), Anchor::kMiddle,
                 kSmallFaintText);
      }
      for (const double tick : {action_low, action_high}) {
        if (tick == 0) continue;
        svg.Text(time.from() - 5, height(tick) + 4, TickText(tick, height), Anchor::kEnd,
                 kSmallFaintText);
      }
      svg.Text((time.from() + time.to()) / 2, top + kStrip + 27,
               AxisTitle({.name = action.name, .unit = action.unit}) + " over steps",
               Anchor::kMiddle, "font-size=\"12\"");
    }
    svg.Raw("</g>\n");
    const std::string outcome = replay.success ? "yes" : "no";
    figure.data.rows.push_back({context.Id(arms[a]) + ": " + context.Label(arms[a]),
                                std::to_string(replay.length), Significant(replay.total_reward, 4),
                                outcome, Shortened(Printable(replay.path), 80)});
    description += " " + context.Label(arms[a]) + ": " + std::to_string(replay.length) +
                   " steps, return " + Significant(replay.total_reward, 3) +
                   ", success: " + outcome + ".";
  }
  figure.svg = svg.Finish("replay", figure.title, description,
                          "data-steps=\"" + std::to_string(longest) + "\"");
  figure.csv = ToCsv(steps);
  return figure;
}

}  // namespace vime
