#include <doctest/doctest.h>

#include <cstdlib>
#include <set>

#include "experiments/sweep/axes.h"
#include "experiments/sweep/manifest.h"
#include "lib/core/check.h"
#include "tests/support/process.h"

namespace vime {
namespace {

using Texts = std::vector<std::string>;

Texts Values(const std::string& text, bool whole = false) {
  return ParseAxis("x=" + text, whole).values;
}

TEST_CASE("Lists are split at commas outside of brackets") {
  CHECK(Values("0,0.1") == Texts{"0", "0.1"});
  CHECK(Values("[64,32],[8]") == Texts{"[64,32]", "[8]"});
  CHECK(Values("vime") == Texts{"vime"});
  CHECK(ParseAxis("bnn.hidden=4", true).path == "bnn.hidden");
}

TEST_CASE("A range has its ends, equal steps on its scale, and short numbers") {
  CHECK(Values("1..4") == Texts{"1", "2", "3", "4"});
  CHECK(Values("0..1*5") == Texts{"0", "0.25", "0.5", "0.75", "1"});
  CHECK(Values("1e-4..1*5") == Texts{"1e-04", "0.001", "0.01", "0.1", "1"});
  CHECK(Values("1..10*3") == Texts{"1", "3.16228", "10"});  // a decade: logarithmic
  CHECK(Values("1..9*3") == Texts{"1", "5", "9"});          // less: linear
  CHECK(Values("lin:1..101*3") == Texts{"1", "51", "101"});
  CHECK(Values("log:1..4*3") == Texts{"1", "2", "4"});
  CHECK(Values("-1..1*3") == Texts{"-1", "0", "1"});
  CHECK(Values("1..1000*4", /*whole=*/true) == Texts{"1", "10", "100", "1000"});
  CHECK(Values("0,1e-2..1*3") == Texts{"0", "0.01", "0.1", "1"});
}

TEST_CASE("Axes that make no sense are refused") {
  for (const char* text :
       {"x", "=1", "x=1..2*1", "x=1..2*x", "x=1..2*1.5", "x=2..1", "x=1..", "x=..1", "x=0.5..2",
        "x=1..1e9", "x=log:0..1*3", "x=lin:1..3", "x=1..nan*3", "x=0,0", "x=1..2*1e9"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(ParseAxis(text, false), ConfigError);
  }
  CHECK_THROWS_AS(ParseAxis("x=1..3*9", /*whole=*/true), ConfigError);  // 1,1,2,2,... repeats
}

TEST_CASE("A plan is every combination for every seed, each with a directory of its own") {
  ConfigBuilder base;
  base.AddText("iterations", "5", "--set iterations");
  const Texts axes = {"eta=0,0.1,1", "bonus=vime,shuffled"};
  const std::vector<SweepTask> tasks = PlanSweep(base, axes, "1-3,7");
  REQUIRE(tasks.size() == 24);
  std::set<std::string> runs, combinations;
  for (const SweepTask& task : tasks) {
    runs.insert(task.run);
    combinations.insert(task.axes.dump());
    CHECK(task.config["iterations"] == 5);
    CHECK(task.config["eta"] == task.axes["eta"]);
    CHECK(!task.config.contains("gamma"));
  }
  CHECK(runs.size() == 24);
  CHECK(combinations.size() == 24);
  for (std::size_t i = 0; i < 6; ++i) CHECK(tasks[i].axes["seed"] == 1);  // all variants first
  CHECK(tasks[0].axes["bonus"] == "vime");
  CHECK(tasks[1].axes["bonus"] == "shuffled");
}

TEST_CASE("Plans that cannot be run are refused before anything is written") {
  const ConfigBuilder base;
  const auto refused = [&](const Texts& axes, const std::string& seeds, const std::string& part) {
    std::string message;
    try {
      PlanSweep(base, axes, seeds);
    } catch (const ConfigError& error) {
      message = error.what();
    }
    CAPTURE(message);
    CHECK_MESSAGE(message.find(part) != std::string::npos, part);
  };
  refused({"etta=1"}, "1", "did you mean eta?");
  refused({"eta=1,x"}, "1", "axis eta must be a number");
  refused({"eta=1", "eta=2"}, "1", "appears twice");
  refused({"seed=1,2"}, "1", "--seeds");
  refused({}, "5-1", "--seeds must be whole numbers such as 1-10 or 1,2,5, got '5-1'");
  refused({"iterations=1,2"}, "1", "share the directory");
  refused({}, "0.5", "--seeds must be an integer");
  refused({"eta=0..1*1000", "gamma=0..1*1000"}, "1-2", "at most 1e6 runs");
}

TEST_CASE("A manifest is read back as it was written, and a broken one is named by line") {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "manifest.jsonl";
  const std::vector<SweepTask> tasks = PlanSweep({}, {"policy.hidden=[4],[3,2]"}, "1-2");
  testing::WriteText(path, ManifestText(tasks));
  CHECK(ManifestText(ReadManifest(path)) == ManifestText(tasks));
  CHECK(ReadTask(path, 3).run == tasks[2].run);
  CHECK_THROWS_AS(ReadTask(path, 0), ConfigError);
  CHECK_THROWS_AS(ReadTask(path, 5), ConfigError);
  for (const char* line :
       {"", "{", "[]", "3", "{\"schema\": \"vime-task-2\"}", "{\"schema\": \"vime-task-1\"}",
        "{\"schema\": \"vime-task-1\", \"run\": \"../x\", \"config_hash\": \"h\", \"axes\": {}, "
        "\"config\": {}}",
        "{\"schema\": \"vime-task-1\", \"run\": 3, \"config_hash\": \"h\"}"}) {
    CAPTURE(line);
    testing::WriteText(path, ManifestText({tasks[0]}) + line + "\n");
    std::string message;
    try {
      ReadManifest(path);
    } catch (const ConfigError& error) {
      message = error.what();
    }
    CHECK(message.find(path + ", line 2") == 0);
    CHECK(ReadTask(path, 1).run == tasks[0].run);
  }
  testing::WriteText(path, "");
  CHECK_THROWS_AS(ReadManifest(path), ConfigError);
}

TEST_CASE("--task auto knows the variables of batch systems") {
  CHECK_THROWS_AS(TaskFromEnvironment(), ConfigError);
  ::setenv("SGE_TASK_ID", "undefined", 1);
  CHECK_THROWS_AS(TaskFromEnvironment(), ConfigError);
  ::setenv("SGE_TASK_ID", "4", 1);
  CHECK(TaskFromEnvironment() == 4);
  ::setenv("SLURM_ARRAY_TASK_ID", "7", 1);
  CHECK(TaskFromEnvironment() == 7);
  ::setenv("SLURM_ARRAY_TASK_ID", "x", 1);
  CHECK_THROWS_AS(TaskFromEnvironment(), ConfigError);
  ::unsetenv("SLURM_ARRAY_TASK_ID");
  ::unsetenv("SGE_TASK_ID");
}

}  // namespace
}  // namespace vime
