// Elementary functions on numbers F: double, or sixteen float lanes (lib/math/lanes.h).
//
// They are ours because the C library's differ in their last bits between processors and have no
// lanes. Built from correctly rounded +, -, *, /, sqrt only, they give the same bits everywhere.
// All series are plain Taylor series on a reduced argument, cut where the next term is below half
// a unit in the last place. The bounds stated in ulp hold for double and for float over the ranges
// tested in tests/math/elementary_test.cc: all numbers, or where the result is normal. NaN gives
// NaN; the sign of a zero is not promised.
#pragma once

#include "lib/math/lanes.h"

namespace vime {

/// Constants that depend on the precision.
template <class T>
struct MathConstants;

template <>
struct MathConstants<double> {
  // ln 2 and pi / 2 in parts whose trailing zeros make k * part exact (Cody and Waite, 1980).
  static constexpr double kLn2High = 6.93147180369123816490e-01;
  static constexpr double kLn2Low = 1.90821492927058770002e-10;
  static constexpr double kHalfPi1 = 1.57079632673412561417e+00;
  static constexpr double kHalfPi2 = 6.07710050630396597660e-11;
  static constexpr double kHalfPi3 = 2.02226624879595063154e-21;
  static constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to integer
  static constexpr double kExpLow = -708.0;
  static constexpr double kExpHigh = 709.0;
  static constexpr double kTanhBound = 20.0;
  static constexpr double kMinNormal = 2.2250738585072014e-308;
  static constexpr double kInfinity = __builtin_inf();
  static constexpr int kExpTerms = 13, kSinTerms = 8, kCosTerms = 8, kLogTerms = 11;
};

template <>
struct MathConstants<float> {
  static constexpr float kLn2High = 0.693359375f;
  static constexpr float kLn2Low = -2.12194440e-4f;
  // MulAdd is fused in float and needs no trailing zeros: three full-precision parts.
  static constexpr float kHalfPi1 = 1.57079637050628662e+00f;
  static constexpr float kHalfPi2 = -4.37113882867379289e-08f;
  static constexpr float kHalfPi3 = -1.71512448e-15f;
  static constexpr float kRound = 12582912.0f;  // 1.5 * 2^23
  static constexpr float kExpLow = -87.0f;
  static constexpr float kExpHigh = 88.0f;
  static constexpr float kTanhBound = 10.0f;
  static constexpr float kMinNormal = 1.17549435e-38f;
  static constexpr float kInfinity = __builtin_inff();
  static constexpr int kExpTerms = 7, kSinTerms = 4, kCosTerms = 5, kLogTerms = 5;
};

template <class F>
using Constants = MathConstants<ScalarOf<F>>;

/// 1 / n!
constexpr double InverseFactorial(int n) {
  double f = 1;
  for (int i = 2; i <= n; ++i) f *= i;
  return 1 / f;
}

/// e^x = scale (1 + p): scale = 2^k with k = round(x / ln 2), p = e^r - 1 for r = x - k ln 2, and
/// excess = p - r without cancellation.
template <class F>
struct ReducedExp {
  F scale, p, excess;
};

/// Requires kExpLow <= x <= kExpHigh.
template <class F>
VIME_INLINE ReducedExp<F> ReduceExp(const F& x) {
  using T = ScalarOf<F>;
  using C = Constants<F>;
  const F shifted = MulAdd(x, F(T(1.4426950408889634)), F(C::kRound));
  const F k = shifted - F(C::kRound);
  const F r = MulAdd(k, F(-C::kLn2Low), MulAdd(k, F(-C::kLn2High), x));
  // p = r + r^2 (1/2! + r/3! + ...)
  F q = F(T(InverseFactorial(C::kExpTerms)));
#pragma GCC unroll 16
  for (int n = C::kExpTerms - 1; n >= 2; --n) q = MulAdd(q, r, F(T(InverseFactorial(n))));
  // The low bits of `shifted` hold k; moved into the exponent field and added to 1.0 they are 2^k.
  const F scale = FromBits(
      WrappingAdd(ShiftLeft(BitsOf(shifted), NumberTraits<F>::kMantissaBits), BitsOf(F(T(1)))));
  return {scale, MulAdd(q * r, r, r), q * r * r};
}

/// e^x within 1.2 ulp. Zero below kExpLow (where the result would leave the normal numbers),
/// infinite above kExpHigh.
template <class F>
VIME_INLINE F Exp(const F& x) {
  using T = ScalarOf<F>;
  using C = Constants<F>;
  const F bounded = Min(F(C::kExpHigh), Max(F(C::kExpLow), x));  // in this order NaN stays NaN
  const ReducedExp<F> e = ReduceExp(bounded);
  F y = MulAdd(e.scale, e.p, e.scale);
  y = Select(x < F(C::kExpLow), F(T(0)), y);
  return Select(x > F(C::kExpHigh), F(C::kInfinity), y);
}

/// e^x - 1 without cancellation near 0, within 2.2 ulp.
template <class F>
VIME_INLINE F Expm1(const F& x) {
  using T = ScalarOf<F>;
  using C = Constants<F>;
  const F bounded = Min(F(C::kExpHigh), Max(F(C::kExpLow), x));  // in this order NaN stays NaN
  const ReducedExp<F> e = ReduceExp(bounded);
  F y = MulAdd(e.scale, e.p, e.scale - F(T(1)));
  return Select(x > F(C::kExpHigh), F(C::kInfinity), y);
}

/// 1/2 log(2 pi): a normal density is exp(-z^2/2 - kHalfLog2Pi) / sigma.
inline constexpr double kHalfLog2Pi = 0.91893853320467274178;

/// e^x - 1 - x without cancellation near 0, within 14 ulp.
template <class F>
VIME_INLINE F ExpExcess(const F& x) {
  using T = ScalarOf<F>;
  using C = Constants<F>;
  const F bounded = Min(F(C::kExpHigh), Max(F(C::kExpLow), x));  // in this order NaN stays NaN
  const ReducedExp<F> e = ReduceExp(bounded);
  // Where k = 0, r = x. Just beyond, at |x| = 0.35, a tenth of the terms remains.
  const F far = MulAdd(e.scale, e.p, (e.scale - F(T(1))) - x);
  F y = Select(e.scale == F(T(1)), e.excess, far);
  return Select(x > F(C::kExpHigh), F(C::kInfinity), y);
}

/// Natural logarithm of a positive normal number; no special cases.
/// x = 2^k m with m in [sqrt 1/2, sqrt 2); log m = 2 atanh(s), s = (m - 1)/(m + 1).
template <class F>
VIME_INLINE F LogNormal(const F& x) {
  using T = ScalarOf<F>;
  using I = IntOf<F>;
  using C = Constants<F>;
  constexpr int kBits = NumberTraits<F>::kMantissaBits;
  const I k = WrappingSub(BitsOf(x), BitsOf(F(T(0.70710678118654752)))) >> kBits;
  const F m = FromBits(WrappingSub(BitsOf(x), ShiftLeft(k, kBits)));
  const F f = m - F(T(1));
  const F s = f / (f + F(T(2)));
  const F z = s * s;
  F q = F(T(2.0 / (2 * C::kLogTerms + 1)));
#pragma GCC unroll 16
  for (int n = C::kLogTerms - 1; n >= 1; --n) q = MulAdd(q, z, F(T(2.0 / (2 * n + 1))));
  // log m = 2 s + s z q = f - s (f - z q): the form that keeps f exact (fdlibm's trick).
  const F kf = ToFloating(k);
  const F correction = MulAdd(kf, F(C::kLn2Low), s * MulAdd(z, q, -f));
  return MulAdd(kf, F(C::kLn2High), f + correction);
}

/// Natural logarithm within 1.2 ulp: -inf at 0, NaN below, subnormal numbers included.
template <class F>
VIME_INLINE F Log(const F& x) {
  using T = ScalarOf<F>;
  using C = Constants<F>;
  const auto tiny = x < F(C::kMinNormal);
  const F scaled = Select(tiny, x * F(T(18014398509481984.0)), x);  // 2^54
  F y = LogNormal(scaled) - Select(tiny, F(T(37.42994775023705)), F(T(0)));
  y = Select(x == F(C::kInfinity), x, y);
  y = Select(x == F(T(0)), F(-C::kInfinity), y);
  return Select(x >= F(T(0)), y, F(T(__builtin_nan(""))));
}

/// log(1 + x) without cancellation near 0, within 1.7 ulp: log(u) + (x - (u - 1))/u with u = 1 + x
/// rounded.
template <class F>
VIME_INLINE F Log1p(const F& x) {
  using T = ScalarOf<F>;
  using C = Constants<F>;
  const F u = x + F(T(1));
  const F lost = (x - (u - F(T(1)))) / u;
  const F y = Log(u) + Select(u > F(T(0)), lost, F(T(0)));
  return Select(x == F(C::kInfinity), x, y);
}

/// tanh x = t/(t + 2) with t = e^{2|x|} - 1, odd in x, within 2.7 ulp.
template <class F>
VIME_INLINE F Tanh(const F& x) {
  using T = ScalarOf<F>;
  const F a = Min(F(Constants<F>::kTanhBound), Abs(x));  // in this order NaN stays NaN
  const ReducedExp<F> e = ReduceExp(a + a);
  const F t = MulAdd(e.scale, e.p, e.scale - F(T(1)));
  return WithSign(t / (t + F(T(2))), x);
}

template <class F>
struct SoftplusResult {
  F value, slope;
};

/// log(1 + e^x) = max(x, 0) + log1p(e^{-|x|}) within 2.2 ulp, and its derivative
/// 1/(1 + e^-x) within 2.6 ulp; both are zero below kExpLow.
template <class F>
VIME_INLINE SoftplusResult<F> SoftplusWithSlope(const F& x) {
  using T = ScalarOf<F>;
  const F z = Exp(-Abs(x));
  // For z below half an ulp of 1, log1p(z) = z; the formula of Log1p reduces to that.
  const F u = z + F(T(1));
  return {Max(x, F(T(0))) + (LogNormal(u) + (z - (u - F(T(1)))) / u),
          Select(x < F(T(0)), z, F(T(1))) / u};
}
template <class F>
VIME_INLINE F Softplus(const F& x) {
  return SoftplusWithSlope(x).value;
}
/// The derivative of Softplus.
template <class F>
VIME_INLINE F Sigmoid(const F& x) {
  return SoftplusWithSlope(x).slope;
}

/// log(e^x - 1), the inverse of Softplus, for x > 0, within 1.6 ulp of max(|result|, 1).
template <class F>
VIME_INLINE F InverseSoftplus(const F& x) {
  using T = ScalarOf<F>;
  return Select(x < F(T(1)), Log(Expm1(x)), x + Log1p(-Exp(-x)));
}

/// log Softplus(x), also where Softplus underflows: x - e^x/2 far below 0. Within 2.2 ulp of
/// max(|result|, 1).
template <class F>
VIME_INLINE F LogSoftplus(const F& x) {
  using T = ScalarOf<F>;
  const F left = MulAdd(Exp(x), F(T(-0.5)), x);
  return Select(x < F(T(-17)), left, Log(Softplus(x)));
}

template <class F>
struct SinCosResult {
  F sin, cos;
};

/// Taylor series of sin r and cos r, accurate for |r| <= pi/4.
template <class F>
VIME_INLINE SinCosResult<F> SinCosReduced(const F& r) {
  using T = ScalarOf<F>;
  using C = Constants<F>;
  const F z = r * r;
  constexpr auto sign = [](int n) { return n % 2 == 0 ? 1.0 : -1.0; };
  F s = F(T(sign(C::kSinTerms) * InverseFactorial(2 * C::kSinTerms + 1)));
#pragma GCC unroll 16
  for (int n = C::kSinTerms - 1; n >= 1; --n) {
    s = MulAdd(s, z, F(T(sign(n) * InverseFactorial(2 * n + 1))));
  }
  F c = F(T(sign(C::kCosTerms) * InverseFactorial(2 * C::kCosTerms)));
#pragma GCC unroll 16
  for (int n = C::kCosTerms - 1; n >= 0; --n) {
    c = MulAdd(c, z, F(T(sign(n) * InverseFactorial(2 * n))));
  }
  return {MulAdd(s * z, r, r), c};
}

/// sin x and cos x within 2.7 ulp for |x| <= 2^20 (double) or 2^12 (float), also next to their
/// zeros; NaN for infinities.
template <class F>
VIME_INLINE SinCosResult<F> SinCos(const F& x) {
  using T = ScalarOf<F>;
  using I = IntOf<F>;
  using C = Constants<F>;
  const F shifted = MulAdd(x, F(T(0.63661977236758134)), F(C::kRound));
  const F k = shifted - F(C::kRound);
  F r = MulAdd(k, F(-C::kHalfPi1), x);
  r = MulAdd(k, F(-C::kHalfPi2), r);
  r = MulAdd(k, F(-C::kHalfPi3), r);
  const SinCosResult<F> reduced = SinCosReduced(r);
  // Quadrant q = k mod 4 from the low bits of `shifted`: odd quadrants swap sine and cosine.
  const I q = BitsOf(shifted) & I(3);
  const F qf = ToFloating(q);
  const auto swap = ToFloating(q & I(1)) > F(T(0.5));
  const F s = Select(swap, reduced.cos, reduced.sin);
  const F c = Select(swap, reduced.sin, reduced.cos);
  const F sine = Select(qf > F(T(1.5)), -s, s);
  const F cosine = Select(Abs(qf - F(T(1.5))) < F(T(1)), -c, c);
  return {sine, cosine};
}

template <class F>
VIME_INLINE F Sin(const F& x) {
  return SinCos(x).sin;
}

template <class F>
VIME_INLINE F Cos(const F& x) {
  return SinCos(x).cos;
}

}  // namespace vime
