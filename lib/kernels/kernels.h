// The kernels of one instruction set, as a table of functions.
//
// The templates live beside the mathematics they implement (lib/bnn, lib/nn, lib/rl). They are
// instantiated with float lanes once per instruction set, each in a translation unit of its own,
// and with double as their own scalar reference. All tables compute the same bits.
#pragma once

#include <span>
#include <string_view>

#include "lib/bnn/information_gain_options.h"
#include "lib/bnn/network_view.h"
#include "lib/bnn/row_belief_options.h"
#include "lib/math/rows_view.h"

namespace vime {

template <class T>
struct PolicyView;
struct GruView;
struct GruTraceView;

template <class T>
struct KernelTable {
  const char* name;  ///< "v4", "v3", "portable" or "double"
  int lanes;         ///< rows per pack; scratch memory is counted in packs

  // lib/bnn/network_kernels.h
  void (*information_gain)(const NetworkView<T>&, const NoiseView<T>&, RowsView<T> x, RowsView<T> y,
                           std::int64_t rows, const InformationGainOptions&, T* out, void* scratch);
  void (*elbo_gradient)(const NetworkView<T>&, const NoiseView<T>&, RowsView<T> x, RowsView<T> y,
                        std::int64_t rows, T* grad_mean, T* grad_variance, T* log_likelihood,
                        T* squared_residual, void* scratch);
  void (*predict)(const NetworkView<T>&, const NoiseView<T>&, RowsView<T> x, std::int64_t rows,
                  T* predictions, void* scratch);
  void (*refresh_posterior)(std::int64_t n, const T* rho, T* stddev, T* variance, T* slope);
  void (*add_prior_gradient)(std::int64_t n, const NetworkView<T>&, const T* prior_precision,
                             T kl_weight, T* grad_mean, T* grad_variance_to_rho);
  // lib/bnn/row_belief_kernel.h
  void (*row_belief)(const NetworkView<T>&, const NoiseView<T>&, RowsView<T> x, RowsView<T> y,
                     std::int64_t rows, const RowBeliefOptions&, T* out, void* scratch);
  // lib/nn/adam_kernel.h
  void (*adam)(std::int64_t n, T* theta, const T* gradient, T* m, T* v, T beta1, T beta2, T rate,
               T root_scale, T epsilon);
  // lib/math/normals_kernel.h
  void (*fill_normals)(const NoiseKey& key, std::int64_t first_block, std::int64_t blocks, T* out);
  // lib/rl/policy_kernels.h
  void (*policy_outputs)(const PolicyView<T>&, RowsView<T> observations, std::int64_t rows,
                         T* outputs, std::int64_t stride, void* scratch);
  void (*policy_scores)(const PolicyView<T>&, RowsView<T> observations, RowsView<T> samples,
                        std::int64_t rows, RowsView<T> weights, int channels, double* scores,
                        void* scratch);
  void (*policy_fisher)(const PolicyView<T>&, RowsView<T> observations, std::int64_t rows,
                        const T* direction, double* product, void* scratch);
  // lib/nn/gru_kernel.h: in double precision whatever T is
  void (*gru_forward)(const GruView&, const GruTraceView&, double* scratch);
  void (*gru_jvp)(const GruView&, const GruTraceView&, const double* direction, double* changes,
                  double* scratch);
  void (*gru_vjp)(const GruView&, const GruTraceView&, const double* cotangents, double* gradient,
                  double* scratch);
};

/// The kernels in use: those of the widest instruction set that this processor has, or the choice
/// of SelectKernels().
template <class T>
const KernelTable<T>& GetKernels();

/// Chooses the float kernels by name: "auto", "portable", and "v3" or "v4" where the build and the
/// processor have them. Throws ConfigError otherwise, saying what is missing. Call it before any
/// thread starts.
void SelectKernels(std::string_view name);

/// The names that SelectKernels() accepts on this machine, "auto" first.
std::span<const std::string_view> AvailableKernels();

/// Whether this program has kernels for AVX2 and this processor is too old for them: the portable
/// ones give the same results many times slower.
bool WideKernelsMissing();

/// Memory for one kernel call, reused by each thread; aligned for the widest lanes. `numbers`
/// counts packs: `lanes` values of T each.
template <class T>
void* KernelScratch(std::int64_t numbers);

}  // namespace vime
