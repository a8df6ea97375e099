#include "envs/bellman.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/core/check.h"
#include "lib/core/names.h"
#include "lib/core/parallel.h"
#include "lib/core/rng.h"

namespace vime {
namespace {

constexpr Index kChunk = 512;  // nodes that one thread computes in a row
constexpr double kTie =
    1e-12;  // values that differ by this share of themselves, or of 1, are equal

[[noreturn]] void FailDims(const EnvSpec& spec) {
  std::string names;
  for (const Axis& axis : spec.state) names += (names.empty() ? "" : ", ") + axis.name;
  throw ConfigError("a grid needs a state of 1 to " + std::to_string(StateGrid::kMaxDims) +
                    " dimensions; that of " + spec.name + " has " +
                    std::to_string(spec.state.size()) + " (" + names + ")");
}

}  // namespace

StateGrid::StateGrid(const EnvSpec& spec, std::span<const std::int64_t> nodes) {
  if (spec.state.empty() || spec.state.size() > kMaxDims) FailDims(spec);
  if (nodes.size() != 1 && nodes.size() != spec.state.size()) {
    throw ConfigError("the grid must have 1 or " + std::to_string(spec.state.size()) +
                      " numbers of nodes, one per state dimension of " + spec.name + ", got " +
                      std::to_string(nodes.size()));
  }
  for (std::size_t k = 0; k < spec.state.size(); ++k) {
    const Axis& axis = spec.state[k];
    const std::int64_t count = nodes[nodes.size() == 1 ? 0 : k];
    if (count < 2 || count > kMaxNodes) {
      throw ConfigError("the grid must have 2 to " + std::to_string(kMaxNodes) +
                        " nodes per state dimension, got " + std::to_string(count));
    }
    const double low = axis.period > 0 ? -axis.period / 2 : axis.low;
    const double length = axis.period > 0 ? axis.period : axis.high - axis.low;
    if (!std::isfinite(length) || length <= 0) {
      throw ConfigError("no grid for " + spec.name + ": its state dimension '" + axis.name +
                        "' has neither bounds nor a period");
    }
    axes_.push_back({.low = low,
                     .spacing = length / static_cast<double>(count - 1),
                     .period = axis.period,
                     .nodes = count,
                     .stride = size_});
    size_ *= count;
    if (size_ > BellmanOperator::kMaxTransitions) break;  // BellmanOperator refuses it
  }
}

std::vector<std::int64_t> StateGrid::nodes() const {
  std::vector<std::int64_t> counts;
  for (const GridAxis& axis : axes_) counts.push_back(axis.nodes);
  return counts;
}

void StateGrid::Node(Index index, std::span<double> state) const {
  for (std::size_t k = 0; k < axes_.size(); ++k) {
    const GridAxis& axis = axes_[k];
    state[k] = axis.low + axis.spacing * static_cast<double>(index / axis.stride % axis.nodes);
  }
}

StateGrid::Place StateGrid::Locate(std::span<const double> state) const {
  Place place;
  for (std::size_t k = 0; k < axes_.size(); ++k) {
    const GridAxis& axis = axes_[k];
    double offset = state[k] - axis.low;
    if (axis.period > 0) offset -= axis.period * std::floor(offset / axis.period);
    const auto last_cell = static_cast<double>(axis.nodes - 2);
    const double position = offset / axis.spacing;
    const double cell = std::clamp(std::floor(position), 0.0, last_cell);
    place.corner += static_cast<std::int32_t>(static_cast<Index>(cell) * axis.stride);
    place.fraction[k] = static_cast<float>(std::clamp(position - cell, 0.0, 1.0));
  }
  return place;
}

BellmanOperator::BellmanOperator(const Factory& make_env, std::span<const std::int64_t> nodes,
                                 int actions, double gamma, int num_threads)
    : grid_(make_env()->spec(), nodes), gamma_(gamma), num_threads_(num_threads) {
  VIME_CHECK(actions >= 2 && gamma > 0 && gamma <= 1);
  const EnvSpec spec = make_env()->spec();
  action_dims_ = spec.action.size();
  for (std::size_t k = 0; k < action_dims_; ++k) {
    num_actions_ *= static_cast<std::size_t>(actions);
    if (static_cast<double>(grid_.size()) * static_cast<double>(num_actions_) >
        static_cast<double>(kMaxTransitions)) {
      throw ConfigError("the grid has too many nodes and actions: at most " +
                        ToText(static_cast<double>(kMaxTransitions)) +
                        " pairs of a node and an action fit");
    }
  }
  for (std::size_t a = 0; a < num_actions_; ++a) {
    std::size_t rest = a;
    for (const Axis& axis : spec.action) {
      const double share = static_cast<double>(rest % static_cast<std::size_t>(actions)) /
                           static_cast<double>(actions - 1);
      actions_.push_back((1 - share) * axis.low + share * axis.high);
      rest /= static_cast<std::size_t>(actions);
    }
  }
  transitions_.resize(static_cast<std::size_t>(grid_.size()) * num_actions_);
  ParallelFor((grid_.size() + kChunk - 1) / kChunk, num_threads_, [&](Index chunk) {
    const std::unique_ptr<Env> env = make_env();
    Scratch scratch(env->spec());
    const Index end = std::min(grid_.size(), (chunk + 1) * kChunk);
    for (Index node = chunk * kChunk; node < end; ++node) {
      grid_.Node(node, scratch.state);
      Transition* row = &transitions_[static_cast<std::size_t>(node) * num_actions_];
      for (std::size_t a = 0; a < num_actions_; ++a) row[a] = Try(*env, Action(a), scratch);
    }
  });
}

BellmanOperator::Transition BellmanOperator::Try(Env& env, std::span<const double> action,
                                                 Scratch& scratch) const {
  Rng rng({});  // deterministic dynamics draw nothing
  env.SetState(scratch.state);
  const Step step = env.Advance(action, rng, scratch.observation);
  env.GetState(scratch.next);
  Transition transition{.reward = step.reward, .next = grid_.Locate(scratch.next)};
  if (step.terminated) transition.next.corner = kEnd;
  return transition;
}

std::vector<double> BellmanOperator::Apply(std::span<const double> values) const {
  VIME_CHECK(static_cast<Index>(values.size()) == grid_.size());
  std::vector<double> result(values.size());
  ParallelFor((grid_.size() + kChunk - 1) / kChunk, num_threads_, [&](Index chunk) {
    const Index end = std::min(grid_.size(), (chunk + 1) * kChunk);
    for (Index node = chunk * kChunk; node < end; ++node) {
      const Transition* row = &transitions_[static_cast<std::size_t>(node) * num_actions_];
      double best = -std::numeric_limits<double>::infinity();
      for (std::size_t a = 0; a < num_actions_; ++a) best = std::max(best, Backup(row[a], values));
      result[static_cast<std::size_t>(node)] = best;
    }
  });
  return result;
}

std::span<const double> BellmanOperator::GreedyAction(std::span<const double> values,
                                                      Env& env) const {
  Scratch scratch(env.spec());
  env.GetState(scratch.state);
  double best = -std::numeric_limits<double>::infinity();
  std::size_t best_action = 0;
  for (std::size_t a = 0; a < num_actions_; ++a) {
    const double value = Backup(Try(env, Action(a), scratch), values);
    if (value < best - kTie * std::max(1.0, std::abs(best))) continue;
    best = std::max(best, value);
    best_action = a;
  }
  env.SetState(scratch.state);
  return Action(best_action);
}

}  // namespace vime
