// L-BFGS (J. Nocedal, 1980), by libLBFGS.
#pragma once

#include <functional>

#include "lib/core/types.h"

namespace vime {

/// f(x); writes grad f(x) to `gradient`, which has as many entries as x.
using Objective = std::function<double(const VectorXd& x, VectorXd& gradient)>;

struct LbfgsReport {
  int iterations = 0;
  /// It stopped at a stationary point or at max_iterations; otherwise the line search found no
  /// better point (rounding errors of f, usually), and x is the best point so far.
  bool converged = true;
};

/// Descends from x, at most max_iterations line searches (1 or more). Throws NumericalError when f
/// or its gradient is not finite at the start; points beyond it where f is not finite are backed
/// away from.
LbfgsReport MinimizeLbfgs(const Objective& f, int max_iterations, VectorXd& x);

}  // namespace vime
