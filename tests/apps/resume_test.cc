// Runs that are killed, stopped, extended or damaged, and what the same command makes of them.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <map>
#include <thread>

#include "lib/core/rng.h"
#include "tests/support/vime_run.h"

namespace vime::testing {
namespace {

// Does `act` to the run once it has written `lines` metrics, and returns how it ended.
template <class Act>
Result Interrupt(const Arguments& arguments, const TemporaryDirectory& directory, std::size_t lines,
                 const Act& act) {
  Process process(Command(arguments), {.directory = directory.path()});
  while (process.Running() && Lines(Slurp(directory / "r/metrics.jsonl")).size() < lines) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  act(process);
  return process.Wait();
}

Json Attempts(const TemporaryDirectory& directory) {
  return Json::parse(Slurp(directory / "r/run.json"))["attempts"];
}

// Everything that must not depend on interruptions.
std::string Results(const std::string& directory) {
  Json summary = Json::parse(Slurp(directory + "/summary.json"));
  summary.erase("wall_s");
  return Reproducible(directory) + Reproducible(directory, "eval.jsonl") + summary.dump() +
         Slurp(directory + "/policy.json") + Slurp(directory + "/states.json");
}

const Arguments kLoudRun =
    kTiny + Arguments{"--out", "r", "--eval-every", "3", "--eval-episodes", "2"};
const Arguments kRun = kLoudRun + Arguments{"--quiet"};

// A run of `iterations`, from start to end.
std::string Uninterrupted(const std::string& iterations) {
  const TemporaryDirectory directory;
  REQUIRE(VimeRun(kRun + Arguments{"--iterations", iterations}, directory).exit_code == 0);
  return Results(directory / "r");
}

// Files that a run replaces: each is written under a temporary name first.
constexpr std::array kReplaced = {"run.json", "checkpoint", "policy.json", "states.json",
                                  "summary.json"};

// The file that the run in `directory` was writing when it was killed; "" when it was between them.
std::string Torn(const std::string& directory) {
  for (const std::string file : kReplaced) {
    if (std::filesystem::exists(directory + "/" + file + ".tmp")) return file;
  }
  return "";
}

// tests/kill_campaign.sh asks for more of them.
TEST_CASE("A run that is killed at random moments ends with the metrics of one that was not") {
  const char* wanted = std::getenv("VIME_KILLS");
  const int kills = wanted == nullptr ? 15 : std::atoi(wanted);
  const std::string expected = Uninterrupted("120");
  // Most of the time goes into checkpoints, so that they are hit too.
  const Arguments command = kRun + Arguments{"--iterations", "120", "--checkpoint-every", "1"};
  Rng rng({1, Stream::kTest, 0, 0});
  const auto below = [&](double limit) { return static_cast<int>(rng.Uniform(0, limit)); };
  std::map<std::string, int> killed_in;
  int killed = 0, runs = 0, attempts = 0;
  while (killed < kills) {
    const TemporaryDirectory directory;
    Result result;
    do {
      Process process(Command(command), {.directory = directory.path()});
      // Every other time at any moment, else while a file is being written.
      if (below(2) == 0) {
        std::this_thread::sleep_for(std::chrono::microseconds(below(1.5e5)));
      } else {
        const std::string file = kReplaced[static_cast<std::size_t>(below(kReplaced.size()))];
        while (process.Running() && Torn(directory / "r") != file) {
        }
        std::this_thread::sleep_for(std::chrono::microseconds(below(300)));
      }
      process.Signal(SIGKILL);
      result = process.Wait();
      CAPTURE(result.err);
      REQUIRE((result.exit_code == 0 || result.exit_code == 128 + SIGKILL));
      if (result.exit_code == 0) continue;
      ++killed;
      ++killed_in[Torn(directory / "r")];
    } while (result.exit_code != 0);
    CHECK(Results(directory / "r") == expected);
    for (const std::string& name : Entries(directory / "r")) CHECK(!name.ends_with(".tmp"));
    attempts += static_cast<int>(Attempts(directory).size());
    ++runs;
  }
  std::string where;
  for (const auto& [file, count] : killed_in) {
    where += ", " + std::to_string(count) + (file.empty() ? " elsewhere" : " writing " + file);
  }
  MESSAGE(killed, " kills", where, "; ", runs, " runs, ", attempts, " attempts");
}

TEST_CASE("A run that was killed while it wrote its first file starts over") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "r");
  for (const char* file : {".lock", "run.json.tmp"}) WriteText(directory / "r/" + file, "");
  CHECK(VimeRun(kRun, directory).exit_code == 0);
  CHECK(Results(directory / "r") == Uninterrupted("4"));
  CHECK(!std::filesystem::exists(directory / "r/run.json.tmp"));
}

TEST_CASE("A killed run repeats at most --checkpoint-every iterations") {
  const TemporaryDirectory directory;
  const Arguments command = kRun + Arguments{"--iterations", "1000000", "--checkpoint-every", "10"};
  REQUIRE(Interrupt(command, directory, 57, [](Process& p) { p.Signal(SIGKILL); }).exit_code ==
          128 + SIGKILL);
  const std::size_t done = ReadMetrics(directory / "r").size();
  CHECK(done >= 57);
  const std::size_t limit = done + 5;
  REQUIRE(VimeRun(kRun + Arguments{"--iterations", std::to_string(limit)}, directory).exit_code ==
          0);
  const Json attempts = Attempts(directory);
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0]["from_iteration"] == 0);
  const auto from = attempts[1]["from_iteration"].get<std::size_t>();
  CHECK(from % 10 == 0);
  CHECK(from <= done);
  CHECK(from + 10 >= done);
  CHECK(Results(directory / "r") == Uninterrupted(std::to_string(limit)));
}

TEST_CASE("Signals stop a run after its checkpoint, and the same command goes on from there") {
  struct Case {
    int signal, exit_code;
  };
  for (const Case& end : {Case{SIGINT, 130}, Case{SIGTERM, 75}, Case{SIGHUP, 75}, Case{SIGUSR1, 75},
                          Case{SIGUSR2, 75}}) {
    CAPTURE(end.signal);
    const TemporaryDirectory directory;
    const Result result = Interrupt(kRun + Arguments{"--iterations", "1000000", "--json"},
                                    directory, 2, [&](Process& p) { p.Signal(end.signal); });
    CHECK(result.exit_code == end.exit_code);
    CHECK(result.out.empty());
    CHECK(!std::filesystem::exists(directory / "r/summary.json"));
    CHECK(Json::parse(Slurp(directory / "r/run.json"))["status"] == "interrupted");
    for (const std::string& name : Entries(directory / "r")) CHECK(!name.ends_with(".tmp"));
    const std::size_t done = ReadMetrics(directory / "r").size();
    CHECK(done >= 2);
    const std::string limit = std::to_string(done + 3);
    const Result again =
        VimeRun(kLoudRun + Arguments{"--iterations", limit, "--progress", "lines"}, directory);
    CHECK(again.exit_code == 0);
    CHECK(Contains(again.err, "resuming after " + std::to_string(done) + " iterations"));
    CHECK(Attempts(directory)[1]["from_iteration"] == done);
    CHECK(Results(directory / "r") == Uninterrupted(limit));
  }
}

TEST_CASE("A warning signal is not taken for the first of two ending ones") {
  const TemporaryDirectory directory;
  // One iteration of a second or so.
  const Arguments command = {"--out", "r", "--quiet", "--bnn-updates", "100000"};
  Process process(Command(command), {.directory = directory.path()});
  while (!std::filesystem::exists(directory / "r/metrics.jsonl") && process.Running()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  for (const int signal : {SIGUSR1, SIGUSR1, SIGTERM}) {
    process.Signal(signal);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(process.Wait().exit_code == 75);
  CHECK(std::filesystem::exists(directory / "r/checkpoint"));
}

TEST_CASE("--max-seconds stops a run with 75 until it is finished") {
  const TemporaryDirectory directory;
  const Arguments command =
      kRun + Arguments{"--iterations", "40", "--max-seconds", "1e-9", "--checkpoint-every", "7"};
  int stops = 0;
  Result result = VimeRun(command, directory);
  for (; result.exit_code == 75 && stops < 1000; ++stops) result = VimeRun(command, directory);
  CHECK(result.exit_code == 0);
  CHECK(stops == 39);  // every attempt does one iteration, whatever the clock says
  CHECK(Results(directory / "r") == Uninterrupted("40"));
  double before = 0;
  for (const Json& line : ReadMetrics(directory / "r")) {  // the clock goes on over all attempts
    CHECK(line["wall_s"].get<double>() >= before);
    before = line["wall_s"].get<double>();
  }
}

TEST_CASE("An extension that is refused leaves the finished run as it was") {
  const TemporaryDirectory directory;
  REQUIRE(VimeRun(kRun + Arguments{"--iterations", "3"}, directory).exit_code == 0);
  const std::string metrics = Slurp(directory / "r/metrics.jsonl");
  WriteText(directory / "r/metrics.jsonl", "x" + metrics.substr(1));
  const std::string summary = Slurp(directory / "r/summary.json");
  const std::string manifest = Slurp(directory / "r/run.json");
  const Result refused = VimeRun(kRun + Arguments{"--iterations", "4", "--tensorboard"}, directory);
  CHECK(refused.exit_code == 2);
  CHECK(Contains(refused.err, "metrics.jsonl, line 1"));
  CHECK(Slurp(directory / "r/summary.json") == summary);
  CHECK(Slurp(directory / "r/run.json") == manifest);
}

TEST_CASE("A run without its checkpoint says that it starts over") {
  const TemporaryDirectory directory;
  const Arguments command = kLoudRun + Arguments{"--iterations", "3", "--max-seconds", "1e-9"};
  REQUIRE(VimeRun(command, directory).exit_code == 75);
  std::filesystem::remove(directory / "r/checkpoint");
  const Result again = VimeRun(command, directory);
  CHECK(again.exit_code == 75);
  CHECK(Contains(again.err, "no checkpoint in r: starting over"));
  CHECK(ReadMetrics(directory / "r").size() == 1);
}

TEST_CASE("A finished run may be extended, and is then the longer run") {
  const TemporaryDirectory directory;
  REQUIRE(VimeRun(kRun, directory).exit_code == 0);
  REQUIRE(VimeRun(kRun + Arguments{"--iterations", "6"}, directory).exit_code == 0);
  CHECK(Attempts(directory)[1]["from_iteration"] == 4);
  CHECK(Results(directory / "r") == Uninterrupted("6"));
  // Without the checkpoint it is computed again.
  std::filesystem::remove(directory / "r/checkpoint");
  REQUIRE(VimeRun(kRun + Arguments{"--iterations", "8"}, directory).exit_code == 0);
  CHECK(Attempts(directory).back()["from_iteration"] == 0);
  CHECK(Results(directory / "r") == Uninterrupted("8"));
}

TEST_CASE("A run that has gone further than is asked for is refused, not cut") {
  const TemporaryDirectory directory;
  REQUIRE(Interrupt(kRun + Arguments{"--iterations", "1000000"}, directory, 5, [](Process& p) {
            p.Signal(SIGTERM);
          }).exit_code == 75);
  const std::string before = Slurp(directory / "r/metrics.jsonl");
  const Result result = VimeRun(kRun + Arguments{"--iterations", "2"}, directory);
  CHECK(result.exit_code == 2);
  CHECK(IsOneLine(result.err));
  CHECK(Contains(result.err, "more than is asked for"));
  CHECK(Slurp(directory / "r/metrics.jsonl") == before);
}

TEST_CASE("A checkpoint that cannot be used is refused in one line and nothing is lost") {
  const TemporaryDirectory directory;
  REQUIRE(Interrupt(kRun + Arguments{"--iterations", "1000000"}, directory, 5, [](Process& p) {
            p.Signal(SIGTERM);
          }).exit_code == 75);
  const std::string checkpoint = Slurp(directory / "r/checkpoint");
  const std::string metrics = Slurp(directory / "r/metrics.jsonl");
  const auto refused = [&](const std::string& part) {
    const Result result = VimeRun(kRun + Arguments{"--iterations", "1000000"}, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(IsOneLine(result.err));
    CHECK(Contains(result.err, part));
    CHECK(Contains(result.err, "--if-exists overwrite"));
  };
  for (const std::string& bytes :
       {std::string(), std::string("{}"), checkpoint.substr(0, checkpoint.size() / 2)}) {
    WriteText(directory / "r/checkpoint", bytes);
    refused("r/checkpoint is ");
    CHECK(Slurp(directory / "r/metrics.jsonl") == metrics);
  }
  // The checkpoint of another run.
  REQUIRE(VimeRun(kTiny + Arguments{"--out", "s", "--seed", "2", "--quiet"}, directory).exit_code ==
          0);
  WriteText(directory / "r/checkpoint", Slurp(directory / "s/checkpoint"));
  refused("of another run");
  // Metrics that were cut by hand.
  WriteText(directory / "r/checkpoint", checkpoint);
  WriteText(directory / "r/metrics.jsonl", metrics.substr(0, 10));
  refused("metrics.jsonl is shorter");
  // Or changed: a line that is none, a line lost and one too many at the end.
  std::string changed = metrics;
  changed.replace(metrics.find('\n') + 5, 3, "not");
  WriteText(directory / "r/metrics.jsonl", changed);
  refused("r/metrics.jsonl, line 2: ");
  const std::size_t second = metrics.find('\n') + 1;
  const std::size_t third = metrics.find('\n', second) + 1;
  changed = metrics;
  changed.erase(second, third - second);
  WriteText(directory / "r/metrics.jsonl", changed + std::string(third, 'x'));
  refused("r/metrics.jsonl, line 2: iteration must be 1");
  CHECK(VimeRun(kRun + Arguments{"--if-exists", "overwrite"}, directory).exit_code == 0);
  CHECK(Results(directory / "r") == Uninterrupted("4"));
}

TEST_CASE("--if-exists skip leaves a finished run alone and starts an unfinished one over") {
  const TemporaryDirectory directory;
  const Arguments skip = {"--if-exists", "skip"};
  REQUIRE(Interrupt(kRun + Arguments{"--iterations", "1000000"}, directory, 5, [](Process& p) {
            p.Signal(SIGTERM);
          }).exit_code == 75);
  REQUIRE(VimeRun(kRun + skip, directory).exit_code == 0);
  CHECK(Attempts(directory).back()["from_iteration"] == 0);
  CHECK(Results(directory / "r") == Uninterrupted("4"));
}

TEST_CASE("A disk that fills up during a run loses nothing that was written") {
  const TemporaryDirectory directory;
  const Arguments command = kRun + Arguments{"--iterations", "60", "--checkpoint-every", "1"};
  // The checkpoint grows with the pool until it does not fit any more.
  const Result full = VimeRun(command, {.directory = directory.path(), .max_file_bytes = 30000});
  CHECK(full.exit_code == 4);
  CHECK(IsOneLine(full.err));
  CHECK(Contains(full.err, "cannot write r/"));
  const std::string kept = Reproducible(directory / "r");
  CHECK(Lines(kept).size() >= 2);
  REQUIRE(VimeRun(command, directory).exit_code == 0);
  CHECK(Attempts(directory)[1]["from_iteration"].get<int>() >= 1);
  CHECK(Reproducible(directory / "r").starts_with(kept));
  CHECK(Results(directory / "r") == Uninterrupted("60"));
}

}  // namespace
}  // namespace vime::testing
