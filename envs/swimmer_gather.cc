// Swimmer-gather: the swimmer collects apples and avoids bombs that it senses ahead of it.
#include <algorithm>
#include <array>
#include <memory>
#include <numbers>
#include <string>

#include "envs/controllers.h"
#include "envs/drawing.h"
#include "envs/entries.h"
#include "envs/swimmer_body.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr int kApples = 8;
constexpr int kObjects = 16;
constexpr double kReach = 1;        // m
constexpr double kSensorRange = 6;  // m
constexpr std::size_t kBins = 10;

/// The directions between neighbouring bins, as (cos, sin) of their angle from the heading:
/// -pi/2 + k pi/10 for k = 1, ..., 9.
struct BinEdges {
  std::array<SinCosResult<double>, kBins - 1> edge;
  BinEdges() {
    for (std::size_t k = 1; k < kBins; ++k) {
      edge[k - 1] = SinCos(kPi * static_cast<double>(k) / kBins - kPi / 2);
    }
  }
};

/// The swimmer among eight apples and eight bombs: the gathering task of rllab [D16] that VIME
/// [H16] reports. State, dynamics and reset of the body: see SwimmerBody; its reward is not used.
///
/// State: the body; then of each object its place x, y [m] and what it pays, 1 for an apple, -1 for
/// a bomb, 0 once it is taken.
/// Observation: that of the body, then ten readings for apples and ten for bombs. Bin k sees the
/// directions from -90 + 18 k to -72 + 18 k degrees of the heading, from the centre of mass; its
/// reading is 1 - distance/6 for the nearest object that is at most 6 m away, else 0.
///
/// Reset: each object on a cell of {-6, -4, ..., 4}^2, uniformly among those that are not the
/// origin and not taken, apples first.
/// Reward: after the step every object less than 1 m from the centre of mass is taken and pays.
/// Termination: nothing is left.
/// Success: an apple is taken.
class SwimmerGather final : public Env {
 public:
  SwimmerGather() : Env(Spec()) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    body_.Reset(rng);
    for (int i = 0; i < kObjects; ++i) {
      Object& object = objects_[static_cast<std::size_t>(i)];
      const auto placed = objects_.begin() + i;
      bool taken = true;
      while (taken) {
        object.x = Cell(rng);
        object.y = Cell(rng);
        taken = (object.x == 0 && object.y == 0) ||
                std::any_of(objects_.begin(), placed, [&](const Object& other) {
                  return other.x == object.x && other.y == object.y;
                });
      }
      object.value = i < kApples ? 1 : -1;
    }
    Observe(observation);
  }

  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    body_.Advance(action);
    const auto [x, y] = body_.Centre();
    Step step{.terminated = true};
    for (Object& object : objects_) {
      const double dx = object.x - x, dy = object.y - y;
      if (object.value != 0 && dx * dx + dy * dy < kReach * kReach) {
        step.reward += object.value;
        step.success = step.success || object.value > 0;
        object.value = 0;
      }
      step.terminated = step.terminated && object.value == 0;
    }
    Observe(next_observation);
    return step;
  }

  void GetState(std::span<double> state) const override {
    auto out = std::ranges::copy(body_.state(), state.begin()).out;
    for (const Object& object : objects_) {
      *out++ = object.x;
      *out++ = object.y;
      *out++ = object.value;
    }
  }
  void SetState(std::span<const double> state) override {
    body_.SetState(state);
    auto in = state.begin() + std::tuple_size_v<SwimmerBody::State>;
    for (Object& object : objects_) {
      object.x = *in++;
      object.y = *in++;
      object.value = *in++;
    }
  }

  void Observe(std::span<double> observation) const override {
    body_.Observe(observation);
    const auto readings = observation.subspan(SwimmerBody::kObservationDim);
    std::ranges::fill(readings, 0.0);
    const auto [x, y] = body_.Centre();
    const auto [sine, cosine] = SinCos(body_.heading());
    for (const Object& object : objects_) {
      if (object.value == 0) continue;
      const double dx = object.x - x, dy = object.y - y;
      const double distance = Sqrt(dx * dx + dy * dy);
      const double ahead = cosine * dx + sine * dy;
      const double left = cosine * dy - sine * dx;
      if (!(distance <= kSensorRange && ahead >= 0)) continue;
      const std::size_t bin = BinOf(ahead, left) + (object.value > 0 ? 0 : kBins);
      readings[bin] = std::max(readings[bin], 1 - distance / kSensorRange);
    }
  }

  std::array<double, 2> CoveragePoint() const override { return body_.Centre(); }

 private:
  struct Object {
    double x = 0, y = 0, value = 0;
  };

  static double Cell(Rng& rng) { return 2.0 * rng.Below(6) - 6; }

  /// The number of edges that the direction is on or to the left of.
  static std::size_t BinOf(double ahead, double left) {
    static const BinEdges edges;
    std::size_t bin = 0;
    for (const auto& [sine, cosine] : edges.edge) bin += cosine * left - sine * ahead >= 0;
    return bin;
  }

  static EnvSpec Spec() {
    std::vector<Axis> observation = SwimmerBody::ObservationAxes();
    for (const char* kind : {"apple", "bomb"}) {
      for (std::size_t k = 0; k < kBins; ++k) {
        observation.push_back({kind + std::string(" reading ") + std::to_string(k), 0, 1});
      }
    }
    std::vector<Axis> state = SwimmerBody::StateAxes();
    for (int i = 0; i < kObjects; ++i) {
      const std::string name = "object " + std::to_string(i);
      state.push_back({name + " x", -6, 4, "m"});
      state.push_back({name + " y", -6, 4, "m"});
      state.push_back({name + " value", -1, 1});
    }
    return {.name = "swimmer-gather",
            .observation = std::move(observation),
            .action = SwimmerBody::ActionAxes(),
            .state = std::move(state),
            .coverage = {Axis{"centre x", -7, 7, "m"}, Axis{"centre y", -7, 7, "m"}},
            .noise_region = {-0.5, 0.5, -0.5, 0.5},  // about the start
            .default_horizon = 500,
            .time_step = SwimmerBody::kTimeStep,
            .success = "an apple is collected",
            .success_share = 0};
  }

  SwimmerBody body_;
  std::array<Object, kObjects> objects_;
};

/// The body among the apples and bombs that are left.
Scene DrawGathering(std::span<const double> state) {
  Scene scene{.view = {-8, 6, -8, 6}, .shapes = {}};
  std::span<const double> object = state.subspan(std::tuple_size_v<SwimmerBody::State>);
  for (int i = 0; i < kObjects; ++i, object = object.subspan(3)) {
    Shape shape = Disc(i < kApples ? Role::kApple : Role::kBomb, {object[0], object[1]}, 0.6);
    if (object[2] == 0) shape.points.clear();
    scene.shapes.push_back(std::move(shape));
  }
  scene.shapes.push_back(SwimmerBody::Links(state));
  const Point nose = scene.shapes.back().points[0];
  scene.shapes.push_back(Disc(Role::kJoint, nose, 0.12));
  scene.trace = nose;
  return scene;
}

}  // namespace

EnvEntry SwimmerGatherEntry() {
  return {.name = "swimmer-gather",
          .help = "the swimmer collects apples (+1) and should avoid bombs (-1)",
          .params = {},
          .make = [](const EnvParams&) -> std::unique_ptr<Env> {
            return std::make_unique<SwimmerGather>();
          },
          .make_controller = SwimToApples,
          .draw = DrawGathering};
}

}  // namespace vime
