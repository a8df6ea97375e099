#include "experiments/runner/policy_json.h"

#include <cmath>

#include "lib/core/check.h"
#include "lib/math/elementary.h"
#include "lib/nn/mlp_kernel.h"
#include "lib/rl/gru_policy.h"

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

constexpr std::string_view kMlp = "gaussian-tanh-mlp";
constexpr std::string_view kGru = "gaussian-gru";

struct LayerShape {
  Index inputs, outputs;
};

// The matrices that theta begins with. Those of a gru are its reset gate, update gate and
// candidate, whose inputs are the observation and then the memory, and the output.
std::vector<LayerShape> LayerShapes(bool gru, const std::vector<int>& sizes) {
  if (gru) {
    const LayerShape gate{sizes[0] + sizes[1], sizes[1]};
    return {gate, gate, gate, {sizes[1], sizes[2]}};
  }
  std::vector<LayerShape> shapes;
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) shapes.push_back({sizes[l], sizes[l + 1]});
  return shapes;
}

// A GaussianPolicy or a GruPolicy.
template <class P>
Json Describe(const P& policy, const EnvSpec& spec) {
  constexpr bool gru = std::is_same_v<P, GruPolicy>;
  Json json;
  json["schema"] = "vime-policy-1";
  json["kind"] = gru ? kGru : kMlp;
  json["env"] = spec.name;
  json["observation"] = Axes(spec.observation);
  json["action"] = Axes(spec.action);
  json["observation_offset"] = Numbers(policy.scaling().offset());
  json["observation_scale"] = Numbers(policy.scaling().scale());
  json["squash"] = NameOf(policy.squash());
  json["sizes"] = policy.sizes();
  json["layers"] = Json::array();
  Index next = 0;
  for (const auto& [inputs, outputs] : LayerShapes(gru, policy.sizes())) {
    Json weights = Json::array();
    for (Index i = 0; i < inputs; ++i) {
      weights.push_back(Numbers(policy.parameters().segment(next, outputs)));
      next += outputs;
    }
    json["layers"].push_back(
        {{"weights", weights}, {"biases", Numbers(policy.parameters().segment(next, outputs))}});
    next += outputs;
  }
  if (policy.options().stddev == StddevKind::kState) {
    // The last layer gives means, then what these bounds turn into standard deviations.
    json["stddev_bounds"] = {policy.options().min_stddev, policy.options().max_stddev};
  } else {
    json["stddev"] = Numbers(policy.stddev());
  }
  return json;
}

// The policy that acts like the one that was described.
template <class P>
std::unique_ptr<Policy> Build(const EnvSpec& spec, const GaussianPolicyOptions& options,
                              const VectorXd& offset, const VectorXd& scale,
                              const std::vector<double>& theta) {
  auto policy = std::make_unique<P>(spec, options, /*seed=*/0);
  using Numbers = std::decay_t<decltype(policy->scaling().offset())>;
  policy->scaling().Set(offset.cast<typename Numbers::Scalar>(),
                        scale.cast<typename Numbers::Scalar>());
  policy->SetParameters(Eigen::Map<const VectorXd>(theta.data(), static_cast<Index>(theta.size())));
  return policy;
}

}  // namespace

Json PolicyToJson(const Trainer& trainer) {
  const EnvSpec& spec = trainer.rollout().spec();
  if (const auto* gru = dynamic_cast<const GruPolicy*>(&trainer.policy())) {
    return Describe(*gru, spec);
  }
  const auto* mlp = dynamic_cast<const GaussianPolicy<float>*>(&trainer.policy());
  VIME_CHECK(mlp != nullptr);
  return Describe(*mlp, spec);
}

std::unique_ptr<Policy> PolicyFromJson(const Json& json, const EnvSpec& spec,
                                       const std::string& name) {
  const Reader reader(json, name);
  if (reader.Member("schema") != "vime-policy-1") reader.Fail("schema must be vime-policy-1");
  if (reader.Member("env") != spec.name) reader.Fail("env must be " + spec.name);
  const bool gru = reader.Member("kind") == kGru;
  if (!gru && json["kind"] != kMlp) {
    reader.Fail("kind must be " + std::string(kMlp) + " or " + std::string(kGru));
  }
  const Json& sizes_json = reader.Member("sizes");
  if (!sizes_json.is_array() || sizes_json.size() < 2 || sizes_json.size() > kMaxMlpLayers + 1) {
    reader.Fail("sizes must be a list of 2 to " + std::to_string(kMaxMlpLayers + 1) + " widths");
  }
  if (gru && sizes_json.size() != 3) reader.Fail("sizes must be a list of 3 widths");
  std::vector<int> sizes;
  for (const Json& size : sizes_json) {
    if (!size.is_number_integer() || size < 1 || size > 4096) {
      reader.Fail("sizes must hold integers >= 1 and <= 4096");
    }
    sizes.push_back(size.get<int>());
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
  const std::vector<LayerShape> shapes = LayerShapes(gru, sizes);
  const Json& layers = reader.Member("layers");
  if (!layers.is_array() || layers.size() != shapes.size()) {
    reader.Fail("layers must be a list of " + std::to_string(shapes.size()) + " layers");
  }
  std::vector<double> theta;
  const auto append = [&](const VectorXd& part) {
    theta.insert(theta.end(), part.begin(), part.end());
  };
  for (std::size_t l = 0; l < shapes.size(); ++l) {
    const Reader layer(layers[l], name + ": layers[" + std::to_string(l) + "]");
    const Json& weights = layer.Member("weights");
    if (!weights.is_array() || static_cast<Index>(weights.size()) != shapes[l].inputs) {
      layer.Fail("weights must have " + std::to_string(shapes[l].inputs) + " rows");
    }
    for (const Json& row : weights) append(layer.Numbers(row, "weights", shapes[l].outputs));
    append(layer.Numbers("biases", shapes[l].outputs));
  }
  if (options.stddev == StddevKind::kConstant) {
    const VectorXd stddev = reader.Numbers("stddev", sizes.back());
    for (const double value : stddev) {
      if (!(value > 0)) reader.Fail("stddev must be > 0");
      theta.push_back(Log(value));
    }
  }
  const VectorXd offset = reader.Numbers("observation_offset", sizes.front());
  const VectorXd scale = reader.Numbers("observation_scale", sizes.front());
  return gru ? Build<GruPolicy>(spec, options, offset, scale, theta)
             : Build<GaussianPolicy<float>>(spec, options, offset, scale, theta);
}

}  // namespace vime
