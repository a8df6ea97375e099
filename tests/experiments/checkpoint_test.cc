#include "experiments/runner/checkpoint.h"

#include <doctest/doctest.h>

#include "experiments/runner/config_json.h"
#include "experiments/runner/metrics_json.h"
#include "experiments/runner/summary.h"
#include "lib/core/check.h"
#include "tests/support/process.h"
#include "tests/support/signature.h"

namespace vime {
namespace {

using testing::Slurp;
using testing::TemporaryDirectory;
using testing::WriteText;

// A small run with every option that has state set to the given texts, such as "bonus=shuffled".
RunConfig Config(const std::vector<std::string>& settings) {
  ConfigBuilder builder;
  std::vector<std::string> all = {"batch_steps=150",       "horizon=50",     "bnn.updates=5",
                                  "bnn.pool_capacity=400", "bonus_window=3", "iterations=7"};
  all.insert(all.end(), settings.begin(), settings.end());
  for (const std::string& setting : all) {
    const auto equals = setting.find('=');
    builder.AddText(setting.substr(0, equals), setting.substr(equals + 1), setting);
  }
  return builder.Build().config;
}

// One line of the metrics that do not depend on the clock.
std::string Iterate(Trainer& trainer) {
  IterationMetrics metrics = trainer.Iterate();
  metrics.time_rollout_s = metrics.time_bonus_s = 0;
  metrics.time_policy_s = metrics.time_dynamics_s = 0;
  return ToJson(metrics).dump();
}

StateVisitor Of(Trainer& trainer) {
  return [&](Archive& archive) { trainer.Serialize(archive); };
}

TEST_CASE("A trainer restored at any iteration goes on with the same bits") {
  const std::vector<std::vector<std::string>> choices = {
      {},
      {"bonus=shuffled", "bonus_normalization=stddev"},
      {"bonus=none"},
      {"policy.observation_normalization=running"},
      {"policy.stddev=state", "policy.squash=tanh", "observe=positions"},
      {"policy.kind=gru", "policy.hidden=6", "policy.observation_normalization=running"},
      {"policy.kind=gru", "policy.hidden=6", "policy.stddev=state", "algo=trpo"},
      {"reinforce.baseline=linear", "reinforce.scale_returns=true"},
      {"reinforce.step=sgd", "eta_schedule=linear"},
      {"bnn.likelihood=learned", "bnn.kl_schedule=data"},
      {"bnn.likelihood=heteroscedastic", "bnn.sampling=moments"},
      {"bnn.likelihood=heteroscedastic", "gain.chain=true"},
      {"bnn.sampling=moments", "bnn.target=delta"},
      {"env=cartpole-swingup", "bnn.hidden=5,4", "bnn.sampling=direct"},
  };
  for (const auto& choice : choices) {
    const RunConfig config = Config(choice);
    const std::string chosen = choice.empty() ? "" : choice.front();
    CAPTURE(chosen);
    const auto whole = MakeTrainer(config, 1);
    std::vector<std::string> expected, states = {SaveState(Of(*whole))};
    for (int i = 0; i < 7; ++i) {
      expected.push_back(Iterate(*whole));
      states.push_back(SaveState(Of(*whole)));
    }
    for (const std::size_t from : {0, 1, 3, 6}) {  // the pool is full and turns over after 3
      CAPTURE(from);
      const auto restored = MakeTrainer(config, 1);
      LoadState(states[from], "test", Of(*restored));
      CHECK(SaveState(Of(*restored)) == states[from]);
      for (std::size_t i = from; i < expected.size(); ++i) CHECK(Iterate(*restored) == expected[i]);
      CHECK(SaveState(Of(*restored)) == states.back());
    }
  }
}

TEST_CASE("A restored summary is the summary") {
  const RunConfig config = Config({"env=pendulum"});
  const auto trainer = MakeTrainer(config, 1);
  SummaryBuilder whole, restored;
  for (int i = 0; i < 25; ++i) {  // longer than the window of the last values
    const IterationMetrics metrics = trainer->Iterate();
    whole.Add(metrics, trainer->batch());
    SummaryBuilder next;
    LoadState(SaveState([&](Archive& a) { restored.Serialize(a); }), "test",
              [&](Archive& a) { next.Serialize(a); });
    restored = next;
    restored.Add(metrics, trainer->batch());
    CHECK(restored.ToJson(config, "", 0) == whole.ToJson(config, "", 0));
  }
}

TEST_CASE("Limits end a run where they say, and the summary knows what has gone beyond them") {
  RunConfig config;
  config.iterations = 3;
  CHECK(!LimitsReached(config, 2, 1000, true));
  CHECK(LimitsReached(config, 3, 0, false));
  config.env_steps = 1000;
  CHECK(LimitsReached(config, 2, 1000, false));
  config = {};
  config.stop_when = StopWhen::kSolved;
  CHECK(LimitsReached(config, 0, 0, true));

  config = Config({"iterations=2"});
  const auto trainer = MakeTrainer(config, 1);
  SummaryBuilder summary;
  for (const bool was_done : {false, false, true}) {
    summary.Add(trainer->Iterate(), trainer->batch());
    CHECK(summary.WasDone(config) == was_done);
  }
  config = Config({"iterations=9", "env_steps=300"});  // reached by the second iteration
  CHECK(summary.WasDone(config));
  config = Config({"iterations=9", "env_steps=301"});
  CHECK(!summary.WasDone(config));
  CHECK(summary.Done(config));
}

// The message of the ConfigError that reading throws.
std::string ReadError(const std::string& path, Trainer& trainer) {
  try {
    ReadCheckpoint(path, Of(trainer));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("Every truncation and every flipped byte of a checkpoint is noticed") {
  const TemporaryDirectory directory;
  const std::string path = directory / "checkpoint";
  const RunConfig config = Config({"policy.hidden=2", "bnn.hidden=2"});
  const auto trainer = MakeTrainer(config, 1);
  trainer->Iterate();
  WriteCheckpoint(path, Of(*trainer));
  const std::string good = Slurp(path);
  CHECK(ReadError(path, *trainer).empty());
  const auto check = [&](const std::string& bytes) {
    WriteText(path, bytes);
    const std::string message = ReadError(path, *trainer);
    CHECK(message.starts_with(path + " is "));
    CHECK(message.find('\n') == std::string::npos);
  };
  for (std::size_t length = 0; length < good.size(); length += 1 + length / 8) {
    check(good.substr(0, length));
  }
  check(good + "x");
  for (std::size_t at = 0; at < good.size(); at += 1 + at / 8) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    check(bytes);
  }
  WriteText(path, "{}");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);  // is not read as a whole
  CHECK(ReadError(path, *trainer) == path + " is not a checkpoint");
}

TEST_CASE("A state of another shape is refused, whatever its records claim") {
  const auto other = MakeTrainer(Config({"policy.hidden=2"}), 1);
  const auto small = MakeTrainer(Config({"bnn.pool_capacity=100"}), 1);
  const auto none = MakeTrainer(Config({"bonus=none"}), 1);
  const auto trainer = MakeTrainer(Config({}), 1);
  for (Trainer* each : {other.get(), small.get(), none.get(), trainer.get()}) each->Iterate();
  const auto refused = [&](const std::string& state, Trainer& reader) {
    CHECK_THROWS_AS(LoadState(state, "test", Of(reader)), ConfigError);
  };
  const std::string state = SaveState(Of(*trainer));
  refused(state, *other);
  refused(state, *small);  // more rows than the pool holds
  refused(state, *none);   // records are left over
  refused(SaveState(Of(*none)), *trainer);
  refused("", *trainer);
  // Lengths that lie: nothing is read or written out of bounds, whatever the outcome.
  for (std::size_t at = 0; at < state.size(); at += 1 + at / 16) {
    std::string bytes = state;
    bytes[at] = '\xff';
    try {
      LoadState(bytes, "test", Of(*trainer));
    } catch (const ConfigError&) {
    }
  }
}

}  // namespace
}  // namespace vime
