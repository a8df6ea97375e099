// The task itself, played by what each arm has learned.
#include <algorithm>
#include <string>
#include <vector>

#include "experiments/compare/figure_parts.h"
#include "experiments/compare/film.h"
#include "experiments/runner/text.h"

namespace vime {

std::optional<Figure> FilmFigure(const FigureContext& context) {
  std::vector<ArmStyle> arms = context.drawn;
  std::erase_if(arms, [&](const ArmStyle& style) { return !context.Curves(style).film; });
  if (arms.empty()) return {};
  constexpr double kGap = 16, kLabelHeight = 24;
  // Two side by side, each as high as the highest.
  const double width = arms.size() == 1 ? kFigureWidth : (kFigureWidth - kGap) / 2;
  double height = 0;
  for (const ArmStyle& style : arms) {
    height = std::max(height, width / AspectOf(*context.Curves(style).film));
  }
  const double row_height = kLabelHeight + height + kGap;
  const std::size_t rows = (arms.size() + 1) / 2;
  Svg svg(kFigureWidth, static_cast<double>(rows) * row_height);
  Figure figure{.id = "film",
                .title = "The task, played by what was learned",
                .caption =
                    "The first evaluation episode of the deterministic policy (vime-run replay), "
                    "of the run with the median result; in real time, or " +
                    Fixed(kStepsPerSecond, 0) +
                    " steps per second where time has no unit. The bar below is the time.",
                .data = {}};
  figure.data.title = figure.title;
  figure.data.columns = {{"arm", false}, {"episode", false}};
  for (std::size_t a = 0; a < arms.size(); ++a) {
    const Film& film = *context.Curves(arms[a]).film;
    const double x = a % 2 == 0 ? 0 : width + kGap;
    const std::size_t row = a / 2;
    const double y = static_cast<double>(row) * row_height;
    svg.Raw("<g class=\"arm arm-" + std::to_string(arms[a].arm) + "\">\n");
    svg.Text(x, y + 16, context.Label(arms[a]), Svg::Anchor::kStart, "", kLongestLabel);
    DrawAnimation(svg, film, x, y + kLabelHeight, width);
    svg.Raw("</g>\n");
    figure.data.rows.push_back({context.Id(arms[a]) + ": " + context.Label(arms[a]), film.title});
  }
  figure.svg = svg.Finish("film", figure.title, "An animation of one episode for each arm.");
  figure.csv = ToCsv(figure.data);
  return figure;
}

}  // namespace vime
