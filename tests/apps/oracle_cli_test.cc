// vime-run oracle as its users meet it.
#include <doctest/doctest.h>

#include <cmath>

#include "experiments/runner/oracle_json.h"
#include "tests/support/vime_run.h"

namespace vime::testing {
namespace {

Result Oracle(const Arguments& arguments) {
  const TemporaryDirectory directory;
  const Result result = VimeRun(Arguments{"oracle"} + arguments, directory);
  CHECK(std::filesystem::is_empty(directory.path()));
  return result;
}

Json Report(const Arguments& arguments) {
  const Result result = Oracle(arguments + Arguments{"--json"});
  CHECK(result.exit_code == 0);
  CHECK(result.err.empty());
  return Json::parse(result.out);
}

void CheckRefused(const Arguments& arguments, const std::string& message) {
  const Result result = Oracle(arguments);
  CHECK(result.exit_code == 2);
  CHECK(result.out.empty());
  CHECK(result.err == "vime-run: " + message + "\n");
}

// The words behind "vime-run oracle".
Arguments WordsOf(const std::string& command) {
  std::istringstream stream(command);
  Arguments words;
  for (std::string word; stream >> word;) words.push_back(word);
  REQUIRE(words.size() > 2);
  REQUIRE(words[0] == "vime-run");
  REQUIRE(words[1] == "oracle");
  words.erase(words.begin(), words.begin() + 2);
  return words;
}

const Arguments kSmall = {"--env",
                          "mountaincar-sparse",
                          "--gamma",
                          "0.99",
                          "--grid",
                          "61,41",
                          "--actions",
                          "3",
                          "--horizon",
                          "150",
                          "--episodes",
                          "20",
                          "--random-episodes",
                          "100"};

TEST_CASE("The report says what was solved, what it is worth, and how to do it again") {
  const Json json = Report(kSmall);
  CHECK(json["schema"] == "vime-oracle-1");
  CHECK(json["env"] == "mountaincar-sparse");
  CHECK(json["env_params"] == Json{{"float_state", 0.0}});
  CHECK(json["horizon"] == 150);
  CHECK(json["gamma"] == 0.99);
  CHECK(json["grid"] == Json{61, 41});
  CHECK(json["return_mean"] == 1.0);
  CHECK(json["return_se"] == 0.0);
  CHECK(json["steps_mean"] >= 65.0);
  CHECK(json["steps_mean"] < 80.0);
  // Every episode ends with the only reward.
  CHECK(json["discounted_return_mean"].get<double>() ==
        doctest::Approx(std::pow(0.99, json["steps_mean"].get<double>() - 1)).epsilon(0.01));
  CHECK(Report(WordsOf(json["command"])) == json);
}

TEST_CASE("The table has the numbers of the JSON, and threads change neither") {
  CHECK(Report(kSmall) == Report(kSmall + Arguments{"--threads", "3"}));
  const Result table = Oracle(kSmall);
  CHECK(table.exit_code == 0);
  CHECK(
      table.out.starts_with("mountaincar-sparse, 20 episodes of at most 150 steps, gamma 0.99, "
                            "grid [61,41], 3 actions per dimension, seed 1\n"
                            "oracle return                  1  +- 0 (standard error)\n"));
  CHECK(Oracle(kSmall + Arguments{"--episodes", "1", "--random-episodes", "1"})
            .out.find("standard error") == std::string::npos);
}

// Bit by bit; the others take the same way and longer.
TEST_CASE("The data of the program are what its commands print") {
  int repeated = 0;
  for (const Json& entry : Json::parse(OracleJson())) {
    CHECK(entry["schema"] == "vime-oracle-1");
    const bool quick = entry["env"] == "deepsea" && entry["horizon"] <= 20;
    if (!quick) continue;
    CHECK(Report(WordsOf(entry["command"])) == entry);
    ++repeated;
  }
  CHECK(repeated == 2);
}

TEST_CASE("Help is printed, and what cannot be solved is refused in one line") {
  CHECK(Oracle({"--help"}).out.starts_with("usage: vime-run oracle [OPTIONS]"));
  CheckRefused({"--env", "point-umaze"},
               "a grid needs a state of 1 to 3 dimensions; that of point-umaze has 4 (x, y, x "
               "velocity, y velocity)");
  CheckRefused({"--grid", "1"},
               "--grid must be a list of at most 3 integers >= 2 and <= 5000, such as 64,32, got "
               "'1'");
  CheckRefused({"--grid", "10,10,10"},
               "the grid must have 1 or 2 numbers of nodes, one per state dimension of "
               "mountaincar, got 3");
  CheckRefused({"--grid", "5000"},
               "the grid has too many nodes and actions: at most 1e+08 pairs of a node and an "
               "action fit");
  CheckRefused({"--gamma", "0"}, "--gamma must be a number > 0 and <= 1, got '0'");
  CheckRefused({"--gamma", "1.1"}, "--gamma must be a number > 0 and <= 1, got '1.1'");
  CheckRefused({"--actions", "1"}, "--actions must be an integer >= 2 and <= 1001, got '1'");
  CheckRefused({"--set", "eta=1"}, "--set must be env_params.<name>=<value>, got 'eta=1'");
  CheckRefused({"--episode", "3"}, "unknown option --episode; did you mean --episodes?");
  CheckRefused({"stray"}, "unexpected argument 'stray'; see vime-run oracle --help");
}

}  // namespace
}  // namespace vime::testing
