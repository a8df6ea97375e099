#include "envs/hidden_velocities.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "lib/core/check.h"

namespace vime {
namespace {

class PositionsEnv final : public Env {
 public:
  explicit PositionsEnv(std::unique_ptr<Env> env)
      : Env(Spec(env->spec())), env_(std::move(env)), full_(env_->spec().observation.size()) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    env_->Reset(rng, full_);
    CopyPositions(full_, observation);
  }

  Step Advance(std::span<const double> action, Rng& rng,
               std::span<double> next_observation) override {
    const Step step = env_->Advance(action, rng, full_);
    CopyPositions(full_, next_observation);
    return step;
  }

  void GetState(std::span<double> state) const override { env_->GetState(state); }
  void SetState(std::span<const double> state) override { env_->SetState(state); }

  void Observe(std::span<double> observation) const override {
    std::vector<double> full(full_.size());
    env_->Observe(full);
    CopyPositions(full, observation);
  }

  std::array<double, 2> CoveragePoint() const override { return env_->CoveragePoint(); }

 private:
  static EnvSpec Spec(EnvSpec spec) {
    std::erase_if(spec.observation, [](const Axis& axis) { return axis.velocity; });
    return spec;
  }

  void CopyPositions(std::span<const double> full, std::span<double> positions) const {
    auto next = positions.begin();
    for (std::size_t d = 0; d < full.size(); ++d) {
      if (!env_->spec().observation[d].velocity) *next++ = full[d];
    }
  }

  std::unique_ptr<Env> env_;
  std::vector<double> full_;  // observation of the current state
};

}  // namespace

std::unique_ptr<Env> HideVelocities(std::unique_ptr<Env> env) {
  const EnvSpec& spec = env->spec();
  const auto velocities = std::ranges::count_if(spec.observation, &Axis::velocity);
  if (velocities == 0) {
    throw ConfigError("observe must be all for " + spec.name + ", which has no velocities to hide");
  }
  if (velocities == std::ssize(spec.observation)) {
    throw ConfigError("observe must be all for " + spec.name +
                      ", which shows nothing but velocities");
  }
  return std::make_unique<PositionsEnv>(std::move(env));
}

}  // namespace vime
