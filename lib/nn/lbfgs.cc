#include "lib/nn/lbfgs.h"

#include <lbfgs.h>

#include <cmath>
#include <exception>
#include <limits>

#include "lib/core/check.h"
#include "lib/core/statistics.h"

namespace vime {
namespace {

// What libLBFGS hands through its callbacks.
struct Problem {
  const Objective& f;
  VectorXd x, gradient;
  LbfgsReport report;
  std::exception_ptr failure;  // C code is not to be unwound
};

lbfgsfloatval_t Evaluate(void* instance, const lbfgsfloatval_t* x, lbfgsfloatval_t* gradient, int n,
                         lbfgsfloatval_t /*step*/) {
  auto& problem = *static_cast<Problem*>(instance);
  if (problem.failure) return std::numeric_limits<double>::infinity();
  problem.x = Eigen::Map<const VectorXd>(x, n);
  double value = std::numeric_limits<double>::infinity();
  try {
    value = problem.f(problem.x, problem.gradient);
  } catch (...) {
    problem.failure = std::current_exception();
  }
  Eigen::Map<VectorXd>(gradient, n) = problem.gradient;
  // The backtracking line search halves its step for as long as f is too large.
  return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
}

int Progress(void* instance, const lbfgsfloatval_t* /*x*/, const lbfgsfloatval_t* /*gradient*/,
             lbfgsfloatval_t /*value*/, lbfgsfloatval_t /*x_norm*/,
             lbfgsfloatval_t /*gradient_norm*/, lbfgsfloatval_t /*step*/, int /*n*/, int k,
             int /*evaluations*/) {
  static_cast<Problem*>(instance)->report.iterations = k;
  return 0;
}

}  // namespace

LbfgsReport MinimizeLbfgs(const Objective& f, int max_iterations, VectorXd& x) {
  VIME_CHECK(max_iterations >= 1);
  Problem problem{f, x, VectorXd::Zero(x.size()), {}, nullptr};
  double value = f(x, problem.gradient);
  if (!std::isfinite(value) || !std::isfinite(EuclideanNorm(problem.gradient))) {
    throw NumericalError("L-BFGS: the objective is not finite at its start");
  }
  lbfgs_parameter_t parameters;
  lbfgs_parameter_init(&parameters);
  parameters.max_iterations = max_iterations;
  parameters.linesearch = LBFGS_LINESEARCH_BACKTRACKING_STRONG_WOLFE;
  const VectorXd start = x;
  const int code = lbfgs(static_cast<int>(x.size()), x.data(), &value, Evaluate, Progress, &problem,
                         &parameters);
  if (problem.failure) std::rethrow_exception(problem.failure);
  problem.report.converged = code == LBFGS_SUCCESS || code == LBFGS_STOP ||
                             code == LBFGS_ALREADY_MINIMIZED || code == LBFGSERR_MAXIMUMITERATION;
  // After a failed line search libLBFGS restores the point before it.
  if (!std::isfinite(EuclideanNorm(x))) x = start;
  return problem.report;
}

}  // namespace vime
