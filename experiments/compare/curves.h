// Learning curves and visited states of the runs of an arm, read only when a report asks for them.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "experiments/compare/comparison.h"
#include "lib/rl/env.h"

namespace vime {

struct Film;  // experiments/compare/film.h

/// The curves that a report draws: keys of metrics.jsonl.
enum class CurveKind { kReturn, kSuccess, kCoverage, kGain, kModelError };
inline constexpr std::size_t kNumCurveKinds = 5;

/// One run over its environment steps. NaN where the run reports nothing.
struct RunCurves {
  std::vector<double> env_steps;
  std::array<std::vector<double>, kNumCurveKinds> values;
  bool broken_lines = false;  ///< some lines could not be read and are left out

  const std::vector<double>& operator[](CurveKind kind) const {
    return values[static_cast<std::size_t>(kind)];
  }
};

/// The mean over runs and its 95 % interval, at given steps; NaN where a run of the arm has no
/// value. Pointwise: each point says nothing of its neighbours.
struct MeanCurve {
  std::vector<double> mean, low, high;
};

/// One episode over the visit grid.
struct Replay {
  struct Action {
    std::string name, unit;
    std::vector<double> values;
  };
  std::string path;  ///< the run it is of
  std::int64_t length = 0;
  bool success = false;
  double total_reward = 0;
  std::vector<double> x, y;  ///< on the two axes of the grid
  std::vector<Action> actions;
};

/// Where a run, or the runs of an arm together, went: states.json.
struct States {
  std::array<Axis, 2> axes;
  int cells = 0;                     ///< per axis
  std::vector<std::int64_t> visits;  ///< steps per cell, the first axis outermost
  Replay replay;
};

/// What one arm did.
struct ArmCurves {
  std::vector<RunCurves> runs;
  std::optional<States> states;  ///< visits summed over runs, replay of the run with median result
  int visited_runs = 0;          ///< runs in the sum
  /// An episode of what the run with the median result has learned; none where its policy cannot
  /// be read.
  std::shared_ptr<const Film> film;
};

/// Reads the files of every run of every arm. A file that is missing or broken leaves its run out
/// of the figure and adds a note, and so does a broken line of metrics.jsonl.
std::vector<ArmCurves> ReadCurves(const Comparison& comparison, int num_threads,
                                  std::vector<std::string>& notes);

/// At most `points` common environment steps, evenly spaced from where the first arm has values to
/// where arms end; empty when no run has any.
std::vector<double> CommonSteps(const std::vector<ArmCurves>& arms, CurveKind kind,
                                int points = 80);

/// The curve of an arm at those steps; `geometric` averages logarithms.
MeanCurve Average(const ArmCurves& arm, CurveKind kind, const std::vector<double>& env_steps,
                  bool geometric = false);

}  // namespace vime
