// The rivals and placebos of VIME against their definitions.
#include <doctest/doctest.h>

#include <Eigen/LU>

#include <cmath>

#include "lib/bnn/belief_updates.h"
#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/vime/bonus_shaping.h"
#include "lib/vime/count_bonus.h"
#include "lib/vime/linear_belief.h"
#include "lib/vime/model_bonus.h"
#include "lib/vime/plain_bonus.h"
#include "lib/vime/regression_bonus.h"
#include "tests/support/gradient_check.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::EmptyBatch;
using testing::MaxError;
using testing::RandomBatch;
using testing::ToySpec;

const NoiseKey kKey{1, Stream::kBonusNoise, 1, 0};

DynamicsModelOptions SmallModel() {
  return {.hidden = {8}, .likelihood = Likelihood::kFixed, .likelihood_stddev = 0.5, .updates = 50};
}

// Every bonus there is, by a name for messages.
std::vector<std::pair<const char*, std::unique_ptr<Bonus>>> AllBonuses() {
  const EnvSpec spec = ToySpec(2, 1);
  std::vector<std::pair<const char*, std::unique_ptr<Bonus>>> all;
  for (const ModelMeasure measure :
       {ModelMeasure::kInformationGain, ModelMeasure::kChainedGain,
        ModelMeasure::kLogLikelihoodGain, ModelMeasure::kGradientSteps, ModelMeasure::kReleased,
        ModelMeasure::kVariance, ModelMeasure::kMutualInformation, ModelMeasure::kError,
        ModelMeasure::kTrajectoryError, ModelMeasure::kLinearModel}) {
    all.emplace_back("model", std::make_unique<ModelBonus>(
                                  spec, SmallModel(), ModelBonusOptions{.measure = measure}, 1));
  }
  for (const RegressionMeasure measure :
       {RegressionMeasure::kDistillation, RegressionMeasure::kDisagreement}) {
    all.emplace_back("regression",
                     std::make_unique<RegressionBonus>(
                         spec, RegressionBonusOptions{.measure = measure, .hidden = {8}}, 1));
  }
  for (const CountCells cells : {CountCells::kGrid, CountCells::kHash}) {
    all.emplace_back("count", std::make_unique<CountBonus>(spec, cells, 1));
  }
  for (const PlainMeasure measure : {PlainMeasure::kStateNorm, PlainMeasure::kNoise}) {
    all.emplace_back("plain", std::make_unique<PlainBonus>(spec, measure));
  }
  return all;
}

TEST_CASE("No bonus scores before it has seen data; then its scores are finite, and snapshots") {
  for (auto& entry : AllBonuses()) {
    CAPTURE(entry.first);
    const auto& bonus = entry.second;
    CHECK(bonus->Scorer() == nullptr);
    const Batch batch = RandomBatch({30, 20}, 2, 1, 1);
    bonus->Observe(batch);
    bonus->Fit(0);
    const auto scorer = bonus->Scorer();
    REQUIRE(scorer != nullptr);
    const VectorXd scores = scorer->Score(batch, kKey, 1);
    CHECK(scores.size() == batch.size());
    CHECK(scores.allFinite());
    bonus->Observe(RandomBatch({40}, 2, 1, 2));
    bonus->Fit(1);
    CHECK(scorer->Score(batch, kKey, 2) == scores);
  }
}

// Keeps what is written, and gives it back in order.
class MemoryArchive final : public Archive {
 public:
  void Bytes(std::string_view /*name*/, void* data, std::size_t size) override {
    auto* bytes = static_cast<unsigned char*>(data);
    if (!reading) {
      memory_.insert(memory_.end(), bytes, bytes + size);
      return;
    }
    std::copy_n(memory_.begin() + static_cast<std::ptrdiff_t>(at_), size, bytes);
    at_ += size;
  }
  void Numbers(std::string_view name, std::vector<double>& values) override {
    std::size_t n = values.size();
    Bytes(name, &n, sizeof n);
    values.resize(n);
    Bytes(name, values.data(), n * sizeof(double));
  }
  bool reading = false;

 protected:
  void Refuse(std::string_view name) override { throw IoError(std::string(name)); }

 private:
  std::vector<unsigned char> memory_;
  std::size_t at_ = 0;
};

TEST_CASE("A bonus that is written and read continues as before, bit by bit") {
  auto originals = AllBonuses();
  auto copies = AllBonuses();
  for (std::size_t i = 0; i < originals.size(); ++i) {
    CAPTURE(originals[i].first);
    Bonus& bonus = *originals[i].second;
    Bonus& copy = *copies[i].second;
    bonus.Observe(RandomBatch({30, 20}, 2, 1, 1));
    bonus.Fit(0);
    MemoryArchive archive;
    bonus.Serialize(archive);
    archive.reading = true;
    copy.Serialize(archive);
    const Batch batch = RandomBatch({25}, 2, 1, 3);
    for (Bonus* each : {&bonus, &copy}) {
      each->Observe(batch);
      each->Fit(1);
    }
    CHECK(copy.Scorer()->Score(batch, kKey, 1) == bonus.Scorer()->Score(batch, kKey, 1));
  }
}

TEST_CASE("The state norm is the squared norm of the standardised next observation") {
  PlainBonus bonus(ToySpec(2, 1), PlainMeasure::kStateNorm);
  const Batch batch = RandomBatch({200}, 2, 1, 1);
  bonus.Observe(batch);
  const VectorXd scores = bonus.Scorer()->Score(batch, kKey, 1);
  CHECK(scores.mean() == doctest::Approx(2).epsilon(1e-4));  // one per dimension
  VectorXd expected = VectorXd::Zero(200);
  for (Index d = 0; d < 2; ++d) {
    const Eigen::ArrayXd s = batch.next_observations.col(d).cast<double>();
    expected.array() += (s - s.mean()).square() / (s - s.mean()).square().mean();
  }
  CHECK(MaxError(scores, expected) < 1e-4);
}

TEST_CASE("The noise bonus is half normal and looks at nothing") {
  PlainBonus bonus(ToySpec(1, 1), PlainMeasure::kNoise);
  const Batch batch = EmptyBatch({20000});
  bonus.Observe(batch);
  const VectorXd scores = bonus.Scorer()->Score(batch, kKey, 1);
  CHECK(scores.minCoeff() >= 0);
  // E|z| = sqrt(2/pi), sd sqrt(1 - 2/pi) = 0.603: 5 standard errors, false alarm 6e-7.
  CHECK(std::abs(scores.mean() - std::sqrt(2 / M_PI)) < 5 * 0.603 / std::sqrt(20000.0));
  NoiseKey later = kKey;
  later.item = 7;
  CHECK(bonus.Scorer()->Score(EmptyBatch({1}), later, 1)[0] == scores[7]);
}

TEST_CASE("Counting pays 1/sqrt(n + 1) for a cell that was visited n times before") {
  EnvSpec spec = ToySpec(1, 1);
  CountBonus bonus(spec, CountCells::kGrid, 1);
  Batch batch = EmptyBatch({4});
  batch.coverage.col(0) << 0.5f, 0.5f, 0.5f, -0.5f;
  bonus.Observe(batch);
  Batch fresh = EmptyBatch({3});
  fresh.coverage.col(0) << 0.5f, -0.5f, 0.0f;
  const VectorXd scores = bonus.Scorer()->Score(fresh, kKey, 1);
  CHECK(MaxError(scores, VectorXd{{0.5, 1 / std::sqrt(2.0), 1}}) < 1e-15);
}

TEST_CASE("The cells of the grid are those of the coverage metric, beyond its edges too") {
  CountBonus bonus(ToySpec(1, 1), CountCells::kGrid, 1);
  Batch batch = EmptyBatch({1});
  batch.coverage(0, 0) = 0.999f;
  bonus.Observe(batch);
  Batch fresh = EmptyBatch({3});
  fresh.coverage.col(0) << 1.0f, 1e6f, 0.95f;
  CHECK(bonus.Scorer()->Score(fresh, kKey, 1) ==
        VectorXd{{1 / std::sqrt(2.0), 1 / std::sqrt(2.0), 1}});
}

TEST_CASE("Hashing tells states apart also in one dimension, and equal states not") {
  CountBonus bonus(ToySpec(1, 1), CountCells::kHash, 1);
  Batch batch = EmptyBatch({100});
  for (Index i = 0; i < 100; ++i) {
    batch.next_observations(i, 0) = static_cast<float>(-1 + 0.02 * static_cast<double>(i));
  }
  bonus.Observe(batch.Rows(std::vector<Index>{50}));
  const VectorXd scores = bonus.Scorer()->Score(batch, kKey, 1);
  CHECK(scores[50] < 1);
  CHECK(scores[0] == 1);
  CHECK(scores[99] == 1);
  CHECK((scores.array() < 1).count() < 30);  // neighbours share the cell
}

TEST_CASE("Model bonuses are what the belief says: error, variance, mutual information") {
  const EnvSpec spec = ToySpec(2, 1);
  const Batch batch = RandomBatch({30, 20}, 2, 1, 1);
  const auto scores = [&](ModelMeasure measure) {
    ModelBonus bonus(spec, SmallModel(), {.measure = measure}, 1);
    bonus.Observe(batch);
    bonus.Fit(0);
    const auto scorer = bonus.Scorer();
    if (measure == ModelMeasure::kError) {
      CHECK(scorer->Score(batch, kKey, 1).mean() ==
            doctest::Approx(scorer->Errors(batch)->mean_prediction).epsilon(1e-12));
    }
    return scorer->Score(batch, kKey, 1);
  };
  const VectorXd error = scores(ModelMeasure::kError);
  const VectorXd trajectory = scores(ModelMeasure::kTrajectoryError);
  CHECK(trajectory[0] == doctest::Approx(error.head(30).mean()).epsilon(1e-12));
  CHECK(trajectory[29] == trajectory[0]);
  CHECK(trajectory[30] == doctest::Approx(error.tail(20).mean()).epsilon(1e-12));
  const VectorXd variance = scores(ModelMeasure::kVariance);
  const VectorXd information = scores(ModelMeasure::kMutualInformation);
  CHECK(variance.minCoeff() > 0);
  DynamicsModel model(spec, SmallModel(), 1);
  model.Observe(batch);
  model.Fit(0);
  const Features<float> x = model.belief().scaler().Apply(batch).x;
  const MatrixXd v = Predictive<float>(model.belief().network(), x, model.belief().MakeNoise(kKey))
                         .variance.cast<double>();
  for (Index b = 0; b < 50; ++b) {
    CHECK(variance[b] == doctest::Approx((v(b, 0) + v(b, 1)) / 2).epsilon(1e-12).scale(0));
    // 1/2 sum_o log(1 + v_o/s^2)
    const double gain = 0.5 * (std::log1p(v(b, 0) / 0.25) + std::log1p(v(b, 1) / 0.25));
    CHECK(information[b] == doctest::Approx(gain).epsilon(1e-6));
  }
}

TEST_CASE("The linear model's gain is the KL of two full Gaussians") {
  // Features in 3 dimensions, one output; the KL by matrices against the scalar formula.
  Rng rng({31, Stream::kTest, 0, 0});
  MatrixXd h(40, 3);
  for (double& value : h.reshaped()) value = rng.Normal();
  Features<float> y(40, 1);
  for (float& value : y.reshaped()) value = static_cast<float>(rng.Normal());
  const double alpha = 0.7;
  const LinearBelief belief(h, y, 1, alpha, 0.01);
  const double s2 = belief.noise_variance[0];
  const MatrixXd a = alpha * MatrixXd::Identity(3, 3) + h.transpose() * h;
  const VectorXd w = a.inverse() * h.transpose() * y.col(0).cast<double>();
  CHECK(MaxError(belief.weights.col(0), w) < 1e-10);
  const VectorXd gain = belief.Gain(h, y);
  for (Index b = 0; b < 5; ++b) {
    const VectorXd phi = h.row(b).transpose();
    const MatrixXd after = a + phi * phi.transpose();
    const VectorXd w_after = after.inverse() * (a * w + phi * static_cast<double>(y(b, 0)));
    // KL[N(w', s^2 A'^-1) || N(w, s^2 A^-1)]
    const double kl =
        0.5 * ((a * after.inverse()).trace() - 3 + (w_after - w).dot(a * (w_after - w)) / s2 +
               std::log(after.determinant() / a.determinant()));
    CHECK(gain[b] == doctest::Approx(kl).epsilon(1e-9).scale(0));
  }
}

TEST_CASE("Learned features are the last hidden layer: the outputs are linear in them") {
  const EnvSpec spec = ToySpec(2, 1);
  for (const Activation activation : {Activation::kRelu, Activation::kTanh}) {
    DynamicsModelOptions options = SmallModel();
    options.hidden = {6, 5};
    options.sampling = Sampling::kLocal;
    options.activation = activation;
    DynamicsModel model(spec, options, 1);
    const Batch batch = RandomBatch({40}, 2, 1, 1);
    model.Observe(batch);
    model.Fit(0);
    const Features<float> x = model.belief().scaler().Apply(batch).x;
    const MatrixXd h = LearnedFeatures(model.belief().network(), x);
    REQUIRE(h.cols() == 6);
    const Vector<float>& phi = model.belief().network().phi();
    const Index last = 4 * 6 + 7 * 5;  // the weights before the output layer
    const Features<float> f = PredictAtMean<float>(model.belief().network(), x);
    for (Index o = 0; o < 2; ++o) {
      VectorXd expected = VectorXd::Zero(40);
      for (Index i = 0; i < 6; ++i) {
        expected += static_cast<double>(phi[last + i * 2 + o]) * h.col(i);
      }
      CHECK(MaxError(f.col(o).cast<double>().eval(), expected) < 1e-5);
    }
  }
}

TEST_CASE("Distillation and disagreement pay less for what was seen often") {
  for (const RegressionMeasure measure :
       {RegressionMeasure::kDistillation, RegressionMeasure::kDisagreement}) {
    CAPTURE(static_cast<int>(measure));
    RegressionBonus bonus(ToySpec(2, 1), {.measure = measure}, 1);
    // Seen: next = s / 2, all within [-0.5, 0.5]; unseen: beyond.
    Batch seen = RandomBatch({300}, 2, 1, 1);
    seen.observations *= 0.5f;
    seen.next_observations = 0.5f * seen.observations;
    for (std::uint32_t i = 0; i < 4; ++i) {
      bonus.Observe(seen);
      bonus.Fit(i);
    }
    Batch unseen = seen;
    unseen.observations.array() += 1.5f;
    unseen.next_observations.array() += 1.5f;
    const auto scorer = bonus.Scorer();
    CHECK(scorer->Score(unseen, kKey, 1).mean() > 5 * scorer->Score(seen, kKey, 1).mean());
  }
}

TEST_CASE("The networks regress: their gradient is that of the squared error") {
  RegressionNetwork network({2, 5, 3}, 0.5, {1, Stream::kTest, 0, 0});
  const Batch batch = RandomBatch({12}, 2, 3, 1);
  const Features<float> y = batch.sampled_actions;
  const auto loss = [&](const VectorXd& theta) {
    network.SetParameters(theta);
    return static_cast<double>(
        (network.Predict(batch.observations) - y).cast<double>().squaredNorm() / (2 * 12.0));
  };
  const VectorXd theta = network.parameters();
  const VectorXd numerical = testing::NumericalGradient(loss, theta, 1e-2);
  network.SetParameters(theta);
  CHECK(MaxError(network.Gradient(batch.observations, y), numerical) < 2e-3);  // single precision
}

Batch ShortAndLong() {
  Batch batch = EmptyBatch({2, 5});
  batch.trajectories[0].terminated = true;
  batch.rewards.setConstant(1);
  return batch;
}

double DiscountedReturn(const Batch& batch, const VectorXd& rewards, std::size_t i, double gamma) {
  double sum = 0;
  double discount = 1;
  for (Index t = 0; t < batch.trajectories[i].length; ++t) {
    sum += discount * rewards[batch.trajectories[i].begin + t];
    discount *= gamma;
  }
  return sum;
}

TEST_CASE("A bonus pays for surviving, and both repairs take that back") {
  Batch batch = ShortAndLong();
  batch.rewards.setZero();
  const VectorXd shaped = VectorXd::Constant(7, 0.1);
  const double gamma = 0.9;
  const auto advantage_of_living = [&](const BonusShapingOptions& options) {
    const VectorXd rewards = RewardsWithBonus(options, batch, shaped, gamma, 5);
    return DiscountedReturn(batch, rewards, 1, gamma) - DiscountedReturn(batch, rewards, 0, gamma);
  };
  CHECK(advantage_of_living({}) > 0.1);  // the pathology: ending costs what the bonus would pay
  CHECK(std::abs(advantage_of_living({.center = true})) < 1e-15);
  CHECK(std::abs(advantage_of_living({.end = EndBonus::kRemainingHorizon})) < 1e-15);
}

TEST_CASE("Only the last step of a terminated trajectory is paid for the horizon it leaves") {
  const Batch batch = ShortAndLong();
  const VectorXd shaped = VectorXd::LinSpaced(7, 0.1, 0.7);  // mean 0.4
  const VectorXd rewards =
      RewardsWithBonus({.end = EndBonus::kRemainingHorizon}, batch, shaped, 0.5, 4);
  VectorXd expected = shaped.array() + 1;
  expected[1] += 0.4 * (0.5 + 0.25);  // two of four steps are left
  CHECK(MaxError(rewards, expected) < 1e-14);
}

TEST_CASE("Intrinsic only leaves the reward out") {
  const Batch batch = ShortAndLong();
  const VectorXd shaped = VectorXd::LinSpaced(7, 0.1, 0.7);
  CHECK(RewardsWithBonus({.intrinsic_only = true}, batch, shaped, 0.5, 4) == shaped);
}

}  // namespace
}  // namespace vime
