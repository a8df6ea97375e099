// vime-run --eval-every, vime-run eval and vime-run replay.
#include <doctest/doctest.h>

#include "tests/support/vime_run.h"

namespace vime::testing {
namespace {

// A run whose only iteration is evaluated.
void MakeRun(const TemporaryDirectory& directory, const Arguments& choice = {}) {
  REQUIRE(VimeRun(kTiny +
                      Arguments{"--out", "r", "--iterations", "1", "--eval-every", "1",
                                "--eval-episodes", "5", "--seed", "7", "--quiet"} +
                      choice,
                  directory)
              .exit_code == 0);
}

TEST_CASE("--eval-every writes a line per evaluation and leaves the metrics as they are") {
  const TemporaryDirectory directory;
  REQUIRE(VimeRun(kTiny + Arguments{"--out", "plain"}, directory).exit_code == 0);
  REQUIRE(VimeRun(kTiny + Arguments{"--out", "r", "--eval-every", "2"}, directory).exit_code == 0);
  CHECK(Reproducible(directory / "r") == Reproducible(directory / "plain"));
  const std::vector<Json> metrics = ReadMetrics(directory / "r");
  const std::vector<Json> lines = ReadMetrics(directory / "r", "eval.jsonl");
  REQUIRE(lines.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(lines[i]["iteration"] == 2 * i + 1);
    CHECK(lines[i]["env_steps"] == metrics[2 * i + 1]["env_steps"]);
    CHECK(lines[i]["eval/episodes"] == 10);
    CHECK(lines[i]["eval/return_mean"].is_number());
  }
  const auto summary = [&](const char* run) {
    return Json::parse(Slurp(directory / run + "/summary.json"));
  };
  CHECK(summary("r")["eval_return"] == lines[1]["eval/return_mean"]);
  CHECK(summary("plain")["eval_return"].is_null());
  // Two runs that differ in what they evaluate are two runs; without evaluation its length counts
  // for nothing.
  const auto hash = [&](const Arguments& choice) {
    return Json::parse(VimeRun(choice + Arguments{"--print-config"}, directory).out)["config_hash"];
  };
  CHECK(hash({"--eval-every", "2"}) != hash({}));
  CHECK(hash({"--eval-episodes", "2"}) == hash({}));
}

TEST_CASE("vime-run eval finds in policy.json the policy that the run evaluated") {
  for (const Arguments& choice :
       {Arguments{}, Arguments{"--policy-observation-normalization", "running"},
        Arguments{"--env", "cartpole-swingup", "--policy-hidden", "5,4"},
        Arguments{"--policy-stddev", "state", "--policy-max-stddev", "2"},
        Arguments{"--policy-squash", "tanh", "--observe", "positions"},
        Arguments{"--policy-kind", "gru", "--policy-hidden", "6"},
        Arguments{"--policy-kind", "gru", "--policy-hidden", "6", "--policy-stddev", "state"},
        Arguments{"--env", "pendulum", "--set", "env_params.torque_limit=3"}}) {
    const TemporaryDirectory directory;
    MakeRun(directory, choice);
    const Result result = VimeRun({"eval", "r", "--seed", "7", "--episodes", "5"}, directory);
    CAPTURE(result.err);
    REQUIRE(result.exit_code == 0);
    const Json line = ReadMetrics(directory / "r", "eval.jsonl").at(0);
    int compared = 0;
    const Json printed = Json::parse(result.out);
    for (const auto& [key, value] : printed.items()) {
      if (!key.starts_with("eval/")) continue;
      CHECK(value == line[key]);
      ++compared;
    }
    CHECK(compared == 8);
  }
}

TEST_CASE("vime-run replay prints the steps that add up to the evaluated return") {
  const TemporaryDirectory directory;
  MakeRun(directory);
  const Json evaluated =
      Json::parse(VimeRun({"eval", "r", "--seed", "7", "--episodes", "1"}, directory).out);
  const Result jsonl = VimeRun({"replay", "r", "--seed", "7", "--format", "jsonl"}, directory);
  REQUIRE(jsonl.exit_code == 0);
  const std::vector<std::string> lines = Lines(jsonl.out);
  REQUIRE(lines.size() == 26);  // the horizon, and the final state
  double sum = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Json row = Json::parse(lines[i]);
    CHECK(row["step"] == i);
    CHECK(row["state/position"].is_number());
    CHECK(row["action/force"].is_null() == (i == 25));
    if (i < 25) sum += row["reward"].get<double>();
  }
  CHECK(sum == evaluated["eval/return_mean"].get<double>());

  const Result csv = VimeRun({"replay", "r", "--seed", "7"}, directory);
  const std::vector<std::string> table = Lines(csv.out);
  REQUIRE(table.size() == lines.size() + 1);
  CHECK(table[0] ==
        "step,state/position,state/velocity,observation/position,observation/velocity,"
        "action/force,reward,terminated,success");
  for (const std::string& row : table) CHECK(std::count(row.begin(), row.end(), ',') == 8);
  CHECK(table.back().ends_with(",,,,"));
  CHECK(VimeRun({"replay", "r", "--seed", "7", "--episode", "1"}, directory).out != csv.out);
}

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_CASE("vime-run replay draws frames that are evenly spread over the episode") {
  const TemporaryDirectory directory;
  MakeRun(directory);
  const auto strip = [&](const std::string& frames) {
    const Result result =
        VimeRun({"replay", "r", "--format", "svg", "--frames", frames}, directory);
    REQUIRE(result.exit_code == 0);
    CHECK(result.out.starts_with("<svg xmlns="));
    CHECK(Contains(result.out, "mountaincar: 25 steps"));
    return result.out;
  };
  const std::string six = strip("6");
  CHECK(Count(six, ">step ") == 6);
  for (const char* step : {"0", "5", "10", "15", "20", "25"}) {
    CHECK(Contains(six, ">step " + std::string(step) + "<"));
  }
  CHECK(Contains(strip("1"), ">step 25<"));
  CHECK(Count(strip("200"), ">step ") == 26);  // no more than there are
}

TEST_CASE("vime-run replay draws an animation that needs no script and nothing from elsewhere") {
  const TemporaryDirectory directory;
  MakeRun(directory);
  const std::string svg = VimeRun({"replay", "r", "--format", "animation"}, directory).out;
  CHECK(svg.starts_with("<svg xmlns="));
  // The body of the car, its two wheels and the bar that shows the time; the hill stands still.
  CHECK(Count(svg, "<animate ") == 4);
  CHECK(Count(svg, "repeatCount=\"indefinite\"") == 4);
  CHECK(Contains(svg, "prefers-reduced-motion"));
  CHECK(!Contains(svg, "<script"));
  CHECK(!Contains(svg, "href"));
}

TEST_CASE("Runs that cannot be read are refused in one line that names the file") {
  const TemporaryDirectory directory;
  MakeRun(directory);
  const Json good = Json::parse(Slurp(directory / "r/policy.json"));
  const auto refused = [&](const Arguments& arguments, const std::string& part) {
    const Result result = VimeRun(arguments, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(IsOneLine(result.err));
    CHECK(result.out.empty());
    CHECK_MESSAGE(Contains(result.err, part), part);
  };
  refused({"eval"}, "needs a run directory");
  refused({"eval", "s"}, "s/run.json");
  refused({"eval", "r", "s"}, "'s'");
  refused({"eval", "r", "--episodes", "0"}, "--episodes must be");
  refused({"eval", "r", "--episods", "3"}, "did you mean --episodes?");
  refused({"replay", "r", "--format", "xml"}, "csv|jsonl|svg|animation");
  refused({"replay", "r", "--format", "svg", "--frames", "0"}, "--frames must be");
  // Every member of the policy that is missing or of another type.
  const auto with = [&](const Json& policy) {
    WriteText(directory / "r/policy.json", policy.dump());
    refused({"eval", "r"}, "r/policy.json: ");
  };
  for (const char* key : {"schema", "kind", "env", "sizes", "layers", "stddev",
                          "observation_offset", "observation_scale"}) {
    Json policy = good;
    policy.erase(key);
    with(policy);
    for (const Json& wrong : {Json(), Json(3), Json("x"), Json::array(), Json::array({"x"}),
                              Json::object(), Json::array({1e300, 1e300}), Json::array({-1, 1})}) {
      if (key == std::string("observation_offset") && wrong.size() == 2) continue;
      if (key == std::string("observation_scale") && wrong.size() == 2) continue;
      policy[key] = wrong;
      with(policy);
    }
  }
  Json policy = good;
  policy["layers"][0]["weights"][1].push_back(0);
  with(policy);
  policy = good;
  policy["layers"][1]["biases"][0] = nullptr;
  with(policy);
  const std::pair<const char*, Json> wrong_values[] = {{"env", "pendulum"},
                                                       {"kind", "gaussian-gru"},
                                                       {"squash", "relu"},
                                                       {"stddev_bounds", {2, 1}},
                                                       {"stddev_bounds", "x"}};
  for (const auto& [key, value] : wrong_values) {
    policy = good;
    policy[key] = value;
    with(policy);
  }
  WriteText(directory / "r/policy.json", "{\"schema\": ");
  refused({"replay", "r"}, "line 1, column");
}

}  // namespace
}  // namespace vime::testing
