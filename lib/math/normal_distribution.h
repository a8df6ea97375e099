// The standard normal distribution on numbers F: density and distribution function.
//
// Relative accuracy also far in the lower tail, without branches. Bounds are measured and tested
// in tests/math/normal_distribution_test.cc.
#pragma once

#include "lib/math/elementary.h"

namespace vime {

/// Coefficients c_0, c_1, ... of P(s) = e^{a^2/2} Phi(-a) / t with t = kCentre/(kCentre + a) and
/// s = 2 t - 1, and a bound on a beyond which e^{-a^2/2} is zero. P is the polynomial that
/// interpolates the exact function, evaluated with 50 digits (mpmath), at the Chebyshev nodes of
/// the interval of s that belongs to 0 <= a <= 38 (float: 13.25), rewritten in powers of s and
/// rounded once. The relative error of the fit is 4e-16 (float: 1.8e-8).
template <class T>
struct NormalTail;

template <>
struct NormalTail<double> {
  static constexpr double kCentre = 4.0;
  static constexpr double kBound = 40.0;
  static constexpr int kDegree = 20;
  static constexpr double kCoefficients[kDegree + 1] = {
      0.18882128260393782,   0.15197416049297205,   0.09678435018556799,    0.046630464490005504,
      0.015099143722091454,  0.0018850472392115125, -0.0008699230803997613, -0.00040770458427171985,
      3.3335971535471775e-5, 5.7773535962891203e-5, -4.7647649058806574e-7, -8.7854117931328492e-6,
      1.7711760804666661e-7, 1.4782922722918518e-6, -1.528041108427029e-7,  -2.5304283676548908e-7,
      6.1246066792162822e-8, 3.7192663531538914e-8, -1.5340370673513695e-8, -3.2513630097275175e-9,
      1.9017412131537385e-9,
  };
};

template <>
struct NormalTail<float> {
  static constexpr float kCentre = 2.5f;
  static constexpr float kBound = 16.0f;
  static constexpr int kDegree = 9;
  static constexpr float kCoefficients[kDegree + 1] = {
      0.282662664f,    0.1734768f,     0.0527947621f,    -0.00369428177f,  -0.00655416877f,
      0.000640017389f, 0.00100853285f, -0.000272938857f, -0.000123504099f, 6.21232423e-5f,
  };
};

/// e^{-a^2/2} for 0 <= a <= kBound, where rounding a^2 alone would cost a^2/4 ulp: with h = a
/// rounded to a sixteenth, a^2/2 = h^2/2 + (a - h)(a + h)/2, and h^2/2 is exact.
template <class F>
VIME_INLINE F ExpMinusHalfSquare(const F& a) {
  using T = ScalarOf<F>;
  using C = Constants<F>;
  const F h = (MulAdd(a, F(T(16)), F(C::kRound)) - F(C::kRound)) * F(T(0.0625));
  const F exact = h * h * F(T(0.5));
  const F rest = (a - h) * ((a + h) * F(T(0.5)));
  const F sum = exact + rest;
  const F lost = (exact - sum) + rest;
  // e^{-sum - lost} = scale (1 + p) (1 - lost)
  const ReducedExp<F> e = ReduceExp(Max(-sum, F(C::kExpLow)));
  const F y = MulAdd(e.scale, MulAdd(e.p, -lost, e.p - lost), e.scale);
  return Select(-sum < F(C::kExpLow), F(T(0)), y);
}

/// phi(x) = e^{-x^2/2} / sqrt(2 pi), with relative error below 1e-15 (float: 2.5e-7). Zero for |x|
/// beyond 37.6 (float: 13.1).
template <class F>
VIME_INLINE F NormalPdf(const F& x) {
  using T = ScalarOf<F>;
  const F a = Min(Abs(x), F(NormalTail<T>::kBound));
  return Select(x == x, ExpMinusHalfSquare(a) * F(T(0.39894228040143268)), x);
}

/// Phi(x) = P[Z <= x] for standard normal Z, with relative error below 2e-15 (float: 4e-7). Zero
/// below -37.6 (float: -13.1).
template <class F>
VIME_INLINE F NormalCdf(const F& x) {
  using T = ScalarOf<F>;
  using Tail = NormalTail<T>;
  const F a = Min(Abs(x), F(Tail::kBound));
  // t with the rounding error of kCentre + a taken back, to which the result is sensitive.
  const F sum = a + F(Tail::kCentre);
  const F lost = a - (sum - F(Tail::kCentre));
  const F quotient = F(Tail::kCentre) / sum;
  const F t = MulAdd(quotient * quotient, lost * F(-1 / Tail::kCentre), quotient);
  const F s = (t + t) - F(T(1));
  F p = F(Tail::kCoefficients[Tail::kDegree]);
#pragma GCC unroll 32
  for (int n = Tail::kDegree - 1; n >= 0; --n) p = MulAdd(p, s, F(Tail::kCoefficients[n]));
  const F tail = ExpMinusHalfSquare(a) * (t * p);
  return Select(x == x, Select(x > F(T(0)), F(T(1)) - tail, tail), x);
}

}  // namespace vime
