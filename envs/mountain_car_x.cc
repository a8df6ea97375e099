// Mountain car as rllab built it: a box that slides along a curved track in Box2D.
#include <box2d/box2d.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "envs/controllers.h"
#include "envs/drawing.h"
#include "envs/entries.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr double kGoal = 0.6;    // m
constexpr double kTrackEnd = 2;  // m
constexpr double kMaxForce = 1;  // N

/// Position of the centre [m], angle [rad], and their rates.
struct CartState {
  float x = 0, y = 0.05F, angle = 0, vx = 0, vy = 0, w = 0;

  static constexpr std::size_t kSize = 6;
  std::array<double, kSize> ToArray() const { return {x, vx, y, angle, vy, w}; }
  static CartState From(std::span<const double> numbers) {
    const auto number = [&](std::size_t i) { return static_cast<float>(numbers[i]); };
    return {.x = number(0),
            .y = number(2),
            .angle = number(3),
            .vx = number(1),
            .vy = number(4),
            .w = number(5)};
  }
};

/// A world that holds the track and the cart.
///
/// Cart: a box of 0.4 m x 0.2 m, density 5 kg/m^2, friction 0.0005. Track: friction 0.2, the chain
/// through the points (0.02 i, 1 + sin((i/100 - 1/2) pi)), i = -100..100, that is
/// y = 1 - cos(pi x/2) for |x| <= 2. Gravity 10 m/s^2.
class CartWorld {
 public:
  explicit CartWorld(const CartState& start) : world_({0, -10}) {
    world_.SetAllowSleeping(false);
    // The cart before the track: the order decides in which order contacts are solved.
    b2BodyDef cart;
    cart.type = b2_dynamicBody;
    cart.position.Set(start.x, start.y);
    cart.angle = start.angle;
    cart.linearVelocity.Set(start.vx, start.vy);
    cart.angularVelocity = start.w;
    b2PolygonShape box;
    box.SetAsBox(0.2F, 0.1F);
    b2FixtureDef body;
    body.shape = &box;
    body.density = 5;
    body.friction = 0.0005F;
    cart_ = world_.CreateBody(&cart);
    cart_->CreateFixture(&body);

    b2BodyDef track;
    track.position.Set(0, 1);
    const b2ChainShape chain = Track();
    b2FixtureDef rail;
    rail.shape = &chain;
    rail.friction = 0.2F;
    world_.CreateBody(&track)->CreateFixture(&rail);
  }

  /// One step of 50 ms with this force [N] along the cart.
  void Step(double force) {
    const b2Vec2 along = cart_->GetWorldVector({static_cast<float>(force), 0});
    cart_->ApplyForce(along, cart_->GetWorldPoint({0, 0}), true);
    world_.Step(0.05F, 8, 3);
  }

  CartState state() const {
    const b2Vec2 position = cart_->GetPosition(), velocity = cart_->GetLinearVelocity();
    return {position.x, position.y, cart_->GetAngle(),
            velocity.x, velocity.y, cart_->GetAngularVelocity()};
  }

 private:
  /// From right to left, because Box2D holds what is on the right hand of a chain; the first and
  /// the last edge are continued straight on.
  static b2ChainShape Track() {
    std::vector<b2Vec2> points;
    for (int i = 100; i >= -100; --i) {
      points.emplace_back(static_cast<float>(0.5 / 100 * i * 4),
                          static_cast<float>(Sin((i / 100.0 - 0.5) * std::numbers::pi)));
    }
    const b2Vec2 before = points[0] + (points[0] - points[1]);
    const b2Vec2 after = points[200] + (points[200] - points[199]);
    b2ChainShape chain;
    chain.CreateChain(points.data(), static_cast<int>(points.size()), before, after);
    return chain;
  }

  b2World world_;
  b2Body* cart_;
};

/// rllab's mountain car [D16], simulated by Box2D 2.4 in steps of 50 ms; see CartWorld. The paper
/// ran Box2D 2.3, whose contacts differ in details.
///
/// Observation: position x [m] and velocity dx/dt [m/s].
/// Action: the force [N] along the cart, clipped to [-1, 1].
/// Reset: x = 0, dx/dt ~ U(-1, 1). The cart starts 0.05 m inside the track, which pushes it out.
/// Termination: x >= 0.6, or |x| >= 2, the ends of the track.
/// Reward: sparse [D16], 1 at the end, also at the left one, else 0;
///         dense, the height [m] of the cart after the step - 1.
/// Success: the end is reached.
///
/// What Box2D remembers of its contacts can be neither read nor set, so the state is what it
/// follows from: where the cart was when the world was made, and the forces since. A world lasts
/// for 500 steps, the horizon of the paper; then the next one is made where the cart is.
class MountainCarX final : public Env {
 public:
  explicit MountainCarX(bool dense) : Env(Spec()), dense_(dense) { MakeWorld({}); }

  void Reset(Rng& rng, std::span<double> observation) override {
    MakeWorld({.vx = static_cast<float>(rng.Uniform(-1, 1))});
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    Push(std::clamp(action[0], -kMaxForce, kMaxForce));
    Observe(next_observation);
    const double x = cart_.x;
    const bool end = x >= kGoal || std::abs(x) >= kTrackEnd;
    const double sparse = end ? 1 : 0;
    return {.reward = dense_ ? -1 + double{cart_.y} : sparse, .terminated = end, .success = end};
  }

  void GetState(std::span<double> state) const override {
    const auto end_of_cart = std::ranges::copy(cart_.ToArray(), state.begin()).out;
    const auto end_of_start = std::ranges::copy(start_.ToArray(), end_of_cart).out;
    *end_of_start = static_cast<double>(forces_.size());
    const auto end = std::ranges::copy(forces_, end_of_start + 1).out;
    std::fill(end, state.end(), 0);
  }

  // The cart as it is, at the beginning, follows from the rest.
  void SetState(std::span<const double> state) override {
    if (std::ranges::any_of(state, [](double number) { return std::isnan(number); })) {
      Break();
      return;
    }
    MakeWorld(CartState::From(state.subspan(CartState::kSize, CartState::kSize)));
    const std::span<const double> forces = state.subspan(2 * CartState::kSize);
    const auto count = static_cast<std::size_t>(forces[0]);
    for (const double force : forces.subspan(1, count)) Push(force);
  }

  void Observe(std::span<double> observation) const override {
    observation[0] = cart_.x;
    observation[1] = cart_.vx;
  }

  std::array<double, 2> CoveragePoint() const override { return {cart_.x, cart_.vx}; }

 private:
  static constexpr std::size_t kLife = 500;  // steps of a world

  static EnvSpec Spec() {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const Axis position = {"position", -1, 1, "m", kNominal};
    const Axis velocity = Velocity({"velocity", -3, 3, "m/s", kNominal});
    EnvSpec spec = {.name = "mountaincar-x",
                    .observation = {position, velocity},
                    .action = {{"force", -kMaxForce, kMaxForce, "N"}},
                    .state = {},
                    .coverage = {Axis{"position", -kTrackEnd, kGoal, "m"}, velocity},
                    .noise_region = {.y_low = -0.1, .y_high = 0.1},  // the cart hardly moves
                    .default_horizon = 500,
                    .time_step = 0.05,
                    .success = "the cart reaches position 0.6 or an end of the track",
                    .success_share = 0};
    const auto add = [&](std::string name, double low, double high, bool memory) {
      spec.state.push_back({.name = std::move(name), .low = low, .high = high, .memory = memory});
    };
    for (const bool memory : {false, true}) {
      for (const char* name :
           {"position", "velocity", "height", "angle", "velocity up", "angular velocity"}) {
        add((memory ? "start " : "") + std::string(name), -kInfinity, kInfinity, memory);
      }
    }
    add("forces since the start", 0, kLife, true);
    for (std::size_t i = 0; i < kLife; ++i) {
      add("force " + std::to_string(i), -kMaxForce, kMaxForce, true);
    }
    return spec;
  }

  void MakeWorld(const CartState& start) {
    start_ = cart_ = start;
    world_ = std::make_unique<CartWorld>(start);
    forces_.clear();
    forces_.reserve(kLife);
  }

  /// One step. NaN stays outside of Box2D, which would not survive it.
  void Push(double force) {
    if (std::isnan(force) || std::isnan(cart_.x)) return Break();
    if (forces_.size() == kLife) MakeWorld(cart_);
    forces_.push_back(force);
    world_->Step(force);
    cart_ = world_->state();
  }

  /// NaN from now on.
  void Break() {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    start_ = cart_ = {kNan, kNan, kNan, kNan, kNan, kNan};
    forces_.clear();
  }

  CartState start_, cart_;
  std::vector<double> forces_;
  std::unique_ptr<CartWorld> world_;
  bool dense_;
};

/// The track, the box upon it, and the three places that end an episode.
Scene DrawMountainCarX(std::span<const double> state) {
  constexpr int kPoints = 80;
  const auto track = [](double x) { return Point{x, 1 - Cos(std::numbers::pi * x / 2)}; };
  Shape ground{.role = Role::kGround, .points = {}};
  for (int i = 0; i <= kPoints; ++i) {
    ground.points.push_back(track(-kTrackEnd + 2 * kTrackEnd * i / kPoints));
  }
  const auto [sine, cosine] = SinCos(state[3]);
  const auto at = [&, sine = sine, cosine = cosine](double along, double above) {
    return Point{state[0] + cosine * along - sine * above,
                 state[2] + sine * along + cosine * above};
  };
  const auto mark = [&](double x) {
    const Point foot = track(x);
    return Line(Role::kGoal, {foot, {x, foot.y + 0.4}});
  };
  return {.view = {-kTrackEnd - 0.2, kTrackEnd + 0.2, -0.2, 2.5},
          .shapes = {
              std::move(ground), mark(kGoal), mark(-kTrackEnd), mark(kTrackEnd),
              Polygon(Role::kBody, {at(-0.2, -0.1), at(0.2, -0.1), at(0.2, 0.1), at(-0.2, 0.1)})}};
}

}  // namespace

EnvEntry MountainCarXEntry() {
  return {.name = "mountaincar-x",
          .help =
              "rllab's mountain car, a box sliding on a track, VIME's reward +1 at its end "
              "(Box2D)",
          .params = {SwitchParam("dense", "1 for the reward height - 1 in every step")},
          .make = [](const EnvParams& params) -> std::unique_ptr<Env> {
            return std::make_unique<MountainCarX>(params.at("dense") != 0);
          },
          .make_controller = PushAlong,
          .draw = DrawMountainCarX};
}

}  // namespace vime
