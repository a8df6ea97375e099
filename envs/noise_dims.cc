#include "envs/noise_dims.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "envs/registry.h"
#include "lib/core/names.h"

namespace vime {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr const char* kParameter = "noise_dims";
constexpr int kMaxDims = 64;
// Policies scale observations by their bounds: noise reaches them as it is, N(0, 1).
constexpr double kNominalBound = 1;

/// An environment that shows noise beside its observations.
class NoisyEnv final : public Env {
 public:
  NoisyEnv(std::unique_ptr<Env> env, int noise_dims)
      : Env(Spec(env->spec(), noise_dims)),
        env_(std::move(env)),
        noise_(static_cast<std::size_t>(noise_dims)) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    env_->Reset(rng, First(observation));
    Draw(rng, observation);
  }

  Step Advance(std::span<const double> action, Rng& rng,
               std::span<double> next_observation) override {
    const Step step = env_->Advance(action, rng, First(next_observation));
    Draw(rng, next_observation);
    return step;
  }

  void GetState(std::span<double> state) const override {
    env_->GetState(First(state));
    std::ranges::copy(noise_, Last(state).begin());
  }
  void SetState(std::span<const double> state) override {
    env_->SetState(First(state));
    std::ranges::copy(Last(state), noise_.begin());
  }

  void Observe(std::span<double> observation) const override {
    env_->Observe(First(observation));
    std::ranges::copy(noise_, Last(observation).begin());
  }

  std::array<double, 2> CoveragePoint() const override { return env_->CoveragePoint(); }

 private:
  static EnvSpec Spec(EnvSpec spec, int noise_dims) {
    for (int i = 0; i < noise_dims; ++i) {
      const std::string name = "noise " + std::to_string(i);
      spec.observation.push_back({name, -kNominalBound, kNominalBound, "", kNominal});
      spec.state.push_back({name, -kInfinity, kInfinity});
    }
    return spec;
  }

  // What belongs to the environment, and the noise behind it.
  template <class T>
  std::span<T> First(std::span<T> numbers) const {
    return numbers.first(numbers.size() - noise_.size());
  }
  template <class T>
  std::span<T> Last(std::span<T> numbers) const {
    return numbers.last(noise_.size());
  }

  void Draw(Rng& rng, std::span<double> observation) {
    const bool noisy = spec().noise_region.Contains(env_->CoveragePoint());
    for (double& number : noise_) number = noisy ? rng.Normal() : 0;
    std::ranges::copy(noise_, Last(observation).begin());
  }

  std::unique_ptr<Env> env_;
  std::vector<double> noise_;
};

/// "-1 < x < 1", "x < 1", or nothing where there is no bound.
std::string Condition(const std::string& name, double low, double high) {
  if (low == -kInfinity && high == kInfinity) return "";
  return (low == -kInfinity ? "" : ToText(low) + " < ") + name +
         (high == kInfinity ? "" : " < " + ToText(high));
}

}  // namespace

std::string NoiseRegionText(const EnvSpec& spec) {
  const Region& region = spec.noise_region;
  const std::string x = Condition(spec.coverage[0].name, region.x_low, region.x_high);
  const std::string y = Condition(spec.coverage[1].name, region.y_low, region.y_high);
  return x + (x.empty() || y.empty() ? "" : " and ") + y;
}

EnvEntry WithNoiseDims(EnvEntry entry) {
  if (entry.noise_region.empty()) {
    entry.noise_region = NoiseRegionText(entry.make(DefaultParams(entry))->spec());
  }
  entry.params.push_back(
      {.name = kParameter,
       .default_value = static_cast<double>(entry.noise_dims),
       .low = 0,
       .high = kMaxDims,
       .integer = true,
       .help = "further observations, N(0, 1) while " + entry.noise_region + ", else 0"});
  entry.make = [make = std::move(entry.make)](const EnvParams& params) -> std::unique_ptr<Env> {
    std::unique_ptr<Env> env = make(params);
    const int noise_dims = static_cast<int>(params.at(kParameter));
    if (noise_dims == 0) return env;
    return std::make_unique<NoisyEnv>(std::move(env), noise_dims);
  };
  return entry;
}

EnvParams WithoutNoiseDims(EnvParams params) {
  params[kParameter] = 0;
  return params;
}

}  // namespace vime
