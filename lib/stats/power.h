// How many seeds a comparison needs.
#pragma once

namespace vime {

/// The probability that a two-sided t test at level alpha sees a difference of `effect` standard
/// deviations with n normal values in each of two samples of equal variance:
///   P(|T| > t_{1 - alpha/2, df}),  T noncentral t with df = 2 n - 2 and noncentrality
///   effect sqrt(n / 2). For n >= 2.
double TwoSamplePower(double effect, int n, double alpha = 0.05);

/// The least n with TwoSamplePower >= power. For effect > 0.
int SeedsForPower(double effect, double power = 0.8, double alpha = 0.05);

/// The least effect, in standard deviations, that n values per sample see with that power. n >= 2.
double DetectableEffect(int n, double power = 0.8, double alpha = 0.05);

}  // namespace vime
