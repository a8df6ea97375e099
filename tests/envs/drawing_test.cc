// Drawings of states: what every environment draws, and scenes that are known.
#include "envs/drawing.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "envs/registry.h"

namespace vime {
namespace {

constexpr double kPi = std::numbers::pi;

bool IsOfTheTask(const Shape& shape) {  // and not of the place
  return shape.role == Role::kBody || shape.role == Role::kOtherSide || shape.role == Role::kJoint;
}

/// What a program that knows only the registry draws.
Scene Draw(const std::string& name, const std::vector<double>& state) {
  return DrawerOf(*FindEnvironment(name), MakeEnvironment(name))(state);
}

std::vector<Shape> Bodies(const Scene& scene) {
  std::vector<Shape> shapes;
  std::ranges::copy_if(scene.shapes, std::back_inserter(shapes), IsOfTheTask);
  return shapes;
}

double Distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }

/// Calls check(environment, its scene) along random play in every environment, drawn by
/// `drawer_of`.
template <class DrawerOfEntry, class Check>
void ForEachScene(const DrawerOfEntry& drawer_of, const Check& check) {
  for (const EnvEntry& entry : Environments()) {
    INFO(entry.name);
    const std::unique_ptr<Env> env = MakeEnvironment(entry);
    const Drawer draw = drawer_of(entry);
    Rng rng({5, Stream::kEnvironment, 0, 1});
    std::vector<double> observation(env->spec().observation.size());
    std::vector<double> state(env->spec().state.size()), action(env->spec().action.size());
    env->Reset(rng, observation);
    for (int t = 0; t < 200; ++t) {
      env->GetState(state);
      check(*env, draw(state));
      for (std::size_t i = 0; i < action.size(); ++i) {
        action[i] = ExecutedAction(rng.Normal(), env->spec().action[i]);
      }
      if (env->Advance(action, rng, observation).terminated) env->Reset(rng, observation);
    }
  }
}

template <class Check>
void ForEachScene(const Check& check) {
  ForEachScene([](const EnvEntry& entry) { return DrawerOf(entry, MakeEnvironment(entry)); },
               check);
}

TEST_CASE("Every scene is finite, shows its body, and keeps its size and shapes") {
  std::string last;
  Scene first;
  ForEachScene([&](const Env& env, const Scene& scene) {
    if (env.spec().name != last) {
      last = env.spec().name;
      first = scene;
    }
    const Region& view = scene.view;
    const double width = view.x_high - view.x_low, height = view.y_high - view.y_low;
    REQUIRE((width > 0.5 && width < 20 && height > 0.5 && height < 20));
    REQUIRE(width == doctest::Approx(first.view.x_high - first.view.x_low));
    REQUIRE(height == doctest::Approx(first.view.y_high - first.view.y_low));
    REQUIRE(scene.shapes.size() == first.shapes.size());
    REQUIRE(scene.trace.has_value() == first.trace.has_value());
    // A limb may leave the picture, as the pole of a cart beyond the end of its rail does.
    const Region near = {view.x_low - width / 4, view.x_high + width / 4, view.y_low - height / 4,
                         view.y_high + height / 4};
    bool seen = false;
    for (std::size_t k = 0; k < scene.shapes.size(); ++k) {
      const Shape& shape = scene.shapes[k];
      REQUIRE(shape.role == first.shapes[k].role);
      REQUIRE(shape.filled == first.shapes[k].filled);
      REQUIRE(shape.diameter == first.shapes[k].diameter);
      for (const Point& p : shape.points) {
        REQUIRE((std::isfinite(p.x) && std::isfinite(p.y)));
        if (!IsOfTheTask(shape)) continue;
        REQUIRE(near.Contains({p.x, p.y}));
        seen = seen || view.Contains({p.x, p.y});
      }
    }
    REQUIRE(seen);
  });
}

TEST_CASE("Without a drawing the place on the visit grid is marked") {
  const auto fallback = [](EnvEntry entry) {
    entry.draw = {};
    return DrawerOf(entry, MakeEnvironment(entry));
  };
  ForEachScene(fallback, [](const Env& env, const Scene& scene) {
    const auto& axes = env.spec().coverage;
    const auto place = env.CoveragePoint();
    REQUIRE(scene.trace.has_value());
    const double x = axes[0].low + scene.trace->x * (axes[0].high - axes[0].low);
    const double y = axes[1].low + scene.trace->y * (axes[1].high - axes[1].low);
    REQUIRE(x == doctest::Approx(place[0]).epsilon(1e-9));
    REQUIRE(y == doctest::Approx(place[1]).epsilon(1e-9));
  });
}

TEST_CASE("A pendulum hangs down at pi, and at a quarter turn it points to the left") {
  for (const auto& [angle, x, y] :
       {std::array{kPi, 0.0, -1.0}, {0.0, 0.0, 1.0}, {kPi / 2, -1.0, 0.0}}) {
    const Point tip = Bodies(Draw("pendulum", {angle, 0})).at(0).points.at(1);
    CHECK(Distance(tip, {x, y}) < 1e-12);
  }
}

TEST_CASE("The car stands on its hill, at the goal next to the flag") {
  const Scene scene = Draw("mountaincar", {0.45, 0});
  const Point foot = scene.shapes.at(1).points.at(0);
  CHECK(scene.shapes[1].role == Role::kGoal);
  for (const Shape& shape : Bodies(scene)) {
    for (const Point& p : shape.points) CHECK(Distance(p, foot) < 0.12);
  }
  // At rest in the valley the ground is level: the car is upright.
  const std::vector<Shape> valley = Bodies(Draw("mountaincar", {-kPi / 6, 0}));
  CHECK(valley.at(0).points[0].y == doctest::Approx(valley[0].points[1].y));
  CHECK(valley.at(1).points[0].y == doctest::Approx(-0.45 + 0.025));
}

TEST_CASE("The tip of two links is where the visit grid has it") {
  ForEachScene([](const Env& env, const Scene& scene) {
    const std::string& name = env.spec().name;
    if (name != "acrobot-sparse" && name != "doublependulum") return;
    const std::vector<Shape> bodies = Bodies(scene);
    const auto [x, y] = env.CoveragePoint();
    CHECK(Distance(bodies.at(1).points.at(1), {x, y}) < 1e-12);
    CHECK(Distance(bodies.at(0).points.at(1), bodies.at(1).points.at(0)) < 1e-12);
  });
}

TEST_CASE("The pole turns about the cart, also where its joint is simulated") {
  for (const std::string name : {"cartpole-swingup", "cartpole-swingup-x"}) {
    INFO(name);
    const auto env = MakeEnvironment(name);
    Rng rng({5, Stream::kEnvironment, 0, 1});
    std::vector<double> observation(4), state(env->spec().state.size());
    env->Reset(rng, observation);
    for (int t = 0; t < 20; ++t) env->Advance(std::vector{1.0}, rng, observation);
    env->GetState(state);
    const std::vector<Shape> bodies = Bodies(Draw(name, state));
    const Point pivot = bodies.at(2).points.at(0);
    CHECK(pivot.x == observation[0]);
    CHECK(Distance(bodies.at(1).points.at(0), pivot) < 0.02);
    CHECK(Distance(bodies.at(1).points.at(0), bodies[1].points.at(1)) == doctest::Approx(1));
    const double height = bodies[1].points[1].y - bodies[1].points[0].y;
    CHECK(height == doctest::Approx(std::cos(observation[2])));
  }
}

/// The centre of mass of capsules of one density.
Point CentreOfCapsules(const std::vector<Shape>& capsules) {
  double mass = 0, x = 0, y = 0;
  for (const Shape& capsule : capsules) {
    const double r = capsule.diameter / 2;
    for (std::size_t i = 1; i < capsule.points.size(); ++i) {
      const Point a = capsule.points[i - 1], b = capsule.points[i];
      const double m = kPi * r * r * (Distance(a, b) + 4 * r / 3);
      mass += m;
      x += m * (a.x + b.x) / 2;
      y += m * (a.y + b.y) / 2;
    }
  }
  return {x / mass, y / mass};
}

// An independent check of every length and angle: the simulators have the centre of mass.
TEST_CASE("The links of swimmers and robots have the centre of mass that the simulator reports") {
  int scenes = 0;
  ForEachScene([&](const Env& env, const Scene& scene) {
    const std::string& name = env.spec().name;
    const bool has_links =
        name.starts_with("swimmer") || name.starts_with("halfcheetah") || name == "walker2d";
    if (!has_links) return;
    ++scenes;
    const auto [x, y] = env.CoveragePoint();
    CHECK(Distance(CentreOfCapsules(Bodies(scene)), {x, y}) < 1e-9);
  });
  CHECK(scenes >= 400);
}

TEST_CASE("An apple that is taken is no longer drawn") {
  const auto env = MakeEnvironment("swimmer-gather");
  std::vector<double> state(env->spec().state.size(), 0.0);
  for (std::size_t i = 0; i < 16; ++i) state[12 + 3 * i] = i < 8 ? 1 : -1;
  state[12] = 0;
  const auto drawn = [&](Role role) {
    const Scene scene = Draw("swimmer-gather", state);
    return std::ranges::count_if(scene.shapes, [&](const Shape& shape) {
      return shape.role == role && !shape.points.empty();
    });
  };
  CHECK(drawn(Role::kApple) == 7);
  CHECK(drawn(Role::kBomb) == 8);
}

}  // namespace
}  // namespace vime
