// Value iteration: what theory says about the Bellman operator, tasks whose optimum is known, and
// the values that an independent implementation found for mountain car.
#include "envs/oracle.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "lib/core/check.h"
#include "lib/core/rng.h"
#include "tests/support/golden.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using Values = std::vector<double>;
using Nodes = std::vector<std::int64_t>;

BellmanOperator::Factory Factory(const std::string& name, const EnvParams& params = {}) {
  return [=] { return MakeEnvironment(name, params); };
}

Values RandomValues(Index size, std::uint32_t item) {
  Rng rng({.seed = 7, .stream = Stream::kTest, .item = item});
  Values values(static_cast<std::size_t>(size));
  for (double& value : values) value = rng.Uniform(-100, 100);
  return values;
}

double Distance(const Values& v, const Values& w) {
  double most = 0;
  for (std::size_t i = 0; i < v.size(); ++i) most = std::max(most, std::abs(v[i] - w[i]));
  return most;
}

/// A walk on [0, 1]: x' = min(x + (a + 1)/8, 1) for a in [-1, 1], each step costs 1, the end is 1.
/// From x it takes ceil(4 (1 - x)) steps.
class Walk final : public Env {
 public:
  explicit Walk(EnvSpec spec = Spec()) : Env(std::move(spec)) {}
  void Reset(Rng&, std::span<double> observation) override {
    x_ = 0;
    Observe(observation);
  }
  Step Advance(std::span<const double> action, Rng&, std::span<double> observation) override {
    x_ = std::min(x_ + (action[0] + 1) / 8, 1.0);
    Observe(observation);
    return {.reward = -1, .terminated = x_ == 1, .success = x_ == 1};
  }
  void GetState(std::span<double> state) const override { state[0] = x_; }
  void SetState(std::span<const double> state) override { x_ = state[0]; }
  void Observe(std::span<double> observation) const override { observation[0] = x_; }
  std::array<double, 2> CoveragePoint() const override { return {x_, 0}; }

  static EnvSpec Spec() {
    EnvSpec spec = testing::ToySpec(1, 1);
    spec.state = {{"x", 0, 1}};
    return spec;
  }

 private:
  double x_ = 0;
};

EnvEntry WalkEntry() {
  return Registered(
      {.name = "walk",
       .help = "",
       .params = {},
       .make = [](const EnvParams&) -> std::unique_ptr<Env> { return std::make_unique<Walk>(); }});
}

std::unique_ptr<Env> MakeWalk() { return std::make_unique<Walk>(); }

// ---- The grid --------------------------------------------------------------------------------

EnvSpec BoxSpec() {
  EnvSpec spec = testing::ToySpec(3, 1);
  spec.state = {{"x", -1, 2}, {"y", 0, 0.7}, {"z", -5, -3}};
  return spec;
}

TEST_CASE("Interpolation is exact for multilinear functions, and constant outside the box") {
  const StateGrid grid(BoxSpec(), Nodes{4, 7, 3});
  CHECK(grid.size() == 84);
  const auto f = [](const Values& s) {
    return 3 - s[0] + 2 * s[1] * s[2] + 0.5 * s[0] * s[1] * s[2];
  };
  Values values(84), s(3);
  for (Index i = 0; i < grid.size(); ++i) {
    grid.Node(i, s);
    values[static_cast<std::size_t>(i)] = f(s);
  }
  Rng rng({.seed = 1, .stream = Stream::kTest});
  for (int i = 0; i < 1000; ++i) {
    s = {rng.Uniform(-2, 3), rng.Uniform(-1, 1), rng.Uniform(-6, -2)};
    const Values inside = {std::clamp(s[0], -1.0, 2.0), std::clamp(s[1], 0.0, 0.7),
                           std::clamp(s[2], -5.0, -3.0)};
    // Fractions are kept in single precision.
    CHECK(grid.Interpolate(values, grid.Locate(s)) == doctest::Approx(f(inside)).epsilon(1e-6));
  }
}

TEST_CASE("A periodic axis has no seam") {
  EnvSpec spec = testing::ToySpec(1, 1);
  spec.state = {{.name = "turn", .low = -1e300, .high = 1e300, .period = 4}};
  const StateGrid grid(spec, Nodes{401});
  Values values(401), s(1);
  for (Index i = 0; i < grid.size(); ++i) {
    grid.Node(i, s);
    values[static_cast<std::size_t>(i)] = std::cos(std::numbers::pi / 2 * s[0]);
  }
  // The error of linear interpolation: at most (pi/2)^2 spacing^2 / 8.
  for (double x = -10; x < 10; x += 0.037) {
    const double exact = std::cos(std::numbers::pi / 2 * x);
    CHECK(std::abs(grid.Interpolate(values, grid.Locate(Values{x})) - exact) < 3.2e-5);
  }
}

TEST_CASE("A period of a state changes neither rewards nor what follows") {
  Rng rng({.seed = 3, .stream = Stream::kTest});
  int periodic_axes = 0;
  for (const EnvEntry& entry : Environments()) {
    const std::unique_ptr<Env> env = MakeEnvironment(entry);
    const EnvSpec& spec = env->spec();
    for (std::size_t k = 0; k < spec.state.size(); ++k) {
      if (spec.state[k].period == 0) continue;
      ++periodic_axes;
      for (int i = 0; i < 100; ++i) {
        Values observation(spec.observation.size()), shifted(observation), state(spec.state.size());
        env->Reset(rng, observation);
        env->GetState(state);
        const Values action(spec.action.size(), rng.Uniform(-1, 1));
        const Step step = env->Advance(action, rng, observation);
        state[k] += spec.state[k].period;
        env->SetState(state);
        const Step again = env->Advance(action, rng, shifted);
        CHECK(again.reward == doctest::Approx(step.reward).epsilon(1e-9));
        CHECK(again.terminated == step.terminated);
        CHECK(Distance(observation, shifted) < 1e-12);
      }
    }
  }
  CHECK(periodic_axes == 2);  // the pendulums
}

// ---- The operator ----------------------------------------------------------------------------

struct Problem {
  std::string name;
  Nodes grid;
};

const std::vector<Problem>& Problems() {
  static const std::vector<Problem> problems = {{"mountaincar", {31, 21}},
                                                {"mountaincar-sparse", {31, 21}},
                                                {"pendulum", {25, 19}},
                                                {"pendulum-sparse", {25, 19}},
                                                {"deepsea", {21, 21}}};
  return problems;
}

TEST_CASE("The operator is monotone: V <= W implies T V <= T W") {
  for (const Problem& problem : Problems()) {
    INFO(problem.name);
    for (const double gamma : {0.3, 0.99, 1.0}) {
      const BellmanOperator bellman(Factory(problem.name), problem.grid, 5, gamma, 1);
      for (std::uint32_t trial = 0; trial < 10; ++trial) {
        const Values v = RandomValues(bellman.grid().size(), trial);
        Values w = RandomValues(bellman.grid().size(), 100 + trial);
        // Above V, in half of the nodes by nothing.
        for (std::size_t i = 0; i < v.size(); ++i) w[i] = std::max(v[i], w[i]);
        const Values tv = bellman.Apply(v), tw = bellman.Apply(w);
        for (std::size_t i = 0; i < tv.size(); ++i) CHECK(tv[i] <= tw[i]);  // also when rounded
      }
    }
  }
}

TEST_CASE("The operator contracts by gamma in the maximum norm") {
  for (const Problem& problem : Problems()) {
    INFO(problem.name);
    for (const double gamma : {0.3, 0.99, 1.0}) {
      const BellmanOperator bellman(Factory(problem.name), problem.grid, 5, gamma, 1);
      for (std::uint32_t trial = 0; trial < 10; ++trial) {
        Values v = RandomValues(bellman.grid().size(), trial);
        Values w = RandomValues(bellman.grid().size(), 100 + trial);
        for (int sweep = 0; sweep < 3; ++sweep) {
          const double before = Distance(v, w);
          v = bellman.Apply(v);
          w = bellman.Apply(w);
          CHECK(Distance(v, w) <= gamma * before * (1 + 1e-12));
        }
      }
    }
  }
}

TEST_CASE("Where nothing ends, a constant c adds gamma c: the contraction is tight") {
  const BellmanOperator bellman(Factory("pendulum"), Nodes{25, 19}, 5, 0.9, 1);
  const Values v = RandomValues(bellman.grid().size(), 1);
  Values shifted = v;
  for (double& value : shifted) value += 50;
  const Values tv = bellman.Apply(v), tw = bellman.Apply(shifted);
  for (std::size_t i = 0; i < tv.size(); ++i) CHECK(tw[i] - tv[i] == doctest::Approx(45));
}

// n steps to the end cost (1 - gamma^n)/(1 - gamma).
TEST_CASE("The fixed point of a walk is its closed form") {
  const double gamma = 0.8;
  const BellmanOperator bellman(MakeWalk, Nodes{17}, 9, gamma, 1);
  Values values(17), state(1);
  for (int sweep = 0; sweep < 4; ++sweep) values = bellman.Apply(values);
  CHECK(Distance(bellman.Apply(values), values) == 0);
  for (Index i = 0; i < 17; ++i) {
    bellman.grid().Node(i, state);
    const double steps = std::max(1.0, std::ceil(4 * (1 - state[0])));
    const double exact = -(1 - std::pow(gamma, steps)) / (1 - gamma);
    CHECK(values[static_cast<std::size_t>(i)] == doctest::Approx(exact).epsilon(1e-12));
  }
}

TEST_CASE("The greedy action maximises reward and next value, and leaves the environment alone") {
  const BellmanOperator bellman(Factory("mountaincar"), Nodes{31, 21}, 5, 0.99, 1);
  const Values values = RandomValues(bellman.grid().size(), 4);
  const std::unique_ptr<Env> env = MakeEnvironment("mountaincar");
  Rng rng({.seed = 5, .stream = Stream::kTest});
  Values state(2), after(2), next(2);
  for (int trial = 0; trial < 200; ++trial) {
    state = {rng.Uniform(-1.2, 0.6), rng.Uniform(-0.07, 0.07)};
    env->SetState(state);
    const double chosen = bellman.GreedyAction(values, *env)[0];
    env->GetState(after);
    CHECK(after == state);
    const auto q = [&](double action) {
      env->SetState(state);
      const Step step = env->Advance(Values{action}, rng, next);
      return step.reward + (step.terminated ? 0 : 0.99 * bellman.Value(values, next));
    };
    for (const double action : {-1.0, -0.5, 0.0, 0.5, 1.0}) CHECK(q(chosen) >= q(action) - 1e-9);
  }
}

TEST_CASE("Of equal actions the last is taken") {
  const BellmanOperator bellman(Factory("pendulum-sparse"), Nodes{9, 7}, 3, 1, 1);
  const std::unique_ptr<Env> env = MakeEnvironment("pendulum-sparse");
  env->SetState(Values{3, 0});
  CHECK(bellman.GreedyAction(Values(63), *env)[0] == 1);
}

TEST_CASE("Stages are those of the recursion, in any order") {
  for (const int horizon : {1, 2, 9, 10, 11, 23}) {
    const BellmanOperator bellman(Factory("pendulum"), Nodes{9, 7}, 3, 1, 1);
    std::vector<Values> expected = {Values(63)};
    for (int t = 0; t < horizon; ++t) expected.push_back(bellman.Apply(expected.back()));
    std::ranges::reverse(expected);
    StageValues stages(bellman, horizon);
    for (int t = 0; t <= horizon; ++t) CHECK(stages.At(t) == expected[static_cast<std::size_t>(t)]);
    for (const int t : {horizon, horizon / 2, 0, horizon - 1}) {
      CHECK(stages.At(t) == expected[static_cast<std::size_t>(t)]);
    }
  }
}

// ---- Oracles ---------------------------------------------------------------------------------

TEST_CASE("The oracle of a walk takes the fewest steps") {
  const OracleReport report =
      SolveOracle(WalkEntry(), {}, {.grid = {17}, .episodes = 2, .random_episodes = 100});
  CHECK(report.horizon == 10);
  CHECK(report.return_mean == -4);
  CHECK(report.steps_mean == 4);
  CHECK(report.success_fraction == 1);
  CHECK(report.value_mean == doctest::Approx(-4));
  CHECK(report.random.return_mean < -5);
  const OracleReport cut = SolveOracle(WalkEntry(), {}, {.grid = {17}, .horizon = 3});
  CHECK(cut.return_mean == -3);
  CHECK(cut.success_fraction == 0);
}

TEST_CASE("The oracle of the deep sea pays for 0.8 of the way") {
  for (const double n : {7, 10, 20, 50, 100}) {
    const OracleReport report =
        SolveOracle(*FindEnvironment("deepsea"), {{"n", n}},
                    {.grid = {2 * std::int64_t(n) + 1, 101}, .episodes = 1, .random_episodes = 10});
    CHECK(report.return_mean == doctest::Approx(1 - 0.008).epsilon(1e-4));
    CHECK(report.return_mean <= 1 - 0.008 + 1e-12);
    CHECK(report.steps_mean == n);
  }
}

TEST_CASE("Noise in observations and threads change nothing") {
  const auto solve = [](const EnvParams& params, int threads) {
    return SolveOracle(*FindEnvironment("pendulum-sparse"), params,
                       {.grid = {41, 31},
                        .horizon = 50,
                        .episodes = 40,
                        .random_episodes = 100,
                        .num_threads = threads});
  };
  const OracleReport one = solve({}, 1);
  for (const OracleReport& other : {solve({}, 3), solve({{"noise_dims", 2}}, 1)}) {
    CHECK(other.return_mean == one.return_mean);
    CHECK(other.value_mean == one.value_mean);
    CHECK(other.random.return_mean == one.random.return_mean);
  }
}

struct Solved {
  std::string name;
  EnvParams params;
  OracleOptions options;
  double least, most;  ///< return, of independent implementations with a margin for the grid
};

// Episode i of the scripted policy starts where episode i of the oracle does.
TEST_CASE("Oracles get what is known to be possible, and more than scripts and random play") {
  const std::vector<Solved> tasks = {
      {"mountaincar", {}, {.grid = {151, 101}, .actions = 11}, 91.5, 99.65},
      // Found by the shortest way, which 66 bang-bang steps make: 0.99^65 = 0.5204.
      {"mountaincar-sparse", {}, {.grid = {151, 101}, .actions = 2, .gamma = 0.99}, 1, 1},
      {"pendulum", {}, {.grid = {151, 101}, .actions = 9}, -145, -110},       // -131, sd 78
      {"pendulum-sparse", {}, {.grid = {301, 201}, .actions = 3}, 413, 417},  // 416.1
      {"pendulum-sparse",
       {{"torque_limit", 2}},
       {.grid = {151, 101}, .actions = 3},
       454,
       458},  // 456.9
  };
  for (Solved task : tasks) {
    INFO(task.name);
    task.options.episodes = 100;
    task.options.random_episodes = 200;
    task.options.num_threads = 2;
    const EnvEntry& entry = *FindEnvironment(task.name);
    const OracleReport oracle = SolveOracle(entry, task.params, task.options);
    CAPTURE(oracle.return_mean);
    CHECK(oracle.return_mean >= task.least);
    CHECK(oracle.return_mean <= task.most);
    const PlayReport scripted =
        Play(entry, task.params, {.policy = PlayPolicy::kScripted, .episodes = 100});
    CHECK(oracle.return_mean >= scripted.return_mean);
    CHECK(oracle.return_mean > oracle.random.return_mean);
    CHECK(oracle.success_fraction >= 0.99);
  }
}

TEST_CASE("The shortest way of the mountain car takes 65 to 67 steps and is worth 0.5209") {
  const OracleReport report = SolveOracle(*FindEnvironment("mountaincar-sparse"), {},
                                          {.grid = {301, 141},
                                           .actions = 2,
                                           .gamma = 0.99,
                                           .episodes = 200,
                                           .random_episodes = 1,
                                           .num_threads = 2});
  CHECK(report.steps_mean >= 65);
  CHECK(report.steps_mean <= 67);
  CHECK(std::abs(report.discounted_return_mean - 0.5209) < 1e-3);
  CHECK(std::abs(report.value_mean - 0.5209) < 2e-3);
}

// Reference: value iteration with 826 x 281 nodes and 41 actions in single precision.
void CheckAgainstReference(const std::string& file, const Nodes& grid, int actions,
                           double tolerance) {
  const nlohmann::json golden = testing::ReadGolden("envs/" + file);
  const bool sparse = golden["sparse"].get<int>() != 0;
  const BellmanOperator bellman(Factory(sparse ? "mountaincar-sparse" : "mountaincar"), grid,
                                actions, golden["gamma"].get<double>(), 2);
  StageValues stages(bellman, golden["H"].get<int>());
  Values found, expected;
  for (const nlohmann::json& pair : golden["x0_value"]) {
    found.push_back(bellman.Value(stages.At(0), Values{pair[0].get<double>(), 0}));
    expected.push_back(pair[1].get<double>());
  }
  CHECK(found.size() == 41);
  CHECK(Distance(found, expected) < tolerance);
}

TEST_CASE("Values of mountain car are those of the reference") {
  CheckAgainstReference("oracle_mc_sparse_h500_g099.json", {301, 141}, 2, 1e-3);
  CheckAgainstReference("oracle_mc_dense_h999_g099.json", {301, 141}, 11, 0.2);
  CheckAgainstReference("oracle_mc_dense_h999_g1.json", {201, 101}, 41, 0.1);
}

// ---- Refusals --------------------------------------------------------------------------------

TEST_CASE("What has no grid is refused") {
  const auto refuses = [](const EnvSpec& spec, const Nodes& nodes, const char* message) {
    CHECK_THROWS_WITH_AS(StateGrid(spec, nodes), message, ConfigError);
  };
  EnvSpec spec = BoxSpec();
  refuses(spec, {5, 5},
          "the grid must have 1 or 3 numbers of nodes, one per state dimension of "
          "toy, got 2");
  refuses(spec, {5, 1, 5}, "the grid must have 2 to 5000 nodes per state dimension, got 1");
  refuses(spec, {5001}, "the grid must have 2 to 5000 nodes per state dimension, got 5001");
  spec.state[1].high = std::numeric_limits<double>::infinity();
  refuses(spec, {5}, "no grid for toy: its state dimension 'y' has neither bounds nor a period");
  CHECK_THROWS_WITH_AS(BellmanOperator(Factory("point-umaze"), Nodes{5}, 5, 1, 1),
                       "a grid needs a state of 1 to 3 dimensions; that of point-umaze has 4 (x, "
                       "y, x velocity, y velocity)",
                       ConfigError);
  CHECK_THROWS_WITH_AS(BellmanOperator(Factory("mountaincar"), Nodes{5000}, 21, 1, 1),
                       "the grid has too many nodes and actions: at most 1e+08 pairs of a node and "
                       "an action fit",
                       ConfigError);
}

}  // namespace
}  // namespace vime
