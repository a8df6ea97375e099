#include "experiments/runner/policy_json.h"

#include <cmath>

#include "lib/core/check.h"
#include "lib/math/elementary.h"
#include "lib/nn/mlp_kernel.h"
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

template <class E>
std::string_view NameOf(E value) {
  return EnumNames<E>()[static_cast<std::size_t>(value)];
}

// Reads members of a document and names the one that is wrong.
class Reader {
 public:
  Reader(const Json& json, std::string name) : json_(json), name_(std::move(name)) {}

  [[noreturn]] void Fail(const std::string& what) const { throw ConfigError(name_ + ": " + what); }

  const Json& Member(const char* key) const {
    if (!json_.is_object() || !json_.contains(key)) Fail(std::string(key) + " is missing");
    return json_[key];
  }

  // `count` finite numbers.
  VectorXd Numbers(const char* key, Index count) const { return Numbers(Member(key), key, count); }

  VectorXd Numbers(const Json& list, const std::string& key, Index count) const {
    if (!list.is_array() || static_cast<Index>(list.size()) != count) {
      Fail(key + " must be a list of " + std::to_string(count) + " numbers");
    }
    VectorXd numbers(count);
    for (Index i = 0; i < count; ++i) {
      const Json& number = list[static_cast<std::size_t>(i)];
      if (!number.is_number()) Fail(key + " must hold numbers only");
      numbers[i] = number.get<double>();
    }
    return numbers;
  }

 private:
  const Json& json_;
  std::string name_;
};

// Files older than the choice do not squash.
ActionSquash SquashFrom(const Json& json, const Reader& reader) {
  if (!json.contains("squash")) return ActionSquash::kNone;
  for (const ActionSquash squash : {ActionSquash::kNone, ActionSquash::kTanh}) {
    if (json["squash"] == NameOf(squash)) return squash;
  }
  reader.Fail("squash must be none or tanh");
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
  json["observation_offset"] = Numbers(policy->scaling().offset());
  json["observation_scale"] = Numbers(policy->scaling().scale());
  json["squash"] = NameOf(policy->squash());
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
  if (policy->options().stddev == StddevKind::kState) {
    // The last layer gives means, then what these bounds turn into standard deviations.
    json["stddev_bounds"] = {policy->options().min_stddev, policy->options().max_stddev};
  } else {
    json["stddev"] = Numbers(policy->stddev());
  }
  return json;
}

std::unique_ptr<Policy> PolicyFromJson(const Json& json, const EnvSpec& spec,
                                       const std::string& name) {
  const Reader reader(json, name);
  if (reader.Member("schema") != "vime-policy-1") reader.Fail("schema must be vime-policy-1");
  if (reader.Member("env") != spec.name) reader.Fail("env must be " + spec.name);
  const Json& sizes_json = reader.Member("sizes");
  if (!sizes_json.is_array() || sizes_json.size() < 2 || sizes_json.size() > kMaxMlpLayers + 1) {
    reader.Fail("sizes must be a list of 2 to " + std::to_string(kMaxMlpLayers + 1) + " widths");
  }
  std::vector<Index> sizes;
  for (const Json& size : sizes_json) {
    if (!size.is_number_integer() || size < 1 || size > 4096) {
      reader.Fail("sizes must hold integers >= 1 and <= 4096");
    }
    sizes.push_back(size.get<Index>());
  }
  GaussianPolicyOptions options;
  options.hidden.assign(sizes.begin() + 1, sizes.end() - 1);
  options.squash = SquashFrom(json, reader);
  int outputs = spec.action_dim();
  if (json.contains("stddev_bounds")) {
    const VectorXd bounds = reader.Numbers("stddev_bounds", 2);
    if (!(bounds[0] > 0 && bounds[0] < bounds[1])) {
      reader.Fail("stddev_bounds must be two rising numbers > 0");
    }
    options.stddev = StddevKind::kState;
    options.min_stddev = bounds[0];
    options.max_stddev = bounds[1];
    options.initial_stddev = Exp(0.5 * (Log(bounds[0]) + Log(bounds[1])));  // any between
    outputs *= 2;
  }
  if (sizes.front() != spec.observation_dim() || sizes.back() != outputs) {
    reader.Fail("sizes must begin with " + std::to_string(spec.observation_dim()) +
                " observations and end with " + std::to_string(outputs) + " outputs");
  }
  const std::size_t num_layers = sizes.size() - 1;
  const Json& layers = reader.Member("layers");
  if (!layers.is_array() || layers.size() != num_layers) {
    reader.Fail("layers must be a list of " + std::to_string(num_layers) + " layers");
  }
  std::vector<double> theta;
  const auto append = [&](const VectorXd& part) {
    theta.insert(theta.end(), part.begin(), part.end());
  };
  for (std::size_t l = 0; l < num_layers; ++l) {
    const Reader layer(layers[l], name + ": layers[" + std::to_string(l) + "]");
    const Json& weights = layer.Member("weights");
    if (!weights.is_array() || static_cast<Index>(weights.size()) != sizes[l]) {
      layer.Fail("weights must have " + std::to_string(sizes[l]) + " rows");
    }
    for (const Json& row : weights) append(layer.Numbers(row, "weights", sizes[l + 1]));
    append(layer.Numbers("biases", sizes[l + 1]));
  }
  if (options.stddev == StddevKind::kConstant) {
    const VectorXd stddev = reader.Numbers("stddev", sizes.back());
    for (const double value : stddev) {
      if (!(value > 0)) reader.Fail("stddev must be > 0");
      theta.push_back(Log(value));
    }
  }
  auto policy = std::make_unique<GaussianPolicy<float>>(spec, options, /*seed=*/0);
  policy->scaling().Set(reader.Numbers("observation_offset", sizes.front()).cast<float>(),
                        reader.Numbers("observation_scale", sizes.front()).cast<float>());
  policy->SetParameters(Eigen::Map<const VectorXd>(theta.data(), static_cast<Index>(theta.size())));
  return policy;
}

}  // namespace vime
