#include "experiments/runner/policy_json.h"

#include <cmath>

#include "lib/core/check.h"
#include "lib/rl/gaussian_policy.h"

namespace vime {
namespace {

// null for numbers that JSON cannot hold: the policy of a diverged run.
Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json Numbers(const auto& vector) {
  Json list = Json::array();
  for (const auto value : vector) list.push_back(Number(static_cast<double>(value)));
  return list;
}

Json Axes(const std::vector<Axis>& axes) {
  Json list = Json::array();
  for (const Axis& axis : axes) {
    list.push_back({{"name", axis.name}, {"low", Number(axis.low)}, {"high", Number(axis.high)}});
  }
  return list;
}

}  // namespace

Json PolicyToJson(const Trainer& trainer) {
  const auto* policy = dynamic_cast<const GaussianPolicy<float>*>(&trainer.policy());
  VIME_CHECK(policy != nullptr);
  const EnvSpec& spec = trainer.rollout().spec();
  Json json;
  json["schema"] = "vime-policy-1";
  json["kind"] = "gaussian-tanh-mlp";
  json["env"] = spec.name;
  json["observation"] = Axes(spec.observation);
  json["action"] = Axes(spec.action);
  json["observation_offset"] = Numbers(policy->observation_offset());
  json["observation_scale"] = Numbers(policy->observation_scale());
  json["sizes"] = policy->sizes();
  json["layers"] = Json::array();
  Index next = 0;
  for (std::size_t l = 0; l + 1 < policy->sizes().size(); ++l) {
    const int in = policy->sizes()[l];
    const int out = policy->sizes()[l + 1];
    Json weights = Json::array();
    for (int i = 0; i < in; ++i) {
      weights.push_back(Numbers(policy->parameters().segment(next, out)));
      next += out;
    }
    json["layers"].push_back(
        {{"weights", weights}, {"biases", Numbers(policy->parameters().segment(next, out))}});
    next += out;
  }
  json["stddev"] = Numbers(policy->stddev());
  return json;
}

}  // namespace vime
