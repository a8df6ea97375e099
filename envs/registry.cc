#include "envs/registry.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "envs/entries.h"
#include "envs/noise_dims.h"
#include "lib/core/check.h"
#include "lib/core/names.h"

namespace vime {
namespace {

constexpr auto kEngineTasks = std::to_array<EngineTask>({
    {"halfcheetah", "MuJoCo", "libmujoco-dev"},
    {"halfcheetah-sparse", "MuJoCo", "libmujoco-dev"},
    {"walker2d", "MuJoCo", "libmujoco-dev"},
    {"mountaincar-x", "Box2D", "libbox2d-dev"},
});

[[noreturn]] void FailUnknownParameter(const EnvEntry& entry, std::string_view name) {
  std::vector<std::string> known;
  for (const EnvParam& param : entry.params) known.push_back(param.name);
  throw ConfigError("unknown parameter env_params." + std::string(name) + " of " + entry.name +
                    "; " + Suggestion(name, known));
}

void CheckValue(const EnvParam& param, double value) {
  const bool in_range = value >= param.low && value <= param.high;  // false for NaN
  if (in_range && (!param.integer || value == std::floor(value))) return;
  throw ConfigError("env_params." + param.name + " must be " +
                    (param.integer ? "an integer in [" : "in [") + ToText(param.low) + ", " +
                    ToText(param.high) + "], got " + ToText(value));
}

}  // namespace

std::span<const EnvEntry> Environments() {
  static const std::vector<EnvEntry> table = [] {
    std::vector<EnvEntry> entries = {
        MountainCarEntry(),    MountainCarSparseEntry(), PendulumEntry(),
        PendulumSparseEntry(), CartpoleSwingupEntry(),   CartpoleSwingupXEntry(),
        DoublePendulumEntry(), DoublePendulumXEntry(),   AcrobotSparseEntry(),
        DeepSeaEntry(),
    };
    std::ranges::move(PointMazeEntries(), std::back_inserter(entries));
    entries.push_back(SwimmerEntry());
    entries.push_back(SwimmerGatherEntry());
#ifdef VIME_WITH_MUJOCO
    entries.push_back(HalfCheetahEntry());
    entries.push_back(HalfCheetahSparseEntry());
    entries.push_back(Walker2dEntry());
#endif
#ifdef VIME_WITH_BOX2D
    entries.push_back(MountainCarXEntry());
#endif
    std::ranges::transform(entries, entries.begin(), Registered);
    return entries;
  }();
  return table;
}

const EnvEntry* FindEnvironment(std::string_view name) {
  for (const EnvEntry& entry : Environments()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::span<const EngineTask> EngineTasks() { return kEngineTasks; }

const EngineTask* FindEngineTask(std::string_view name) {
  const auto* const task = std::ranges::find(kEngineTasks, name, &EngineTask::name);
  return task == kEngineTasks.end() ? nullptr : task;
}

std::string WhyNoEnvironment(std::string_view name) {
  if (const EngineTask* task = FindEngineTask(name)) {
    return std::string(name) + " needs " + std::string(task->engine) +
           ", which this program was built without: install " + std::string(task->package) +
           ", configure and build again";
  }
  std::vector<std::string> known;
  for (const EnvEntry& entry : Environments()) known.push_back(entry.name);
  for (const EngineTask& task : kEngineTasks) {
    if (FindEnvironment(task.name) == nullptr) known.emplace_back(task.name);
  }
  return "unknown environment '" + std::string(name) + "'; " + Suggestion(name, known);
}

EnvParams DefaultParams(const EnvEntry& entry) {
  EnvParams params;
  for (const EnvParam& param : entry.params) params[param.name] = param.default_value;
  return params;
}

std::unique_ptr<Env> MakeEnvironment(const EnvEntry& entry, const EnvParams& params) {
  EnvParams all = DefaultParams(entry);
  for (const auto& [key, value] : params) {
    const auto found = all.find(key);
    if (found == all.end()) FailUnknownParameter(entry, key);
    found->second = value;
  }
  for (const EnvParam& param : entry.params) CheckValue(param, all.at(param.name));
  return entry.make(all);
}

std::unique_ptr<Env> MakeEnvironment(std::string_view name, const EnvParams& params) {
  const EnvEntry* entry = FindEnvironment(name);
  if (entry == nullptr) throw ConfigError(WhyNoEnvironment(name));
  return MakeEnvironment(*entry, params);
}

EnvEntry Registered(EnvEntry entry) { return WithNoiseDims(std::move(entry)); }

}  // namespace vime
