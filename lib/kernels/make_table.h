// Fills a KernelTable with the instantiations for one number type.
#pragma once

#include "lib/bnn/row_belief_kernel.h"
#include "lib/kernels/kernels.h"
#include "lib/math/normals_kernel.h"
#include "lib/nn/adam_kernel.h"
#include "lib/nn/gru_kernel.h"
#include "lib/rl/policy_kernels.h"

namespace vime {

template <class F>
constexpr KernelTable<ScalarOf<F>> MakeKernelTable(const char* name) {
  return {.name = name,
          .lanes = kLanes<F>,
          .information_gain = InformationGainKernel<F>,
          .elbo_gradient = ElboGradientKernel<F>,
          .predict = PredictKernel<F>,
          .refresh_posterior = RefreshPosteriorKernel<F>,
          .add_prior_gradient = AddPriorGradientKernel<F>,
          .row_belief = RowBeliefKernel<F>,
          .adam = AdamKernel<F>,
          .fill_normals = FillNormalsKernel<F>,
          .policy_outputs = PolicyOutputsKernel<F>,
          .policy_scores = PolicyScoresKernel<F>,
          .policy_fisher = PolicyFisherKernel<F>,
          .gru_forward = GruForwardKernel<F>,
          .gru_jvp = GruJvpKernel<F>,
          .gru_vjp = GruVjpKernel<F>};
}

}  // namespace vime
