// One step of Adam over a flat parameter vector.
#pragma once

#include "lib/math/lanes.h"

namespace vime {

/// m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2,
/// theta <- theta - rate m / (root_scale sqrt(v) + epsilon).
/// Kingma and Ba (2015): rate = lr/(1 - beta1^t), root_scale = 1/sqrt(1 - beta2^t).
template <class F>
void AdamKernel(std::int64_t n, ScalarOf<F>* theta, const ScalarOf<F>* gradient, ScalarOf<F>* m,
                ScalarOf<F>* v, ScalarOf<F> beta1, ScalarOf<F> beta2, ScalarOf<F> rate,
                ScalarOf<F> root_scale, ScalarOf<F> epsilon) {
  using T = ScalarOf<F>;
  for (std::int64_t i = 0; i < n; i += kLanes<F>) {
    const std::int64_t count = n - i;
    const F g = LoadSome<F>(gradient + i, count);
    const F m_new = MulAdd(F(beta1), LoadSome<F>(m + i, count), F(T(1) - beta1) * g);
    const F v_new = MulAdd(F(beta2), LoadSome<F>(v + i, count), F(T(1) - beta2) * g * g);
    StoreSome(m + i, m_new, count);
    StoreSome(v + i, v_new, count);
    const F step = F(rate) * m_new / MulAdd(F(root_scale), Sqrt(v_new), F(epsilon));
    StoreSome(theta + i, LoadSome<F>(theta + i, count) - step, count);
  }
}

}  // namespace vime
