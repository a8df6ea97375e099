// vime-run difficulty as its users meet it.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace vime::testing {
namespace {

using Json = nlohmann::ordered_json;

Process::Result Difficulty(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {VIME_RUN_PATH, "difficulty"});
  const TemporaryDirectory directory;
  const Process::Result result = Process(arguments, {.directory = directory.path()}).Wait();
  CHECK(std::filesystem::is_empty(directory.path()));
  return result;
}

Json Report(std::vector<std::string> arguments) {
  arguments.emplace_back("--json");
  const Process::Result result = Difficulty(arguments);
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  return Json::parse(result.out);
}

void CheckRefused(const std::vector<std::string>& arguments, const std::string& message) {
  const Process::Result result = Difficulty(arguments);
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
  CHECK(result.err == "vime-run: " + message + "\n");
}

TEST_CASE("The report says what was played and how often a reward was found") {
  const Json json = Report({"--env", "pendulum-sparse", "--set", "env_params.torque_limit=2",
                            "--episodes", "200", "--policy-noise-hold", "10", "--seed", "3"});
  CHECK(json["env"] == "pendulum-sparse");
  CHECK(json["env_params"] == Json{{"noise_dims", 0.0}, {"torque_limit", 2.0}});
  CHECK(json["policy"] == "normal");
  CHECK(json["policy_noise_hold"] == 10);
  CHECK(json["seed"] == 3);
  CHECK(json["horizon"] == 500);
  CHECK(json["episodes"] == 200);
  CHECK(json["env_steps"] == 100000);
  CHECK(json["confidence"] == 0.95);
  const Json& share = json["rewarded"];
  CHECK(share["rate"] == share["episodes"].get<double>() / 200);
  CHECK(share["low"] < share["rate"]);
  CHECK(share["rate"] < share["high"]);
  CHECK(share["rate"] > 0.9);  // 0.96; see difficulty_test
}

// Wilson's interval for 0 of n is [0, z^2/(n + z^2)], for n of n [n/(n + z^2), 1].
TEST_CASE("Nothing and everything have the intervals of their formula") {
  const double z2 = 1.959963984540054 * 1.959963984540054;
  const Json none = Report({"--env", "deepsea", "--episodes", "50"})["success"];
  CHECK(none["episodes"] == 0);
  CHECK(none["low"].get<double>() == doctest::Approx(0));
  CHECK(none["high"].get<double>() == doctest::Approx(z2 / (50 + z2)));
  const Json all = Report({"--env", "deepsea", "--episodes", "50", "--policy", "scripted"});
  CHECK(all["success"]["episodes"] == 50);
  CHECK(all["success"]["low"].get<double>() == doctest::Approx(50 / (50 + z2)));
  CHECK(all["success"]["high"].get<double>() == doctest::Approx(1));
  CHECK(all["return_mean"].get<double>() == doctest::Approx(0.992));
}

TEST_CASE("The table has the numbers of the JSON, and threads change neither") {
  const std::vector<std::string> play = {"--env", "cartpole-swingup", "--episodes",
                                         "130",   "--policy",         "uniform"};
  std::vector<std::string> threaded = play;
  threaded.insert(threaded.end(), {"--threads", "3"});
  CHECK(Report(play) == Report(threaded));
  const Process::Result table = Difficulty(play);
  CHECK(table.exit_code == 0);
  CHECK(table.out.starts_with(
      "cartpole-swingup, policy uniform, 130 episodes of at most 500 steps, seed 1\n"));
  const Json json = Report(play);
  CHECK(table.out.find("over " + json["env_steps"].dump() + " steps") != std::string::npos);
  CHECK(Difficulty(threaded).out == table.out);
}

TEST_CASE("One episode has no spread") {
  CHECK(Report({"--episodes", "1"})["return_std"].is_null());
  CHECK(Difficulty({"--episodes", "1"}).out.find("sd") == std::string::npos);
}

TEST_CASE("Help is printed, and what cannot be played is refused in one line") {
  CHECK(Difficulty({"--help"}).out.starts_with("usage: vime-run difficulty [OPTIONS]"));
  CheckRefused({"--policy", "scipted"},
               "--policy must be normal|uniform|scripted, got 'scipted'; did you mean scripted?");
  CheckRefused({"--episodes", "0"}, "--episodes must be an integer >= 1 and <= 1e7, got '0'");
  CheckRefused({"--set", "eta=1"}, "--set must be env_params.<name>=<value>, got 'eta=1'");
  CheckRefused({"--set", "env_params.noise_dims"},
               "--set must be env_params.<name>=<value>, got 'env_params.noise_dims'");
  CheckRefused({"--policy", "scripted", "--policy-noise-hold", "2"},
               "--policy-noise-hold needs --policy normal or uniform");
  CheckRefused({"--episode", "3"}, "unknown option --episode; did you mean --episodes?");
  CheckRefused({"stray"}, "unexpected argument 'stray'; see vime-run difficulty --help");
}

}  // namespace
}  // namespace vime::testing
