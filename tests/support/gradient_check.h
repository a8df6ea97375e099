// Derivatives by central differences, to check derivatives that were derived by hand.
#pragma once

#include <algorithm>
#include <functional>

#include "lib/core/types.h"

namespace vime::testing {

using ScalarFunction = std::function<double(const VectorXd&)>;

/// df/dx_i by (f(x + h e_i) - f(x - h e_i)) / 2h. The error is of order h^2 f''' + 1e-16 f / h.
inline VectorXd NumericalGradient(const ScalarFunction& f, VectorXd x, double h = 1e-5) {
  VectorXd gradient(x.size());
  for (Index i = 0; i < x.size(); ++i) {
    const double centre = x[i];
    x[i] = centre + h;
    const double above = f(x);
    x[i] = centre - h;
    const double below = f(x);
    x[i] = centre;
    gradient[i] = (above - below) / (2 * h);
  }
  return gradient;
}

/// d^2 f / dx_i dx_j by central differences in both directions, an error of order h^2.
inline MatrixXd NumericalHessian(const ScalarFunction& f, const VectorXd& x, double h = 1e-3) {
  MatrixXd hessian(x.size(), x.size());
  const auto at = [&](Index i, double di, Index j, double dj) {
    VectorXd y = x;
    y[i] += di;
    y[j] += dj;
    return f(y);
  };
  for (Index i = 0; i < x.size(); ++i) {
    for (Index j = 0; j <= i; ++j) {
      hessian(i, j) =
          (at(i, h, j, h) - at(i, h, j, -h) - at(i, -h, j, h) + at(i, -h, j, -h)) / (4 * h * h);
      hessian(j, i) = hessian(i, j);
    }
  }
  return hessian;
}

/// The largest deviation as a share of the largest entry of `expected` (of 1 when all are less
/// than 1e-3, so that a vanishing derivative is judged by its absolute error).
template <class A, class B>
double MaxError(const A& actual, const B& expected) {
  const double scale = expected.cwiseAbs().maxCoeff();
  return (actual - expected).cwiseAbs().maxCoeff() / (scale < 1e-3 ? 1.0 : scale);
}

/// How far a gradient is from central differences of f at x; below 1e-7 for a right one of a smooth
/// function of order 1.
inline double GradientError(const ScalarFunction& f, const VectorXd& x, const VectorXd& gradient,
                            double h = 1e-5) {
  return MaxError(gradient, NumericalGradient(f, x, h));
}

}  // namespace vime::testing
