// Point mazes: push a point mass through corridors to a goal. A maze is data; see Mazes().
#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "envs/controllers.h"
#include "envs/drawing.h"
#include "envs/entries.h"

namespace vime {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kKeep = 0.9;   // share of the velocity that a step keeps
constexpr double kPush = 0.01;  // velocity that a full push adds
constexpr double kMaxSpeed = kPush / (1 - kKeep);
constexpr double kStartSpread = 0.1;

/// x_low < x < x_high and y_low < y < y_high.
struct Rectangle {
  double x_low, x_high, y_low, y_high;
};

/// Less than `radius` from (x, y).
struct Disc {
  double x, y, radius;
};

bool Contains(const Rectangle& r, double x, double y) {
  return x > r.x_low && x < r.x_high && y > r.y_low && y < r.y_high;
}
bool Contains(const Disc& d, double x, double y) {
  return (x - d.x) * (x - d.x) + (y - d.y) * (y - d.y) < d.radius * d.radius;
}

struct Maze {
  std::string name;
  std::string help;
  /// The floor; leaving it is refused.
  Rectangle floor;
  /// No move may end in a wall or pass over it. A wall with two equal sides is a thin one.
  std::vector<Rectangle> walls;
  double start_x, start_y;
  std::variant<Disc, Rectangle> goal;
  double goal_reward;
  /// A way from the start into the goal, for the scripted policy.
  std::vector<std::array<double, 2>> way_points;
  Region noise;
  int noise_dims = 0;
};

// The last three are diagnostics: they separate information gain from its imitators.
const std::vector<Maze>& Mazes() {
  static const std::vector<Maze> mazes = {
      {.name = "point-umaze",
       .help = "a point mass around a wall, +1 at the goal",
       .floor = {0, 3, 0, 3},
       .walls = {{-kInfinity, 2, 1, 2}},
       .start_x = 0.5,
       .start_y = 0.5,
       .goal = Disc{0.5, 2.5, 0.5},
       .goal_reward = 1,
       .way_points = {{2.2, 0.8}, {2.2, 2.2}, {0.5, 2.2}},
       .noise = {.x_high = 1, .y_high = 1}},
      // The novel place lies where the norm of the state is low.
      {.name = "hidden-room",
       .help = "a point mass into a room in the middle of the floor, +100 at the goal",
       .floor = {0, 3, 0, 3},
       .walls = {{0.75, 0.75, 0.75, 2.25},
                 {0.75, 2.25, 0.75, 0.75},
                 {0.75, 2.25, 2.25, 2.25},
                 {2.25, 2.25, 0.75, 1.8},  // the door is above
                 {1.5, 1.5, 1.2, 2.25}},
       .start_x = 0.35,
       .start_y = 0.35,
       .goal = Disc{1.05, 1.9, 0.3},
       .goal_reward = 100,
       .way_points = {{2.6, 0.4}, {2.6, 2.02}, {1.9, 1.9}, {1.8, 0.95}, {1.2, 1}, {1.05, 1.9}},
       .noise = {.x_high = 0.75, .y_high = 0.75}},
      {.name = "s-maze",
       .help = "a point mass through an S of corridors, +100 at the goal",
       .floor = {0, 3, 0, 3},
       .walls = {{1, 1, -kInfinity, 2.3}, {2, 2, 0.7, kInfinity}},
       .start_x = 0.5,
       .start_y = 0.5,
       .goal = Rectangle{2.05, kInfinity, -kInfinity, 1},
       .goal_reward = 100,
       .way_points = {{0.6, 2.65}, {1.5, 2.6}, {1.5, 0.4}, {2.6, 0.4}},
       .noise = {.x_high = 1, .y_high = 1}},
      {.name = "noisy-arm",
       .help = "s-maze with a long dead end that is full of noise",
       .floor = {-6, 3, 0, 3},
       .walls = {{1, 1, -kInfinity, 2.3},
                 {2, 2, 0.7, kInfinity},
                 {-kInfinity, 0, 1, kInfinity}},  // above the dead end
       .start_x = 0.5,
       .start_y = 0.5,
       .goal = Rectangle{2.05, kInfinity, -kInfinity, 1},
       .goal_reward = 100,
       .way_points = {{0.6, 2.65}, {1.5, 2.6}, {1.5, 0.4}, {2.6, 0.4}},
       .noise = {.x_high = 1, .y_high = 1},
       .noise_dims = 4},
  };
  return mazes;
}

/// A point mass in a maze.
///
/// State and observation: position x, y and velocity vx, vy. Quantities have no units; time is
/// counted in steps. For actions (a, b) clipped to [-1, 1],
///
///   vx' = 0.9 vx + 0.01 a,  vy' = 0.9 vy + 0.01 b
///   x'  = x + vx', but x' = x and vx' = 0 if the move is refused; then y' likewise from (x', y)
///
/// A move is refused if it leaves the floor, ends in a wall or passes over one.
///
/// Reset: the start + U(-0.1, 0.1)^2, at rest.
/// Termination, reward and success: in the goal.
class PointMaze final : public Env {
 public:
  explicit PointMaze(const Maze& maze) : Env(Spec(maze)), maze_(maze) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    state_.x = maze_.start_x + rng.Uniform(-kStartSpread, kStartSpread);
    state_.y = maze_.start_y + rng.Uniform(-kStartSpread, kStartSpread);
    state_.vx = 0;
    state_.vy = 0;
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    auto& [x, y, vx, vy] = state_;
    vx = kKeep * vx + kPush * std::clamp(action[0], -1.0, 1.0);
    vy = kKeep * vy + kPush * std::clamp(action[1], -1.0, 1.0);
    if (IsBlocked(x, x + vx, y, y)) {
      vx = 0;
    } else {
      x += vx;
    }
    if (IsBlocked(x, x, y, y + vy)) {
      vy = 0;
    } else {
      y += vy;
    }
    Observe(next_observation);
    const bool goal = std::visit(
        [this](const auto& place) { return Contains(place, state_.x, state_.y); }, maze_.goal);
    return {.reward = goal ? maze_.goal_reward : 0, .terminated = goal, .success = goal};
  }

  void GetState(std::span<double> state) const override { Observe(state); }
  void SetState(std::span<const double> state) override {
    state_ = {state[0], state[1], state[2], state[3]};
  }

  void Observe(std::span<double> observation) const override {
    observation[0] = state_.x;
    observation[1] = state_.y;
    observation[2] = state_.vx;
    observation[3] = state_.vy;
  }

  std::array<double, 2> CoveragePoint() const override { return {state_.x, state_.y}; }

 private:
  struct State {
    double x = 0, y = 0, vx = 0, vy = 0;
  };

  /// Whether a move along one axis, from (x0, y0) to (x1, y1), is refused. False for NaN, which
  /// must not be hidden by a wall.
  bool IsBlocked(double x0, double x1, double y0, double y1) const {
    const Rectangle& floor = maze_.floor;
    if (x1 < floor.x_low || x1 > floor.x_high || y1 < floor.y_low || y1 > floor.y_high) return true;
    const double x_least = std::min(x0, x1), x_most = std::max(x0, x1);
    const double y_least = std::min(y0, y1), y_most = std::max(y0, y1);
    return std::ranges::any_of(maze_.walls, [&](const Rectangle& wall) {
      return x_most > wall.x_low && x_least < wall.x_high && y_most > wall.y_low &&
             y_least < wall.y_high;
    });
  }

  static EnvSpec Spec(const Maze& maze) {
    const Axis x = {"x", maze.floor.x_low, maze.floor.x_high};
    const Axis y = {"y", maze.floor.y_low, maze.floor.y_high};
    const Axis vx = Velocity({"x velocity", -kMaxSpeed, kMaxSpeed});
    const Axis vy = Velocity({"y velocity", -kMaxSpeed, kMaxSpeed});
    return {.name = maze.name,
            .observation = {x, y, vx, vy},
            .action = {{"x push", -1, 1}, {"y push", -1, 1}},
            .state = {x, y, vx, vy},
            .coverage = {x, y},
            .noise_region = maze.noise,
            .default_horizon = 500,
            .time_step = 1,
            .success = "the point reaches the goal",
            .success_share = 0};
  }

  const Maze& maze_;
  State state_;
};

/// The floor, its walls, the goal and the point. What reaches beyond the floor is cut.
Scene DrawMaze(const Maze& maze, std::span<const double> state) {
  const Rectangle& floor = maze.floor;
  const auto within = [&](const Rectangle& r) {
    return Region{std::max(r.x_low, floor.x_low), std::min(r.x_high, floor.x_high),
                  std::max(r.y_low, floor.y_low), std::min(r.y_high, floor.y_high)};
  };
  constexpr double kMargin = 0.1;
  Scene scene{.view = {floor.x_low - kMargin, floor.x_high + kMargin, floor.y_low - kMargin,
                       floor.y_high + kMargin},
              .shapes = {}};
  if (const Disc* disc = std::get_if<Disc>(&maze.goal)) {
    scene.shapes.push_back(vime::Disc(Role::kGoal, {disc->x, disc->y}, 2 * disc->radius));
  } else {
    scene.shapes.push_back(Box(Role::kGoal, within(std::get<Rectangle>(maze.goal))));
  }
  for (const Rectangle& rectangle : maze.walls) {
    const Region wall = within(rectangle);
    const bool thin = wall.x_low == wall.x_high || wall.y_low == wall.y_high;
    scene.shapes.push_back(
        thin ? Line(Role::kWall, {{wall.x_low, wall.y_low}, {wall.x_high, wall.y_high}})
             : Box(Role::kWall, wall));
  }
  scene.shapes.push_back(Line(Role::kWall, {{floor.x_low, floor.y_low},
                                            {floor.x_high, floor.y_low},
                                            {floor.x_high, floor.y_high},
                                            {floor.x_low, floor.y_high},
                                            {floor.x_low, floor.y_low}}));
  const Point place = {state[0], state[1]};
  scene.shapes.push_back(vime::Disc(Role::kBody, place, 0.14));
  scene.trace = place;
  return scene;
}

}  // namespace

std::vector<EnvEntry> PointMazeEntries() {
  std::vector<EnvEntry> entries;
  for (const Maze& maze : Mazes()) {
    entries.push_back(
        {.name = maze.name,
         .help = maze.help,
         .params = {},
         .noise_dims = maze.noise_dims,
         .make = [&maze](const EnvParams&) -> std::unique_ptr<Env> {
           return std::make_unique<PointMaze>(maze);
         },
         .make_controller = [&maze](const EnvSpec&) { return FollowWayPoints(maze.way_points); },
         .draw = [&maze](std::span<const double> state) { return DrawMaze(maze, state); }});
  }
  return entries;
}

}  // namespace vime
