// Conjugate gradients [Hestenes and Stiefel 1952].
#pragma once

#include <functional>

#include "lib/core/types.h"

namespace vime {

/// x with A x = b for a symmetric positive definite A, given only v -> A v: at most max_iterations
/// steps from x = 0, fewer once |A x - b| <= tolerance |b|. When a direction p has p^T A p <= 0 (A
/// is singular, or was rounded), the x before it is returned.
VectorXd ConjugateGradient(const std::function<VectorXd(const VectorXd&)>& multiply,
                           const VectorXd& b, int max_iterations, double tolerance);

}  // namespace vime
