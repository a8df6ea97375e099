// A layer of gated recurrent units with a linear output, and the derivative products that policy
// gradients need, through all steps of a sequence. The equations are (5) to (8) of K. Cho et al.,
// "Learning phrase representations using RNN encoder-decoder for statistical machine translation",
// EMNLP 2014, with biases:
//   r_t  = sigmoid(W_r x_t + U_r h_{t-1} + b_r)       reset gate
//   z_t  = sigmoid(W_z x_t + U_z h_{t-1} + b_z)       update gate
//   h~_t = tanh(W x_t + U (r_t . h_{t-1}) + b)        candidate
//   h_t  = z_t . h_{t-1} + (1 - z_t) . h~_t,  h_0 = 0
//   y_t  = V h_t + b_y
// with . componentwise. In double precision; the loops are in lib/nn/gru_kernel.h.
#pragma once

#include <span>

#include "lib/core/types.h"

namespace vime {

struct GruView;

/// What a pass over a sequence of T steps leaves for its derivatives, one column per step.
struct GruTrace {
  MatrixXd inputs;     ///< x
  MatrixXd reset;      ///< r
  MatrixXd update;     ///< z
  MatrixXd candidate;  ///< h~
  MatrixXd hidden;     ///< h, from h_0 = 0 on: T + 1 columns
  MatrixXd outputs;    ///< y
};

/// Weights are one flat vector: reset gate, update gate, candidate, output. Each is a row-major
/// matrix with a row of weights per input and the biases last, as in lib/nn/mlp_kernel.h; the
/// inputs of the first three are x, then h.
class Gru {
 public:
  Gru(int num_inputs, int num_hidden, int num_outputs);

  int num_inputs() const { return num_inputs_; }
  int num_hidden() const { return num_hidden_; }
  int num_outputs() const { return num_outputs_; }
  Index num_weights() const { return 3 * GateWeights() + (num_hidden_ + 1) * num_outputs_; }

  /// One step: x, and h_{t-1} that becomes h_t. Writes y_t.
  void Step(const VectorXd& weights, std::span<const double> x, std::span<double> hidden,
            std::span<double> y) const;

  /// All steps from h_0 = 0: inputs is num_inputs x T.
  GruTrace Forward(const VectorXd& weights, const MatrixXd& inputs) const;

  /// The change of every y_t along a change `direction` of the weights, num_outputs x T.
  MatrixXd Jvp(const VectorXd& weights, const GruTrace& trace, const VectorXd& direction) const;

  /// Adds the gradient of sum_t cotangents_t . y_t with respect to the weights to `gradient`:
  /// backpropagation through time. cotangents is num_outputs x T.
  void Vjp(const VectorXd& weights, const GruTrace& trace, const MatrixXd& cotangents,
           std::span<double> gradient) const;

 private:
  GruView View(const VectorXd& weights) const;
  Index GateWeights() const { return Index{num_inputs_ + num_hidden_ + 1} * num_hidden_; }

  int num_inputs_, num_hidden_, num_outputs_;
};

}  // namespace vime
