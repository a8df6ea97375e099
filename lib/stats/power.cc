#include "lib/stats/power.h"

#include <cmath>

#include "lib/core/check.h"
#include "lib/stats/distributions.h"

namespace vime {

double TwoSamplePower(double effect, int n, double alpha) {
  VIME_CHECK(n >= 2);
  const double df = 2.0 * n - 2;
  const double shift = effect * std::sqrt(n / 2.0);
  const double critical = StudentTQuantile(1 - alpha / 2, df);
  return 1 - NoncentralTCdf(critical, df, shift) + NoncentralTCdf(-critical, df, shift);
}

int SeedsForPower(double effect, double power, double alpha) {
  VIME_CHECK(effect > 0 && power < 1);
  int n = 2;
  while (TwoSamplePower(effect, n, alpha) < power) ++n;
  return n;
}

double DetectableEffect(int n, double power, double alpha) {
  double low = 0;
  double high = 1;
  while (TwoSamplePower(high, n, alpha) < power) high *= 2;
  for (int step = 0; step < 40; ++step) {
    const double middle = (low + high) / 2;
    (TwoSamplePower(middle, n, alpha) < power ? low : high) = middle;
  }
  return high;
}

}  // namespace vime
