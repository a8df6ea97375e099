// The Bellman operator of an environment on a grid over its state.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "lib/core/types.h"
#include "lib/rl/env.h"

namespace vime {

/// Nodes on the box of an environment's state, and multilinear interpolation between them. The
/// first and the last node of an axis lie on its bounds; those of a periodic axis (Axis::period)
/// are a period apart, around 0.
class StateGrid {
 public:
  static constexpr std::size_t kMaxDims = 3;
  static constexpr int kMaxNodes = 5000;  ///< per dimension

  /// `nodes` per state dimension; one number serves all of them. Throws ConfigError when the state
  /// has more than kMaxDims dimensions or one without bounds and period, or when `nodes` does not
  /// fit it.
  StateGrid(const EnvSpec& spec, std::span<const std::int64_t> nodes);

  std::size_t dims() const { return axes_.size(); }
  Index size() const { return size_; }
  std::vector<std::int64_t> nodes() const;

  /// The state of a node.
  void Node(Index index, std::span<double> state) const;

  /// A state in its cell: the cell's lowest corner, and where in the cell it lies, in [0, 1].
  /// States outside the box are moved to its border.
  struct Place {
    std::int32_t corner = 0;
    std::array<float, kMaxDims> fraction = {};
  };
  Place Locate(std::span<const double> state) const;

  /// sum_c w_c values_c over the 2^d corners c of the cell, w_c >= 0 the products of fractions and
  /// their complements; sum_c w_c = 1.
  double Interpolate(std::span<const double> values, const Place& place) const {
    return Blend(values.data() + place.corner, place.fraction.data(), axes_.size());
  }

 private:
  struct GridAxis {
    double low, spacing, period;  // period 0: none
    Index nodes, stride;
  };

  // f is exactly as monotone as its rounded products and sums: the weights are not negative.
  double Blend(const double* values, const float* fraction, std::size_t dims) const {
    if (dims == 0) return *values;
    const double f = static_cast<double>(fraction[dims - 1]);
    const double* above = values + axes_[dims - 1].stride;
    return (1 - f) * Blend(values, fraction, dims - 1) + f * Blend(above, fraction, dims - 1);
  }

  std::vector<GridAxis> axes_;
  Index size_ = 1;
};

/// The Bellman operator of an environment whose dynamics are deterministic, on the nodes s of a
/// grid, for a grid of actions a (Bellman 1957):
///
///   (T V)(s) = max_a r(s, a) + gamma (1 - end(s, a)) V(s'(s, a))
///
/// with V(s') interpolated. It is monotone, V <= W implies T V <= T W, and contracts by gamma in
/// the maximum norm, because interpolation is a mean with weights that are not negative. Rewards,
/// ends and next states are those of Env::Advance after Env::SetState; they are computed once.
class BellmanOperator {
 public:
  using Factory = std::function<std::unique_ptr<Env>()>;
  static constexpr std::int64_t kMaxTransitions = 100'000'000;  ///< 24 bytes each

  /// `actions` evenly spaced values per action dimension, the bounds among them. Throws ConfigError
  /// for a grid that StateGrid refuses, or with more than kMaxTransitions nodes times actions.
  BellmanOperator(const Factory& make_env, std::span<const std::int64_t> nodes, int actions,
                  double gamma, int num_threads);

  const StateGrid& grid() const { return grid_; }
  double gamma() const { return gamma_; }

  /// T V, with one value per node.
  std::vector<double> Apply(std::span<const double> values) const;

  /// V at any state.
  double Value(std::span<const double> values, std::span<const double> state) const {
    return grid_.Interpolate(values, grid_.Locate(state));
  }

  /// The action of the grid that maximises r + gamma (1 - end) V(s') for the state that `env` is
  /// in; of actions that are equal up to rounding the last. That is the one that pushes, so that
  /// what can be done now or later, such as diving right in the deep sea, is done while an error of
  /// the grid can still be made good. Leaves env in its state.
  std::span<const double> GreedyAction(std::span<const double> values, Env& env) const;

 private:
  struct Transition {
    double reward;
    StateGrid::Place next;  // corner kEnd: the MDP ends
  };
  static constexpr std::int32_t kEnd = -1;

  std::span<const double> Action(std::size_t index) const {
    return std::span(actions_).subspan(index * action_dims_, action_dims_);
  }
  struct Scratch {
    explicit Scratch(const EnvSpec& spec)
        : state(spec.state.size()), next(state), observation(spec.observation.size()) {}
    std::vector<double> state, next, observation;
  };
  /// What the action does in scratch.state, computed by the environment.
  Transition Try(Env& env, std::span<const double> action, Scratch& scratch) const;
  double Backup(const Transition& transition, std::span<const double> values) const {
    if (transition.next.corner == kEnd) return transition.reward;
    return transition.reward + gamma_ * grid_.Interpolate(values, transition.next);
  }

  StateGrid grid_;
  double gamma_;
  int num_threads_;
  std::size_t action_dims_, num_actions_ = 1;
  std::vector<double> actions_;          // one after another
  std::vector<Transition> transitions_;  // by node, then by action
};

}  // namespace vime
