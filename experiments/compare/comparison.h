// A comparison: what each arm reached, how they differ, and how sure that is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/compare/arms.h"
#include "experiments/compare/seeds.h"
#include "lib/stats/two_samples.h"

namespace vime {

/// Fewer values per arm give no verdict, and fewer than kSafeSeeds a warning and no bootstrap
/// interval.
inline constexpr int kFewestSeeds = 5;
inline constexpr int kSafeSeeds = 10;
inline constexpr double kSignificance = 0.05;

struct CompareOptions {
  std::string primary;  ///< key of the summary; "" for auc_return
  ArmOptions arms;
  std::optional<SeedSet> select_seeds, report_seeds;
};

/// The metric that decides, declared before looking.
struct PrimaryMetric {
  std::string name;
  bool lower_is_better = false;
  /// A run without a value has not got there: it counts as infinity, and ranks decide.
  bool may_never = false;
};

struct ArmResult {
  Arm arm;
  std::vector<double> values;  ///< of the primary metric, by seed; infinite for never
  double mean = 0, stddev = 0, median = 0, lower_quartile = 0, upper_quartile = 0, iqm = 0;
  Interval mean_interval;
  std::optional<Interval> iqm_interval;     ///< bootstrap, from kSafeSeeds values on
  double auc_return = 0, final_return = 0;  ///< means over the runs
  int solved = 0, attempts = 0;             ///< runs; diverged ones count as attempts
  Interval solved_interval;
  std::vector<double> first_success;  ///< environment steps, infinite for never, by seed
  double first_success_median = 0;
  Interval first_success_interval;
};

enum class Verdict { kNone, kBetter, kWorse, kNotShown };

/// An arm against the baseline.
struct PairResult {
  std::size_t arm = 0, baseline = 0;  ///< indices of Comparison::arms
  WelchResult welch;                  ///< arm minus baseline
  double mann_whitney_p = 0;
  /// Welch's test decides. Where it does not exist, because a run never got there or no value
  /// differs from its neighbours, ranks do.
  bool ranks_decide = false;
  double p_holm = 0;       ///< of the test that decides, adjusted over all pairs
  double superiority = 0;  ///< P(arm > baseline), ties one half
  std::optional<Interval> superiority_interval;  ///< bootstrap, from kSafeSeeds values on
  double hedges_g = 0;
  Verdict verdict = Verdict::kNone;
  bool few_seeds = false;  ///< the verdict stands on fewer than kSafeSeeds
  std::string reason;      ///< of the verdict, in words
};

/// How the arms were chosen, on seeds that the results do not contain.
struct Selection {
  struct Candidate {
    std::string family, label;
    int count = 0;
    double mean = 0;
    bool chosen = false;
    std::string config_hash;
  };
  std::string seeds;
  std::vector<Candidate> candidates;
};

struct Comparison {
  PrimaryMetric primary;
  std::string environment, budget, version;  ///< "" where they differ
  std::vector<ArmResult> arms;
  std::size_t baseline = 0;
  std::vector<PairResult> pairs;
  std::optional<Selection> selection;
  std::string seeds;  ///< of the results
  std::vector<LeftOut> left_out;
  std::vector<std::string> notes;

  std::size_t num_runs() const;
};

/// Compares the runs, which must outlive the result. Throws ConfigError for options that do not fit
/// them.
Comparison Compare(const std::vector<RunRecord>& runs, const CompareOptions& options);

/// The metric of that name. Throws ConfigError when no finished run has it.
PrimaryMetric FindPrimary(const std::vector<RunRecord>& runs, const std::string& name);

}  // namespace vime
