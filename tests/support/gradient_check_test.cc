#include "tests/support/gradient_check.h"

#include <doctest/doctest.h>

#include <cmath>

namespace vime::testing {
namespace {

double Function(const VectorXd& x) { return std::sin(x[0]) * x[1] * x[1] + std::exp(x[1]); }

VectorXd Derivative(const VectorXd& x) {
  return VectorXd{{std::cos(x[0]) * x[1] * x[1], 2 * std::sin(x[0]) * x[1] + std::exp(x[1])}};
}

TEST_CASE("The gradient check accepts a right derivative and rejects wrong ones") {
  const VectorXd x{{0.7, -1.3}};
  VectorXd gradient = Derivative(x);
  CHECK(GradientError(Function, x, gradient) < 1e-9);
  gradient[1] *= 1 + 1e-4;
  CHECK(GradientError(Function, x, gradient) > 1e-6);
  CHECK(GradientError(Function, x, -Derivative(x)) > 1);
  CHECK(GradientError(Function, x, Derivative(x).reverse()) > 0.1);
}

TEST_CASE("Second central differences give the Hessian") {
  const VectorXd x{{0.7, -1.3}};
  const MatrixXd expected{{-std::sin(x[0]) * x[1] * x[1], 2 * std::cos(x[0]) * x[1]},
                          {2 * std::cos(x[0]) * x[1], 2 * std::sin(x[0]) + std::exp(x[1])}};
  CHECK(MaxError(NumericalHessian(Function, x), expected) < 1e-6);
}

}  // namespace
}  // namespace vime::testing
