// One line of metrics.jsonl.
#pragma once

#include <string>

#include "experiments/runner/config_json.h"
#include "lib/vime/metrics.h"

namespace vime {

/// The metrics as one flat object. Absent values are null; values that are not finite are null and
/// `<key>_nonfinite` says what they were.
Json ToJson(const IterationMetrics& metrics);

}  // namespace vime
