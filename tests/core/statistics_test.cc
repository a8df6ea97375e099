#include "lib/core/statistics.h"

#include <doctest/doctest.h>

#include <cmath>

namespace vime {
namespace {

using Values = std::vector<double>;

TEST_CASE("The median of an even number of values is the mean of the middle two") {
  CHECK(Median(Values{3, 1, 2}) == 2);
  CHECK(Median(Values{4, 1, 3, 2}) == 2.5);
  CHECK(std::isnan(Median(Values{})));
}

TEST_CASE("Tied values share their average rank") {
  CHECK(Ranks(Values{10, 20, 20, 5}) == Values{2, 3.5, 3.5, 1});
}

TEST_CASE("Spearman's correlation sees order only") {
  CHECK(SpearmanCorrelation(Values{1, 2, 3, 4}, Values{1, 10, 100, 1000}) == doctest::Approx(1));
  CHECK(SpearmanCorrelation(Values{1, 2, 3, 4}, Values{9, 7, 5, 3}) == doctest::Approx(-1));
  CHECK(SpearmanCorrelation(Values{1, 2, 3}, Values{1, 3, 2}) == doctest::Approx(0.5));
  CHECK(std::isnan(SpearmanCorrelation(Values{1, 1, 1}, Values{1, 2, 3})));
}

TEST_CASE("Standard deviations divide by n minus ddof") {
  CHECK(StandardDeviation(Values{1, 3}) == 1);
  CHECK(StandardDeviation(Values{1, 3}, 1) == doctest::Approx(std::sqrt(2)));
  CHECK(std::isnan(StandardDeviation(Values{1}, 1)));
}

TEST_CASE("The spread of equal values is 0 though rounding moves their mean") {
  const Values tenths(5000, 0.1);
  CHECK(StandardDeviation(tenths) > 0);
  CHECK(Spread(tenths) == 0);
  CHECK(Spread(Values{0.1, 0.1 + 1e-9}) / 0.5e-9 == doctest::Approx(1).epsilon(1e-6));
  CHECK(std::isnan(Spread(Values{1, std::nan("")})));
}

TEST_CASE("Running moments equal the moments of everything added") {
  RunningMoments moments(2);
  for (const double x : {1e8 + 1, 1e8 + 2, 1e8 + 4}) moments.Add(Eigen::Vector2d(x, 5));
  CHECK(moments.mean()[0] == doctest::Approx(1e8 + 7 / 3.).epsilon(1e-15));
  CHECK(moments.StandardDeviation()[0] == doctest::Approx(std::sqrt(14 / 9.)).epsilon(1e-8));
  CHECK(moments.StandardDeviation()[1] == 1);  // a feature that never moves is left alone
}

}  // namespace
}  // namespace vime
