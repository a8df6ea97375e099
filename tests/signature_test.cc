#include <doctest/doctest.h>

#include <string>

#include "envs/registry.h"
#include "lib/kernels/kernels.h"
#include "tests/support/golden.h"
#include "tests/support/signature.h"

namespace vime {
namespace {

// When a change is meant to change results: write the new values that the test prints to
// tests/golden/signature.json and say in the commit message what changed and why.
void CheckSignature(const std::string& name, const RunConfig& config) {
  static const auto recorded = testing::ReadGolden("signature.json");
  // The bits of an engine are those of its build: there is nothing to record.
  const bool engine = FindEngineTask(config.env) != nullptr;
  const std::string expected =
      engine ? testing::Signature(config, 1) : recorded.value(name, "not recorded");
  for (const std::string_view kernels : AvailableKernels()) {
    SelectKernels(kernels);
    for (const int threads : {1, 3}) {
      CAPTURE(name);
      CAPTURE(kernels);
      CAPTURE(threads);
      CHECK(testing::Signature(config, threads) == expected);
    }
  }
  SelectKernels("auto");
}

TEST_CASE("A fixed run gives the recorded bits with every kernel and any number of threads") {
  for (const EnvEntry& entry : Environments()) {
    CheckSignature(entry.name, testing::SignatureConfig(entry.name));
  }
}

// Short, since there are many.
RunConfig Variant(const std::string& env) {
  RunConfig config = testing::SignatureConfig(env);
  config.iterations = 3;
  config.batch_steps = 200;
  return config;
}

template <class Choice>
std::string Name(Choice choice) {
  return std::string(EnumNames<Choice>()[static_cast<std::size_t>(choice)]);
}

TEST_CASE("So it does with every bonus") {
  for (const BonusEntry& entry : Bonuses()) {
    if (entry.kind == BonusKind::kVime) continue;  // seen above
    RunConfig config = Variant("mountaincar");
    config.bonus = entry.kind;
    CheckSignature("mountaincar, " + Name(entry.kind), config);
  }
}

TEST_CASE("So it does with every way of taking the model's expectations") {
  for (const Sampling sampling : {Sampling::kLocal, Sampling::kDirect}) {
    RunConfig config = Variant("mountaincar");
    config.bnn.sampling = sampling;
    CheckSignature(
        std::string("mountaincar, sampling ") + (sampling == Sampling::kLocal ? "local" : "direct"),
        config);
  }
  RunConfig config = Variant("mountaincar");
  config.bnn.sampling = Sampling::kLocal;
  config.bnn.training_noise = TrainingNoise::kPerExample;
  CheckSignature("mountaincar, noise per example", config);
  config.gain.form = GainForm::kExact;
  CheckSignature("mountaincar, noise per example, exact", config);
  config.bnn.likelihood = Likelihood::kHeteroscedastic;
  CheckSignature("mountaincar, heteroscedastic", config);
  config.gain_chain = true;
  CheckSignature("mountaincar, chain", config);
}

TEST_CASE("So it does with every policy optimiser and value function") {
  for (const Algorithm algo :
       {Algorithm::kNaturalGradient, Algorithm::kTrpo, Algorithm::kPpo, Algorithm::kErwr}) {
    for (const ValueKind value : {ValueKind::kLinear, ValueKind::kMlp}) {
      RunConfig config = Variant("mountaincar");
      config.algo = algo;
      config.advantage.value = value;
      CheckSignature("mountaincar, " + Name(algo) + ", " + Name(value), config);
    }
  }
  RunConfig config = Variant("mountaincar");
  config.reinforce.reuse_epochs = 3;
  CheckSignature("mountaincar, reinforce, reuse", config);
}

TEST_CASE("So it does with every kind of policy") {
  RunConfig config = Variant("mountaincar");
  config.policy.stddev = StddevKind::kState;
  CheckSignature("mountaincar, stddev state", config);
  config.algo = Algorithm::kTrpo;
  CheckSignature("mountaincar, stddev state, trpo", config);
  config = Variant("mountaincar");
  config.policy.squash = ActionSquash::kTanh;
  CheckSignature("mountaincar, squash tanh", config);
  config = Variant("pendulum");
  config.observe = Observe::kPositions;
  CheckSignature("pendulum, observe positions", config);
  config.policy_kind = PolicyKind::kGru;
  CheckSignature("pendulum, observe positions, gru", config);
  config.policy.stddev = StddevKind::kState;
  config.algo = Algorithm::kTrpo;
  CheckSignature("pendulum, observe positions, gru, stddev state, trpo", config);
}

}  // namespace
}  // namespace vime
