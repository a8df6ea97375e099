// What a change of (mean, rho) does to one Gaussian N(mean, softplus(rho)^2), on numbers F: double,
// or sixteen float lanes. No storage, so that kernels and DiagonalGaussian share it.
#pragma once

#include "lib/math/elementary.h"

namespace vime {

/// d log softplus(rho) / d rho = sigmoid(rho)/softplus(rho): 1 far below zero, 1/rho far above.
template <class F>
VIME_INLINE F SoftplusLogSlope(const F& rho) {
  using T = ScalarOf<F>;
  // sigmoid/softplus = 1 - e^rho/2 + ...: 1 to the last bit below -2 kTanhBound.
  return Select(rho < F(-2 * Constants<F>::kTanhBound), F(T(1)), Sigmoid(rho) / Softplus(rho));
}

/// log(softplus(rho + delta) / softplus(rho)), to a few ulp however small delta is.
template <class F>
VIME_INLINE F LogSoftplusRatio(const F& rho, const F& delta) {
  using T = ScalarOf<F>;
  // softplus(rho + delta) - softplus(rho) = log(1 + sigmoid(rho) (e^delta - 1)).
  const F change = Log1p(Sigmoid(rho) * Expm1(delta));
  F near = Log1p(change / Softplus(rho));
  near = Select(rho < F(-2 * Constants<F>::kTanhBound), delta, near);
  const auto is_far = Abs(delta) > F(T(1));
  if (!Any(is_far)) return near;
  return Select(is_far, LogSoftplus(rho + delta) - LogSoftplus(rho), near);
}

/// KL[N(m + delta_mean, softplus(rho + delta_rho)^2) || N(m, softplus(rho)^2)] =
///   1/2 (r - 1 - log r) + 1/2 (delta_mean/sigma)^2,   r = (sigma'/sigma)^2
/// as e^d - 1 - d with d = log r, so that neither part cancels for small changes.
template <class F>
VIME_INLINE F KlOfChange(const F& rho, const F& delta_mean, const F& delta_rho) {
  using T = ScalarOf<F>;
  const F log_ratio = LogSoftplusRatio(rho, delta_rho);
  const F shift = Select(delta_mean == F(T(0)), F(T(0)), delta_mean / Softplus(rho));
  return F(T(0.5)) * MulAdd(shift, shift, ExpExcess(log_ratio + log_ratio));
}

/// |delta_rho| up to which the series of KlOfSmallStretch are exact to the last digits of T.
template <class T>
inline constexpr T kSmallStretch = sizeof(T) == sizeof(float) ? T(0x1p-4) : T(0x1p-11);

/// u = sigma'/sigma - 1 = log1p(sigmoid(rho) expm1(delta_rho)) / sigma for
/// |delta_rho| <= kSmallStretch: every function is its Taylor series, cut where the next term is
/// about a unit in the last place. No division, no cancellation.
template <class F>
VIME_INLINE F SmallStretch(const F& sigmoid_rho, const F& inverse_sigma, const F& delta_rho) {
  using T = ScalarOf<F>;
  F expm1 = MulAdd(delta_rho, F(T(1.0 / 24)), F(T(1.0 / 6)));
  expm1 = MulAdd(delta_rho, expm1, F(T(0.5)));
  expm1 = MulAdd(delta_rho, expm1, F(T(1)));
  const F t = sigmoid_rho * delta_rho * expm1;
  F log1p = MulAdd(t, F(T(1.0 / 5)), F(T(-1.0 / 4)));
  log1p = MulAdd(t, log1p, F(T(1.0 / 3)));
  log1p = MulAdd(t, log1p, F(T(-0.5)));
  log1p = MulAdd(t, log1p, F(T(1)));
  return t * log1p * inverse_sigma;
}

/// KL[N(m, (1 + u)^2 sigma^2) || N(m, sigma^2)] = u + u^2/2 - log(1 + u) for such a u, likewise.
template <class F>
VIME_INLINE F KlOfSmallStretch(const F& u) {
  using T = ScalarOf<F>;
  F kl = MulAdd(u, F(T(1.0 / 6)), F(T(-1.0 / 5)));
  kl = MulAdd(u, kl, F(T(1.0 / 4)));
  kl = MulAdd(u, kl, F(T(-1.0 / 3)));
  kl = MulAdd(u, kl, F(T(1)));
  return u * u * kl;
}

}  // namespace vime
