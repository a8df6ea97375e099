#include "lib/math/elementary.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "lib/core/rng.h"
#include "lib/math/normal_distribution.h"
#include "tests/math/lane_functions.h"

namespace vime {
namespace {

using testing::Function;
using testing::LaneEvaluator;
using testing::LaneEvaluatorsWidth4;

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

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
  double double_ulps, float_ulps;
  double floor = 0;
};

constexpr double kMax = std::numeric_limits<double>::max();
constexpr double kMaxFloat = std::numeric_limits<float>::max();

#define VIME_FUNCTION(name) \
#name, Function::k##name, [](double x) { return name(x); }, [](float x) { return name(x); }
const Claim kClaims[] = {
    {VIME_FUNCTION(Exp), expl, {-708, 709}, {-87, 88}, 9, 9},
    {VIME_FUNCTION(Expm1), expm1l, {-kMax, 709}, {-kMaxFloat, 88}, 9, 9},
    {VIME_FUNCTION(ExpExcess), ExpExcessReference, {-kMax, 709}, {-kMaxFloat, 88}, 9, 9},
    {VIME_FUNCTION(Log), logl, {0x1p-1074, kMax}, {0x1p-149, kMaxFloat}, 9, 9},
    {VIME_FUNCTION(Log1p), log1pl, {-1 + 0x1p-53, kMax}, {-1 + 0x1p-24, kMaxFloat}, 9, 9},
    {VIME_FUNCTION(Tanh), tanhl, {-kMax, kMax}, {-kMaxFloat, kMaxFloat}, 9, 9},
    {VIME_FUNCTION(Softplus), SoftplusReference, {-708, kMax}, {-87, kMaxFloat}, 9, 9},
    {VIME_FUNCTION(InverseSoftplus),
     InverseSoftplusReference,
     {0x1p-1074, kMax},
     {0x1p-149, kMaxFloat},
     9,
     9,
     1},
    {VIME_FUNCTION(Sigmoid), SigmoidReference, {-708, kMax}, {-87, kMaxFloat}, 9, 9},
    {VIME_FUNCTION(LogSoftplus),
     LogSoftplusReference,
     {-kMax, kMax},
     {-kMaxFloat, kMaxFloat},
     9,
     9,
     1},
    {VIME_FUNCTION(Sin), sinl, {-0x1p20, 0x1p20}, {-0x1p12, 0x1p12}, 9, 9},
    {VIME_FUNCTION(Cos), cosl, {-0x1p20, 0x1p20}, {-0x1p12, 0x1p12}, 9, 9},
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
    CAPTURE(claim.name);
    CAPTURE(ulps);
    CAPTURE(worst);
    CHECK(ulps <= claim.double_ulps);
    MESSAGE(std::string(claim.name) << " double " << ulps << " at " << worst);
  }
}

TEST_CASE("Elementary functions of float lanes have the accuracy that their comments state") {
  for (const Claim& claim : kClaims) {
    const std::vector<float> x = Points<float>(claim.float_range);
    std::vector<float> y(x.size());
    LaneEvaluatorsWidth4()[static_cast<int>(claim.function)](x.data(), y.data(),
                                                             static_cast<int>(x.size()));
    float worst = 0;
    const double ulps = MaxUlps(claim, x, y, worst);
    CAPTURE(claim.name);
    CAPTURE(ulps);
    CAPTURE(worst);
    CHECK(ulps <= claim.float_ulps);
    MESSAGE(std::string(claim.name) << " float " << ulps << " at " << worst);
  }
}

}  // namespace
}  // namespace vime
