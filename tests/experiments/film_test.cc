// Films: what moves is animated, in real time, and what stands still is written once.
#include "experiments/compare/film.h"

#include <doctest/doctest.h>

#include <string>

namespace vime {
namespace {

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

/// A body that moves to the right over a still ground, past an apple that is there until `eaten`.
Film Walk(std::size_t scenes, std::size_t eaten, bool follow, double time_step) {
  Film film{.title = "walk <1>", .time_step = time_step, .scenes = {}};
  for (std::size_t i = 0; i < scenes; ++i) {
    const double x = static_cast<double>(i) / 10;
    Shape apple{.role = Role::kApple, .points = {}, .diameter = 0.1};
    if (i < eaten) apple.points = {{1, 0}};
    const double left = follow ? x : 0;
    film.scenes.push_back({.view = {left, left + 2, 0, 1},
                           .shapes = {{.role = Role::kGround, .points = {{0, 0.1}, {9, 0.1}}},
                                      apple,
                                      {.role = Role::kBody, .points = {{x, 0}, {x, 1}}}}});
  }
  return film;
}

TEST_CASE("Only what changes is animated; what comes or goes does so at once") {
  const std::string still = Animation(Walk(11, 100, false, 1));
  CHECK(Count(still, "<animate ") == 2);  // the body, and the bar that shows the time
  CHECK(Count(still, "calcMode=\"discrete\"") == 0);
  CHECK(Count(still, "<animateTransform ") == 0);
  const std::string eaten = Animation(Walk(11, 5, false, 1));
  CHECK(Count(eaten, "<animate ") == 3);
  CHECK(Count(eaten, "calcMode=\"discrete\"") == 1);
  CHECK(Count(Animation(Walk(11, 100, true, 1)), "<animateTransform ") == 1);
}

TEST_CASE("A film lasts as long as what it shows, and a pause") {
  const std::string film = Animation(Walk(101, 1000, false, 0.05));
  CHECK(film.find("100 steps, 5.00 s, in real time") != std::string::npos);
  CHECK(film.find("dur=\"5.80s\"") != std::string::npos);
  CHECK(film.find("walk &lt;1&gt;") != std::string::npos);
}

TEST_CASE("One scene is a picture without motion") {
  CHECK(Count(Animation(Walk(1, 100, false, 1)), "<animate") == 0);
  CHECK(Count(FilmStrip(Walk(1, 100, false, 1), 8), ">step ") == 1);
}

TEST_CASE("A long episode keeps its film small") {
  CHECK(Animation(Walk(5001, 10000, true, 0.05)).size() < 100'000);
}

}  // namespace
}  // namespace vime
