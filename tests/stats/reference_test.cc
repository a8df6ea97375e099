// The statistics of comparisons against reference values: tests/golden/statistics.json, computed
// with NumPy and SciPy. The file states its conventions and tolerances.
#include <doctest/doctest.h>

#include <string>

#include "lib/core/statistics.h"
#include "lib/stats/bootstrap.h"
#include "lib/stats/distributions.h"
#include "lib/stats/intervals.h"
#include "lib/stats/power.h"
#include "lib/stats/two_samples.h"
#include "tests/support/golden.h"

namespace vime {
namespace {

using Json = nlohmann::json;
using Values = std::vector<double>;

const Json& Golden() {
  static const Json golden = testing::ReadGolden("statistics.json");
  return golden;
}

void CheckClose(double got, const Json& expected, double tolerance) {
  const double want = expected.get<double>();
  CHECK(std::abs(got - want) <= tolerance * std::max(1.0, std::abs(want)));
}

void CheckInterval(const Interval& got, const Json& expected, double tolerance) {
  CheckClose(got.low, expected[0], tolerance);
  CheckClose(got.high, expected[1], tolerance);
}

constexpr double kPoint = 1e-12;
constexpr double kP = 1e-9;
// SciPy 1.10 has t quantiles to a few 1e-9 only: t_0.975 of 5 degrees of freedom is
// 2.570581835636314, the file says 2.5705818366. What rests on one agrees no better.
constexpr double kFromQuantile = 5e-9;

// scores[run][task] -> one stratum per task.
Strata TasksOf(const Json& scores) {
  Strata tasks(scores[0].size());
  for (const Json& run : scores) {
    for (std::size_t j = 0; j < tasks.size(); ++j) tasks[j].push_back(run[j].get<double>());
  }
  return tasks;
}

Values Pool(const Strata& tasks) {
  Values all;
  for (const Values& task : tasks) all.insert(all.end(), task.begin(), task.end());
  return all;
}

Values TaskMeans(const Strata& tasks) {
  Values means;
  for (const Values& task : tasks) means.push_back(Mean(task));
  return means;
}

using Statistic = double (*)(const Strata&);
const std::map<std::string, Statistic> kStatistics = {
    {"mean", [](const Strata& tasks) { return Mean(TaskMeans(tasks)); }},
    {"median_of_task_means", [](const Strata& tasks) { return Median(TaskMeans(tasks)); }},
    {"iqm", [](const Strata& tasks) { return InterquartileMean(Pool(tasks)); }},
    {"optimality_gap", [](const Strata& tasks) {
       Values gaps;
       for (const double score : Pool(tasks)) gaps.push_back(1 - std::min(score, 1.0));
       return Mean(gaps);
     }}};

// Mean over tasks of P(X > Y).
double ProbabilityOfImprovement(const std::vector<Strata>& arms) {
  Values tasks;
  for (std::size_t j = 0; j < arms[0].size(); ++j) {
    tasks.push_back(ProbabilityOfSuperiority(arms[0][j], arms[1][j]));
  }
  return Mean(tasks);
}

// Calls visit(name of the arm, its tasks, expected values) for every arm of every data set.
template <class Visit>
int ForEachArm(const Visit& visit) {
  int arms = 0;
  for (const Json& data : Golden()["datasets"]) {
    for (const auto& [name, scores] : data["algorithms"].items()) {
      const std::string arm = data["name"].get<std::string>() + " " + name;
      CAPTURE(arm);
      visit(TasksOf(scores), data["expect"][name]);
      ++arms;
    }
  }
  return arms;
}

// The same for every pair of arms: visit({x, y}, expected values).
template <class Visit>
int ForEachPair(const Visit& visit) {
  int pairs = 0;
  for (const Json& data : Golden()["datasets"]) {
    for (const auto& [name, expected] : data["expect"].items()) {
      const auto versus = name.find(" vs ");
      if (versus == std::string::npos) continue;
      const std::string pair = data["name"].get<std::string>() + " " + name;
      CAPTURE(pair);
      visit(std::vector<Strata>{TasksOf(data["algorithms"][name.substr(0, versus)]),
                                TasksOf(data["algorithms"][name.substr(versus + 4)])},
            expected);
      ++pairs;
    }
  }
  return pairs;
}

TEST_CASE("Descriptions of one sample agree with NumPy and SciPy") {
  const int arms = ForEachArm([](const Strata& tasks, const Json& expected) {
    for (std::size_t j = 0; j < tasks.size(); ++j) {
      const Json& task = expected["per_task"][j];
      CheckClose(Mean(tasks[j]), task["mean"], kPoint);
      CheckClose(Median(tasks[j]), task["median"], kPoint);
      CheckClose(StandardDeviation(tasks[j], 1), task["sd_ddof1"], kPoint);
      CheckClose(Quantile(tasks[j], 0), task["min"], kPoint);
      CheckClose(Quantile(tasks[j], 0.25), task["q25_type7"], kPoint);
      CheckClose(Quantile(tasks[j], 0.75), task["q75_type7"], kPoint);
      CheckClose(Quantile(tasks[j], 1), task["max"], kPoint);
      CheckClose(InterquartileMean(tasks[j]), task["iqm"], kPoint);
      CheckInterval(MeanInterval(tasks[j]), task["t_ci95_mean"], kFromQuantile);
    }
    for (const auto& [name, statistic] : kStatistics) {
      CheckClose(statistic(tasks), expected["aggregate"][name], kPoint);
    }
  });
  CHECK(arms == 6);
}

TEST_CASE("The stratified bootstrap gives the same resamples as the reference") {
  int checked = 0;
  ForEachArm([&](const Strata& tasks, const Json& expected) {
    for (const auto& item : expected["bootstrap_splitmix64"].items()) {
      const std::string& name = item.key();
      const Json& reference = item.value();
      const Statistic statistic = kStatistics.at(name);
      const BootstrapResult got =
          Bootstrap({tasks}, [&](const std::vector<Strata>& arms) { return statistic(arms[0]); },
                    {.resamples = reference["B"], .seed = reference["seed"]});
      CAPTURE(name);
      CheckInterval(got.interval, reference["ci95"], kPoint);
      CheckClose(got.mean, reference["boot_mean"], kPoint);
      CheckClose(got.stddev, reference["boot_sd_ddof1"], kPoint);
      ++checked;
    }
  });
  CHECK(checked == 24);
}

TEST_CASE("Statistics of all n^n equally likely resamples are those of the exact bootstrap") {
  int checked = 0;
  ForEachArm([&](const Strata& tasks, const Json& expected) {
    for (const auto& item : expected["bootstrap_exact"].items()) {
      const std::string& name = item.key();
      const Json& reference = item.value();
      const Values& x = tasks.at(0);
      Values statistics;
      std::vector<std::size_t> index(x.size(), 0);
      for (std::size_t digit = 0; digit < index.size();) {
        Strata resample(1);
        for (const std::size_t i : index) resample[0].push_back(x[i]);
        statistics.push_back(kStatistics.at(name)(resample));
        for (digit = 0; digit < index.size() && ++index[digit] == x.size(); ++digit) {
          index[digit] = 0;
        }
      }
      CAPTURE(name);
      CHECK(statistics.size() == reference["resamples"]);
      CheckInterval({Quantile(statistics, 0.025), Quantile(statistics, 0.975)}, reference["ci95"],
                    kPoint);
      CheckClose(Mean(statistics), reference["mean"], kPoint);
      CheckClose(StandardDeviation(statistics), reference["sd_ddof0"], kPoint);
      ++checked;
    }
  });
  CHECK(checked == 8);
}

TEST_CASE("Welch's test, Hedges' g and the rank test agree with SciPy") {
  const int pairs = ForEachPair([](const std::vector<Strata>& arms, const Json& expected) {
    for (std::size_t j = 0; j < arms[0].size(); ++j) {
      const Values& x = arms[0][j];
      const Values& y = arms[1][j];
      const Json& task = expected["tasks"][j];
      const WelchResult welch = WelchTest(x, y);
      REQUIRE(welch.defined == task["welch"]["defined"]);
      CheckClose(welch.difference, task["welch"]["diff"], kPoint);
      CheckClose(welch.t, task["welch"]["t"], kPoint);
      CheckClose(welch.df, task["welch"]["df"], kPoint);
      CheckClose(welch.p, task["welch"]["p_two_sided"], kP);
      CheckInterval(welch.interval, task["welch"]["ci95_diff"], kFromQuantile);
      CheckClose(HedgesG(x, y), task["welch"]["hedges_g"], kPoint);
      const Json& ranks = task["mann_whitney"];
      CheckClose(MannWhitneyU(x, y), ranks["U_x"], kPoint);
      CheckClose(ProbabilityOfSuperiority(x, y), ranks["prob_x_gt_y"], kPoint);
      CheckClose(MannWhitneyNormalP(x, y), ranks["p_two_sided_asymptotic_cc_tiecorr"], kP);
      const bool ties = ranks["ties"];
      CHECK(ranks.contains("p_two_sided_exact") == !ties);
      CheckClose(MannWhitneyP(x, y),
                 ranks[ties ? "p_two_sided_asymptotic_cc_tiecorr" : "p_two_sided_exact"], kP);
    }
    CheckClose(ProbabilityOfImprovement(arms), expected["poi"], kPoint);
    const Json& reference = expected["poi_bootstrap_splitmix64"];
    CheckInterval(Bootstrap(arms, ProbabilityOfImprovement,
                            {.resamples = reference["B"], .seed = reference["seed"]})
                      .interval,
                  reference["ci95"], kPoint);
    if (arms[0].size() > 1) return;
    CheckInterval(SuperiorityInterval(arms[0], arms[1],
                                      {.resamples = reference["B"], .seed = reference["seed"]}),
                  reference["ci95"], kPoint);
  });
  CHECK(pairs == 3);
}

TEST_CASE("Distribution functions agree with SciPy") {
  const Json& auxiliary = Golden()["auxiliary"];
  for (const auto& [df, quantile] : auxiliary["t_quantiles"].items()) {
    CheckClose(StudentTQuantile(0.975, std::stod(df)), quantile, kFromQuantile);
  }
  for (const Json& row : auxiliary["t_cdf"]) CheckClose(StudentTCdf(row[0], row[1]), row[2], kP);
  for (const auto& [p, quantile] : auxiliary["normal_quantile"].items()) {
    CheckClose(NormalQuantile(std::stod(p)), quantile, kPoint);
  }
  // I_x(df/2, 1/2) = P(|T| > t) with x = df / (df + t^2).
  int checked = 0;
  for (const Json& row : auxiliary["regularized_incomplete_beta"]) {
    if (row[1] != 0.5) continue;
    const double df = 2 * row[0].get<double>();
    const double x = row[2];
    CheckClose(2 * StudentTCdf(-std::sqrt(df * (1 - x) / x), df), row[3], kP);
    ++checked;
  }
  CHECK(checked == 3);
}

TEST_CASE("Quantiles, Holm's adjustment, Wilson's interval and power agree with the references") {
  const Json& auxiliary = Golden()["auxiliary"];
  const Json& percentiles = auxiliary["percentile_type7"];
  const auto data = percentiles["data"].get<Values>();
  for (std::size_t i = 0; i < percentiles["q"].size(); ++i) {
    CheckClose(Quantile(data, percentiles["q"][i].get<double>() / 100), percentiles["expect"][i],
               kPoint);
  }
  const Values adjusted = HolmAdjusted(auxiliary["holm"]["p"].get<Values>());
  for (std::size_t i = 0; i < adjusted.size(); ++i) {
    CheckClose(adjusted[i], auxiliary["holm"]["adjusted"][i], kPoint);
  }
  for (const Json& row : auxiliary["wilson_ci95"]) {
    CheckInterval(WilsonInterval(row[0], row[1]), {row[2], row[3]}, kPoint);
  }
  for (const Json& row : auxiliary["power_two_sided_alpha05"]) {
    CheckClose(TwoSamplePower(row["effect_d"], row["n"]), row["power"], kP);
  }
  for (const Json& row : auxiliary["seeds_per_arm_for_power"]) {
    CHECK(SeedsForPower(row["effect_d"], row["power"], row["alpha"]) == row["n"]);
  }
}

TEST_CASE("SplitMix64 agrees with its reference") {
  const Json& reference = Golden()["auxiliary"]["splitmix64"];
  SplitMix64 seeded(reference["seed"]);
  for (const Json& number : reference["first5"]) {
    CHECK(std::to_string(seeded()) == number.get<std::string>());
  }
  SplitMix64 zero(0);
  for (const Json& number : reference["seed_0_first3"]) {
    CHECK(std::to_string(zero()) == number.get<std::string>());
  }
  SplitMix64 index(42);
  for (const Json& number : reference["index_n7_seed42_first10"]) CHECK(index.Below(7) == number);
}

}  // namespace
}  // namespace vime
