#include "experiments/runner/config_json.h"
#include "experiments/runner/text.h"

#include <doctest/doctest.h>

#include <set>

#include "lib/core/check.h"
#include "tests/support/process.h"

namespace vime {
namespace {

// The message of the ConfigError that `action` throws; "" when it throws none.
template <class Action>
std::string ErrorOf(const Action& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

ResolvedConfig Built(const Json& config) {
  ConfigBuilder builder;
  builder.AddJson(config, "test", "file test");
  return builder.Build();
}

ResolvedConfig BuiltFromText(const std::string& path, const std::string& text) {
  ConfigBuilder builder;
  builder.AddText(path, text, "--" + path);
  return builder.Build();
}

Json NestedFrom(const std::string& path, const Json& value) {
  const auto dot = path.find('.');
  if (dot == std::string::npos) return {{path, value}};
  return {{path.substr(0, dot), NestedFrom(path.substr(dot + 1), value)}};
}

// Another valid value of the field; null when there is none.
Json Other(const Field& field) {
  struct {
    const Field& field;
    Json operator()(const bool* v) const { return !*v; }
    Json operator()(const std::int64_t* v) const { return *v + 1; }
    Json operator()(const double* v) const {
      if (field.range.integer) return *v == field.range.low ? field.range.high : field.range.low;
      return *v == 0 ? 0.25 : 0.5 * *v;
    }
    Json operator()(const std::string* v) const {
      return *v == "pendulum" ? "pendulum-sparse" : "pendulum";
    }
    Json operator()(const std::vector<std::int64_t>* v) const {
      Json list = *v;
      list.push_back(7);
      return list;
    }
    Json operator()(const Choice& choice) const {
      for (const std::string_view name : choice.names) {
        // "auto" comes to one of the other names.
        if (name != choice.name() && name != "auto") return std::string(name);
      }
      return nullptr;
    }
  } other{field};
  return std::visit(other, field.value);
}

TEST_CASE("Later sources win: default, preset, file, flag") {
  ConfigBuilder builder;
  builder.AddJson({{"eta", 0.3}, {"gamma", 0.3}, {"seed", 3}}, "p", "preset p");
  builder.AddJson({{"gamma", 0.4}, {"seed", 4}}, "f", "file f");
  builder.AddText("seed", "5", "--seed");
  const ResolvedConfig resolved = builder.Build();
  CHECK(resolved.config.shaping.eta == 0.3);
  CHECK(resolved.config.reinforce.gamma == 0.4);
  CHECK(resolved.config.seed == 5);
  CHECK(resolved.config.batch_steps == RunConfig().batch_steps);
  CHECK(resolved.sources.at("eta") == "preset p");
  CHECK(resolved.sources.at("gamma") == "file f");
  CHECK(resolved.sources.at("seed") == "flag");
  CHECK(resolved.sources.at("batch_steps") == "default");
  CHECK(resolved.sources.at("horizon") == "environment");
  CHECK(resolved.config.horizon == 200);
}

TEST_CASE("The environment may come last and still decides which env_params there are") {
  ConfigBuilder builder;
  builder.AddText("env_params.torque_limit", "3", "--set");
  builder.AddText("env", "pendulum", "--env");
  CHECK(builder.Build().config.env_params.at("torque_limit") == 3);
  builder.AddText("env", "mountaincar", "--env");
  CHECK(Contains(ErrorOf([&] { builder.Build(); }), "not a parameter of mountaincar"));
  CHECK(Contains(ErrorOf([] {
                   Built({{"env", "cartpole-swingup"}, {"env_params.dens", 1}});
                 }),
                 "did you mean env_params.dense?"));
}

TEST_CASE("A config survives the way to JSON and back in every field") {
  for (const std::string env : {"mountaincar", "pendulum", "cartpole-swingup"}) {
    RunConfig config = Built({{"env", env}}).config;
    const FieldList fields = DescribeAll(config);
    for (const Field& field : fields.fields()) {
      const Json other = Other(field);
      if (field.path == "env" || other.is_null()) continue;
      CAPTURE(field.path);
      Json changed = NestedFrom(field.path, other);
      changed["env"] = env;
      if (field.path == "eta_schedule") changed["eta_final"] = 0.5;
      const RunConfig once = Built(changed).config;
      const Json json = ToJson(once);
      CHECK(json != ToJson(config));
      CHECK(ToJson(Built(json).config) == json);
      CHECK(ToJson(Built(Json::parse(json.dump())).config) == json);
      CHECK(ConfigHash(Built(json).config) == ConfigHash(once));
    }
  }
}

TEST_CASE("Flags read what JSON writes") {
  RunConfig config = Built(Json::object()).config;
  const FieldList fields = DescribeAll(config);
  for (const Field& field : fields.fields()) {
    const Json other = Other(field);
    if (other.is_null() || field.path == "env") continue;
    CAPTURE(field.path);
    const std::string text = other.is_string() ? other.get<std::string>() : other.dump();
    const Json expected = ToJson(Built(NestedFrom(field.path, other)).config);
    CHECK(ToJson(BuiltFromText(field.path, text).config) == expected);
  }
}

TEST_CASE("The hash ignores seed and limits and depends on every other field") {
  for (const std::string env : {"mountaincar", "cartpole-swingup"}) {
    RunConfig config = Built({{"env", env}}).config;
    const std::string hash = ConfigHash(config);
    CHECK(hash.size() == 10);
    CHECK(hash.find_first_not_of("0123456789abcdef") == std::string::npos);
    // Nothing is evaluated, so it does not matter in how many episodes.
    const std::set<std::string> ignored = {"seed", "iterations", "env_steps", "stop_when",
                                           "eval_episodes"};
    std::set<std::string> hashes;
    const FieldList fields = DescribeAll(config);
    std::size_t changed = 0;
    for (const Field& field : fields.fields()) {
      const Json other = Other(field);
      if (other.is_null()) continue;
      CAPTURE(field.path);
      Json json = NestedFrom(field.path, other);
      if (field.path != "env") json["env"] = env;
      const std::string now = ConfigHash(Built(json).config);
      CHECK((now == hash) == ignored.contains(field.path));
      if (now != hash) ++changed;
      hashes.insert(now);
    }
    CHECK(changed > 30);
    CHECK(hashes.size() == changed + 1);
  }
}

TEST_CASE("The hash depends on the iterations when eta is scheduled over them") {
  const Json schedule = {{"eta_schedule", "linear"}};
  Json longer = schedule;
  longer["iterations"] = 101;
  CHECK(ConfigHash(Built(schedule).config) != ConfigHash(Built(longer).config));
}

TEST_CASE("The hash does not depend on how numbers are written") {
  CHECK(ConfigHash(Built({{"batch_steps", 1e4}}).config) ==
        ConfigHash(Built({{"batch_steps", 10000}}).config));
  CHECK(ConfigHash(Built({{"eta", -0.0}}).config) == ConfigHash(Built({{"eta", 0}}).config));
  CHECK(ConfigHash(BuiltFromText("eta", "1e-1").config) ==
        ConfigHash(RunConfig(Built(Json::object()).config)));
}

TEST_CASE("Numbers that are not finite, and other types, are rejected in every field") {
  const double inf = std::numeric_limits<double>::infinity();
  RunConfig config = Built({{"env", "cartpole-swingup"}}).config;
  const FieldList fields = DescribeAll(config);
  for (const Field& field : fields.fields()) {
    CAPTURE(field.path);
    const auto message = [&](const Json& value) {
      Json json = NestedFrom(field.path, value);
      if (field.path != "env") json["env"] = "cartpole-swingup";
      return ErrorOf([&] { Built(json); });
    };
    for (const Json& value :
         {Json(std::nan("")), Json(inf), Json(-inf), Json(), Json(-1e300), Json({{"a", 1}})}) {
      CHECK(Contains(message(value), "test: " + field.path));
    }
    const bool text = std::holds_alternative<std::string*>(field.value) ||
                      std::holds_alternative<Choice>(field.value);
    CHECK(Contains(message(text ? Json(1) : Json("abc")), "test: " + field.path));
    CHECK(!message("").empty());
    if (!std::holds_alternative<bool*>(field.value)) CHECK(!message(true).empty());
    if (!std::holds_alternative<std::vector<std::int64_t>*>(field.value)) {
      CHECK(!message(Json::array()).empty());
    }
  }
}

TEST_CASE("The ends of each range are as described") {
  RunConfig config = Built({{"env", "cartpole-swingup"}}).config;
  const FieldList fields = DescribeAll(config);
  for (const Field& field : fields.fields()) {
    const bool number = std::holds_alternative<double*>(field.value) ||
                        std::holds_alternative<std::int64_t*>(field.value);
    if (!number) continue;
    CAPTURE(field.path);
    RunConfig copy = config;
    const FieldList targets = DescribeAll(copy);
    const Field& target =
        targets.fields()[static_cast<std::size_t>(&field - fields.fields().data())];
    const auto accepted = [&](double value) {
      return ErrorOf([&] { AssignText(target, NumberText(value), "--x"); }).empty();
    };
    const double low = field.range.low;
    const double high = field.range.high;
    CHECK(accepted(low) == !field.range.low_open);
    CHECK(accepted(high) == !field.range.high_open);
    CHECK(!accepted(low - 1));
    if (high < std::numeric_limits<double>::max()) CHECK(!accepted(high + 1));
  }
}

TEST_CASE("A config may name its schema, and files with NUL bytes are no JSON") {
  CHECK(Built({{"$schema", "config.json"}, {"eta", 0.2}}).config.shaping.eta == 0.2);
  CHECK(Contains(ErrorOf([] { Built({{"$schema", 1}}); }), "is not a known key"));
  const std::string text("{}\0", 3);
  CHECK(ErrorOf([&] { ParseJson(text, "a.json"); }) == "a.json: not valid JSON: a NUL byte");
}

TEST_CASE("Integers may be written as decimals, lists with or without brackets") {
  CHECK(BuiltFromText("iterations", "1e6").config.iterations == 1000000);
  CHECK(BuiltFromText("iterations", "+20").config.iterations == 20);
  CHECK(BuiltFromText("iterations", "20.0").config.iterations == 20);
  CHECK(Built({{"iterations", 1e6}}).config.iterations == 1000000);
  CHECK(BuiltFromText("seed", "9007199254740991").config.seed == 9007199254740991);
  using List = std::vector<std::int64_t>;
  CHECK(BuiltFromText("bnn.hidden", "64,32").config.bnn.hidden == List{64, 32});
  CHECK(BuiltFromText("bnn.hidden", "[64,32]").config.bnn.hidden == List{64, 32});
  CHECK(BuiltFromText("policy.hidden", "[]").config.policy.hidden.empty());
  CHECK(Contains(ErrorOf([] { BuiltFromText("policy.hidden", ""); }), "such as 64,32"));
  CHECK(Built({{"bnn.hidden", {1, 2, 3}}}).config.bnn.hidden == List{1, 2, 3});
  for (const char* text : {"1.5", "1e400", "0x10", " 1", "1 ", "", "+-1", "++1", "1e"}) {
    CAPTURE(text);
    CHECK(Contains(ErrorOf([&] { BuiltFromText("iterations", text); }), "--iterations must be"));
  }
}

TEST_CASE("An empty group says nothing, an empty object in place of a value is wrong") {
  CHECK(ToJson(Built({{"env_params", Json::object()}, {"bnn", Json::object()}}).config) ==
        ToJson(Built(Json::object()).config));
  CHECK(Contains(ErrorOf([] { Built({{"eta", Json::object()}}); }), "eta must be a number"));
  CHECK(Contains(ErrorOf([] { Built({{"etta", Json::object()}}); }), "etta is not a known key"));
}

TEST_CASE("A path that a file sets twice is an error, in two files the later one wins") {
  const Json nested = {{"bnn", {{"updates", 1}}}};
  const Json dotted = {{"bnn.updates", 2}};
  Json both = nested;
  both.update(dotted);
  CHECK(ErrorOf([&] { Built(both); }) == "test: bnn.updates appears twice");
  ConfigBuilder builder;
  builder.AddJson(nested, "a", "file a");
  builder.AddJson(dotted, "b", "file b");
  CHECK(builder.Build().config.bnn.updates == 2);
}

TEST_CASE("Fields that contradict each other are refused") {
  const auto message = [](const Json& json) { return ErrorOf([&] { Built(json); }); };
  CHECK(Contains(message({{"policy.min_stddev", 11}}), "policy.min_stddev"));
  CHECK(Contains(message({{"policy.initial_stddev", 11}}), "policy.initial_stddev"));
  CHECK(Contains(message({{"policy.initial_stddev", 1e-4}}), "policy.initial_stddev"));
  CHECK(Contains(message({{"policy.stddev", "state"}, {"policy.max_stddev", 1}}),
                 "policy.stddev state needs policy.initial_stddev strictly between"));
  CHECK(message({{"env", "deepsea"}, {"observe", "positions"}}) ==
        "observe must be all for deepsea, which has no velocities to hide");
  CHECK(message({{"reuse_epochs", 5}}).empty());
  for (const char* algo : {"npg", "trpo", "ppo", "erwr"}) {
    CHECK(message({{"algo", algo}, {"reuse_epochs", 5}}) ==
          "reuse_epochs above 1 needs algo reinforce; ppo has ppo.epochs");
  }
  CHECK(Contains(message({{"algo", "ppo"}, {"compat", "openai-vime"}}), "not ppo"));
  CHECK(message({{"policy.kind", "gru"}}).empty());
  CHECK(message({{"policy.kind", "gru"}, {"policy.hidden", {8, 8}}}) ==
        "policy.kind gru needs exactly one width in policy.hidden");
  for (const char* algo : {"reinforce", "npg", "trpo", "ppo", "erwr"}) {  // each takes them
    CHECK(message({{"algo", algo}, {"policy.squash", "tanh"}, {"policy.kind", "gru"}}).empty());
  }
  CHECK(Contains(message({{"bnn.sampling", "moments"}, {"bnn.hidden", {3, 3}}}), "bnn.sampling"));
  CHECK(
      Contains(message({{"bnn.sampling", "moments"}, {"bnn.activation", "tanh"}}), "bnn.sampling"));
  CHECK(message({{"bnn.sampling", "moments"}}).empty());
  CHECK(Built(Json::object()).config.bnn.sampling == Sampling::kMoments);
  CHECK(Built({{"bnn.hidden", {3, 3}}}).config.bnn.sampling == Sampling::kLocal);
  CHECK(Built({{"bnn.activation", "tanh"}}).config.bnn.sampling == Sampling::kLocal);
  CHECK(Contains(message({{"eta_schedule", "exponential"}}), "eta_final"));
  CHECK(message({{"eta_schedule", "exponential"}, {"eta_final", 0.01}}).empty());
  CHECK(message({{"eta_schedule", "linear"}}).empty());
  CHECK(Contains(message({{"batch_steps", 1e8}}), "batch_steps"));
}

TEST_CASE("Duplicate keys are errors at every depth, equal keys of different objects are not") {
  const auto message = [](const std::string& text) {
    return ErrorOf([&] { ParseJson(text, "f"); });
  };
  CHECK(message(R"({"a": 1, "a": 2})") == "f: the key \"a\" appears twice");
  CHECK(message(R"([{"b": {"a": 1, "c": {}, "a": 2}}])") == "f: the key \"a\" appears twice");
  CHECK(message(R"({"a": {"a": 1}, "b": {"a": 1}, "c": [{"a": 1}, {"a": 2}]})").empty());
  CHECK(Contains(message(R"({"a": 1, "\u0061": 2})"), "twice"));
}

TEST_CASE("Malformed JSON is reported with its line and column") {
  const auto message = [](const std::string& text) {
    return ErrorOf([&] { ParseJson(text, "f"); });
  };
  CHECK(Contains(message("{\n  \"a\": 1,\n}"), "f: line 3, column 1: not valid JSON"));
  CHECK(Contains(message("{\"a\" 1}"), "f: line 1, column 6"));
  CHECK(Contains(message(""), "line 1"));
  CHECK(Contains(message("{\"a\": 1e999}"), "1e999"));
  CHECK(Contains(message(std::string(33, '[')), "f: nested more than 32 deep"));
  CHECK(message(std::string(32, '[') + std::string(32, ']')).empty());
  // Whatever the text is cut to, the message is one line of moderate length.
  const std::string text = "{\"a\": [1, -2.5e3, true], \"b\": \"x\\n\xe2\x88\x82\", \"c\": null}";
  REQUIRE(message(text).empty());
  for (std::size_t length = 0; length < text.size(); ++length) {
    const std::string error = message(text.substr(0, length));
    CHECK(Contains(error, "not valid JSON"));
    CHECK(error.find('\n') == std::string::npos);
    CHECK(error.size() < 200);
  }
}

TEST_CASE("JSON that would take much memory or time for its length is refused") {
  const auto message = [](std::size_t count, const std::string& open, const auto& item,
                          const std::string& close) {
    std::string text = open;
    for (std::size_t i = 0; i < count; ++i) text += std::string(i > 0 ? "," : "") + item(i);
    return ErrorOf([&] { ParseJson(text + close, "f"); });
  };
  const auto member = [](std::size_t i) { return "\"" + std::to_string(i) + "\":0"; };
  CHECK(message(500, "{", member, "}").empty());
  CHECK(message(501, "{", member, "}") == "f: an object with more than 500 keys");
  // A parser that looks through the list after every object would not end.
  CHECK(message(
            300000, "[", [](std::size_t) { return "{}"; }, "]")
            .empty());
  const auto zero = [](std::size_t) { return "0"; };
  CHECK(message(3999000, "[", zero, "]").empty());
  CHECK(message(4000001, "[", zero, "]") == "f: more than 4e6 values");
}

TEST_CASE("Files that are too large or not files are not read") {
  const testing::TemporaryDirectory directory;
  testing::WriteText(directory / "good.json", "\xef\xbb\xbf{\"eta\": 1}");
  CHECK(ReadJsonFile(directory / "good.json", "f")["eta"] == 1);
  testing::WriteText(directory / "large.json", "");
  std::filesystem::resize_file(directory / "large.json", std::uintmax_t{1} << 40);
  for (const std::string& path : {directory.path(), std::string("/dev/zero"), directory / "absent",
                                  directory / "large.json"}) {
    CAPTURE(path);
    CHECK(Contains(ErrorOf([&] { ReadJsonFile(path, "--config f"); }), "--config f: cannot read "));
  }
}

TEST_CASE("The config is found in every kind of file that holds one") {
  const Json config = {{"eta", 0.5}};
  CHECK(ConfigOf(config, "f") == config);
  CHECK(ConfigOf({{"config", config}}, "f") == config);
  CHECK(ConfigOf({{"description", "text"}, {"config", config}}, "f") == config);
  CHECK(ConfigOf({{"schema", "x"}, {"seed", 3}, {"config_hash", "x"}, {"config", config}}, "f") ==
        config);
  // Elsewhere a key beside the config would be ignored without a word.
  CHECK(ErrorOf([&] {
          ConfigOf({{"config", config}, {"eta", 1}}, "f");
        }) == "f: eta stands beside the key config; put it inside");
}

TEST_CASE("Every preset is a valid config with a description") {
  CHECK(!Presets().empty());
  for (const auto& entry : Presets()) {
    const std::string& name = entry.first;
    CAPTURE(name);
    CHECK(entry.second["description"].is_string());
    CHECK(ErrorOf([&] { Built(ConfigOf(FindPreset(name), name)); }).empty());
  }
  CHECK(Contains(ErrorOf([] { FindPreset("mountaincar-vim"); }), "did you mean mountaincar-vime?"));
}

TEST_CASE("Numbers are written short and read back the same") {
  CHECK(NumberText(0.1) == "0.1");
  CHECK(NumberText(1e6) == "1e6");
  CHECK(NumberText(1e15) == "1e15");
  CHECK(NumberText(1e-7) == "1e-07");
  CHECK(NumberText(4096) == "4096");
  CHECK(NumberText(kMaxSeed) == "9007199254740991");
  for (const double value : {1e6, 1e9, 1e100, 1.5e300, 1e-5, 123456789.0}) {
    CHECK(std::stod(NumberText(value)) == value);
  }
}

}  // namespace
}  // namespace vime
