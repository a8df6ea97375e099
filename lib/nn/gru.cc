#include "lib/nn/gru.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/core/check.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

using Numbers = std::span<const double>;

Numbers Column(const MatrixXd& matrix, Index t) {
  return {matrix.col(t).data(), static_cast<std::size_t>(matrix.rows())};
}
std::span<double> Column(MatrixXd& matrix, Index t) {
  return {matrix.col(t).data(), static_cast<std::size_t>(matrix.rows())};
}

// sum_j += in_i w_ij over all i; w is row-major.
void AddProduct(const double* w, Numbers in, std::span<double> sum) {
  for (std::size_t i = 0; i < in.size(); ++i) {
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += in[i] * w[i * sum.size() + j];
  }
}

// out = W x + U h + b.
void Affine(const double* w, Numbers x, Numbers h, std::span<double> out) {
  const double* u = w + x.size() * out.size();
  const double* bias = u + h.size() * out.size();
  std::copy_n(bias, out.size(), out.begin());
  AddProduct(w, x, out);
  AddProduct(u, h, out);
}

// Given the gradient `delta` of something with respect to out of Affine, adds those with respect to
// the weights and to h.
void AffineVjp(const double* w, Numbers x, Numbers h, Numbers delta, double* weight_gradient,
               std::span<double> h_gradient) {
  const std::size_t out = delta.size();
  const double* u = w + x.size() * out;
  const auto add_outer = [&](Numbers in) {
    for (const double value : in) {
      for (std::size_t j = 0; j < out; ++j) weight_gradient[j] += value * delta[j];
      weight_gradient += out;
    }
  };
  add_outer(x);
  add_outer(h);
  for (std::size_t j = 0; j < out; ++j) weight_gradient[j] += delta[j];
  for (std::size_t i = 0; i < h.size(); ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < out; ++j) sum += u[i * out + j] * delta[j];
    h_gradient[i] += sum;
  }
}

// Where a step leaves its values.
struct StepValues {
  std::span<double> reset, update, candidate, hidden, y;
};

void Advance(const double* w, std::int64_t gate, Numbers x, Numbers before, const StepValues& step,
             std::span<double> gated) {
  const std::size_t n = before.size();
  Affine(w, x, before, step.reset);
  Affine(w + gate, x, before, step.update);
  for (std::size_t j = 0; j < n; ++j) {
    step.reset[j] = Sigmoid(step.reset[j]);
    step.update[j] = Sigmoid(step.update[j]);
    gated[j] = step.reset[j] * before[j];
  }
  Affine(w + 2 * gate, x, gated, step.candidate);
  for (std::size_t j = 0; j < n; ++j) {
    step.candidate[j] = Tanh(step.candidate[j]);
    step.hidden[j] = step.update[j] * before[j] + (1 - step.update[j]) * step.candidate[j];
  }
  Affine(w + 3 * gate, {}, step.hidden, step.y);
}

}  // namespace

Gru::Gru(int num_inputs, int num_hidden, int num_outputs)
    : num_inputs_(num_inputs), num_hidden_(num_hidden), num_outputs_(num_outputs) {
  VIME_CHECK(num_inputs >= 1 && num_hidden >= 1 && num_outputs >= 1);
}

void Gru::Step(const VectorXd& weights, std::span<const double> x, std::span<double> hidden,
               std::span<double> y) const {
  VIME_CHECK(weights.size() == num_weights());
  const auto n = static_cast<std::size_t>(num_hidden_);
  std::vector<double> values(5 * n);
  const auto part = [&](std::size_t i) { return std::span<double>(values).subspan(i * n, n); };
  std::ranges::copy(hidden, part(0).begin());
  Advance(weights.data(), GateWeights(), x, part(0), {part(1), part(2), part(3), hidden, y},
          part(4));
}

GruTrace Gru::Forward(const VectorXd& weights, const MatrixXd& inputs) const {
  VIME_CHECK(weights.size() == num_weights() && inputs.rows() == num_inputs_);
  const Index steps = inputs.cols();
  GruTrace trace{.inputs = inputs,
                 .reset = MatrixXd(num_hidden_, steps),
                 .update = MatrixXd(num_hidden_, steps),
                 .candidate = MatrixXd(num_hidden_, steps),
                 .hidden = MatrixXd::Zero(num_hidden_, steps + 1),
                 .outputs = MatrixXd(num_outputs_, steps)};
  std::vector<double> gated(static_cast<std::size_t>(num_hidden_));
  for (Index t = 0; t < steps; ++t) {
    Advance(weights.data(), GateWeights(), Column(inputs, t),
            Column(std::as_const(trace.hidden), t),
            {Column(trace.reset, t), Column(trace.update, t), Column(trace.candidate, t),
             Column(trace.hidden, t + 1), Column(trace.outputs, t)},
            gated);
  }
  return trace;
}

MatrixXd Gru::Jvp(const VectorXd& weights, const GruTrace& trace, const VectorXd& direction) const {
  VIME_CHECK(weights.size() == num_weights() && direction.size() == num_weights());
  const auto n = static_cast<std::size_t>(num_hidden_);

  const Index gate = GateWeights();
  const Index steps = trace.inputs.cols();
  MatrixXd dy(num_outputs_, steps);
  std::vector<double> dh(n), dr(n), dz(n), dc(n), gated(n), dgated(n);
  // d(W x + U h + b) = dW x + dU h + db + U dh
  const auto affine = [&](Index begin, Numbers x, Numbers h, Numbers h_change,
                          std::span<double> out) {
    Affine(direction.data() + begin, x, h, out);
    AddProduct(weights.data() + begin + static_cast<Index>(x.size() * out.size()), h_change, out);
  };
  for (Index t = 0; t < steps; ++t) {
    const Numbers x = Column(trace.inputs, t);
    const Numbers before = Column(trace.hidden, t);
    const Numbers r = Column(trace.reset, t);
    const Numbers z = Column(trace.update, t);
    const Numbers c = Column(trace.candidate, t);
    affine(0, x, before, dh, dr);
    affine(gate, x, before, dh, dz);
    for (std::size_t j = 0; j < n; ++j) {
      dr[j] *= r[j] * (1 - r[j]);
      dz[j] *= z[j] * (1 - z[j]);
      gated[j] = r[j] * before[j];
      dgated[j] = dr[j] * before[j] + r[j] * dh[j];
    }
    affine(2 * gate, x, gated, dgated, dc);
    for (std::size_t j = 0; j < n; ++j) {
      dc[j] *= 1 - c[j] * c[j];
      dh[j] = dz[j] * (before[j] - c[j]) + z[j] * dh[j] + (1 - z[j]) * dc[j];
    }
    affine(3 * gate, {}, Column(trace.hidden, t + 1), dh, Column(dy, t));
  }
  return dy;
}

void Gru::Vjp(const VectorXd& weights, const GruTrace& trace, const MatrixXd& cotangents,
              std::span<double> gradient) const {
  VIME_CHECK(weights.size() == num_weights() &&
             static_cast<Index>(gradient.size()) == num_weights());
  const auto n = static_cast<std::size_t>(num_hidden_);
  const Index gate = GateWeights();
  const double* w = weights.data();
  // Gradients with respect to h_t, to h_{t-1}, to what enters r, z and h~, and to r . h_{t-1}.
  std::vector<double> dh(n), dbefore(n), dr(n), dz(n), dc(n), gated(n), dgated(n);
  for (Index t = trace.inputs.cols() - 1; t >= 0; --t) {
    const Numbers x = Column(trace.inputs, t);
    const Numbers before = Column(trace.hidden, t);
    const Numbers r = Column(trace.reset, t);
    const Numbers z = Column(trace.update, t);
    const Numbers c = Column(trace.candidate, t);
    AffineVjp(w + 3 * gate, {}, Column(trace.hidden, t + 1), Column(cotangents, t),
              gradient.data() + 3 * gate, dh);
    for (std::size_t j = 0; j < n; ++j) {
      dz[j] = dh[j] * (before[j] - c[j]) * z[j] * (1 - z[j]);
      dc[j] = dh[j] * (1 - z[j]) * (1 - c[j] * c[j]);
      dbefore[j] = dh[j] * z[j];
      gated[j] = r[j] * before[j];
      dgated[j] = 0;
    }
    AffineVjp(w + 2 * gate, x, gated, dc, gradient.data() + 2 * gate, dgated);
    for (std::size_t j = 0; j < n; ++j) {
      dr[j] = dgated[j] * before[j] * r[j] * (1 - r[j]);
      dbefore[j] += dgated[j] * r[j];
    }
    AffineVjp(w, x, before, dr, gradient.data(), dbefore);
    AffineVjp(w + gate, x, before, dz, gradient.data() + gate, dbefore);
    dh.swap(dbefore);
  }
}

}  // namespace vime
