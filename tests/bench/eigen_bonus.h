// The competitor: the Taylor information gain of one hidden relu layer by local reparameterisation,
// in plain Eigen. The same algebra as lib/bnn, written the way that Eigen makes fast: sixty-four
// transitions at a time, one column per feature, matrix products for the layers and array
// expressions over transitions for the rest.
//
// An includer that compiles this for one instruction set renames the namespace Eigen first, so that
// the linker cannot mix the copies.
#pragma once

#include <Eigen/Core>

#include "tests/bench/per_isa.h"

namespace vime::testing {
namespace {

/// See EigenBonusTask. For notation see lib/bnn/network_kernels.h.
void EigenInformationGain(const EigenBonusTask& task) {
  using Eigen::ArrayXXf;
  using Eigen::Map;
  using Eigen::MatrixXf;
  using RowMajor = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Rows = Eigen::Array<float, kEigenRows, 1>;
  constexpr int kPack = 16;  // transitions whose weight gradients stay in registers
  using Pack = Map<const Eigen::Array<float, kPack, 1>>;

  const NetworkView<float>& net = task.net;
  const int in = net.sizes[0] + 1;
  const int hidden = net.sizes[1];
  const int out = net.sizes[2];
  const int samples = task.samples;
  const int units = hidden + out;
  const int second = in * hidden;  // first parameter of the second layer
  const MatrixXf mu1 = Map<const RowMajor>(net.mean, in, hidden).matrix();
  const MatrixXf var1 = Map<const RowMajor>(net.variance, in, hidden).matrix();
  const MatrixXf fourth1 = var1.cwiseAbs2();
  const MatrixXf mu2 = Map<const RowMajor>(net.mean + second, hidden + 1, out).matrix();
  const MatrixXf var2 = Map<const RowMajor>(net.variance + second, hidden + 1, out).matrix();

  // Rows of h, its square, D and E: sample by sample, kEigenRows transitions each.
  const int stacked = samples * kEigenRows;
  ArrayXXf noise = Map<const ArrayXXf>(task.noise, kEigenRows, samples * units);
  MatrixXf x(kEigenRows, in), x2, m1, v1, m2, v2, dh, dv, fourth;
  MatrixXf h(stacked, hidden + 1), h2, delta(stacked, out), variance_delta(stacked, out);
  ArrayXXf sd, half_inverse, delta1, variance_delta1, through;
  x.col(in - 1).setOnes();
  h.col(hidden).setOnes();

  for (std::int64_t first = 0; first < task.rows; first += kEigenRows) {
    if (task.draw != nullptr) {
      task.draw(static_cast<std::uint32_t>(first), noise.size(), noise.data());
    }
    for (int i = 0; i + 1 < in; ++i) {
      x.col(i) = Map<const Rows>(task.x.data + i * task.x.stride + first).matrix();
    }
    x2 = x.cwiseAbs2();
    m1.noalias() = x * mu1;
    v1.noalias() = x2 * var1;
    sd = v1.array().sqrt();
    half_inverse = 0.5f / sd;
    for (int s = 0; s < samples; ++s) {
      h.block(s * kEigenRows, 0, kEigenRows, hidden) =
          (m1.array() + sd * noise.middleCols(s * units, hidden)).max(0.0f).matrix();
    }
    h2 = h.cwiseAbs2();
    m2.noalias() = h * mu2;
    v2.noalias() = h2 * var2;
    for (int o = 0; o < out; ++o) {
      const Map<const Rows> y(task.y.data + o * task.y.stride + first);
      const float likelihood_variance = net.likelihood_stddev[o] * net.likelihood_stddev[o];
      const float factor = 1 / (static_cast<float>(samples) * likelihood_variance);
      for (int s = 0; s < samples; ++s) {
        const auto eps = noise.col(s * units + hidden + o);
        const int row = s * kEigenRows;
        const Rows sd2 = v2.col(o).segment<kEigenRows>(row).array().sqrt();
        const Rows d = (m2.col(o).segment<kEigenRows>(row).array() + sd2 * eps - y) * factor;
        delta.col(o).segment<kEigenRows>(row) = d.matrix();
        variance_delta.col(o).segment<kEigenRows>(row) = (d * eps * (0.5f / sd2)).matrix();
      }
    }

    dh.noalias() = delta * mu2.topRows(hidden).transpose();
    dv.noalias() = variance_delta * var2.topRows(hidden).transpose();
    delta1.setZero(kEigenRows, hidden);
    variance_delta1.setZero(kEigenRows, hidden);
    for (int s = 0; s < samples; ++s) {
      const auto rows = Eigen::seqN(s * kEigenRows, Eigen::fix<kEigenRows>);
      const auto h_s = h(rows, Eigen::seqN(0, hidden)).array();
      // relu': 1 where h > 0. Eigen 3.4 has no packets for select().
      through = (dh(rows, Eigen::all).array() + 2 * h_s * dv(rows, Eigen::all).array()) *
                (h_s * 1e30f).min(1.0f);
      delta1 += through;
      variance_delta1 += through * noise.middleCols(s * units, hidden);
    }
    variance_delta1 *= half_inverse;
    fourth.noalias() = x2.cwiseAbs2() * fourth1;
    Rows quadratic = (delta1.square() * v1.array() + 2 * variance_delta1.square() * fourth.array())
                         .rowwise()
                         .sum();

    for (int b = 0; b < kEigenRows; b += kPack) {
      Eigen::Array<float, kPack, 1> sum = quadratic.segment<kPack>(b);
      for (int i = 0; i <= hidden; ++i) {
        for (int o = 0; o < out; ++o) {
          Eigen::Array<float, kPack, 1> g_mu = Eigen::Array<float, kPack, 1>::Zero();
          Eigen::Array<float, kPack, 1> g_var = g_mu;
          for (int s = 0; s < samples; ++s) {
            const int row = s * kEigenRows + b;
            g_mu += Pack(&h(row, i)) * Pack(&delta(row, o));
            g_var += Pack(&h2(row, i)) * Pack(&variance_delta(row, o));
          }
          const float variance = var2(i, o);
          sum += variance * g_mu.square() + (2 * variance * variance) * g_var.square();
        }
      }
      quadratic.segment<kPack>(b) = sum;
    }
    Map<Rows>(task.gain + first) = (0.5f * task.step_size * task.step_size) * quadratic;
  }
}

/// Standard normals by Box and Muller in array expressions over the uniforms of SplitMix64 (own
/// code: templates of the standard library would be shared between instruction sets).
void EigenNormals(std::uint32_t /*row*/, std::int64_t count, float* noise) {
  static std::uint64_t state = 1;
  const auto generator = [] {
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  };
  const std::int64_t half = (count + 1) / 2;
  static Eigen::ArrayXf radius;
  static Eigen::ArrayXf angle;
  radius.resize(half);
  angle.resize(half);
  for (std::int64_t k = 0; k < half; ++k) {
    const std::uint64_t bits = generator();
    radius[k] = (static_cast<float>(bits >> 40) + 0.5f) * 0x1p-24f;
    angle[k] = static_cast<float>((bits >> 8) & 0xffffff) * (6.2831853f * 0x1p-24f);
  }
  radius = (-2.0f * radius.log()).sqrt();
  Eigen::Map<Eigen::ArrayXf>(noise, half) = radius * angle.cos();
  Eigen::Map<Eigen::ArrayXf>(noise + half, count - half) =
      radius.head(count - half) * angle.head(count - half).sin();
}

}  // namespace
}  // namespace vime::testing
