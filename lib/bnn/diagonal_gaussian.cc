#include "lib/bnn/diagonal_gaussian.h"

#include "lib/core/check.h"

namespace vime {
namespace {

template <class T>
void CheckSizes(const DiagonalGaussian<T>& q, Index n) {
  VIME_CHECK(q.mean.size() == q.rho.size());
  VIME_CHECK(q.mean.size() == n);
}

/// a/b, with 0/0 = 0 for a sigma that underflowed.
template <class T>
double Quotient(T a, T b) {
  return a == T(0) ? 0.0 : double{a} / double{b};
}

}  // namespace

template <class T>
DiagonalGaussian<T> DiagonalGaussian<T>::FromStandardDeviation(const Vector<T>& mean,
                                                               const Vector<T>& stddev) {
  VIME_CHECK(mean.size() == stddev.size());
  DiagonalGaussian q{mean, Vector<T>(stddev.size())};
  for (Index i = 0; i < stddev.size(); ++i) {
    VIME_CHECK(stddev[i] > T(0));
    q.rho[i] = InverseSoftplus(stddev[i]);
  }
  return q;
}

template <class T>
Vector<T> DiagonalGaussian<T>::StandardDeviation() const {
  Vector<T> sigma(rho.size());
  for (Index i = 0; i < rho.size(); ++i) sigma[i] = Softplus(rho[i]);
  return sigma;
}

template <class T>
double LogDensity(const DiagonalGaussian<T>& q, const Vector<T>& x) {
  CheckSizes(q, x.size());
  double sum = 0;
  for (Index i = 0; i < x.size(); ++i) {
    const double z = Quotient(x[i] - q.mean[i], Softplus(q.rho[i]));
    sum -= kHalfLog2Pi + double{LogSoftplus(q.rho[i])} + 0.5 * z * z;
  }
  return sum;
}

template <class T>
Vector<T> Sample(const DiagonalGaussian<T>& q, Rng& rng) {
  CheckSizes(q, q.size());
  Vector<T> x(q.size());
  for (Index i = 0; i < x.size(); ++i) {
    x[i] = MulAdd(Softplus(q.rho[i]), static_cast<T>(rng.Normal()), q.mean[i]);
  }
  return x;
}

template <class T>
double KlDivergence(const DiagonalGaussian<T>& q, const DiagonalGaussian<T>& p) {
  CheckSizes(q, p.size());
  CheckSizes(p, p.size());
  double sum = 0;
  for (Index i = 0; i < p.size(); ++i) {
    sum += double{KlOfChange(p.rho[i], q.mean[i] - p.mean[i], q.rho[i] - p.rho[i])};
  }
  return sum;
}

template <class T>
double Entropy(const DiagonalGaussian<T>& q) {
  CheckSizes(q, q.size());
  double sum = 0;
  for (Index i = 0; i < q.size(); ++i) sum += kHalfLog2Pi + 0.5 + double{LogSoftplus(q.rho[i])};
  return sum;
}

template <class T>
DiagonalHessian<T> KlHessian(const DiagonalGaussian<T>& q) {
  CheckSizes(q, q.size());
  DiagonalHessian<T> h{Vector<T>(q.size()), Vector<T>(q.size())};
  for (Index i = 0; i < q.size(); ++i) {
    const T precision_root = T(1) / Softplus(q.rho[i]);
    const T slope = SoftplusLogSlope(q.rho[i]);
    h.mean[i] = precision_root * precision_root;
    h.rho[i] = T(2) * slope * slope;
  }
  return h;
}

template <class T>
double TaylorKl(const DiagonalGaussian<T>& q, const Vector<T>& delta_mean,
                const Vector<T>& delta_rho) {
  CheckSizes(q, delta_mean.size());
  CheckSizes(q, delta_rho.size());
  double sum = 0;
  for (Index i = 0; i < q.size(); ++i) {
    const double shift = Quotient(delta_mean[i], Softplus(q.rho[i]));
    const double stretch = double{delta_rho[i]} * double{SoftplusLogSlope(q.rho[i])};
    sum += 0.5 * shift * shift + stretch * stretch;
  }
  return sum;
}

#define VIME_INSTANTIATE(T)                                                             \
  template struct DiagonalGaussian<T>;                                                  \
  template double LogDensity(const DiagonalGaussian<T>&, const Vector<T>&);             \
  template Vector<T> Sample(const DiagonalGaussian<T>&, Rng&);                          \
  template double KlDivergence(const DiagonalGaussian<T>&, const DiagonalGaussian<T>&); \
  template double Entropy(const DiagonalGaussian<T>&);                                  \
  template DiagonalHessian<T> KlHessian(const DiagonalGaussian<T>&);                    \
  template double TaylorKl(const DiagonalGaussian<T>&, const Vector<T>&, const Vector<T>&);
VIME_INSTANTIATE(double)
VIME_INSTANTIATE(float)
#undef VIME_INSTANTIATE

}  // namespace vime
