#include "lib/math/elementary.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "lib/core/rng.h"
#include "lib/math/normal_distribution.h"
#include "tests/math/lane_functions.h"

namespace vime {
namespace {

using testing::Function;
using testing::LanesOfWidth4;
using testing::LaneTable;

constexpr double kInf = std::numeric_limits<double>::infinity();

// ---- References --------------------------------------------------------------------------------

// In the 64-bit significand of x86 these are good to a thousandth of an ulp of double.
long double ExpExcessReference(long double x) {
  if (std::abs(x) > 0.5L) return expm1l(x) - x;
  long double sum = 0, term = x;
  for (int n = 2; n < 30; ++n) sum += (term *= x / n);
  return sum;
}
long double SoftplusReference(long double x) {
  return std::max(x, 0.L) + log1pl(expl(-std::abs(x)));
}
long double InverseSoftplusReference(long double x) {
  return x < 1 ? logl(expm1l(x)) : x + log1pl(-expl(-x));
}
long double SigmoidReference(long double x) { return 1 / (1 + expl(-x)); }
long double LogSoftplusReference(long double x) {
  return x < -11000 ? x : logl(SoftplusReference(x));
}

struct Range {
  double low, high;
};

/// How accurate a function is claimed to be, in units of the last place of max(|f(x)|, floor).
struct Claim {
  const char* name;
  Function function;
  double (*of_double)(double);
  float (*of_float)(float);
  long double (*reference)(long double);
  Range double_range, float_range;
  double ulps;
  double floor = 0;
};

constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kMaxFloat = std::numeric_limits<float>::max();

#define VIME_FUNCTION(name) \
#name, Function::k##name, [](double x) { return name(x); }, [](float x) { return name(x); }
const Claim kClaims[] = {
    {VIME_FUNCTION(Exp), expl, {-708, 709}, {-87, 88}, 1.2},
    {VIME_FUNCTION(Expm1), expm1l, {-kMax, 709}, {-kMaxFloat, 88}, 2.2},
    {VIME_FUNCTION(ExpExcess), ExpExcessReference, {-kMax, 709}, {-kMaxFloat, 88}, 14},
    {VIME_FUNCTION(Log), logl, {0x1p-1074, kMax}, {0x1p-149, kMaxFloat}, 1.2},
    {VIME_FUNCTION(Log1p), log1pl, {-1 + 0x1p-53, kMax}, {-1 + 0x1p-24, kMaxFloat}, 1.7},
    {VIME_FUNCTION(Tanh), tanhl, {-kMax, kMax}, {-kMaxFloat, kMaxFloat}, 2.7},
    {VIME_FUNCTION(Softplus), SoftplusReference, {-708, kMax}, {-87, kMaxFloat}, 2.2},
    {VIME_FUNCTION(InverseSoftplus),
     InverseSoftplusReference,
     {0x1p-1074, kMax},
     {0x1p-149, kMaxFloat},
     1.6,
     1},
    {VIME_FUNCTION(Sigmoid), SigmoidReference, {-708, kMax}, {-87, kMaxFloat}, 2.6},
    {VIME_FUNCTION(LogSoftplus),
     LogSoftplusReference,
     {-kMax, kMax},
     {-kMaxFloat, kMaxFloat},
     2.2,
     1},
    {VIME_FUNCTION(Sin), sinl, {-0x1p20, 0x1p20}, {-0x1p12, 0x1p12}, 2.7},
    {VIME_FUNCTION(Cos), cosl, {-0x1p20, 0x1p20}, {-0x1p12, 0x1p12}, 2.7},
};
#undef VIME_FUNCTION

// ---- Points ------------------------------------------------------------------------------------

/// Adds x and its nearest neighbours when they lie in the range.
template <class T>
void AddNeighbourhood(T x, T low, T high, std::vector<T>& points) {
  T below = x, above = x;
  for (int i = 0; i < 6; ++i) {
    for (const T p : {below, above}) {
      if (p >= low && p <= high) points.push_back(p);
    }
    below = std::nextafter(below, -std::numeric_limits<T>::infinity());
    above = std::nextafter(above, std::numeric_limits<T>::infinity());
  }
}

/// Dense random points of the range, on a linear and on a logarithmic scale down to the subnormal
/// numbers, and the neighbourhoods of the places where a formula changes.
template <class T>
std::vector<T> Points(const Range& range) {
  Rng rng({1, Stream::kTest, 0, 0});
  const T low = static_cast<T>(range.low), high = static_cast<T>(range.high);
  std::vector<T> points;
  constexpr int kCount = 60000;
  for (int i = 0; i < kCount; ++i) {
    for (const T bound : {T(800), T(40), T(1)}) {
      const T a = std::max(low, -bound), b = std::min(high, bound);
      points.push_back(static_cast<T>(rng.Uniform(double{a}, double{b})));
    }
    const double exponent = rng.Uniform(std::log2(double{std::numeric_limits<T>::denorm_min()}),
                                        std::log2(double{std::numeric_limits<T>::max()}));
    const T magnitude = static_cast<T>(std::exp2(exponent) * (1 - 1e-9));
    for (const T p : {magnitude, -magnitude}) {
      if (p >= low && p <= high) points.push_back(p);
    }
    const T wide_low = std::max(low, T(-1e6)), wide_high = std::min(high, T(1e6));
    points.push_back(static_cast<T>(rng.Uniform(double{wide_low}, double{wide_high})));
  }
  for (const T p : {low, high, std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::min(),
                    T(0), T(1), T(2), T(0.5), T(10), T(17), T(20), T(40), T(1e-3), T(0.54132485)}) {
    AddNeighbourhood(p, low, high, points);
    AddNeighbourhood(-p, low, high, points);
  }
  for (int e = std::numeric_limits<T>::min_exponent; e < std::numeric_limits<T>::max_exponent;
       ++e) {
    for (const double m : {0.5, 0.70710678118654752, -0.5, -0.70710678118654752}) {
      AddNeighbourhood(static_cast<T>(std::ldexp(m, e)), low, high, points);
    }
  }
  for (int k = -2100; k <= 2100; ++k) {
    AddNeighbourhood(static_cast<T>(k * 0.34657359027997264), low, high, points);
    AddNeighbourhood(static_cast<T>(k * 0.78539816339744831), low, high, points);
    AddNeighbourhood(static_cast<T>(k * 997 * 0.78539816339744831), low, high, points);
  }
  points.resize((points.size() + 15) / 16 * 16, points[0]);
  return points;
}

/// The distance of neighbouring numbers T at magnitude y.
template <class T>
long double UlpAt(long double y) {
  const int exponent = std::max(std::ilogb(y), std::numeric_limits<T>::min_exponent - 1);
  return std::ldexp(1.0L, exponent - (std::numeric_limits<T>::digits - 1));
}

template <class T>
double MaxUlps(const Claim& claim, const std::vector<T>& x, const std::vector<T>& y, T& worst) {
  double max_ulps = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double expected = claim.reference(x[i]);
    const long double magnitude =
        std::max(std::abs(expected), static_cast<long double>(claim.floor));
    long double error = std::abs(y[i] - expected);
    if (magnitude > 0) error /= UlpAt<T>(magnitude);
    // Written so that a NaN becomes an error.
    if (!(error <= max_ulps)) {
      max_ulps = std::isnan(error) ? kInf : static_cast<double>(error);
      worst = x[i];
      if (max_ulps == kInf) break;
    }
  }
  return max_ulps;
}

TEST_CASE("Elementary functions of double have the accuracy that their comments state") {
  for (const Claim& claim : kClaims) {
    const std::vector<double> x = Points<double>(claim.double_range);
    std::vector<double> y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) y[i] = claim.of_double(x[i]);
    double worst = 0;
    const double ulps = MaxUlps(claim, x, y, worst);
    CAPTURE(std::string(claim.name));
    CAPTURE(ulps);
    CAPTURE(worst);
    CHECK(ulps <= claim.ulps);
  }
}

TEST_CASE("Elementary functions of float lanes have the accuracy that their comments state") {
  for (const Claim& claim : kClaims) {
    const std::vector<float> x = Points<float>(claim.float_range);
    std::vector<float> y(x.size());
    LanesOfWidth4().functions[static_cast<int>(claim.function)](x.data(), y.data(),
                                                                static_cast<int>(x.size()));
    float worst = 0;
    const double ulps = MaxUlps(claim, x, y, worst);
    CAPTURE(std::string(claim.name));
    CAPTURE(ulps);
    CAPTURE(worst);
    CHECK(ulps <= claim.ulps);
  }
}

// Zeros are equal whatever their sign, which no function here promises.
TEST_CASE_TEMPLATE("Elementary functions are right at the edges of their domains", T, double,
                   float) {
  const T inf = std::numeric_limits<T>::infinity();
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const T max = std::numeric_limits<T>::max();
  const T tiny = std::numeric_limits<T>::denorm_min();
  CHECK(Exp(T(0)) == 1);
  CHECK(Exp(-T(0)) == 1);
  CHECK(Exp(-inf) == 0);
  CHECK(Exp(inf) == inf);
  CHECK(Exp(-max) == 0);
  CHECK(Exp(max) == inf);
  CHECK(Exp(std::nextafter(Constants<T>::kExpLow, -inf)) == 0);
  CHECK(Exp(std::nextafter(Constants<T>::kExpHigh, inf)) == inf);
  CHECK(Exp(tiny) == 1);
  CHECK(Expm1(T(0)) == 0);
  CHECK(Expm1(-T(0)) == 0);
  CHECK(Expm1(tiny) == tiny);
  CHECK(Expm1(-tiny) == -tiny);
  CHECK(Expm1(-inf) == -1);
  CHECK(Expm1(inf) == inf);
  CHECK(ExpExcess(T(0)) == 0);
  CHECK(ExpExcess(tiny) == 0);
  CHECK(ExpExcess(inf) == inf);
  CHECK(ExpExcess(-inf) == inf);
  CHECK(Log(T(1)) == 0);
  CHECK(Log(T(0)) == -inf);
  CHECK(Log(-T(0)) == -inf);
  CHECK(Log(inf) == inf);
  CHECK(std::isnan(Log(-tiny)));
  CHECK(std::isnan(Log(T(-1))));
  CHECK(std::isnan(Log(-inf)));
  CHECK(Log1p(T(0)) == 0);
  CHECK(Log1p(-T(0)) == 0);
  CHECK(Log1p(tiny) == tiny);
  CHECK(Log1p(-tiny) == -tiny);
  CHECK(Log1p(T(-1)) == -inf);
  CHECK(Log1p(inf) == inf);
  CHECK(std::isnan(Log1p(T(-1.5))));
  CHECK(std::isnan(Log1p(-inf)));
  CHECK(Tanh(T(0)) == 0);
  CHECK(Tanh(tiny) == tiny);
  CHECK(Tanh(-tiny) == -tiny);
  CHECK(Tanh(inf) == 1);
  CHECK(Tanh(-inf) == -1);
  CHECK(Softplus(inf) == inf);
  CHECK(Softplus(-inf) == 0);
  CHECK(Softplus(max) == max);
  CHECK(InverseSoftplus(inf) == inf);
  CHECK(InverseSoftplus(T(0)) == -inf);
  CHECK(Sigmoid(T(0)) == T(0.5));
  CHECK(Sigmoid(inf) == 1);
  CHECK(Sigmoid(-inf) == 0);
  CHECK(LogSoftplus(inf) == inf);
  CHECK(LogSoftplus(-inf) == -inf);
  CHECK(LogSoftplus(-max) == -max);
  CHECK(Sin(T(0)) == 0);
  CHECK(Sin(tiny) == tiny);
  CHECK(Cos(T(0)) == 1);
  CHECK(Cos(tiny) == 1);
  CHECK(std::isnan(Sin(inf)));
  CHECK(std::isnan(Cos(-inf)));
#define VIME_CHECK_NAN(name) CHECK(std::isnan(name(nan)));
  VIME_FOR_EACH_FUNCTION(VIME_CHECK_NAN)
#undef VIME_CHECK_NAN
}

TEST_CASE("Sine and hyperbolic tangent are odd, cosine is even, to the last bit") {
  Rng rng({2, Stream::kTest, 0, 0});
  for (int i = 0; i < 10000; ++i) {
    const double x = rng.Uniform(0, i % 2 == 0 ? 3 : 1000);
    CHECK(Tanh(-x) == -Tanh(x));
    CHECK(Sin(-x) == -Sin(x));
    CHECK(Cos(-x) == Cos(x));
  }
}

std::vector<LaneTable> TablesOfThisProcessor() {
  std::vector<LaneTable> tables = {LanesOfWidth4()};
#ifdef VIME_TEST_WIDE_LANES
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    tables.push_back(testing::LanesOfWidth8());
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    tables.push_back(testing::LanesOfWidth16());
  }
#endif
  return tables;
}

TEST_CASE("Lanes of every width give the bits of the scalar functions, lane by lane") {
  // Half any bit pattern, special values included, half numbers of ordinary size.
  constexpr int kCount = 1 << 16;
  Rng rng({3, Stream::kTest, 0, 0});
  std::vector<float> x(kCount), y(kCount);
  for (int i = 0; i < kCount; ++i) {
    x[static_cast<std::size_t>(i)] = i % 2 == 0 ? FromBits(static_cast<std::int32_t>(rng.Bits()))
                                                : static_cast<float>(rng.Uniform(-20, 20));
  }
  float (*const scalar[])(float) = {
#define VIME_SCALAR(name) [](float v) { return name(v); },
      VIME_FOR_EACH_FUNCTION(VIME_SCALAR)
#undef VIME_SCALAR
  };
  for (const LaneTable& table : TablesOfThisProcessor()) {
    for (std::size_t f = 0; f < std::size(scalar); ++f) {
      table.functions[f](x.data(), y.data(), kCount);
      int differences = 0;
      for (std::size_t i = 0; i < kCount; ++i) {
        const float expected = scalar[f](x[i]);
        const bool both_nan = std::isnan(y[i]) && std::isnan(expected);
        if (!both_nan && BitsOf(y[i]) != BitsOf(expected)) ++differences;
      }
      CAPTURE(f);
      CHECK(differences == 0);
    }
  }
}

TEST_CASE("Sums over lanes have the same bits in every width, one at a time and many") {
  Rng rng({4, Stream::kTest, 0, 0});
  for (int round = 0; round < 100; ++round) {
    float x[16 * 16];
    for (float& value : x)
      value = static_cast<float>(std::exp2(rng.Uniform(-12, 12)) * rng.Normal());
    float expected[16];
    for (int i = 0; i < 16; ++i) {
      float halved[16];
      std::copy_n(x + 16 * i, 16, halved);
      for (int half = 8; half >= 1; half /= 2) {
        for (int lane = 0; lane < half; ++lane) halved[lane] += halved[lane + half];
      }
      expected[i] = halved[0];
    }
    for (const LaneTable& table : TablesOfThisProcessor()) {
      float each[16], together[16];
      table.sums(x, each, together);
      for (int i = 0; i < 16; ++i) {
        CHECK(BitsOf(each[i]) == BitsOf(expected[i]));
        CHECK(BitsOf(together[i]) == BitsOf(expected[i]));
      }
    }
  }
}

}  // namespace
}  // namespace vime
