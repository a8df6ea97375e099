// Reports: curves and figures say what the files say, stand alone, and run nothing but their own
// script.
#include <doctest/doctest.h>

#include <cmath>
#include <regex>
#include <set>

#include "experiments/compare/report.h"
#include "experiments/compare/report_assets.h"
#include "experiments/compare/svg.h"
#include "experiments/runner/metrics_json.h"
#include "experiments/runner/text.h"
#include "tests/support/run_files.h"

namespace vime {
namespace {

using testing::RunFiles;
using testing::TemporaryDirectory;
using testing::WriteText;
using Values = std::vector<double>;

constexpr int kIterations = 8;

// Curves that are easy to average: the return of iteration i is i + offset.
void WriteCurves(const std::string& directory, double offset, bool bonus) {
  std::string lines;
  for (int i = 0; i < kIterations; ++i) {
    IterationMetrics metrics;
    metrics.iteration = i;
    metrics.env_steps = 100 * (i + 1);
    metrics.return_mean = i + offset;
    metrics.success_fraction = i / 10.0;
    metrics.coverage_fraction = i / 20.0;
    if (bonus && i > 0) {
      metrics.bonus_mean = 1e-5 * i;
      metrics.bnn_mse_mean_prediction = 1;
      metrics.bnn_mse_predict_zero = 2;
    }
    lines += ToJson(metrics).dump() + "\n";
  }
  WriteText(directory + "/metrics.jsonl", lines);
  Json states;
  states["schema"] = "vime-states-1";
  states["axes"] = {{{"name", "<b>x</b>"}, {"unit", "m"}, {"low", -1}, {"high", 1}},
                    {{"name", "y"}, {"unit", ""}, {"low", 0}, {"high", 3}}};
  states["cells"] = 3;
  states["visits"] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  states["replay"] = {{"length", 3},
                      {"terminated", true},
                      {"success", bonus},
                      {"return", 1.5},
                      {"path", {{-0.5, 0, 0.5}, {1, 2, 2.5}}},
                      {"actions", {{{"name", "push"}, {"unit", "N"}, {"values", {0.1, -1, 1}}}}},
                      {"rewards", {0, 0, 1.5}}};
  WriteText(directory + "/states.json", states.dump());
}

// Two arms of five runs.
std::vector<std::string> WriteArms(const TemporaryDirectory& directory) {
  std::vector<std::string> paths;
  for (const std::string eta : {"0", "0.1"}) {
    for (int seed = 1; seed <= 5; ++seed) {
      RunFiles files{.eta = eta, .seed = seed, .auc = seed + (eta == "0" ? 0.0 : 10.0)};
      if (eta != "0") files.first_success = std::to_string(100 * seed);
      paths.push_back(directory / (eta + " " + std::to_string(seed)));
      testing::WriteRun(paths.back(), files);
      WriteCurves(paths.back(), seed, eta != "0");
    }
  }
  return paths;
}

struct Made {
  std::vector<RunRecord> runs;
  Comparison comparison;
  std::vector<ArmCurves> curves;
  std::vector<Figure> figures;
  std::string html;
};

Made Make(const std::vector<std::string>& paths, const CompareOptions& options = {}) {
  Made made;
  made.runs = ReadRuns(paths, 1);
  made.comparison = Compare(made.runs, options);
  made.curves = ReadCurves(made.comparison, 2, made.comparison.notes);
  made.figures = MakeFigures(made.comparison, made.curves);
  made.html = ReportHtml(made.comparison, made.figures, {"/usr/bin/vime-compare", "two words"});
  return made;
}

const Figure& FigureOf(const Made& made, const std::string& id) {
  for (const Figure& figure : made.figures) {
    if (figure.id == id) return figure;
  }
  throw std::runtime_error("no figure " + id);
}

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Whether the text is one well-formed XML element: tags nest, attributes are quoted, and markup
// characters are escaped.
bool IsXml(const std::string& text) {
  static const std::regex tag(R"rx(<(/?)([a-zA-Z]+)((?: [a-zA-Z-]+="[^"<]*")*) ?(/?)>)rx");
  std::vector<std::string> open;
  auto at = text.begin();
  for (std::sregex_iterator found(text.begin(), text.end(), tag), none; found != none; ++found) {
    const std::string between(at, text.begin() + found->position());
    if (between.find_first_of("<>") != std::string::npos) return false;
    at = text.begin() + found->position() + found->length();
    if ((*found)[1].length() > 0) {
      if (open.empty() || open.back() != (*found)[2]) return false;
      open.pop_back();
    } else if ((*found)[4].length() == 0) {
      open.push_back((*found)[2]);
    }
  }
  return open.empty() && std::string(at, text.end()).find_first_of("<>") == std::string::npos;
}

TEST_CASE("The XML checker tells well-formed from broken") {
  CHECK(IsXml("<svg a=\"1\"><g><path d=\"M0 0\"/></g>text &lt;</svg>\n"));
  CHECK(!IsXml("<svg><g></svg></g>"));
  CHECK(!IsXml("<svg>1 < 2</svg>"));
  CHECK(!IsXml("<svg a=1></svg>"));
  CHECK(!IsXml("<svg>"));
}

// ---------------------------------------------------------------------------------------- scales

TEST_CASE("Ticks are round numbers within the scale") {
  CHECK(Scale(0, 200000, 0, 1).Ticks() == Values{0, 50000, 100000, 150000, 200000});
  CHECK(Scale(-0.07, 0.07, 0, 1).Ticks(4).size() == 3);
  CHECK(Scale(1e-7, 1e-1, 0, 1, true).Ticks(3).size() == 3);
  const Values narrow = Scale(1.5e-6, 6e-6, 0, 1, true).Ticks();
  REQUIRE(narrow.size() == 2);
  CHECK(narrow[0] == doctest::Approx(2e-6).scale(0));
  CHECK(narrow[1] == doctest::Approx(5e-6).scale(0));
  for (const double high : {0.013, 1.0, 7.0, 99.0, 12345.0}) {
    const Scale scale = Scale(-high / 3, high, 0, 1).Nice();
    CHECK(scale.low() <= -high / 3);
    CHECK(scale.high() >= high);
    CHECK(scale.high() - scale.low() < 1.4 * (high + high / 3));
    for (const double tick : scale.Ticks()) {
      CHECK(tick >= scale.low() - 1e-9 * high);
      CHECK(tick <= scale.high() + 1e-9 * high);
    }
  }
  CHECK(TickText(150000, Scale(0, 200000, 0, 1)) == "150k");
  CHECK(TickText(-0.5, Scale(-1, 1, 0, 1)) ==
        "\xe2\x88\x92"
        "0.5");
  CHECK(TickText(1e-6, Scale(1e-7, 1e-1, 0, 1, true)) == "10\xe2\x81\xbb\xe2\x81\xb6");
}

TEST_CASE("Scales map ends to ends, and one value alone gets room") {
  const Scale y(10, 1000, 200, 0, true);
  CHECK(y(10) == doctest::Approx(200));
  CHECK(y(100) == doctest::Approx(100));
  CHECK(y(1000) == doctest::Approx(0));
  const Scale flat(5, 5, 0, 10);
  CHECK(flat(5) == doctest::Approx(5));
}

// ---------------------------------------------------------------------------------------- curves

TEST_CASE("Curves average runs between their points and carry Student's interval") {
  const TemporaryDirectory directory;
  const Made made = Make(WriteArms(directory));
  REQUIRE(made.curves.size() == 2);
  CHECK(made.curves[0].runs.size() == 5);
  const Values steps = {100, 150, 800};
  const MeanCurve curve = Average(made.curves[0], CurveKind::kReturn, steps);
  CHECK(curve.mean[0] == doctest::Approx(3));
  CHECK(curve.mean[1] == doctest::Approx(3.5));
  CHECK(curve.mean[2] == doctest::Approx(10));
  const Interval expected = MeanInterval(Values{1, 2, 3, 4, 5});
  CHECK(curve.low[0] == doctest::Approx(expected.low));
  CHECK(curve.high[0] == doctest::Approx(expected.high));
  CHECK(std::isnan(Average(made.curves[0], CurveKind::kReturn, {50}).mean[0]));
  CHECK(std::isnan(Average(made.curves[0], CurveKind::kGain, {400}).mean[0]));  // no bonus
  CHECK(Average(made.curves[1], CurveKind::kModelError, {400}).mean[0] == doctest::Approx(0.5));
  CHECK(Average(made.curves[1], CurveKind::kGain, {300}, true).mean[0] ==
        doctest::Approx(2e-5).scale(0));
  const Values common = CommonSteps(made.curves, CurveKind::kReturn, 5);
  CHECK(common == Values{100, 275, 450, 625, 800});
}

TEST_CASE("Broken and missing files leave a run out of the figures, with a note") {
  const TemporaryDirectory directory;
  const auto paths = WriteArms(directory);
  std::filesystem::remove(paths[0] + "/metrics.jsonl");
  std::filesystem::remove(paths[1] + "/states.json");
  WriteText(paths[2] + "/states.json", "{\"axes\": 3}");
  const std::string whole = testing::Slurp(paths[3] + "/metrics.jsonl");
  WriteText(paths[3] + "/metrics.jsonl", whole + "{\"env_steps\": 9");  // killed while writing
  WriteText(paths[4] + "/metrics.jsonl", "[]\nnull\n{\"env_steps\": \"x\"}\n{}\n");
  Json states = Json::parse(testing::Slurp(paths[5] + "/states.json"));
  states["visits"] = Json::array({1, 2});
  WriteText(paths[5] + "/states.json", states.dump());
  for (int i = 5; i < 10; ++i) {
    WriteText(paths[static_cast<std::size_t>(i)] + "/policy.json", "{\"format\": 1, \"kind");
  }
  const Made made = Make(paths);
  CHECK(made.comparison.arms[0].values.size() == 5);  // the numbers need no curves
  CHECK(made.curves[0].runs.size() == 3);
  CHECK(made.curves[0].visited_runs == 3);
  CHECK(made.curves[1].visited_runs == 4);
  const std::string notes = Listed(made.comparison.notes);
  CHECK(notes.find("2 of 5 runs have no metrics.jsonl") != std::string::npos);
  CHECK(notes.find("1 of 5 runs have lines of metrics.jsonl") != std::string::npos);
  CHECK(notes.find("2 of 5 runs have no states.json") != std::string::npos);
  CHECK(notes.find("B (") != std::string::npos);
  CHECK(notes.find("cannot be played") != std::string::npos);
}

TEST_CASE("Visits add up over runs, and the replay is of the run with the median result") {
  const TemporaryDirectory directory;
  const Made made = Make(WriteArms(directory));
  REQUIRE(made.curves[0].states);
  CHECK(made.curves[0].states->visits ==
        std::vector<std::int64_t>{0, 5, 10, 15, 20, 25, 30, 35, 40});
  CHECK(made.curves[0].states->replay.path == directory / "0 3");
  CHECK(FigureOf(made, "visits").csv.find("0,1.5,20,20\n") != std::string::npos);
}

// ---------------------------------------------------------------------------------------- figures

TEST_CASE("Every figure is well-formed SVG with a title, a description and its numbers") {
  const TemporaryDirectory directory;
  const Made made = Make(WriteArms(directory));
  std::set<std::string> ids;
  for (const Figure& figure : made.figures) {
    CAPTURE(figure.id);
    ids.insert(figure.id);
    CHECK(IsXml(figure.svg));
    CHECK(figure.svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 "));
    CHECK(figure.svg.find("<title id=\"" + figure.id + "-t\">") != std::string::npos);
    CHECK(figure.svg.find("<desc id=\"" + figure.id + "-d\">") != std::string::npos);
    CHECK(figure.svg.find("nan") == std::string::npos);
    CHECK(figure.svg.find("inf") == std::string::npos);
    CHECK(!figure.caption.empty());
    CHECK(!figure.data.rows.empty());
    CHECK(Count(figure.csv, "\n") > 1);
  }
  CHECK(ids == std::set<std::string>{"runs", "differences", "return", "success", "first-success",
                                     "coverage", "visits", "replay", "gain", "model-error"});
}

TEST_CASE("The numbers behind the learning curves are the averages of the runs") {
  const TemporaryDirectory directory;
  const Made made = Make(WriteArms(directory));
  const Table& table = FigureOf(made, "return").data;
  CHECK(table.columns[1].name == "A mean");
  REQUIRE(table.rows.size() == kIterations);
  CHECK(table.rows[0] ==
        std::vector<std::string>{"100", "3", "1.0368", "4.9632", "3", "1.0368", "4.9632"});
  const std::string& csv = FigureOf(made, "return").csv;
  CHECK(csv.starts_with("environment steps,A mean,A low,A high,B mean"));
}

TEST_CASE("First successes are counted among all runs, those without one included") {
  const TemporaryDirectory directory;
  const Made made = Make(WriteArms(directory));
  const Table& table = FigureOf(made, "first-success").data;
  // Steps 0, 100, ..., 500 and the end of the runs.
  REQUIRE(table.rows.size() == 7);
  CHECK(table.rows[3][0] == "300");
  CHECK(table.rows[3][1] == "0");
  CHECK(table.rows[3][4] == "0.6");
  CHECK(table.rows[6][0] == "200000");
}

TEST_CASE("A sweep over eta is drawn from three points on, zero included") {
  const TemporaryDirectory directory;
  std::vector<std::string> paths = WriteArms(directory);
  for (int seed = 1; seed <= 5; ++seed) {
    paths.push_back(directory / ("10 " + std::to_string(seed)));
    testing::WriteRun(paths.back(), {.eta = "10.0", .seed = seed, .auc = 5.0 + seed});
  }
  const Made made = Make(paths);
  const Table& table = FigureOf(made, "eta").data;
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0][1] == "0");
  CHECK(table.rows[1][1] == "0.1");
  CHECK(table.rows[1][2] == "13");
  CHECK(table.rows[2][1] == "10");
  CHECK(IsXml(FigureOf(made, "eta").svg));
}

TEST_CASE("Figures draw at most eight arms: the baseline and the best") {
  const TemporaryDirectory directory;
  std::vector<std::string> paths;
  for (int arm = 0; arm < 12; ++arm) {
    paths.push_back(directory / std::to_string(arm));
    testing::WriteRun(paths.back(), {.eta = std::to_string(arm), .auc = 1.0 * arm});
  }
  const Made made = Make(paths);
  const auto drawn = DrawnArms(made.comparison);
  REQUIRE(drawn.size() == kMostDrawnArms);
  CHECK(drawn[0].arm == 0);
  CHECK(drawn[1].arm == 5);
  CHECK(drawn.back().arm == 11);
  CHECK(made.html.find("The figures show 8 of 12 arms") != std::string::npos);
  std::set<std::string> looks;
  for (const ArmStyle& style : drawn) looks.insert(style.colour + style.dash);
  CHECK(looks.size() == kMostDrawnArms);
}

TEST_CASE("Files of the figures are those of the page") {
  const TemporaryDirectory directory;
  const Made made = Make(WriteArms(directory));
  WriteFigures(made.figures, directory / "new/figures");
  for (const Figure& figure : made.figures) {
    CHECK(testing::Slurp(directory / ("new/figures/" + figure.id + ".svg")) == figure.svg);
    CHECK(testing::Slurp(directory / ("new/figures/" + figure.id + ".csv")) == figure.csv);
    CHECK(made.html.find(figure.svg) != std::string::npos);
  }
}

// ---------------------------------------------------------------------------------------- page

TEST_CASE("The page needs nothing else: no address, no file, no other script") {
  const TemporaryDirectory directory;
  const Made made = Make(WriteArms(directory));
  const std::string& html = made.html;
  for (const char* reference : {" src=", " href=", "url(", "@import"}) {
    CHECK(html.find(reference) == std::string::npos);
  }
  std::string without_namespaces = html;
  for (auto at = without_namespaces.find("http://www.w3.org/"); at != std::string::npos;
       at = without_namespaces.find("http://www.w3.org/")) {
    without_namespaces.erase(at, 18);
  }
  CHECK(without_namespaces.find("://") == std::string::npos);
  CHECK(Count(html, "<script") == 1);
  CHECK(html.find("<script>" + std::string(ReportScript()) + "</script>") != std::string::npos);
  CHECK(html.find("script-src 'sha256-") != std::string::npos);
  CHECK(ReportScriptHash().size() == 64);
}

TEST_CASE("The page names what made it, without where the programs are installed") {
  const TemporaryDirectory directory;
  const Made made = Make(WriteArms(directory));
  CHECK(made.html.find("<code>vime-compare &#39;two words&#39;</code>") != std::string::npos);
  CHECK(made.html.find("<code>vime-run --bonus vime</code>") != std::string::npos);
}

TEST_CASE("The same runs give the same page, byte for byte") {
  const TemporaryDirectory directory;
  const auto paths = WriteArms(directory);
  CHECK(Make(paths).html == Make(paths).html);
}

TEST_CASE("A single run has a page of its own, without verdicts") {
  const TemporaryDirectory directory;
  const Made made = Make({WriteArms(directory)[7]});
  CHECK(made.html.find("<h1>One run on mountaincar: vime, eta=0.1, seed 3</h1>") !=
        std::string::npos);
  CHECK(made.html.find("class=answers") == std::string::npos);
  for (const char* id : {"return", "visits", "replay"}) CHECK(IsXml(FigureOf(made, id).svg));
}

TEST_CASE("Nothing to show is a page too") {
  const Made made = Make({"absent"});
  CHECK(made.figures.empty());
  CHECK(made.html.find("missing: no such file") != std::string::npos);
}

TEST_CASE("No name of a run, arm or key becomes part of the page") {
  const TemporaryDirectory directory;
  std::vector<std::string> paths;
  int seed = 0;
  for (const std::string& name : testing::HostileNames()) {
    if (name.find('/') == std::string::npos && name.size() < 200) {
      paths.push_back(directory / name);
    } else {
      paths.push_back(directory / std::to_string(seed));
    }
    testing::WriteRun(paths.back(), {.bonus = Printable(name), .seed = ++seed});
    WriteCurves(paths.back(), seed, true);
  }
  paths.emplace_back("</pre><script>alert(2)</script>");
  CompareOptions options;
  options.arms.labels = {{"A", "<img src=x onerror=alert(3)>"}};
  const Made made = Make(paths, options);
  CHECK(made.comparison.arms.size() == testing::HostileNames().size());
  CHECK(Count(made.html, "<script") == 1);
  for (const char* live : {"<img", "<b>x", "onerror=alert(3)>"}) {
    CHECK(made.html.find(live) == std::string::npos);
  }
  CHECK_NOTHROW(Json(made.html).dump());  // valid UTF-8
  for (const Figure& figure : made.figures) {
    CAPTURE(figure.id);
    CHECK(IsXml(figure.svg));
  }
}

}  // namespace
}  // namespace vime
