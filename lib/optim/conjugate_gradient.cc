#include "lib/optim/conjugate_gradient.h"

#include "lib/core/statistics.h"

namespace vime {

VectorXd ConjugateGradient(const std::function<VectorXd(const VectorXd&)>& multiply,
                           const VectorXd& b, int max_iterations, double tolerance) {
  VectorXd x = VectorXd::Zero(b.size());
  VectorXd residual = b;
  VectorXd direction = b;
  double square = Dot(residual, residual);
  const double enough = tolerance * tolerance * square;
  for (int i = 0; i < max_iterations && square > enough; ++i) {
    const VectorXd image = multiply(direction);
    const double curvature = Dot(direction, image);
    if (!(curvature > 0)) break;
    const double step = square / curvature;
    x += step * direction;
    residual -= step * image;
    const double next_square = Dot(residual, residual);
    direction = residual + next_square / square * direction;
    square = next_square;
  }
  return x;
}

}  // namespace vime
