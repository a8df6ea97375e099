#include "envs/registry.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "lib/core/check.h"

namespace vime {
namespace {

std::string MessageOf(std::string_view name, const EnvParams& params = {}) {
  try {
    MakeEnvironment(name, params);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("Every environment is found by its unique kebab-case name") {
  std::set<std::string> names;
  for (const EnvEntry& entry : Environments()) {
    INFO(entry.name);
    CHECK(names.insert(entry.name).second);
    CHECK(entry.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
          std::string::npos);
    CHECK(FindEnvironment(entry.name) == &entry);
    CHECK_FALSE(entry.help.empty());
  }
  for (const char* name :
       {"mountaincar", "mountaincar-sparse", "pendulum", "pendulum-sparse", "cartpole-swingup",
        "cartpole-swingup-x", "doublependulum", "doublependulum-x", "acrobot-sparse", "deepsea",
        "point-umaze", "hidden-room", "s-maze", "noisy-arm", "swimmer", "swimmer-gather"}) {
    CHECK(names.contains(name));
  }
  CHECK(FindEnvironment("no-such-task") == nullptr);
}

TEST_CASE("Every parameter's default lies in its range and its name is unique") {
  for (const EnvEntry& entry : Environments()) {
    std::set<std::string> names;
    for (const EnvParam& param : entry.params) {
      INFO(entry.name, " ", param.name);
      CHECK(names.insert(param.name).second);
      CHECK(param.low <= param.default_value);
      CHECK(param.default_value <= param.high);
      if (param.integer) CHECK(param.default_value == std::floor(param.default_value));
      CHECK_FALSE(param.help.empty());
    }
    CHECK(DefaultParams(entry).size() == entry.params.size());
  }
}

TEST_CASE("A parameter out of its range is refused, its bounds are accepted") {
  for (const EnvEntry& entry : Environments()) {
    for (const EnvParam& param : entry.params) {
      INFO(entry.name, " ", param.name);
      const auto make = [&](double value) { MakeEnvironment(entry.name, {{param.name, value}}); };
      CHECK_NOTHROW(make(param.low));
      CHECK_NOTHROW(make(param.high));
      CHECK_THROWS_AS(make(std::nextafter(param.low, -1e300)), ConfigError);
      CHECK_THROWS_AS(make(std::nextafter(param.high, 1e300)), ConfigError);
      CHECK_THROWS_AS(make(std::numeric_limits<double>::quiet_NaN()), ConfigError);
      if (param.integer) CHECK_THROWS_AS(make(param.low + 0.5), ConfigError);
    }
  }
}

TEST_CASE("A refusal names the parameter, what it may be, and what was given") {
  CHECK(MessageOf("pendulum", {{"torque_limit", 1e9}}) ==
        "env_params.torque_limit must be in [0.1, 100], got 1e+09");
  CHECK(MessageOf("cartpole-swingup", {{"dense", 0.5}}) ==
        "env_params.dense must be an integer in [0, 1], got 0.5");
}

TEST_CASE("An unknown name is refused with the nearest known one") {
  CHECK(MessageOf("mountain-car") ==
        "unknown environment 'mountain-car'; did you mean mountaincar?");
  CHECK(MessageOf("pendulum", {{"torque_limt", 1}}) ==
        "unknown parameter env_params.torque_limt of pendulum; did you mean torque_limit?");
}

TEST_CASE("An unknown name that resembles none is refused with the list of known ones") {
  CHECK(MessageOf("tetris").starts_with(
      "unknown environment 'tetris'; known: mountaincar mountaincar-sparse pendulum"));
  CHECK(MessageOf("pendulum", {{"colour", 1}}) ==
        "unknown parameter env_params.colour of pendulum; known: torque_limit noise_dims");
  CHECK(MessageOf("mountaincar", {{"torque_limit", 1}}) ==
        "unknown parameter env_params.torque_limit of mountaincar; known: float_state noise_dims");
}

TEST_CASE("A task of an engine is an environment, or the refusal says what to install") {
  for (const EngineTask& task : EngineTasks()) {
    const std::string name(task.name);
    INFO(name);
    if (FindEnvironment(name) != nullptr) {
      CHECK(MessageOf(name) == "no error");
    } else {
      CHECK(MessageOf(name) == name + " needs " + std::string(task.engine) +
                                   ", which this program was built without: install " +
                                   std::string(task.package) + ", configure and build again");
    }
    CHECK(MessageOf(name + "z") ==
          "unknown environment '" + name + "z'; did you mean " + name + "?");
  }
}

TEST_CASE("A parameter reaches the environment and the others keep their defaults") {
  CHECK(MakeEnvironment("pendulum")->spec().action[0].high == 2);
  CHECK(MakeEnvironment("pendulum-sparse")->spec().action[0].high == 1);
  CHECK(MakeEnvironment("pendulum-sparse", {{"torque_limit", 3}})->spec().action[0].high == 3);
}

}  // namespace
}  // namespace vime
