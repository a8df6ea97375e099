#include "lib/nn/gru.h"

#include <algorithm>
#include <vector>

#include "lib/core/check.h"
#include "lib/kernels/kernels.h"
#include "lib/nn/gru_kernel.h"

namespace vime {
namespace {

// Kernels that only read a trace take it as they take one that they fill.
GruTraceView ViewOf(const GruTrace& trace) {
  const auto data = [](const MatrixXd& m) { return const_cast<double*>(m.data()); };
  return {.steps = trace.inputs.cols(),
          .inputs = trace.inputs.data(),
          .reset = data(trace.reset),
          .update = data(trace.update),
          .candidate = data(trace.candidate),
          .hidden = data(trace.hidden),
          .outputs = data(trace.outputs)};
}

std::vector<double> Scratch(const GruView& gru) {
  return std::vector<double>(static_cast<std::size_t>(GruScratchNumbers(gru)));
}

}  // namespace

Gru::Gru(int num_inputs, int num_hidden, int num_outputs)
    : num_inputs_(num_inputs), num_hidden_(num_hidden), num_outputs_(num_outputs) {
  VIME_CHECK(num_inputs >= 1 && num_hidden >= 1 && num_outputs >= 1);
}

GruView Gru::View(const VectorXd& weights) const {
  VIME_CHECK(weights.size() == num_weights());
  return {num_inputs_, num_hidden_, num_outputs_, weights.data()};
}

void Gru::Step(const VectorXd& weights, std::span<const double> x, std::span<double> hidden,
               std::span<double> y) const {
  const auto n = static_cast<std::size_t>(num_hidden_);
  std::vector<double> values(6 * n);  // h before and after, r, z, h~, and scratch
  double* const v = values.data();
  std::ranges::copy(hidden, v);
  GetKernels<float>().gru_forward(View(weights),
                                  {.steps = 1,
                                   .inputs = x.data(),
                                   .reset = v + 2 * n,
                                   .update = v + 3 * n,
                                   .candidate = v + 4 * n,
                                   .hidden = v,
                                   .outputs = y.data()},
                                  v + 5 * n);
  std::copy_n(v + n, n, hidden.begin());
}

GruTrace Gru::Forward(const VectorXd& weights, const MatrixXd& inputs) const {
  VIME_CHECK(inputs.rows() == num_inputs_);
  const Index steps = inputs.cols();
  GruTrace trace{.inputs = inputs,
                 .reset = MatrixXd(num_hidden_, steps),
                 .update = MatrixXd(num_hidden_, steps),
                 .candidate = MatrixXd(num_hidden_, steps),
                 .hidden = MatrixXd::Zero(num_hidden_, steps + 1),
                 .outputs = MatrixXd(num_outputs_, steps)};
  const GruView gru = View(weights);
  GetKernels<float>().gru_forward(gru, ViewOf(trace), Scratch(gru).data());
  return trace;
}

MatrixXd Gru::Jvp(const VectorXd& weights, const GruTrace& trace, const VectorXd& direction) const {
  VIME_CHECK(direction.size() == num_weights());
  MatrixXd changes(num_outputs_, trace.inputs.cols());
  const GruView gru = View(weights);
  GetKernels<float>().gru_jvp(gru, ViewOf(trace), direction.data(), changes.data(),
                              Scratch(gru).data());
  return changes;
}

void Gru::Vjp(const VectorXd& weights, const GruTrace& trace, const MatrixXd& cotangents,
              std::span<double> gradient) const {
  VIME_CHECK(static_cast<Index>(gradient.size()) == num_weights() &&
             cotangents.rows() == num_outputs_ && cotangents.cols() == trace.inputs.cols());
  const GruView gru = View(weights);
  GetKernels<float>().gru_vjp(gru, ViewOf(trace), cotangents.data(), gradient.data(),
                              Scratch(gru).data());
}

}  // namespace vime
