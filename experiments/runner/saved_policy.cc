#include "experiments/runner/saved_policy.h"

#include "experiments/runner/config_json.h"
#include "experiments/runner/files.h"
#include "experiments/runner/policy_json.h"

namespace vime {

SavedPolicy LoadPolicy(const std::string& run) {
  const std::string manifest = run + "/run.json";
  ConfigBuilder builder;
  builder.AddJson(ConfigOf(ReadJsonFile(manifest, manifest), manifest), manifest, "file");
  SavedPolicy saved{.config = builder.Build().config, .env = nullptr, .policy = nullptr};
  saved.env = MakeEnvironment(saved.config);
  const std::string file = run + "/policy.json";
  saved.policy = PolicyFromJson(ReadJsonFile(file, file), saved.env->spec(), file);
  return saved;
}

}  // namespace vime
