// JSON Schemas (draft 2020-12) of what runs and sweeps write. Configs and metrics come from their
// descriptions; the tests validate real files, so that the rest cannot fall behind either.
#pragma once

#include <string>
#include <vector>

#include "experiments/runner/config_json.h"

namespace vime {

/// "config", "run", "metrics", "eval", "summary", "policy", "states" and "task". Of files of lines
/// (metrics.jsonl, eval.jsonl, manifest.jsonl) each line is an instance.
std::vector<std::string> SchemaNames();

/// The schema of that name. Throws ConfigError that names --schema.
Json Schema(const std::string& name);

}  // namespace vime
