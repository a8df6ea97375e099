#include "lib/vime/model_bonus.h"

#include "lib/bnn/belief_updates.h"
#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/math/elementary.h"
#include "lib/vime/linear_belief.h"

namespace vime {
namespace {

// The mean over outputs of term(row, output).
template <class Term>
VectorXd MeanOverOutputs(Index rows, Index outputs, const Term& term) {
  VectorXd mean = VectorXd::Zero(rows);
  for (Index o = 0; o < outputs; ++o) {
    for (Index b = 0; b < rows; ++b) mean[b] += static_cast<double>(term(b, o));
  }
  return mean / static_cast<double>(outputs);
}

class ModelScorer final : public BonusScorer {
 public:
  ModelScorer(const DynamicsModel& model, const ModelBonusOptions& options)
      : belief_(model.belief()), options_(options) {
    if (options.measure == ModelMeasure::kLinearModel) linear_ = LinearBeliefOf(model);
  }

  VectorXd Score(const Batch& batch, const NoiseKey& key, int num_threads) const override {
    const BayesianNetwork<float>& network = belief_.network();
    const double step = options_.gain.step_size;
    if (options_.measure == ModelMeasure::kInformationGain) {
      return belief_.Gain(batch, options_.gain, key, num_threads);
    }
    if (options_.measure == ModelMeasure::kChainedGain) {
      return belief_.ChainedGain(batch, options_.gain, key, num_threads);
    }
    const StandardizedTransitions data = belief_.scaler().Apply(batch);
    const Noise<float> noise = belief_.MakeNoise(key);
    switch (options_.measure) {
      case ModelMeasure::kInformationGain:
      case ModelMeasure::kChainedGain:
        break;  // above
      case ModelMeasure::kLogLikelihoodGain:
        return LogLikelihoodGain<float>(network, data.x, data.y, step, noise, num_threads)
            .cast<double>();
      case ModelMeasure::kGradientSteps:
        return GradientStepsGain<float>(network, data.x, data.y,
                                        static_cast<int>(options_.gradient_steps), step, noise,
                                        num_threads)
            .cast<double>();
      case ModelMeasure::kReleased:
        return ReleasedFastKl<float>(network, data.x, data.y, step, noise, num_threads)
            .cast<double>();
      case ModelMeasure::kVariance: {
        const Features<float> variance = Predictive<float>(network, data.x, noise).variance;
        return MeanOverOutputs(variance.rows(), variance.cols(),
                               [&](Index b, Index o) { return variance(b, o); });
      }
      case ModelMeasure::kMutualInformation: {
        const Features<float> variance = Predictive<float>(network, data.x, noise).variance;
        const Features<float> stddev = belief_.LikelihoodStddev(data.x);
        const Index outputs = variance.cols();
        return static_cast<double>(outputs) *
               MeanOverOutputs(variance.rows(), outputs, [&](Index b, Index o) {
                 const double sd = static_cast<double>(stddev(b, o));
                 return 0.5 * Log1p(static_cast<double>(variance(b, o)) / (sd * sd));
               });
      }
      case ModelMeasure::kError:
        return Errors(data);
      case ModelMeasure::kTrajectoryError:
        return TrajectoryMeans(batch, Errors(data));
      case ModelMeasure::kLinearModel:
        return linear_->Gain(LearnedFeatures(network, data.x), data.y);
    }
    VIME_CHECK(false);
    return {};
  }

  bool NeedsWholeEpisodes() const override {
    return options_.measure == ModelMeasure::kChainedGain ||
           options_.measure == ModelMeasure::kTrajectoryError;
  }

  std::optional<PredictionErrors> Errors(const Batch& batch) const override {
    return belief_.Errors(batch);
  }

 private:
  VectorXd Errors(const StandardizedTransitions& data) const {
    const Features<float> f = PredictAtMean<float>(belief_.network(), data.x);
    return MeanOverOutputs(f.rows(), f.cols(), [&](Index b, Index o) {
      const double error = static_cast<double>(f(b, o)) - static_cast<double>(data.y(b, o));
      return error * error;
    });
  }

  static VectorXd TrajectoryMeans(const Batch& batch, const VectorXd& values) {
    VectorXd means(values.size());
    for (const Trajectory& trajectory : batch.trajectories) {
      const double n = static_cast<double>(trajectory.length);
      means.segment(trajectory.begin, trajectory.length)
          .setConstant(Sum(values.segment(trajectory.begin, trajectory.length)) / n);
    }
    return means;
  }

  DynamicsBelief belief_;
  ModelBonusOptions options_;
  std::optional<LinearBelief> linear_;  // kLinearModel
};

}  // namespace

ModelBonus::ModelBonus(const EnvSpec& spec, const DynamicsModelOptions& model,
                       const ModelBonusOptions& options, std::uint64_t seed)
    : model_(spec, model, seed), options_(options) {
  const bool one_likelihood = options.measure == ModelMeasure::kLogLikelihoodGain ||
                              options.measure == ModelMeasure::kGradientSteps ||
                              options.measure == ModelMeasure::kReleased;
  VIME_CHECK(!one_likelihood || model.likelihood != Likelihood::kHeteroscedastic);
}

std::unique_ptr<const BonusScorer> ModelBonus::Scorer() const {
  if (!model_.ready()) return nullptr;
  return std::make_unique<ModelScorer>(model_, options_);
}

}  // namespace vime
