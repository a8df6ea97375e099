// policy.json: a trained policy as readable numbers.
#pragma once

#include "experiments/runner/config_json.h"
#include "lib/rl/env.h"
#include "lib/vime/trainer.h"

namespace vime {

/// Layer by layer, weights[input][output] and biases, with the scaling of observations, the
/// standard deviations and the action bounds: everything needed to act.
Json PolicyToJson(const Trainer& trainer);

/// The policy that such a document describes, for an environment of this spec. It acts as the one
/// that was written. Throws ConfigError that begins with `name` and says which key is wrong.
std::unique_ptr<Policy> PolicyFromJson(const Json& json, const EnvSpec& spec,
                                       const std::string& name);

}  // namespace vime
