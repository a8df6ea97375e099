// The environment interface: a continuous MDP that a rollout drives.
//
// Semantics are those of Gymnasium: Advance() reports `terminated` when the MDP has ended. The
// horizon belongs to the rollout, so no environment can confuse an end with a cut. State is plain
// data that can be read and set, all randomness comes from the generator passed in, and there is
// no global state: the same seed and actions give the same trajectory on any thread.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/rng.h"

namespace vime {

/// For Axis::nominal.
inline constexpr bool kNominal = true;

/// One axis of a box: its name, its bounds, and its unit ("" when dimensionless).
struct Axis {
  std::string name;
  double low = 0;
  double high = 0;
  std::string unit = {};
  /// The bounds are where values usually lie, not the reachable range.
  bool nominal = false;
  /// Values that differ by it are the same state; 0 where there is no such number.
  double period = 0;
  /// Of a state: what a simulator remembers, not where the task is. Replays leave it out.
  bool memory = false;
  /// A rate of change, which `observe positions` hides.
  bool velocity = false;
};

/// The axis, marked as a velocity.
inline Axis Velocity(Axis axis) {
  axis.velocity = true;
  return axis;
}

/// An open rectangle on the plane of Env::CoveragePoint(); by default all of it.
struct Region {
  double x_low = -std::numeric_limits<double>::infinity();
  double x_high = std::numeric_limits<double>::infinity();
  double y_low = -std::numeric_limits<double>::infinity();
  double y_high = std::numeric_limits<double>::infinity();

  bool Contains(const std::array<double, 2>& point) const {
    return point[0] > x_low && point[0] < x_high && point[1] > y_low && point[1] < y_high;
  }
};

/// What is fixed about an environment once its parameters are chosen.
struct EnvSpec {
  std::string name;
  /// Observation dimensions. The bounds are finite: the reachable range, or a nominal one where the
  /// dynamics have none. Policies scale their inputs by them.
  std::vector<Axis> observation;
  /// Action dimensions in raw units; normalised actions map [-1, 1] onto these bounds.
  std::vector<Axis> action;
  /// State dimensions, in the order of Env::GetState(), with the reachable range.
  std::vector<Axis> state;
  /// The two coordinates of Env::CoveragePoint() and the rectangle that the visit grid covers.
  std::array<Axis, 2> coverage;
  /// Where the observations that `env_params.noise_dims` adds are noise; elsewhere they are 0.
  Region noise_region;
  /// Steps after which a rollout truncates an episode, unless told otherwise.
  int default_horizon = 0;
  /// Seconds of simulated time per step; 1 where time has no unit.
  double time_step = 1;
  /// What an episode must do to count as a success, in words.
  std::string success;
  /// The share of an episode's steps that must be success steps; 0 means that one suffices.
  double success_share = 0;

  int observation_dim() const { return static_cast<int>(observation.size()); }
  int action_dim() const { return static_cast<int>(action.size()); }
  int state_dim() const { return static_cast<int>(state.size()); }
};

/// The outcome of one step.
struct Step {
  double reward = 0;
  /// The MDP has ended: no further reward can follow.
  bool terminated = false;
  /// A success step: the goal was reached, or held, in this step (EnvSpec::success_share).
  bool success = false;
};

/// Cells per axis of the visit grid over EnvSpec::coverage.
inline constexpr int kCoverageCells = 50;

/// The cell of a point of that plane: (i, j) is i kCoverageCells + j. Points beyond an edge count
/// to the cell at the edge.
int CoverageCell(const std::array<Axis, 2>& coverage, double x, double y);

class Env {
 public:
  virtual ~Env() = default;

  const EnvSpec& spec() const { return spec_; }

  /// Draws an initial state and writes its observation. Forgets everything about the past.
  virtual void Reset(Rng& rng, std::span<double> observation) = 0;

  /// Applies a raw action and writes the next observation. The environment uses the action as
  /// given; clipping to the bounds is the rollout's business.
  virtual Step Advance(std::span<const double> action, Rng& rng,
                       std::span<double> next_observation) = 0;

  /// The full state, spec().state_dim() numbers: all there is to know about the future.
  virtual void GetState(std::span<double> state) const = 0;
  virtual void SetState(std::span<const double> state) = 0;

  /// Writes the observation of the current state.
  virtual void Observe(std::span<double> observation) const = 0;

  /// Where the current state lies on the visit grid (spec().coverage).
  virtual std::array<double, 2> CoveragePoint() const = 0;

 protected:
  explicit Env(EnvSpec spec) : spec_(std::move(spec)) {}

 private:
  EnvSpec spec_;
};

/// A numeric parameter of an environment: `--set env_params.<name>=<value>`.
struct EnvParam {
  std::string name;
  double default_value = 0;
  double low = 0;
  double high = 0;
  bool integer = false;
  std::string help;
};

/// A parameter that is 0 or 1.
EnvParam SwitchParam(std::string name, std::string help);

/// Values of an environment's parameters by name; every declared parameter is present.
using EnvParams = std::map<std::string, double, std::less<>>;

/// A scripted policy: writes the raw action for a state (Env::GetState) in step 0, 1, ... of an
/// episode. It may remember what it needs; step 0 starts anew.
using Controller =
    std::function<void(int step, std::span<const double> state, std::span<double> action)>;

struct Scene;  // lib/rl/scene.h

/// Draws a state (Env::GetState).
using Drawer = std::function<Scene(std::span<const double> state)>;

/// One line of the registry.
struct EnvEntry {
  std::string name;
  std::string help;
  std::vector<EnvParam> params;
  /// The default of `env_params.noise_dims`, which every environment has.
  int noise_dims = 0;
  /// EnvSpec::noise_region in words, for the help; empty: made from the spec, which needs an
  /// environment. Programs list all entries when they start, and an engine takes milliseconds.
  std::string noise_region = {};
  std::function<std::unique_ptr<Env>(const EnvParams& params)> make;
  /// A scripted policy that shows that the task can be solved; may be empty.
  std::function<Controller(const EnvSpec& spec)> make_controller = {};
  /// May be empty: then pictures show the place on the visit grid. It sees the state without what
  /// `env_params.noise_dims` adds, or with it at the end.
  Drawer draw = {};
};

/// Maps a normalised action in [-1, 1] to raw units and clips it to the bounds [D16]:
/// a = clip(low + (a' + 1)(high - low)/2, low, high). NaN maps to NaN.
inline double ExecutedAction(double normalised, const Axis& axis) {
  const double raw = axis.low + (normalised + 1.0) * 0.5 * (axis.high - axis.low);
  return std::clamp(raw, axis.low, axis.high);
}

/// Whether an episode of `length` steps, `success_steps` of them success steps, is a success
/// (EnvSpec::success_share).
bool IsSuccess(const EnvSpec& spec, std::int64_t success_steps, std::int64_t length);

}  // namespace vime
