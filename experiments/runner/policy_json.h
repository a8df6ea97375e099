// policy.json: a trained policy as readable numbers.
#pragma once

#include "experiments/runner/config_json.h"
#include "lib/vime/trainer.h"

namespace vime {

/// Layer by layer, weights[input][output] and biases, with the scaling of observations, the
/// standard deviations and the action bounds: everything needed to act.
Json PolicyToJson(const Trainer& trainer);

}  // namespace vime
