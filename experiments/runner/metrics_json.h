// One line of metrics.jsonl.
#pragma once

#include <string>

#include "experiments/runner/config_json.h"
#include "lib/rl/evaluation.h"
#include "lib/vime/metrics.h"

namespace vime {

/// Sets json[key]. A value that is not finite becomes null and `<key>_nonfinite` says what it was.
void PutNumber(Json& json, const std::string& key, double value);

/// The metrics as one flat object. Absent values are null.
Json ToJson(const IterationMetrics& metrics);

/// A line of eval.jsonl: the evaluation after the iteration of `metrics`, both as flat keys.
Json ToJson(const Evaluation& evaluation, const IterationMetrics& metrics);
Json ToJson(const Evaluation& evaluation);

}  // namespace vime
