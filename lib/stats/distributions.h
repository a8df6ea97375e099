// Distribution functions and their inverses, computed by Boost.Math.
#pragma once

namespace vime {

/// The z with P(Z <= z) = p for a standard normal Z, 0 < p < 1. For P(Z <= z) itself see
/// lib/math/normal_distribution.h.
double NormalQuantile(double p);

/// P(T <= t) for Student's t with `df` > 0 degrees of freedom, which need not be whole.
double StudentTCdf(double t, double df);

/// The t with P(T <= t) = p, for 0 < p < 1.
double StudentTQuantile(double p, double df);

/// P(T <= t) for the noncentral t, (Z + noncentrality) / sqrt(chi^2_df / df).
double NoncentralTCdf(double t, double df, double noncentrality);

/// P(K <= k) for k >= 0 successes in n trials of probability p.
double BinomialCdf(int k, int n, double p);

}  // namespace vime
