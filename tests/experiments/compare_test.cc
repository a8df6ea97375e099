// Comparisons: which runs count, what the numbers say, and that no name can break a table.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/compare/comparison_text.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"
#include "lib/core/rng.h"
#include "tests/support/run_files.h"

namespace vime {
namespace {

using testing::SummaryText;
using testing::TemporaryDirectory;
using testing::WriteRun;
using testing::WriteText;
using Strings = std::vector<std::string>;

const Strings& kHostileNames = testing::HostileNames();

// ---------------------------------------------------------------------------------------- text

TEST_CASE("Printable text is one line of valid UTF-8, and plain text stays as it is") {
  for (const std::string& name : kHostileNames) {
    const std::string text = Printable(name);
    CAPTURE(text);
    CHECK(text.find_first_of("\n\r\t\x1b\x01") == std::string::npos);
    CHECK(text.find("\xe2\x80\xae") == std::string::npos);
    CHECK_NOTHROW(Json(text).dump());  // throws on invalid UTF-8
    CHECK(Printable(text) == text);
  }
  CHECK(Printable("\xf0\x9f\x9a\x97 \xc3\xa9") == "\xf0\x9f\x9a\x97 \xc3\xa9");
  CHECK(Printable("a\xff"
                  "b") ==
        "a\xef\xbf\xbd"
        "b");
  CHECK(Printable("\xc0\xaf") == "\xef\xbf\xbd\xef\xbf\xbd");  // an overlong slash
}

TEST_CASE("Shortened text keeps both ends and whole characters") {
  CHECK(Shortened("abcdefgh", 8) == "abcdefgh");
  CHECK(Shortened("abcdefgh", 5) == "ab\xe2\x80\xa6gh");
  CHECK(Length(Shortened("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4)) == 4);
}

TEST_CASE("Numbers are printed as readers expect them") {
  CHECK(Fixed(-0.04, 1) == "0.0");
  CHECK(Fixed(1.005, 2) == "1.00");
  CHECK(Fixed(NAN, 2) == "-");
  CHECK(Fixed(INFINITY, 2) == "never");
  CHECK(Thousands(1234567) == "1,234,567");
  CHECK(Thousands(-1000) == "-1,000");
  CHECK(Thousands(999) == "999");
  CHECK(PValue(0.00001) == "<0.0001");
  CHECK(PValue(0.0412) == "0.041");
  CHECK(DecimalsFor(5.3) == 1);
  CHECK(DecimalsFor(53) == 0);
  CHECK(DecimalsFor(0.053) == 3);
}

TEST_CASE("Words for the shell come back from the shell") {
  for (const std::string& name : kHostileNames) {
    if (name.size() > 1000) continue;
    const auto result =
        testing::Process({"/bin/sh", "-c", "printf %s " + EscapeShell(name)}, {}).Wait();
    CHECK(result.out == name);
  }
  CHECK(EscapeShell("runs/a-1") == "runs/a-1");
}

// ---------------------------------------------------------------------------------------- tables

Table HostileTable() {
  Table table;
  table.title = "Hostile";
  table.columns = {{"name", false}, {"n", true}};
  for (const std::string& name : kHostileNames) table.rows.push_back({Printable(name), "1"});
  return table;
}

TEST_CASE("No name breaks a Markdown table") {
  std::istringstream lines(ToMarkdown(HostileTable()));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    int bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
    }
    CHECK(bars == 3);
    for (const char* live : {" <s", "](", "`code`"}) {
      const auto at = line.find(live);
      CHECK((at == std::string::npos || line.find("\\", at > 0 ? at - 1 : 0) <= at + 1));
    }
  }
  CHECK(count == kHostileNames.size() + 2);
  CHECK(EscapeMarkdown("<b>x</b> 1 < 2 [0.1, 2] a_b _c_") ==
        "\\<b>x\\</b> 1 < 2 [0.1, 2] a_b \\_c\\_");
}

// The fields of RFC 4180 text.
std::vector<Strings> ParseCsv(const std::string& text) {
  std::vector<Strings> rows(1, Strings(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& field = rows.back().back();
    if (quoted) {
      if (text[i] != '"') {
        field += text[i];
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += text[i++];
      } else {
        quoted = false;
      }
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == ',') {
      rows.back().emplace_back();
    } else if (text[i] == '\n') {
      rows.emplace_back(1);
    } else {
      field += text[i];
    }
  }
  rows.pop_back();
  return rows;
}

TEST_CASE("CSV gives every cell back, and no cell is a formula") {
  const Table table = HostileTable();
  const auto rows = ParseCsv(ToCsv(table));
  REQUIRE(rows.size() == table.rows.size() + 1);
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    REQUIRE(rows[r + 1].size() == 2);
    const std::string& cell = rows[r + 1][0];
    CHECK((cell == table.rows[r][0] || cell == "'" + table.rows[r][0]));
    CHECK(std::string("=+-@").find(cell[0]) == std::string::npos);
  }
  CHECK(EscapeCsv("-5", true) == "-5");
  CHECK(EscapeCsv("-", false) == "-");
}

TEST_CASE("HTML tables hold text, never elements of it") {
  const std::string html = ToHtml(HostileTable());
  for (const char* live : {"<script", "<img", "</title", "<b>"}) {
    CHECK(html.find(live) == std::string::npos);
  }
  CHECK(html.find("&lt;script&gt;alert(1)&lt;/script&gt;") != std::string::npos);
}

// ---------------------------------------------------------------------------------------- seeds

TEST_CASE("Seed sets are ranges and single seeds; anything else is refused by name") {
  const SeedSet seeds("1-3,7", "--report-seeds");
  CHECK(seeds.Contains(2));
  CHECK(seeds.Contains(7));
  CHECK(!seeds.Contains(4));
  CHECK(seeds.Overlaps(SeedSet("3-5", "")));
  CHECK(!seeds.Overlaps(SeedSet("4-6,8", "")));
  for (const std::string text :
       {"", "a", "1-", "-1", "3-1", "1;2", "1.5", ",", "9007199254740992"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(SeedSet(text, "--report-seeds"),
                         doctest::Contains("--report-seeds must be seeds"), ConfigError);
  }
  CHECK(SeedsText({3, 1, 2, 9, 2}) == "1-3, 9");
  CHECK(SeedsText({}).empty());
}

// ---------------------------------------------------------------------------------------- runs

// A finished run that was never written.
RunRecord MadeRun(const std::string& eta, std::int64_t seed, std::optional<double> value,
                  const std::string& bonus = "vime") {
  RunRecord run;
  run.path = "run " + eta + " " + std::to_string(seed);
  run.state = RunState::kFinished;
  run.seed = seed;
  run.config_hash = bonus + eta;
  run.config = {
      {"env", "toy"}, {"eta", eta}, {"bonus", bonus}, {"iterations", "10"}, {"batch_steps", "100"}};
  run.version = "1";
  run.summary = Json::object();
  run.summary["auc_return"] = value.value_or(0);
  run.summary["solved_env_steps"] = value ? Json(*value) : Json();
  return run;
}

std::vector<RunRecord> MadeArms(const std::vector<std::vector<double>>& arms) {
  std::vector<RunRecord> runs;
  for (std::size_t a = 0; a < arms.size(); ++a) {
    for (std::size_t i = 0; i < arms[a].size(); ++i) {
      runs.push_back(MadeRun(std::to_string(a), static_cast<std::int64_t>(i + 1), arms[a][i]));
    }
  }
  return runs;
}

std::string ReasonOf(const Comparison& comparison, const std::string& path) {
  std::string reasons;
  for (const LeftOut& run : comparison.left_out) {
    if (run.path == path) reasons += run.reason;
  }
  return reasons;
}

bool Mentions(const Strings& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

TEST_CASE("Every path is either in the numbers or listed with the reason") {
  const TemporaryDirectory directory;
  const auto at = [&](const std::string& name) { return directory / name; };
  int seed = 0;
  for (const std::string eta : {"0.1", "0.0"}) {
    for (seed = 1; seed <= 5; ++seed) {
      WriteRun(at("good" + eta + std::to_string(seed)), {.eta = eta, .seed = seed});
    }
  }
  WriteRun(at("diverged"), {.seed = 6, .status = "diverged"});
  WriteRun(at("running"), {.seed = 7, .status = "running"});
  WriteRun(at("interrupted"), {.seed = 8, .status = "interrupted"});
  WriteRun(at("other env"), {.env = "pendulum", .seed = 1});
  WriteRun(at("other budget"), {.seed = 9, .iterations = 100});
  WriteRun(at("other version"), {.seed = 9, .version = "0.2.0"});
  WriteRun(at("copy"), {.seed = 5});
  WriteRun(at("copy with other results"), {.seed = 5, .auc = 3});
  WriteRun(at("no value"), {.seed = 10});
  Json without = Json::parse(testing::Slurp(at("no value") + "/summary.json"));
  without["auc_return"] = nullptr;
  WriteText(at("no value") + "/summary.json", without.dump());
  std::filesystem::create_directories(at("empty"));
  WriteRun(at("broken"), {.seed = 11});
  WriteText(at("broken") + "/summary.json", "{\"schema\": ");
  WriteRun(at("mixed up"), {.seed = 12});
  WriteText(at("mixed up") + "/summary.json", SummaryText({.seed = 13}));
  WriteRun(at("strange"), {.seed = 14});
  WriteText(at("strange") + "/run.json", "[1, 2]");
  WriteText(at("notes.txt"), "not a run");

  Strings paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  paths.push_back(at("absent"));
  paths.push_back(at("no such glob *"));
  const std::vector<RunRecord> runs = ReadRuns(paths, 2);
  const Comparison comparison = Compare(runs, {});

  const auto reason = [&](const std::string& name) { return ReasonOf(comparison, at(name)); };
  const auto says = [&](const std::string& name, const std::string& text) {
    const std::string said = reason(name);
    CAPTURE(name);
    CAPTURE(said);
    CHECK(said.find(text) != std::string::npos);
  };
  says("diverged", "diverged: iteration 3");
  says("running", "unfinished: no summary.json, run.json says running");
  says("interrupted", "unfinished: no summary.json, run.json says interrupted");
  says("other env", "other environment: pendulum, horizon 200, compared is mountaincar");
  says("other budget", "other budget: 500,000 environment steps, compared is 200,000");
  says("other version", "other version: 0.2.0, compared is 0.1.0");
  CHECK((reason("copy") + reason("copy with other results") + reason("good0.15"))
            .find("seed 5 again, as in") != std::string::npos);
  CHECK((reason("copy") + reason("good0.15") + reason("copy with other results"))
            .find("with other results") != std::string::npos);
  says("no value", "no number auc_return");
  says("empty", "foreign: it has neither run.json nor summary.json");
  says("broken", "foreign: summary.json: line 1");
  says("mixed up", "different runs");
  says("strange", "foreign: run.json is not a vime-run-1");
  says("notes.txt", "foreign");
  says("absent", "missing: no such file");
  says("no such glob *", "missing: no such file");

  std::multiset<std::string> accounted;
  for (const ArmResult& arm : comparison.arms) {
    for (const RunRecord* run : arm.arm.runs) accounted.insert(run->path);
  }
  for (const LeftOut& run : comparison.left_out) {
    if (run.path != "(none)") accounted.insert(run.path);
  }
  CHECK(accounted == std::multiset<std::string>(paths.begin(), paths.end()));

  REQUIRE(comparison.arms.size() == 2);
  CHECK(comparison.arms[0].arm.label == "eta=0");
  CHECK(comparison.baseline == 0);
  CHECK(comparison.arms[1].values.size() == 5);
  CHECK(comparison.arms[1].attempts == 6);  // the diverged one has failed
  CHECK(Mentions(comparison.notes, "3 runs diverged or did not finish"));
  // The form for people says all of it too.
  const std::string markdown = ToMarkdown(comparison);
  for (const char* text : {"diverged: iteration 3", "says running", "pendulum", "0.2.0", "again"}) {
    CHECK(markdown.find(text) != std::string::npos);
  }
}

TEST_CASE("Directories, their parent, summaries and globs name the same runs, once") {
  const TemporaryDirectory directory;
  for (int seed = 1; seed <= 3; ++seed) {
    WriteRun(directory / ("r" + std::to_string(seed)), {.seed = seed});
  }
  const auto seeds = [&](const Strings& arguments) {
    Strings found;
    for (const RunRecord& run : ReadRuns(arguments, 1)) {
      CHECK(run.state == RunState::kFinished);
      found.push_back(std::to_string(run.seed));
    }
    std::sort(found.begin(), found.end());
    return found;
  };
  const Strings all = {"1", "2", "3"};
  CHECK(seeds({directory / "r1", directory / "r2", directory / "r3"}) == all);
  CHECK(seeds({directory.path()}) == all);
  CHECK(seeds({directory / "r*"}) == all);
  CHECK(seeds({directory / "r*/summary.json"}) == all);
  CHECK(seeds({directory / "r1", directory.path(), directory / "./r1/"}) == all);
}

TEST_CASE("A summary that stands alone counts, but its budget and version are unknown") {
  const TemporaryDirectory directory;
  WriteText(directory / "a.json", SummaryText({.seed = 1, .auc = 2}));
  WriteText(directory / "b.json", SummaryText({.seed = 2, .auc = 4}));
  const auto runs = ReadRuns({directory / "a.json", directory / "b.json"}, 1);
  const Comparison comparison = Compare(runs, {});
  REQUIRE(comparison.arms.size() == 1);
  CHECK(comparison.arms[0].mean == 3);
  CHECK(comparison.budget == "40 iterations");
}

TEST_CASE("Missing seeds are named") {
  auto runs = MadeArms({{1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}});
  runs.erase(runs.begin() + 2);
  const Comparison comparison = Compare(runs, {});
  CHECK(ReasonOf(comparison, "(none)") == "missing: no result of seeds 3, which others have");
}

TEST_CASE("What may differ can be allowed, and then keeps its own arm") {
  auto runs = MadeArms({{1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}});
  for (std::size_t i = 0; i < 5; ++i) runs[i].config["iterations"] = "20";
  CHECK(Compare(runs, {}).arms.size() == 1);
  CompareOptions options;
  options.arms.allow = {"budget"};
  const Comparison comparison = Compare(runs, options);
  CHECK(comparison.arms.size() == 2);
  CHECK(comparison.left_out.empty());
  CHECK(comparison.arms[0].arm.label.find("2,000 environment steps") != std::string::npos);
  CHECK(Mentions(comparison.notes, "Allowed to differ between arms: budget"));
  // The baseline says what is compared, even where most runs are of another kind.
  options.arms.allow = {};
  options.arms.baseline = "eta=0";
  CHECK(Compare(runs, options).arms[0].arm.budget == "2,000 environment steps");
}

// ---------------------------------------------------------------------------------------- answers

TEST_CASE("Fewer than five runs give no verdict, fewer than ten a warning") {
  const auto verdict = [](int n) {
    std::vector<double> low, high;
    for (int i = 0; i < n; ++i) {
      low.push_back(i % 3);
      high.push_back(100 + i % 3);
    }
    const auto runs = MadeArms({low, high});
    const Comparison comparison = Compare(runs, {});
    REQUIRE(comparison.pairs.size() == 1);
    const bool bootstrapped = comparison.arms[0].iqm_interval.has_value();
    CHECK(bootstrapped == comparison.pairs[0].superiority_interval.has_value());
    CHECK(bootstrapped == (n >= 10));
    return comparison.pairs[0];
  };
  CHECK(verdict(4).verdict == Verdict::kNone);
  CHECK(verdict(4).reason.find("at least 5") != std::string::npos);
  CHECK(verdict(5).verdict == Verdict::kBetter);
  CHECK(verdict(5).few_seeds);
  CHECK(verdict(9).few_seeds);
  CHECK(!verdict(10).few_seeds);
}

TEST_CASE("Arms of which nothing is left are shown with nothing") {
  auto runs = MadeArms({{1, 2, 3, 4, 5}, {1}});
  runs.back().state = RunState::kDiverged;
  runs.back().reason = "diverged: too hot";
  const Comparison comparison = Compare(runs, {});
  REQUIRE(comparison.arms.size() == 2);
  CHECK(comparison.arms[1].values.empty());
  CHECK(comparison.pairs[0].verdict == Verdict::kNone);
  CHECK(ToMarkdown(comparison).find("0 + 1 diverged") != std::string::npos);
  CHECK_NOTHROW(ToJson(comparison).dump());
}

TEST_CASE("Runs that never got there are ranked, not averaged") {
  std::vector<RunRecord> runs;
  for (int seed = 1; seed <= 6; ++seed) {
    runs.push_back(MadeRun("0", seed, std::nullopt));
    runs.push_back(MadeRun("1", seed, 1000.0 + seed));
  }
  CompareOptions options;
  options.primary = "solved_env_steps";
  const Comparison comparison = Compare(runs, options);
  const PairResult& pair = comparison.pairs.at(0);
  CHECK(pair.ranks_decide);
  CHECK(!pair.welch.defined);
  CHECK(pair.verdict == Verdict::kBetter);  // fewer steps
  CHECK(std::isnan(comparison.arms[0].mean));
  CHECK(ToMarkdown(comparison).find("never") != std::string::npos);
}

TEST_CASE("Values without spread are decided by ranks") {
  const auto runs = MadeArms({{0, 0, 0, 0, 0, 0}, {1, 1, 1, 1, 1, 1}});
  const Comparison comparison = Compare(runs, {});
  CHECK(comparison.pairs[0].ranks_decide);
  CHECK(comparison.pairs[0].verdict == Verdict::kBetter);
  const auto equal = MadeArms({{1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}});
  CHECK(Compare(equal, {}).pairs[0].verdict == Verdict::kNotShown);
}

TEST_CASE("The order of the arguments changes nothing") {
  auto runs = MadeArms({{1, 2, 3, 4, 9}, {2, 3, 4, 5, 6}, {1, 1, 1, 2, 1}});
  const std::string before = ToJson(Compare(runs, {})).dump();
  std::reverse(runs.begin(), runs.end());
  CHECK(ToJson(Compare(runs, {})).dump() == before);
}

TEST_CASE("Arms answer to their letter, label, hash and values; other names are refused") {
  const auto runs = MadeArms({{1, 2, 3}, {1, 2, 3}, {4, 5, 6}});
  CompareOptions options;
  for (const std::string name : {"C", "eta=2", "vime2", "eta=2.0", "bonus=vime, eta=2"}) {
    options.arms.baseline = name;
    CHECK(Compare(runs, options).baseline == 2);
  }
  options.arms.baseline = "D";
  CHECK_THROWS_WITH_AS(Compare(runs, options),
                       doctest::Contains("--baseline D is none of the arms"), ConfigError);
  options.arms.baseline = "bonus=vime";
  CHECK_THROWS_WITH_AS(Compare(runs, options), doctest::Contains("fits more than one arm"),
                       ConfigError);
  options.arms.baseline = "";
  options.arms.labels = {{"eta=2", "VIME"}};
  CHECK(Compare(runs, options).arms[2].arm.label == "VIME");
  options.primary = "auc_retrn";
  CHECK_THROWS_WITH_AS(Compare(runs, options), doctest::Contains("did you mean auc_return?"),
                       ConfigError);
  options.primary = "";
  options.arms.group_by = {"etta"};
  CHECK_THROWS_WITH_AS(Compare(runs, options), doctest::Contains("--group-by etta"), ConfigError);
}

TEST_CASE("Regret, seconds and times of events are better when low, returns and scores when high") {
  RunRecord run = MadeRun("0.1", 1, 5);
  for (const char* key : {"regret", "normalised_score", "wall_s"}) run.summary[key] = 1;
  for (const char* low : {"regret", "wall_s", "solved_env_steps"}) {
    CHECK(FindPrimary({run}, low).lower_is_better);
  }
  for (const char* high : {"auc_return", "normalised_score"}) {
    CHECK(!FindPrimary({run}, high).lower_is_better);
  }
}

TEST_CASE("--group-by joins configs and says so") {
  std::vector<RunRecord> runs;
  for (int seed = 1; seed <= 5; ++seed) {
    runs.push_back(MadeRun("0.1", seed, 5));
    runs.push_back(MadeRun("0.2", seed, 7));
    runs.push_back(MadeRun("0", seed, seed, "none"));
  }
  CompareOptions options;
  options.arms.group_by = {"bonus"};
  const Comparison comparison = Compare(runs, options);
  REQUIRE(comparison.arms.size() == 2);
  CHECK(comparison.arms[1].arm.label == "vime");
  CHECK(comparison.arms[1].values.size() == 10);
  CHECK(Mentions(comparison.notes, "B (vime) mixes 2 configs"));
  CHECK(ToMarkdown(comparison).find("0.1 \\| 0.2") != std::string::npos);
  // Each config is a stratum: without spread within them the bootstrap has none.
  CHECK(comparison.arms[1].iqm_interval->low == comparison.arms[1].iqm_interval->high);
}

// The share of experiments in which any pair gets a verdict that is not "no difference shown".
template <class MakeRuns>
double FalsePositives(int repeats, const CompareOptions& options, const MakeRuns& make) {
  Rng rng({77, Stream::kTest, 0, 0});
  int count = 0;
  for (int i = 0; i < repeats; ++i) {
    const std::vector<RunRecord> runs = make(rng);
    for (const PairResult& pair : Compare(runs, options).pairs) {
      if (pair.verdict != Verdict::kBetter && pair.verdict != Verdict::kWorse) continue;
      ++count;
      break;
    }
  }
  return static_cast<double>(count) / repeats;
}

// Four standard deviations: a correct program exceeds it with probability 3e-5.
double FourSigma(int repeats) { return 4 * std::sqrt(0.05 * 0.95 / repeats); }

std::vector<RunRecord> EqualArms(Rng& rng, int arms, int seeds) {
  std::vector<std::vector<double>> values(static_cast<std::size_t>(arms));
  for (auto& arm : values) {
    for (int i = 0; i < seeds; ++i) arm.push_back(rng.Normal());
  }
  return MadeArms(values);
}

TEST_CASE("Among equal arms, at most 5 % of the comparisons find any difference") {
  for (const int arms : {2, 4}) {
    CAPTURE(arms);
    const double share =
        FalsePositives(1000, {}, [arms](Rng& rng) { return EqualArms(rng, arms, 6); });
    CHECK(share < 0.05 + FourSigma(1000));
    CHECK(share > 0.005);
  }
}

TEST_CASE(
    "Choosing the best of many on the seeds that are reported deceives; on others it does not") {
  // Twelve equal configs against a baseline. Honest: choose on seeds 1-6, report on 7-12.
  const auto make = [](Rng& rng) { return EqualArms(rng, 13, 12); };
  CompareOptions honest;
  honest.arms.baseline = "eta=0";
  honest.select_seeds.emplace("1-6", "--select-seeds");
  honest.report_seeds.emplace("7-12", "--report-seeds");
  CHECK(FalsePositives(600, honest, make) < 0.05 + FourSigma(600));
  // Deceiving: the same choice, reported on the seeds that made it.
  const double deceived = FalsePositives(600, {}, [&](Rng& rng) {
    std::vector<RunRecord> runs = make(rng);
    std::erase_if(runs, [](const RunRecord& run) { return run.seed > 6; });
    CompareOptions all;
    all.arms.baseline = "eta=0";
    const Comparison comparison = Compare(runs, all);
    const auto best =
        std::max_element(comparison.arms.begin() + 1, comparison.arms.end(),
                         [](const ArmResult& a, const ArmResult& b) { return a.mean < b.mean; });
    std::vector<RunRecord> chosen;
    for (const RunRecord& run : runs) {
      if (run.config_hash == "vime0" || run.config_hash == best->arm.config_hash) {
        chosen.push_back(run);
      }
    }
    return chosen;
  });
  CHECK(deceived > 0.05 + FourSigma(600));
}

TEST_CASE("Selection and report never share a seed, and the tables show who was chosen") {
  std::vector<RunRecord> runs;
  for (int seed = 1; seed <= 12; ++seed) {
    for (const std::string eta : {"0", "0.1", "1"}) {
      // eta 1 is best on the first six seeds and worst on the others.
      const double value = eta == "1" ? (seed <= 6 ? 9 : -9) : std::stod(eta);
      runs.push_back(MadeRun(eta, seed, value + 0.01 * seed));
    }
  }
  CompareOptions options;
  options.select_seeds.emplace("1-6", "--select-seeds");
  const Comparison comparison = Compare(runs, options);
  REQUIRE(comparison.selection);
  REQUIRE(comparison.arms.size() == 2);
  CHECK(comparison.arms[0].arm.label == "eta=0");
  CHECK(comparison.arms[1].arm.label == "eta=1");
  CHECK(comparison.pairs[0].verdict == Verdict::kWorse);
  CHECK(comparison.seeds == "7-12");
  for (const ArmResult& arm : comparison.arms) {
    for (const RunRecord* run : arm.arm.runs) CHECK(run->seed > 6);
  }
  CHECK(ToMarkdown(comparison).find("Chosen on seeds 1-6") != std::string::npos);

  options.report_seeds.emplace("6-12", "--report-seeds");
  CHECK_THROWS_WITH_AS(Compare(runs, options), doctest::Contains("share seeds"), ConfigError);
  options.report_seeds.emplace("7-10", "--report-seeds");
  const Comparison fewer = Compare(runs, options);
  CHECK(fewer.seeds == "7-10");
  CHECK(ReasonOf(fewer, "run 1 12") == "seed 12 is not among --report-seeds");
  options.report_seeds.emplace("100", "--report-seeds");
  CHECK_THROWS_WITH_AS(Compare(runs, options), doctest::Contains("leaves no run to report on"),
                       ConfigError);
  options.report_seeds.reset();
  const std::string without_bonus = runs.front().config_hash;  // eta 0
  std::vector<RunRecord> no_baseline = runs;
  std::erase_if(no_baseline, [&](const RunRecord& run) {
    return run.config_hash == without_bonus && run.seed > 6;
  });
  CHECK_THROWS_WITH_AS(Compare(no_baseline, options), doctest::Contains("none to report on"),
                       ConfigError);
  std::vector<RunRecord> baseline_only = runs;
  std::erase_if(baseline_only, [&](const RunRecord& run) {
    return run.config_hash != without_bonus && run.seed > 6;
  });
  const Comparison lonely = Compare(baseline_only, options);
  CHECK(std::ranges::count(lonely.notes,
                           "eta=1 was chosen and has no result on the report seeds.") == 1);
  CHECK(std::ranges::count(comparison.notes,
                           "eta=1 was chosen and has no result on the report seeds.") == 0);
  options.select_seeds.emplace("100", "--select-seeds");
  CHECK_THROWS_WITH_AS(Compare(runs, options), doctest::Contains("fits no run"), ConfigError);
}

// ---------------------------------------------------------------------------------------- names

TEST_CASE("Names of directories and configs break neither Markdown nor CSV nor JSON") {
  const TemporaryDirectory directory;
  Strings paths;
  int seed = 0;
  for (const std::string& name : kHostileNames) {
    if (name.find('/') != std::string::npos || name.size() > 200) continue;
    paths.push_back(directory / name);
    WriteRun(paths.back(), {.bonus = Printable(name), .seed = ++seed});
    paths.push_back(directory / ("empty " + name));
    std::filesystem::create_directories(paths.back());
  }
  paths.push_back(directory / kHostileNames[2]);
  paths.push_back(std::string(5000, 'y'));
  const auto runs = ReadRuns(paths, 1);
  const Comparison comparison = Compare(runs, {});
  CHECK(comparison.arms.size() == static_cast<std::size_t>(seed));
  CHECK(ParseCsv(ToCsv(comparison)).size() == static_cast<std::size_t>(seed) + 1);
  CHECK_NOTHROW(ToJson(comparison).dump());
  std::istringstream lines(ToMarkdown(comparison));
  int rows = 0;
  for (std::string line; std::getline(lines, line);) {
    CHECK_NOTHROW(Json(line).dump());
    CHECK(line.find_first_of("\r\x1b\x01") == std::string::npos);
    CHECK(line.find(" <script") == std::string::npos);
    rows += line.starts_with("| ") ? 1 : 0;
  }
  CHECK(rows > 3 * seed);
}

}  // namespace
}  // namespace vime
