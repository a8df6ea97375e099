#include "experiments/compare/film.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "envs/drawing.h"
#include "envs/registry.h"
#include "experiments/runner/text.h"
#include "lib/rl/evaluation.h"

namespace vime {
namespace {

constexpr double kMargin = 10;
constexpr double kTitleHeight = 30;
constexpr double kFramesPerSecond = 25;
constexpr std::size_t kMostFrames = 600;  // of an animation
constexpr double kPause = 0.8;            // s, at the end of it

// Colours of Okabe and Ito (2008), which most colour-blind people tell apart.
struct Look {
  const char* colour;
  double least_width;  // px
  double opacity;
};
Look LookOf(Role role) {
  static constexpr auto kLooks =
      std::to_array<Look>({{"#d0d0d0", 1, 1},    // grid
                           {"#999999", 1, 1},    // ground
                           {"#777777", 2, 1},    // wall
                           {"#0072b2", 2.5, 1},  // body
                           {"#e69f00", 2.5, 1},  // its other side
                           {"#606060", 2, 1},    // joint, seen on white and on black
                           {"#009e73", 2, 0.5},  // goal
                           {"#009e73", 2, 1},    // apple
                           {"#d55e00", 2, 1}});  // bomb
  return kLooks[static_cast<std::size_t>(role)];
}

// From the world to the pixels of a frame whose view has its upper left corner at `corner`.
struct Camera {
  Point corner;
  double scale;  // px per unit

  Camera(const Region& view, double width)
      : corner{view.x_low, view.y_high}, scale(width / (view.x_high - view.x_low)) {}

  std::string Points(const std::vector<Point>& points) const {
    std::string text;
    for (const Point& p : points) {
      text += (text.empty() ? "" : " ") + Px((p.x - corner.x) * scale) + "," +
              Px((corner.y - p.y) * scale);
    }
    // One point alone would not be drawn; a line of length 0 with round ends is a disc.
    return points.size() == 1 ? text + " " + text : text;
  }

  // The element but for its end, so that an animation may follow.
  std::string Open(const Shape& shape, const std::string& points) const {
    const Look look = LookOf(shape.role);
    const std::string colour = look.colour;
    const double width = shape.filled ? 1 : std::max(shape.diameter * scale, look.least_width);
    return std::string(shape.filled ? "<polygon" : "<polyline") + " fill=\"" +
           (shape.filled ? colour : "none") + "\" stroke=\"" + colour + "\" stroke-width=\"" +
           Px(width) + "\"" + (look.opacity < 1 ? " opacity=\"" + Px(look.opacity) + "\"" : "") +
           " points=\"" + points + "\"";
  }

  std::string Still(const Scene& scene) const {
    std::string text;
    for (const Shape& shape : scene.shapes) text += Open(shape, Points(shape.points)) + "/>\n";
    return text;
  }

  // The path up to a scene.
  std::string Trace(const Film& film, std::size_t last) const {
    constexpr std::size_t kMostPoints = 400;
    std::vector<Point> path;
    const std::size_t stride = film.scenes.size() / kMostPoints + 1;
    for (std::size_t i = 0; i <= last; i += stride) {
      if (film.scenes[i].trace) path.push_back(*film.scenes[i].trace);
    }
    if (path.size() < 2) return "";
    return Open(Line(Role::kBody, {}), Points(path)) + " stroke-opacity=\"0.4\"/>\n";
  }

 private:
  static Shape Line(Role role, std::vector<Point> points) {
    return {.role = role, .points = std::move(points)};
  }
};

// A window onto a frame, which cuts off what lies outside.
std::string Window(double x, double y, double width, double height, const std::string& content) {
  return "<svg x=\"" + Px(x) + "\" y=\"" + Px(y) + "\" width=\"" + Px(width) + "\" height=\"" +
         Px(height) +
         "\" overflow=\"hidden\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n" + content +
         "</svg>\n";
}

// `count` of `size` places, evenly spread, both ends included.
std::vector<std::size_t> Spread(std::size_t size, std::size_t count) {
  count = std::min(count, size);
  if (count == 1) return {size - 1};
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count; ++i) {
    places.push_back((2 * i * (size - 1) + count - 1) / (2 * (count - 1)));  // rounded
  }
  return places;
}

bool HasUnit(const Film& film) { return film.time_step != 1; }

double Seconds(const Film& film) {
  const auto steps = static_cast<double>(film.scenes.size() - 1);
  return HasUnit(film) ? steps * film.time_step : steps / kStepsPerSecond;
}

std::string Animate(const char* element, const char* attribute, double seconds,
                    const std::string& values, const std::string& more = "") {
  return std::string("<") + element + " attributeName=\"" + attribute + "\" dur=\"" +
         Fixed(seconds, 2) + "s\" repeatCount=\"indefinite\"" + more + " values=\"" + values +
         "\"/>";
}

// "a;b;c", the last one over and over to fill the pause.
template <class Text>
std::string Values(const std::vector<std::size_t>& places, std::size_t pause, const Text& text) {
  std::string values;
  for (const std::size_t place : places) values += (values.empty() ? "" : ";") + text(place);
  for (std::size_t i = 0; i < pause; ++i) values += ";" + text(places.back());
  return values;
}

// About `wanted` columns, at least one and at most `count`; of the numbers next to it the one that
// leaves the fewest places of the last row empty.
std::size_t Columns(std::size_t count, double wanted) {
  const auto about = std::min(count, static_cast<std::size_t>(std::max(std::round(wanted), 1.0)));
  const auto empty = [&](std::size_t columns) { return (columns - count % columns) % columns; };
  std::size_t best = about;
  for (const std::size_t columns : {about + 1, about - 1}) {
    if (columns > 0 && empty(columns) < empty(best)) best = columns;
  }
  return best;
}

}  // namespace

Film FilmEpisode(const SavedPolicy& saved, std::uint64_t seed, std::uint32_t episode) {
  const RunConfig& config = saved.config;
  const Drawer draw =
      DrawerOf(*FindEnvironment(config.env), MakeEnvironment(config.env, config.env_params));
  Film film{.title = {}, .time_step = saved.env->spec().time_step, .scenes = {}};
  const EpisodeOutcome outcome =
      RunEpisode(*saved.policy, *saved.env, config.horizon, EvaluationKey(seed, 0, episode),
                 [&](const EpisodeStep& step) { film.scenes.push_back(draw(step.state)); });
  std::vector<double> state(saved.env->spec().state.size());
  saved.env->GetState(state);
  film.scenes.push_back(draw(state));
  film.title = config.env + ": " + std::to_string(outcome.length) + " steps, return " +
               Significant(outcome.episode_return, 4) +
               (outcome.success ? ", success" : ", no success");
  return film;
}

double AspectOf(const Film& film) {
  const Region& view = film.scenes.front().view;
  return (view.x_high - view.x_low) / (view.y_high - view.y_low);
}

std::string FilmStrip(const Film& film, std::size_t frames) {
  constexpr double kTotalWidth = 900, kLabelHeight = 22, kFrameArea = 32000;
  const std::vector<std::size_t> places = Spread(film.scenes.size(), frames);
  const std::size_t columns =
      Columns(places.size(), kTotalWidth / (std::sqrt(kFrameArea * AspectOf(film)) + kMargin));
  const std::size_t rows = (places.size() + columns - 1) / columns;
  const double width = (kTotalWidth - kMargin) / static_cast<double>(columns) - kMargin;
  const double height = width / AspectOf(film);
  Svg svg(kTotalWidth,
          kTitleHeight + static_cast<double>(rows) * (height + kLabelHeight + kMargin));
  svg.Text(kMargin, 20, film.title, Svg::Anchor::kStart, "font-weight=\"bold\"", 120);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Scene& scene = film.scenes[places[i]];
    const double x = kMargin + static_cast<double>(i % columns) * (width + kMargin);
    const std::size_t row = i / columns;
    const double y = kTitleHeight + static_cast<double>(row) * (height + kLabelHeight + kMargin);
    const Camera camera(scene.view, width);
    svg.Raw(Window(x, y, width, height, camera.Trace(film, places[i]) + camera.Still(scene)));
    svg.Raw("<rect x=\"" + Px(x) + "\" y=\"" + Px(y) + "\" width=\"" + Px(width) + "\" height=\"" +
            Px(height) + "\" fill=\"none\" stroke=\"#ccc\"/>\n");
    const auto step = static_cast<double>(places[i]);
    svg.Text(x, y + height + 16,
             "step " + std::to_string(places[i]) +
                 (HasUnit(film) ? ", " + Fixed(step * film.time_step, 2) + " s" : ""),
             Svg::Anchor::kStart, "font-size=\"12\"");
  }
  return svg.Finish("film", film.title,
                    std::to_string(places.size()) + " frames of an episode of " +
                        std::to_string(film.scenes.size() - 1) + " steps.");
}

void DrawAnimation(Svg& svg, const Film& film, double x, double y, double width) {
  const double height = width / AspectOf(film);
  const auto wanted = static_cast<std::size_t>(Seconds(film) * kFramesPerSecond) + 2;
  const std::vector<std::size_t> places = Spread(film.scenes.size(), std::min(wanted, kMostFrames));
  const Camera camera(film.scenes.front().view, width);
  const Scene& last = film.scenes.back();
  const auto offset = [&](const Scene& scene) {
    const Region& view = scene.view;
    return Px((camera.corner.x - view.x_low) * camera.scale) + " " +
           Px((view.y_high - camera.corner.y) * camera.scale);
  };
  const std::string whole_trace = camera.Trace(film, film.scenes.size() - 1);
  const std::string still = "<g transform=\"translate(" + offset(last) + ")\">\n" + whole_trace +
                            camera.Still(last) + "</g>\n";
  std::string moving;
  if (places.size() > 1) {
    const double frame = Seconds(film) / static_cast<double>(places.size() - 1);
    const auto pause = static_cast<std::size_t>(std::ceil(kPause / frame));
    const double seconds = Seconds(film) + static_cast<double>(pause) * frame;
    const std::string offsets =
        Values(places, pause, [&](std::size_t i) { return offset(film.scenes[i]); });
    moving = "<g>\n";
    if (offset(last) != offset(film.scenes.front())) {
      moving += Animate("animateTransform", "transform", seconds, offsets, " type=\"translate\"");
    }
    moving += whole_trace;
    for (std::size_t k = 0; k < last.shapes.size(); ++k) {
      const std::string first = camera.Points(film.scenes.front().shapes[k].points);
      bool moves = false;
      bool comes_or_goes = false;  // a jump, where other lines move on between two frames
      const std::string values = Values(places, pause, [&](std::size_t i) {
        const Shape& shape = film.scenes[i].shapes[k];
        std::string points = camera.Points(shape.points);
        moves = moves || points != first;
        comes_or_goes =
            comes_or_goes || shape.points.size() != film.scenes.front().shapes[k].points.size();
        return points;
      });
      moving += camera.Open(film.scenes.front().shapes[k], first) +
                (moves ? ">" +
                             Animate("animate", "points", seconds, values,
                                     comes_or_goes ? " calcMode=\"discrete\"" : "") +
                             (last.shapes[k].filled ? "</polygon>\n" : "</polyline>\n")
                       : "/>\n");
    }
    moving += "</g>\n<rect y=\"" + Px(height - 3) + "\" width=\"0\" height=\"3\" fill=\"#999\">" +
              Animate("animate", "width", seconds, "0;" + Px(width) + ";" + Px(width),
                      " keyTimes=\"0;" + Fixed(Seconds(film) / seconds, 4) + ";1\"") +
              "</rect>\n";
  }
  svg.Raw(
      "<style>.still{display:none}@media (prefers-reduced-motion:reduce)"
      "{.still{display:inline}.moving{display:none}}</style>\n");
  svg.Raw(Window(x, y, width, height,
                 moving.empty() ? still
                                : "<g class=\"still\">\n" + still + "</g>\n<g class=\"moving\">\n" +
                                      moving + "</g>\n"));
  svg.Raw("<rect x=\"" + Px(x) + "\" y=\"" + Px(y) + "\" width=\"" + Px(width) + "\" height=\"" +
          Px(height) + "\" fill=\"none\" stroke=\"#ccc\"/>\n");
}

std::string Animation(const Film& film) {
  const double width = std::min(std::sqrt(160000 * AspectOf(film)), 700.0);
  const double height = width / AspectOf(film);
  Svg svg(width + 2 * kMargin, kTitleHeight + height + 30);
  svg.Text(kMargin, 20, film.title, Svg::Anchor::kStart, "font-weight=\"bold\"", 120);
  DrawAnimation(svg, film, kMargin, kTitleHeight, width);
  const std::string steps = std::to_string(film.scenes.size() - 1) + " steps";
  const std::string pace = HasUnit(film)
                               ? steps + ", " + Fixed(Seconds(film), 2) + " s, in real time"
                               : steps + ", " + Fixed(kStepsPerSecond, 0) + " per second";
  svg.Text(kMargin, kTitleHeight + height + 18, pace, Svg::Anchor::kStart, "font-size=\"12\"");
  return svg.Finish("film", film.title, "An episode of " + pace + ", over and over.");
}

}  // namespace vime
