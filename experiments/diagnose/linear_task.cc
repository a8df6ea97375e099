#include "experiments/diagnose/linear_task.h"

#include "lib/core/statistics.h"
#include "lib/vime/linear_belief.h"
#include "lib/vime/plain_bonus.h"

namespace vime {
namespace {

constexpr Index kTrainingRows = 2000;
constexpr Index kScoredRows = 1000;
constexpr std::uint32_t kFits = 10;
constexpr std::uint32_t kIteration = 1u << 31;  // names noise that no run draws

EnvSpec LinearSpec() {
  EnvSpec spec;
  spec.name = "linear";
  spec.observation = {{"x", -1, 1}, {"y", -1, 1}};
  spec.action = {{"u", -1, 1}};
  return spec;
}

// Transitions from s ~ N(0, spread^2 I), a ~ U(-1, 1):
//   x' = 0.9 x + 0.3 y + noise,  y' = -0.3 x + 0.9 y + 0.5 a + noise.
Batch Transitions(Index rows, double spread, Rng& rng) {
  constexpr double kNoise = 0.05;
  Batch batch;
  batch.Resize(rows, 2, 1);
  batch.rewards.setZero();
  batch.trajectories = {{.begin = 0, .length = rows}};
  for (Index t = 0; t < rows; ++t) {
    const double x = spread * rng.Normal();
    const double y = spread * rng.Normal();
    const double a = rng.Uniform(-1, 1);
    const double next_x = 0.9 * x + 0.3 * y + kNoise * rng.Normal();
    const double next_y = -0.3 * x + 0.9 * y + 0.5 * a + kNoise * rng.Normal();
    batch.observations.row(t) << static_cast<float>(x), static_cast<float>(y);
    batch.executed_actions(t, 0) = batch.sampled_actions(t, 0) = static_cast<float>(a);
    batch.next_observations.row(t) << static_cast<float>(next_x), static_cast<float>(next_y);
  }
  return batch;
}

MatrixXd WithOnes(const Features<float>& x) {
  MatrixXd inputs(x.rows(), x.cols() + 1);
  inputs << x.cast<double>(), VectorXd::Ones(x.rows());
  return inputs;
}

}  // namespace

LinearTaskCorrelations CompareOnLinearTask(const DynamicsModelOptions& options,
                                           const InformationGainOptions& gain, std::uint64_t seed) {
  Rng rng({seed, Stream::kDiagnosticNoise, kIteration, 0});
  const Batch seen = Transitions(kTrainingRows, 0.3, rng);
  const Batch scored = Transitions(kScoredRows, 0.9, rng);
  DynamicsModel model(LinearSpec(), options, seed);
  model.Observe(seen);
  for (std::uint32_t i = 0; i < kFits; ++i) model.Fit(i);

  const TransitionScaler& scaler = model.belief().scaler();
  const StandardizedTransitions past = scaler.Apply(seen);
  const StandardizedTransitions now = scaler.Apply(scored);
  const LinearBelief linear(WithOnes(past.x), past.y, 1, 1, 1e-6);
  const VectorXd exact = linear.Gain(WithOnes(now.x), now.y);
  const NoiseKey noise{seed, Stream::kDiagnosticNoise, kIteration + 1, 0};
  const VectorXd information_gain = model.belief().Gain(scored, gain, noise, 1);
  PlainBonus norm(LinearSpec(), PlainMeasure::kStateNorm);
  norm.Observe(seen);
  const VectorXd state_norm = norm.Scorer()->Score(scored, noise, 1);
  return {SpearmanCorrelation(AsSpan(information_gain), AsSpan(exact)),
          SpearmanCorrelation(AsSpan(state_norm), AsSpan(exact))};
}

}  // namespace vime
