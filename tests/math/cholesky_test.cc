#include "lib/math/cholesky.h"

#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <cmath>

#include "lib/core/rng.h"
#include "tests/support/gradient_check.h"

namespace vime {
namespace {

using testing::MaxError;

MatrixXd RandomMatrix(Rng& rng, Index rows, Index cols) {
  MatrixXd m(rows, cols);
  for (double& value : m.reshaped()) value = rng.Normal();
  return m;
}

TEST_CASE("L L^T is the matrix, and the solves invert L and its transpose") {
  Rng rng({1, Stream::kTest, 0, 0});
  for (const Index n : {1, 2, 7, 40}) {
    CAPTURE(n);
    const MatrixXd root = RandomMatrix(rng, n, n + 3);
    const MatrixXd a = root * root.transpose();
    const MatrixXd l = CholeskyFactor(a);
    CHECK(MaxError((l * l.transpose()).eval(), a) < 1e-13 * a.norm());
    CHECK(MaxError(l, Eigen::LLT<MatrixXd>(a).matrixL().toDenseMatrix()) < 1e-11 * a.norm());
    const VectorXd b = RandomMatrix(rng, n, 1);
    VectorXd x = b;
    SolveLower(l, x);
    CHECK(MaxError((l * x).eval(), b) < 1e-10);
    SolveLowerTransposed(l, x);
    CHECK(MaxError((a * x).eval(), b) < 1e-9 * a.norm() * x.norm());
  }
}

TEST_CASE("Only the lower triangle is read") {
  MatrixXd a(2, 2);
  a << 4, std::nan(""), 2, 5;
  MatrixXd l(2, 2);
  l << 2, 0, 1, 2;
  CHECK(CholeskyFactor(a) == l);
}

TEST_CASE("A matrix that is not positive definite leaves 0 or NaN on the diagonal") {
  MatrixXd a(2, 2);
  a << 1, 1, 1, 1;
  CHECK(CholeskyFactor(a)(1, 1) == 0);
  a << 1, 2, 2, 1;
  CHECK(std::isnan(CholeskyFactor(a)(1, 1)));
}

}  // namespace
}  // namespace vime
