#include "lib/math/normal_distribution.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lib/core/rng.h"
#include "tests/math/lane_functions.h"

namespace vime {
namespace {

// From the complementary error function of the 64-bit significand of x86.
long double CdfReference(long double x) { return 0.5L * erfcl(-x / sqrtl(2.0L)); }
long double PdfReference(long double x) {
  return expl(-0.5L * x * x) / sqrtl(2.0L * 3.14159265358979323846L);
}

template <class T>
double RelativeError(T value, long double expected) {
  return static_cast<double>(std::abs((value - expected) / expected));
}

TEST_CASE("The normal distribution of double has relative accuracy also far in the lower tail") {
  Rng rng({1, Stream::kTest, 0, 0});
  double cdf_error = 0, pdf_error = 0;
  for (int i = 0; i < 500000; ++i) {
    const double x = i % 2 == 0 ? rng.Uniform(-37, 8) : rng.Uniform(-3, 3);
    cdf_error = std::max(cdf_error, RelativeError(NormalCdf(x), CdfReference(x)));
    pdf_error = std::max(pdf_error, RelativeError(NormalPdf(x), PdfReference(x)));
  }
  CHECK(cdf_error < 2e-15);
  CHECK(pdf_error < 1e-15);
}

TEST_CASE("The normal distribution of float lanes has relative accuracy in the lower tail") {
  Rng rng({2, Stream::kTest, 0, 0});
  constexpr int kCount = 16 * 20000;
  std::vector<float> x(kCount), cdf(kCount), pdf(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    x[i] = static_cast<float>(i % 2 == 0 ? rng.Uniform(-12, 6) : rng.Uniform(-3, 3));
  }
  const testing::LaneEvaluator* table = testing::LanesOfWidth4().functions;
  table[static_cast<int>(testing::Function::kNormalCdf)](x.data(), cdf.data(), kCount);
  table[static_cast<int>(testing::Function::kNormalPdf)](x.data(), pdf.data(), kCount);
  double cdf_error = 0, pdf_error = 0;
  for (std::size_t i = 0; i < kCount; ++i) {
    cdf_error = std::max(cdf_error, RelativeError(cdf[i], CdfReference(x[i])));
    pdf_error = std::max(pdf_error, RelativeError(pdf[i], PdfReference(x[i])));
  }
  CHECK(cdf_error < 4e-7);
  CHECK(pdf_error < 2.5e-7);
}

TEST_CASE("The derivative of the distribution function is the density") {
  for (double x = -30; x <= 8; x += 0.037) {
    // Richardson's combination of two central differences, with steps that shrink with the scale
    // of the tail.
    const double h = 1e-3 / (1 + std::abs(x));
    const auto slope = [x](double step) {
      return (NormalCdf(x + step) - NormalCdf(x - step)) / (2 * step);
    };
    const double derivative = (4 * slope(h) - slope(2 * h)) / 3;
    CAPTURE(x);
    CHECK(std::abs(derivative - NormalPdf(x)) < 1e-10 * NormalPdf(x) + 1e-12 * (x > 0));
  }
}

TEST_CASE("The distribution function is symmetric, monotone and right at the edges") {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  double last = 0;
  for (double x = -40; x <= 40; x += 1e-3) {
    const double value = NormalCdf(x);
    CHECK(std::abs(value + NormalCdf(-x) - 1) < 2.5e-16);
    CHECK(value >= last);
    last = value;
  }
  CHECK(last == 1);
  CHECK(std::abs(NormalCdf(0.0) - 0.5) < 1.2e-16);
  CHECK(NormalCdf(-kInf) == 0);
  CHECK(NormalCdf(kInf) == 1);
  CHECK(NormalCdf(-std::numeric_limits<double>::max()) == 0);
  CHECK(NormalPdf(-kInf) == 0);
  CHECK(NormalPdf(kInf) == 0);
  CHECK(std::isnan(NormalCdf(std::nan(""))));
  CHECK(std::isnan(NormalPdf(std::nan(""))));
  CHECK(NormalCdf(-std::numeric_limits<float>::infinity()) == 0);
  CHECK(NormalCdf(std::numeric_limits<float>::infinity()) == 1);
  CHECK(NormalPdf(0.5) == NormalPdf(-0.5));
}

}  // namespace
}  // namespace vime
