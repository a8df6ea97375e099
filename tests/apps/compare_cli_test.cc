// vime-compare as its users meet it, on runs of the real vime-run.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace vime::testing {
namespace {

using Json = nlohmann::ordered_json;
using Arguments = std::vector<std::string>;
using Result = Process::Result;

Result Run(const char* program, Arguments arguments, const Process::Setup& setup) {
  arguments.insert(arguments.begin(), program);
  return Process(arguments, setup).Wait();
}

Result VimeCompare(const Arguments& arguments, const TemporaryDirectory& directory) {
  return Run(VIME_COMPARE_PATH, arguments, {.directory = directory.path()});
}

// Five seeds with and without a bonus, each of a few milliseconds.
void MakeRuns(const TemporaryDirectory& directory) {
  for (const char* eta : {"0", "0.1"}) {
    for (int seed = 1; seed <= 5; ++seed) {
      const Result run =
          Run(VIME_RUN_PATH,
              {"--eta", eta, "--seed", std::to_string(seed), "--iterations", "4", "--batch-steps",
               "100", "--horizon", "25", "--bnn-updates", "3", "--bnn-hidden", "4", "--quiet"},
              {.directory = directory.path()});
      REQUIRE(run.exit_code == 0);
    }
  }
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("vime-compare answers in Markdown, CSV and JSON on standard output") {
  const TemporaryDirectory directory;
  MakeRuns(directory);
  const Result markdown = VimeCompare({"runs"}, directory);
  CHECK(markdown.exit_code == 0);
  CHECK(markdown.err.empty());
  CHECK(markdown.out.starts_with("10 runs in 2 arms on mountaincar, horizon 25, "));
  CHECK(Contains(markdown.out, "| B: eta=0.1 |"));

  const Result json = VimeCompare({"runs", "--format", "json"}, directory);
  REQUIRE(json.exit_code == 0);
  const Json comparison = Json::parse(json.out);
  CHECK(comparison["schema"] == "vime-comparison-1");
  CHECK(comparison["baseline"] == "A");
  CHECK(comparison["arms"].size() == 2);
  double mean = 0;
  for (int seed = 1; seed <= 5; ++seed) {
    const std::string path = comparison["arms"][1]["paths"][static_cast<std::size_t>(seed - 1)];
    const Json summary = Json::parse(Slurp(directory / path + "/summary.json"));
    CHECK(summary["seed"] == seed);
    CHECK(summary["eta"] == 0.1);
    mean += summary["auc_return"].get<double>() / 5;
  }
  CHECK(comparison["arms"][1]["mean"].get<double>() == doctest::Approx(mean));

  const Result csv = VimeCompare({"runs", "--format", "csv"}, directory);
  CHECK(csv.exit_code == 0);
  CHECK(csv.out.starts_with("id,label,config_hash,"));
  CHECK(std::count(csv.out.begin(), csv.out.end(), '\n') == 3);
}

TEST_CASE("Mistakes on the command line are one line and exit code 2") {
  const TemporaryDirectory directory;
  MakeRuns(directory);
  const auto refused = [&](const Arguments& arguments, const std::string& part) {
    const Result result = VimeCompare(arguments, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.err.starts_with("vime-compare: "));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    CHECK(Contains(result.err, part));
  };
  refused({}, "no runs given");
  refused({"runs", "--primry", "x"}, "did you mean --primary?");
  refused({"runs", "--primary", "nothing"}, "--primary nothing is in no summary");
  refused({"runs", "--primary", ""}, "--primary must be");
  refused({"runs", "--primary"}, "--primary needs a value");
  refused({"runs", "--report=x.html"}, "--report takes no value");
  refused({"runs", "--baseline", "Z"}, "--baseline Z is none of the arms");
  refused({"runs", "--group-by", "et"}, "did you mean eta?");
  refused({"runs", "--select-seeds", "x"}, "--select-seeds must be seeds such as 1-30,35");
  refused({"runs", "--select-seeds", "1-3", "--report-seeds", "3-5"}, "share seeds");
  refused({"runs", "--allow-different", "colour"}, "env|budget|version");
  refused({"runs", "--label", "A"}, "--label must be ARM:TEXT");
  refused({"runs", "--format", "pdf"}, "markdown|csv|json");
  refused({"absent"}, "none of the runs has a result");
  refused({"abs\nent", "--primary", "a\nb"}, "none of the runs has a result");
  // What was found is printed before: the reasons help more than the error.
  CHECK(Contains(VimeCompare({"absent"}, directory).out, "missing: no such file"));
}

TEST_CASE("Paths that look like options follow --") {
  const TemporaryDirectory directory;
  MakeRuns(directory);
  std::filesystem::rename(directory / "runs", directory / "--runs");
  CHECK(VimeCompare({"--runs"}, directory).exit_code == 2);
  CHECK(VimeCompare({"--format", "csv", "--", "--runs"}, directory).exit_code == 0);
}

TEST_CASE("Help and version go to standard output; a full one is an error") {
  const TemporaryDirectory directory;
  const Result help = VimeCompare({"--help"}, directory);
  CHECK(help.exit_code == 0);
  for (const char* flag : {"--primary", "--group-by", "--baseline", "--select-seeds",
                           "--report-seeds", "--allow-different", "--format"}) {
    CHECK(Contains(help.out, flag));
  }
  CHECK(VimeCompare({"--version"}, directory).out.starts_with("vime-compare "));
  MakeRuns(directory);
  const Result full =
      Run(VIME_COMPARE_PATH, {"runs"}, {.directory = directory.path(), .stdout_path = "/dev/full"});
  CHECK(full.exit_code == 4);
}

}  // namespace
}  // namespace vime::testing
