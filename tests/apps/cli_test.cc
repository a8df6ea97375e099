// vime-run as its users meet it: the real program, its output, its exit codes and its files.
#include <doctest/doctest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "envs/registry.h"
#include "lib/kernels/kernels.h"
#include "tests/support/vime_run.h"

namespace vime::testing {
namespace {

// Exit code, one line on standard error that begins like every error and holds `parts`, nothing on
// standard output, no file left behind.
void CheckRefused(const Arguments& arguments, const std::vector<std::string>& parts,
                  const std::map<std::string, std::string>& files = {}) {
  const TemporaryDirectory directory;
  std::vector<std::string> names;
  for (const auto& [name, text] : files) {
    WriteText(directory / name, text);
    names.push_back(name);
  }
  const Result result = VimeRun(arguments, directory);
  const std::string command = Joined(arguments);
  CAPTURE(command);
  CAPTURE(result.err);
  CHECK(result.exit_code == 2);
  CHECK(IsOneLine(result.err));
  CHECK(result.err.starts_with("vime-run: "));
  CHECK(result.out.empty());
  CHECK(Entries(directory.path()) == names);
  for (const std::string& part : parts) CHECK_MESSAGE(Contains(result.err, part), part);
}

void CheckConfigRefused(const std::string& text, const std::vector<std::string>& parts) {
  CheckRefused({"--config", "c.json"}, std::vector<std::string>{"--config c.json"} + parts,
               {{"c.json", text}});
}

// Every leaf of the config that --print-config shows, by dotted path.
void Flatten(const Json& object, const std::string& prefix, std::map<std::string, Json>& leaves) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object()) {
      Flatten(value, prefix + key + ".", leaves);
    } else {
      leaves[prefix + key] = value;
    }
  }
}

std::map<std::string, Json> ConfigLeaves(const std::string& env) {
  const TemporaryDirectory directory;
  const Result result = VimeRun({"--print-config", "--env", env}, directory);
  REQUIRE(result.exit_code == 0);
  std::map<std::string, Json> leaves;
  Flatten(Json::parse(result.out)["config"], "", leaves);
  return leaves;
}

std::string FlagOf(std::string path) {
  for (char& c : path) {
    if (c == '.' || c == '_') c = '-';
  }
  return "--" + path;
}

// ------------------------------------------------------------------------------ bad input

TEST_CASE("Unknown names are refused with a suggestion") {
  CheckRefused({"--env", "mountancar"}, {"--env", "did you mean mountaincar?"});
  CheckRefused({"--env", "qqqqqqqq"}, {"--env", "known:", "pendulum"});
  CheckRefused({"--set", "env=pendulm"}, {"--set env", "did you mean pendulum?"});
  CheckRefused({"--iteration", "3"}, {"--iteration;", "did you mean --iterations?"});
  CheckRefused({"--learning-rate", "3"},
               {"--reinforce-learning-rate or --ppo-learning-rate or --bnn-learning-rate"});
  CheckRefused({"--qqqqqqqq"}, {"--qqqqqqqq", "--help"});
  CheckRefused({"stray"}, {"'stray'", "--help"});
  CheckRefused({"--set", "etta=1"}, {"--set etta", "did you mean eta?"});
  CheckRefused({"--set", "updates=1"}, {"did you mean bnn.updates?"});
  CheckRefused({"--set", "policy=1"}, {"policy is a group"});
  CheckRefused({"--set", "env_params.torque_limit=1"}, {"torque_limit", "mountaincar"});
  CheckRefused({"--env", "pendulum", "--set", "env_params.torque_limt=1"},
               {"did you mean env_params.torque_limit?"});
  CheckRefused({"--preset", "mountaincar-vim"}, {"--preset", "did you mean mountaincar-vime?"});
  CheckRefused({"--preset", ""}, {"--preset", "known:"});
  CheckRefused({"--bonus", "vimes"},
               {"--bonus", "vime|shuffled|compression", "did you mean vime?"});
  CheckRefused({"--list", "env"}, {"--list", "envs|bonuses|presets|metrics"});
  CheckRefused({"--list", ""}, {"--list", "envs|bonuses|presets|metrics"});
  CheckRefused({"--schema", "metric"}, {"--schema", "config|eval|metrics|policy|run|states"});
  CheckRefused({"--if-exists", "replace"}, {"--if-exists", "resume|skip|fail|overwrite"});
  CheckRefused({"--progress", "fast"}, {"--progress", "auto|bar|lines|off"});
}

TEST_CASE("Options without a value or given in a wrong form are refused") {
  CheckRefused({"--eta"}, {"--eta needs a value: a number >= 0"});
  CheckRefused({"--iterations", "--quiet"}, {"--iterations must be", "got '--quiet'"});
  CheckRefused({"--config"}, {"--config needs a value"});
  CheckRefused({"--set", "eta"}, {"--set must be key=value", "'eta'"});
  CheckRefused({"--set", "=1"}, {"--set must be key=value"});
  CheckRefused({"--preset", "a", "--preset", "b"}, {"--preset may be given only once"});
  CheckRefused({"--env", ""}, {"unknown environment ''; known: "});
  CheckRefused({"--out", ""}, {"--out must be"});
  CheckRefused({"--quiet=perhaps"}, {"--quiet"});
  CheckRefused({"--threads", "0"}, {"--threads must be an integer >= 1 and <= 256", "'0'"});
  CheckRefused({"--threads", "nan"}, {"--threads"});
  CheckRefused({"--bonus-center", "perhaps"}, {"true or false"});
  CheckRefused({"--print-config", "--simd", "v9"}, {"--simd v9", "allowed: auto", "portable"});
  CheckRefused({"--simd", "v9"}, {"--simd v9", "allowed: auto", "portable"});
}

TEST_CASE("What is not UTF-8 or moves the cursor of a terminal is shown as U+FFFD, in one line") {
  const std::string hidden = "\xef\xbf\xbd";
  CheckRefused({"--env", "a\x9b\xff\x1b"}, {"'a" + hidden + hidden + hidden + "'"});
  CheckRefused({"--env", "mountain\ncar"}, {"--env", "mountain" + hidden + "car"});
  CheckRefused({"--e\nta", "1"}, {"--e" + hidden + "ta"});
  CheckRefused({"str\ray\x1b[31m"}, {"str" + hidden + "ay" + hidden + "[31m"});
  CheckRefused({"--config", "a\nb"}, {"a" + hidden + "b"});
  CheckRefused({"--set", "e\nta=1"}, {"e" + hidden + "ta"});
  CheckRefused({"--list", "a\nb"}, {"a" + hidden + "b"});
}

TEST_CASE("Every numeric option refuses what is not a number within its range") {
  for (const std::string env : {"mountaincar", "pendulum", "cartpole-swingup"}) {
    int checked = 0;
    for (const auto& [path, value] : ConfigLeaves(env)) {
      const bool parameter = path.starts_with("env_params.");
      if (!value.is_number() && !value.is_array()) continue;
      if (env != "mountaincar" && !parameter) continue;
      for (const std::string text : {"nan", "inf", "-1e300", "1e400", "abc", ""}) {
        if (value.is_array() && text.empty()) continue;  // no hidden layers
        if (parameter) {
          CheckRefused({"--env", env, "--set", path + "=" + text},
                       {"--set " + path + " must be a"});
        } else {
          CheckRefused({FlagOf(path), text}, {FlagOf(path) + " must be a", "'" + text + "'"});
        }
      }
      ++checked;
    }
    CHECK(checked >= (env == "mountaincar" ? 25 : 1));
  }
}

TEST_CASE("Values out of range are refused and the range is named") {
  CheckRefused({"--eta", "-0.1"}, {"--eta must be a number >= 0, got '-0.1'"});
  CheckRefused({"--eta", "0x10"}, {"--eta"});
  CheckRefused({"--eta", "1,5"}, {"--eta"});
  CheckRefused({"--eta", "0.1 "}, {"--eta"});
  CheckRefused({"--seed", "-1"}, {"--seed must be an integer >= 0 and <= 9007199254740991"});
  CheckRefused({"--seed", "9007199254740992"}, {"--seed", "9007199254740991"});
  CheckRefused({"--seed", "9007199254740993"}, {"--seed", "9007199254740991"});
  CheckRefused({"--horizon", "0"}, {"--horizon must be an integer >= 1"});
  CheckRefused({"--iterations", "0"}, {"--iterations must be an integer >= 1 and <= 1e9"});
  CheckRefused({"--iterations", "1.5"}, {"--iterations must be an integer"});
  CheckRefused({"--batch-steps", "-5"}, {"--batch-steps must be an integer >= 1"});
  CheckRefused({"--gamma", "1.01"}, {"--gamma must be a number >= 0 and <= 1"});
  CheckRefused({"--reinforce-beta1", "1"}, {"--reinforce-beta1 must be a number >= 0 and < 1"});
  CheckRefused({"--reuse-epochs", "0"}, {"--reuse-epochs must be an integer >= 1"});
  for (const char* delta : {"0", "-0.01"}) {
    CheckRefused({"--trpo-max-kl", delta}, {"--trpo-max-kl must be a number > 0"});
  }
  CheckRefused({"--policy-hidden", "0"}, {"--policy-hidden", "integers >= 1 and <= 4096"});
  CheckRefused({"--policy-hidden", "1.5"}, {"--policy-hidden"});
  CheckRefused({"--policy-hidden", "3,,3"}, {"--policy-hidden"});
  CheckRefused({"--policy-hidden", "1,1,1,1,1,1,1,1,1"}, {"--policy-hidden", "at most 8"});
  CheckRefused({"--env", "pendulum", "--set", "env_params.torque_limit=1e9"},
               {"env_params.torque_limit must be a number >= 0.1 and <= 100"});
  CheckRefused({"--env", "cartpole-swingup", "--set", "env_params.dense=0.5"},
               {"env_params.dense must be an integer"});
}

TEST_CASE("Combinations that make no sense are refused") {
  CheckRefused({"--policy-min-stddev", "20"}, {"policy.min_stddev", "policy.max_stddev"});
  CheckRefused({"--policy-initial-stddev", "20"}, {"policy.initial_stddev"});
  CheckRefused({"--eta-schedule", "exponential"}, {"eta_schedule", "eta_final > 0"});
  CheckRefused({"--reuse-epochs", "5", "--algo", "trpo"}, {"reuse_epochs", "algo reinforce"});
  CheckRefused({"--compat", "openai-vime", "--algo", "ppo"}, {"compat", "not ppo"});
  CheckRefused({"--bnn-sampling", "moments", "--bnn-activation", "tanh"}, {"bnn.sampling"});
  CheckRefused({"--batch-steps", "1e8"}, {"batch_steps"});
}

TEST_CASE("Config files that are not valid JSON are refused with the place of the mistake") {
  CheckConfigRefused("", {"line 1, column 1"});
  CheckConfigRefused("{\n\"eta\": 0.1,\n}", {"line 3, column 1", "not valid JSON"});
  CheckConfigRefused("{\"eta\": 0.1", {"not valid JSON", "end of input"});
  CheckConfigRefused("{\"eta\": 0.1} x", {"not valid JSON"});
  CheckConfigRefused("{\"eta\": NaN}", {"not valid JSON"});
  CheckConfigRefused("{\"eta\": 1e400}", {"1e400"});
  CheckConfigRefused("\xff\xfe{", {"not valid JSON"});
  CheckConfigRefused("{\"eta\": 1, \"eta\": 2}", {"\"eta\" appears twice"});
  CheckConfigRefused("{\"bnn\": {\"updates\": 1}, \"bnn.updates\": 2}",
                     {"bnn.updates appears twice"});
  CheckConfigRefused(std::string(100000, '['), {"nested more than"});
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{\"a\":";
  CheckConfigRefused(deep, {"nested more than"});
}

TEST_CASE("Config files with wrong keys or types are refused") {
  CheckConfigRefused("[1]", {"must be a JSON object"});
  CheckConfigRefused("null", {"must be a JSON object"});
  CheckConfigRefused("{\"config\": 3}", {"must be a JSON object"});
  CheckConfigRefused("{\"etta\": 1}", {"etta is not a known key", "did you mean eta?"});
  CheckConfigRefused("{\"policy\": {\"hiden\": [3]}}", {"did you mean policy.hidden?"});
  CheckConfigRefused("{\"etta\": {}}", {"etta"});
  CheckConfigRefused("{\"eta\": {}}", {"eta must be a number >= 0"});
  CheckConfigRefused("{\"eta\": \"0.1\"}", {"eta must be a number >= 0, got \"0.1\""});
  CheckConfigRefused("{\"eta\": null}", {"eta must be a number >= 0, got null"});
  CheckConfigRefused("{\"eta\": true}", {"eta must be a number >= 0, got true"});
  CheckConfigRefused("{\"iterations\": 1.5}", {"iterations must be an integer"});
  CheckConfigRefused("{\"seed\": 9007199254740993}", {"seed must be an integer"});
  CheckConfigRefused("{\"seed\": 18446744073709551616}", {"seed must be an integer"});
  CheckConfigRefused("{\"env\": 3}", {"env must be the name of an environment"});
  CheckConfigRefused("{\"bonus\": 3}", {"count-hash|state-norm|noise|none, got 3"});
  CheckConfigRefused("{\"policy\": {\"hidden\": 3}}", {"policy.hidden must be a list"});
  CheckConfigRefused("{\"reinforce\": {\"scale_returns\": 1}}", {"true or false, got 1"});
  CheckConfigRefused("{\"env_params\": {\"torque_limit\": 1}}", {"not a parameter of mountaincar"});
  CheckConfigRefused("{\"config\": {\"eta\": 1}, \"eta\": 2}", {"eta stands beside"});
}

TEST_CASE("Config files that cannot be read are refused") {
  CheckRefused({"--config", "absent.json"}, {"--config absent.json", "No such file"});
  CheckRefused({"--config", "/"}, {"--config /", "not a regular file"});
  CheckRefused({"--config", "/dev/zero"}, {"not a regular file"});
  CheckRefused({"--config", "c.json/d.json"}, {"c.json/d.json"}, {{"c.json", "{}"}});
  CheckRefused({"--config", ""}, {"--config"});
  TemporaryDirectory directory;
  WriteText(directory / "large.json", "{");
  std::filesystem::resize_file(directory / "large.json", std::uintmax_t{1} << 40);
  const Result result = VimeRun({"--config", "large.json"}, directory);
  CHECK(result.exit_code == 2);
  CHECK(IsOneLine(result.err));
  CHECK(Contains(result.err, "larger than 64 MiB"));
}

// ------------------------------------------------------------------------------ printing

TEST_CASE("--help, --version and --list print on standard output and touch nothing") {
  const TemporaryDirectory directory;
  const auto printed = [&](const Arguments& arguments) {
    const Result result = VimeRun(arguments, directory);
    const std::string command = Joined(arguments);
    CAPTURE(command);
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    return result.out;
  };
  const std::string help = printed({"--help"});
  CHECK(printed({"-h"}) == help);
  for (const auto& leaf : ConfigLeaves("mountaincar")) {
    if (leaf.first.starts_with("env_params.")) continue;  // these depend on the environment
    const std::string flag = "  " + FlagOf(leaf.first);
    CHECK_MESSAGE((Contains(help, flag + "\n") || Contains(help, flag + " ")), flag);
  }
  for (const std::string& line : Lines(help)) CHECK_MESSAGE(line.size() <= 100, line);
  CHECK(Contains(help, "weight of the normalised bonus in the reward [0.1]"));
  CHECK(Lines(printed({"--version"})).size() == 1);
  CHECK(Contains(printed({"--version"}), "vime-run "));
  for (const char* env : {"mountaincar", "mountaincar-sparse", "pendulum", "pendulum-sparse",
                          "cartpole-swingup", "env_params.torque_limit"}) {
    CHECK(Contains(printed({"--list", "envs"}), env));
  }
  for (const char* bonus : {"vime", "none", "shuffled"}) {
    CHECK(Contains(printed({"--list", "bonuses"}), bonus));
  }
  CHECK(Contains(printed({"--list", "presets"}), "mountaincar-vime"));
  CHECK(Contains(printed({"--list", "metrics"}), "rollout/success_fraction"));
  for (const std::string& line : Lines(printed({"--list", "metrics"}))) {
    const std::string key = line.substr(0, line.find(' '));
    const std::string file = key.starts_with("eval/") ? "eval" : "metrics";
    CHECK(Json::parse(printed({"--schema", file}))["properties"].contains(key));
  }
  CHECK(Entries(directory.path()).empty());
}

TEST_CASE("A task of an engine runs, or is listed and refused with the package to install") {
  const TemporaryDirectory directory;
  const std::string list = VimeRun({"--list", "envs"}, directory).out;
  for (const EngineTask& task : EngineTasks()) {
    const std::string name(task.name), package(task.package);
    CAPTURE(name);
    const Result result = VimeRun(
        {"--env", name, "--iterations", "1", "--batch-steps", "500", "--out", name, "--quiet"},
        directory);
    CHECK(Contains(list, name + " "));
    if (FindEnvironment(name) != nullptr) {
      CHECK(result.exit_code == 0);
      continue;
    }
    CHECK(Contains(list, "(Debian package " + package + ")"));
    CHECK(result.exit_code == 2);
    CHECK(IsOneLine(result.err));
    CHECK(Contains(result.err, "--env: " + name + " needs "));
    CHECK(Contains(result.err, "install " + package));
  }
}

TEST_CASE("--print-config shows every value with its source") {
  const TemporaryDirectory directory;
  WriteText(directory / "c.json", "{\"gamma\": 0.5, \"bnn\": {\"updates\": 7}}");
  const Result result = VimeRun({"--preset", "mountaincar-shuffled", "--config", "c.json", "--set",
                                 "seed=3", "--bnn-updates=8", "--print-config"},
                                directory);
  REQUIRE(result.exit_code == 0);
  const Json printed = Json::parse(result.out);
  std::map<std::string, Json> leaves;
  Flatten(printed["config"], "", leaves);
  CHECK(printed["sources"].size() == leaves.size());
  for (const auto& leaf : leaves) {
    CHECK_MESSAGE(printed["sources"].contains(leaf.first), leaf.first);
  }
  CHECK(leaves["bonus"] == "shuffled");
  CHECK(leaves["gamma"] == 0.5);
  CHECK(leaves["bnn.updates"] == 8);
  CHECK(printed["sources"]["bonus"] == "preset mountaincar-shuffled");
  CHECK(printed["sources"]["gamma"] == "file c.json");
  CHECK(printed["sources"]["bnn.updates"] == "flag");
  CHECK(printed["sources"]["seed"] == "flag");
  CHECK(printed["sources"]["horizon"] == "environment");
  CHECK(printed["sources"]["policy.hidden"] == "default");
  CHECK(Entries(directory.path()) == Arguments{"c.json"});
}

TEST_CASE("A config whose file name is not UTF-8 can be printed and run") {
  const TemporaryDirectory directory;
  const std::string name = "c\xff.json";
  WriteText(directory / name, "{\"eta\": 0.2}");
  const Result printed = VimeRun({"--config", name, "--print-config"}, directory);
  CHECK(printed.exit_code == 0);
  CHECK(Json::parse(printed.out)["config"]["eta"] == 0.2);
  CHECK(VimeRun(kTiny + Arguments{"--config", name, "--out", "r"}, directory).exit_code == 0);
  CHECK(Json::accept(Slurp(directory / "r/run.json")));
}

TEST_CASE("--config takes --print-config and the run.json of a run back") {
  const TemporaryDirectory directory;
  const Arguments choices = {
      "--env",  "pendulum",         "--set",        "env_params.torque_limit=3",
      "--seed", "9007199254740991", "--bnn-hidden", "4,5"};
  const Result first = VimeRun(kTiny + choices + Arguments{"--print-config"}, directory);
  REQUIRE(first.exit_code == 0);
  WriteText(directory / "printed.json", first.out);
  REQUIRE(VimeRun(kTiny + choices + Arguments{"--out", "r"}, directory).exit_code == 0);
  for (const std::string file : {"printed.json", "r/run.json"}) {
    const Result again = VimeRun({"--config", file, "--print-config"}, directory);
    REQUIRE(again.exit_code == 0);
    CHECK(Json::parse(again.out)["config"] == Json::parse(first.out)["config"]);
    CHECK(Json::parse(again.out)["config_hash"] == Json::parse(first.out)["config_hash"]);
  }
  REQUIRE(VimeRun({"--config", "r/run.json", "--out", "again"}, directory).exit_code == 0);
  CHECK(Reproducible(directory / "r") == Reproducible(directory / "again"));
}

TEST_CASE("--config reads from a pipe") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  Process process(Command({"--config", "pipe", "--print-config"}), {.directory = directory.path()});
  WriteText(directory / "pipe", "{\"eta\": 0.75}");
  const Result result = process.Wait();
  CHECK(result.exit_code == 0);
  CHECK(Json::parse(result.out)["config"]["eta"] == 0.75);
}

TEST_CASE("Every preset runs") {
  const TemporaryDirectory directory;
  for (const std::string& line : Lines(VimeRun({"--list", "presets"}, directory).out)) {
    const std::string name = line.substr(0, line.find(' '));
    CAPTURE(name);
    const Result result = VimeRun(kTiny + Arguments{"--preset", name, "--out", name}, directory);
    CHECK(result.exit_code == 0);
    CHECK(ReadMetrics(directory / name).size() == 4);
  }
}

// ------------------------------------------------------------------------------ results

const std::set<std::string> kMetricKeys = {"iteration",
                                           "env_steps",
                                           "episodes",
                                           "wall_s",
                                           "rollout/return_mean",
                                           "rollout/return_std",
                                           "rollout/success_fraction",
                                           "rollout/episode_length_mean",
                                           "bonus/mean",
                                           "bonus/median",
                                           "bonus/max",
                                           "bonus/noise_rank_correlation",
                                           "bnn/elbo",
                                           "bnn/mse_mean_prediction",
                                           "bnn/mse_predict_zero",
                                           "bnn/mse_identity",
                                           "policy/std_mean",
                                           "policy/gradient_norm",
                                           "policy/gradient_variance_ratio",
                                           "coverage/fraction",
                                           "time/rollout_s",
                                           "time/bonus_s",
                                           "time/policy_s",
                                           "time/dynamics_s"};

const std::set<std::string> kSummaryKeys = {
    "status",     "solved",           "solved_iteration",       "wall_s",
    "auc_return", "solved_env_steps", "return_last20",          "success_fraction_last20",
    "regret",     "normalised_score", "first_success_env_steps"};

std::set<std::string> Keys(const Json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

bool IsSubset(const std::set<std::string>& part, const std::set<std::string>& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

// pandas turns columns of these names into dates.
bool LooksLikeDate(const std::string& key) {
  return key.ends_with("_time") || key.ends_with("_at") || key == "date" || key == "modified" ||
         key.starts_with("timestamp");
}

TEST_CASE("A run leaves its seven files, every documented key in every line, and no NaN") {
  const TemporaryDirectory directory;
  const Result result = VimeRun(kTiny + Arguments{"--out", "r"}, directory);
  REQUIRE(result.exit_code == 0);
  CHECK(Entries(directory / "r") == Arguments{".lock", "checkpoint", "metrics.jsonl", "policy.json",
                                              "run.json", "states.json", "summary.json"});
  const std::vector<Json> metrics = ReadMetrics(directory / "r");
  REQUIRE(metrics.size() == 4);
  std::int64_t iteration = 0;
  for (const Json& line : metrics) {
    CHECK(Keys(line) == Keys(metrics.front()));
    CHECK(IsSubset(kMetricKeys, Keys(line)));
    for (const std::string& key : Keys(line)) {
      CHECK_MESSAGE((line[key].is_number() || line[key].is_null()), key);
      CHECK_MESSAGE(!LooksLikeDate(key), key);
    }
    CHECK(line["iteration"] == iteration++);
  }
  // The first batch meets a model that has seen nothing; from then on there are bonuses.
  CHECK(metrics[0]["bonus/mean"].is_null());
  for (const char* key : {"bonus/mean", "bonus/median", "bonus/max", "bnn/elbo",
                          "bnn/mse_mean_prediction", "bnn/mse_predict_zero", "bnn/mse_identity"}) {
    CHECK_MESSAGE(metrics[1][key].is_number(), key);
  }
  const Json summary = Json::parse(Slurp(directory / "r/summary.json"));
  CHECK(IsSubset(kSummaryKeys, Keys(summary)));
  CHECK(summary["status"] == "finished");
  CHECK(summary["env_steps"] == metrics.back()["env_steps"]);
  CHECK(summary["episodes"] == metrics.back()["episodes"]);
  const Json manifest = Json::parse(Slurp(directory / "r/run.json"));
  CHECK(
      IsSubset({"schema", "status", "config", "sources", "config_hash", "seed", "argv", "attempts",
                "version", "git_revision", "git_dirty", "compiler", "flags", "simd", "host"},
               Keys(manifest)));
  CHECK(manifest["status"] == "finished");
  CHECK(manifest["argv"].size() == kTiny.size() + 3);
  for (const Json& object : {summary, manifest}) {
    for (const std::string& key : Keys(object)) CHECK_MESSAGE(!LooksLikeDate(key), key);
  }
  CHECK(Json::parse(Slurp(directory / "r/policy.json"))["sizes"] == Json({2, 3, 1}));
}

TEST_CASE("states.json counts every step once and holds one whole episode") {
  const TemporaryDirectory directory;
  REQUIRE(VimeRun(kTiny + Arguments{"--out", "r"}, directory).exit_code == 0);
  const Json states = Json::parse(Slurp(directory / "r/states.json"));
  const Json summary = Json::parse(Slurp(directory / "r/summary.json"));
  std::int64_t steps = 0;
  std::int64_t visited = 0;
  for (const std::int64_t count : states["visits"].get<std::vector<std::int64_t>>()) {
    steps += count;
    visited += count > 0 ? 1 : 0;
  }
  CHECK(states["visits"].size() == 2500);
  CHECK(states["cells"] == 50);
  CHECK(steps == summary["env_steps"]);
  CHECK(static_cast<double>(visited) / static_cast<double>(states["visits"].size()) ==
        summary["coverage_fraction"]);
  const Json& replay = states["replay"];
  CHECK(replay["length"] == 25);
  CHECK(replay["path"].size() == 2);
  double total = 0;
  for (const double reward : replay["rewards"].get<std::vector<double>>()) total += reward;
  CHECK(total == doctest::Approx(replay["return"].get<double>()).epsilon(1e-5));
  for (const Json& list : {replay["path"][0], replay["path"][1], replay["actions"][0]["values"]}) {
    CHECK(list.size() == 25);
  }
  for (std::size_t d = 0; d < 2; ++d) {
    for (const double place : replay["path"][d].get<std::vector<double>>()) {
      CHECK(place >= states["axes"][d]["low"].get<double>() - 1e-6);
      CHECK(place <= states["axes"][d]["high"].get<double>() + 1e-6);
    }
  }
  REQUIRE(VimeRun(kTiny + Arguments{"--out", "again", "--threads", "2"}, directory).exit_code == 0);
  CHECK(Slurp(directory / "again/states.json") == Slurp(directory / "r/states.json"));
}

TEST_CASE("The default directory has no clock in its name and depends on config and seed") {
  const TemporaryDirectory directory;
  const Arguments quiet = kTiny + Arguments{"--quiet"};
  REQUIRE(VimeRun(quiet, directory).exit_code == 0);
  REQUIRE(VimeRun(quiet + Arguments{"--threads", "2"}, directory).exit_code == 0);
  const Arguments names = Entries(directory / "runs");
  REQUIRE(names.size() == 1);
  CHECK(names[0].starts_with("mountaincar-reinforce-"));
  CHECK(names[0].ends_with("-s1"));
  REQUIRE(VimeRun(quiet + Arguments{"--seed", "2"}, directory).exit_code == 0);
  REQUIRE(VimeRun(quiet + Arguments{"--eta", "0.5"}, directory).exit_code == 0);
  CHECK(Entries(directory / "runs").size() == 3);
}

TEST_CASE("eta 0 and bonus none train and score no model") {
  const TemporaryDirectory directory;
  for (const Arguments& choice : {Arguments{"--eta", "0"}, Arguments{"--bonus", "none"}}) {
    REQUIRE(VimeRun(kTiny + choice + Arguments{"--out", choice[0]}, directory).exit_code == 0);
    for (const Json& line : ReadMetrics(directory / choice[0])) {
      for (const std::string& key : Keys(line)) {
        const bool of_bonus = key.starts_with("bonus/") || key.starts_with("bnn/");
        const bool silent = line[key].is_null() || (key == "bonus/not_finite" && line[key] == 0);
        if (of_bonus) CHECK_MESSAGE(silent, key);
      }
    }
  }
  CHECK(Reproducible(directory / "--eta") == Reproducible(directory / "--bonus"));
}

TEST_CASE("Minus zero is zero") {
  const TemporaryDirectory directory;
  const Result minus = VimeRun({"--eta", "-0.0", "--print-config"}, directory);
  REQUIRE(minus.exit_code == 0);
  CHECK(minus.out == VimeRun({"--eta", "0", "--print-config"}, directory).out);
}

TEST_CASE("The same command gives the same metrics, whatever the threads and the kernels") {
  const TemporaryDirectory directory;
  // More than one group of episodes, so that threads have something to share.
  const Arguments command = kTiny + Arguments{"--batch-steps", "1500"};
  REQUIRE(VimeRun(command + Arguments{"--out", "first"}, directory).exit_code == 0);
  const std::string expected = Reproducible(directory / "first");
  CHECK(Lines(expected).size() == 4);
  const auto check = [&](const Arguments& choice) {
    const std::string chosen = Joined(choice);
    CAPTURE(chosen);
    const Arguments where = {"--out", "again", "--if-exists", "overwrite"};
    REQUIRE(VimeRun(command + choice + where, directory).exit_code == 0);
    CHECK(Reproducible(directory / "again") == expected);
    const Json manifest = Json::parse(Slurp(directory / "again/run.json"));
    CHECK(manifest["config_hash"] ==
          Json::parse(Slurp(directory / "first/run.json"))["config_hash"]);
    return manifest;
  };
  check({});
  CHECK(check({"--threads", "4"})["threads"] == 4);
  for (const std::string_view kernels : AvailableKernels()) {
    const std::string used = check({"--simd", std::string(kernels)})["simd"];
    if (kernels != "auto") CHECK(used == kernels);
  }
  check({"--simd", "portable", "--threads", "4"});
  check({"--quiet", "--json"});
  REQUIRE(VimeRun(command + Arguments{"--seed", "2", "--out", "other"}, directory).exit_code == 0);
  CHECK(Reproducible(directory / "other") != expected);
}

TEST_CASE("The summary agrees with metrics.jsonl about success and return") {
  const TemporaryDirectory directory;
  REQUIRE(VimeRun({"--stop-when", "solved", "--iterations", "100", "--out", "r"}, directory)
              .exit_code == 0);
  const std::vector<Json> metrics = ReadMetrics(directory / "r");
  const Json summary = Json::parse(Slurp(directory / "r/summary.json"));
  int row = 0;
  Json solved_iteration, solved_env_steps;
  double area = 0, steps = 0;
  for (const Json& line : metrics) {
    row = line["rollout/success_fraction"].get<double>() >= 0.9 ? row + 1 : 0;
    if (row == 3 && solved_iteration.is_null()) {
      solved_iteration = line["iteration"];
      solved_env_steps = line["env_steps"];
    }
    const double now = line["env_steps"].get<double>();
    area += line["rollout/return_mean"].get<double>() * (now - steps);
    steps = now;
  }
  CHECK(summary["solved"] == true);
  CHECK(summary["solved_iteration"] == solved_iteration);
  CHECK(summary["solved_env_steps"] == solved_env_steps);
  CHECK(summary["auc_return"].get<double>() == doctest::Approx(area / steps).epsilon(1e-12));
  // --stop-when solved stops there.
  CHECK(metrics.back()["iteration"] == solved_iteration);
  double success = 0, returns = 0;
  const std::size_t count = std::min<std::size_t>(20, metrics.size());
  for (std::size_t i = metrics.size() - count; i < metrics.size(); ++i) {
    success += metrics[i]["rollout/success_fraction"].get<double>() / static_cast<double>(count);
    returns += metrics[i]["rollout/return_mean"].get<double>() / static_cast<double>(count);
  }
  CHECK(summary["success_fraction_last20"].get<double>() == doctest::Approx(success));
  CHECK(summary["return_last20"].get<double>() == doctest::Approx(returns));
  // The first success lies within the first iteration that had one.
  double before = 0;
  for (const Json& line : metrics) {
    const double after = line["env_steps"].get<double>();
    if (line["rollout/success_fraction"] > 0.0) {
      CHECK(summary["first_success_env_steps"] > before);
      CHECK(summary["first_success_env_steps"] <= after);
      break;
    }
    before = after;
  }
}

TEST_CASE("A run that never succeeds has nulls in its summary, and --env-steps ends it early") {
  const TemporaryDirectory directory;
  const Result result =
      VimeRun(kTiny + Arguments{"--env-steps", "150", "--out", "r", "--json"}, directory);
  REQUIRE(result.exit_code == 0);
  const Json summary = Json::parse(result.out);
  CHECK(summary["iterations"] == 2);
  CHECK(summary["env_steps"] == 200);
  CHECK(summary["solved"] == false);
  for (const char* key : {"solved_iteration", "solved_env_steps", "first_success_env_steps"}) {
    CHECK_MESSAGE(summary[key].is_null(), key);
  }
}

// ------------------------------------------------------------------------------ the terminal

TEST_CASE("--json prints the summary and only that; --quiet prints nothing") {
  const TemporaryDirectory directory;
  const Result loud = VimeRun(kTiny + Arguments{"--out", "a"}, directory);
  CHECK(loud.out.empty());
  CHECK(Contains(loud.err, "iteration 4/4"));
  CHECK(Contains(loud.err, "a/{summary,policy,states}.json, metrics.jsonl"));
  const Result json = VimeRun(kTiny + Arguments{"--out", "b", "--json"}, directory);
  CHECK(json.out == Slurp(directory / "b/summary.json"));
  const Result quiet = VimeRun(kTiny + Arguments{"--out", "c", "--quiet"}, directory);
  CHECK(quiet.out.empty());
  CHECK(quiet.err.empty());
  const Result both = VimeRun(kTiny + Arguments{"--out", "d", "--quiet", "--json"}, directory);
  CHECK(both.err.empty());
  CHECK(both.out == Slurp(directory / "d/summary.json"));
}

TEST_CASE("Progress is a bar on a terminal and plain lines elsewhere") {
  const TemporaryDirectory directory;
  const auto shown = [&](const Arguments& choice, Process::Setup setup) {
    setup.directory = directory.path();
    const Result result =
        VimeRun(kTiny + Arguments{"--out", "r", "--if-exists", "overwrite"} + choice, setup);
    CHECK(result.exit_code == 0);
    return result.err;
  };
  const std::string bar = shown({}, {.terminal_stderr = true});
  CHECK(Contains(bar, "\riteration 1/4"));
  CHECK(Contains(bar, "\riteration 4/4"));
  const std::string lines = shown({}, {});
  CHECK(!Contains(lines, "\r"));
  CHECK(!Contains(lines, "\x1b"));
  CHECK(Contains(lines, "iteration 4/4  steps 400  return "));
  CHECK(shown({"--progress", "lines"}, {.terminal_stderr = true}).find("\riteration") ==
        std::string::npos);
  CHECK(Contains(shown({"--progress", "bar"}, {}), "\riteration 4/4"));
  CHECK(!Contains(shown({"--progress", "off"}, {}), "iteration"));
}

TEST_CASE("A solved run is green on a terminal unless NO_COLOR is set") {
  const TemporaryDirectory directory;
  Process::Setup setup{.directory = directory.path(), .terminal_stderr = true};
  const Arguments command = {"--stop-when", "solved", "--out", "r", "--if-exists", "overwrite"};
  CHECK(Contains(VimeRun(command, setup).err, "\x1b[32m"));
  setup.environment = {"NO_COLOR=1"};
  CHECK(!Contains(VimeRun(command, setup).err, "\x1b[32m"));
}

// ------------------------------------------------------------------------------ directories

TEST_CASE("A finished run is skipped, and its summary is printed again") {
  const TemporaryDirectory directory;
  const Arguments command = kTiny + Arguments{"--out", "r"};
  REQUIRE(VimeRun(command, directory).exit_code == 0);
  const auto all = [&] {
    std::string text;
    for (const std::string& name : Entries(directory / "r"))
      text += Slurp(directory / ("r/" + name));
    return text;
  };
  const std::string before = all();
  const Result again = VimeRun(command + Arguments{"--json"}, directory);
  CHECK(again.exit_code == 0);
  CHECK(again.out == Slurp(directory / "r/summary.json"));
  CHECK(Contains(again.err, "nothing to do"));
  CHECK(all() == before);
}

TEST_CASE("--if-exists fail and overwrite do what they say") {
  const TemporaryDirectory directory;
  const Arguments command = kTiny + Arguments{"--out", "r"};
  REQUIRE(VimeRun(command + Arguments{"--if-exists", "fail"}, directory).exit_code == 0);
  const std::string summary = Slurp(directory / "r/summary.json");
  const Result refused = VimeRun(command + Arguments{"--if-exists", "fail"}, directory);
  CHECK(refused.exit_code == 2);
  CHECK(IsOneLine(refused.err));
  CHECK(Contains(refused.err, "--out r exists"));
  CHECK(Slurp(directory / "r/summary.json") == summary);
  const Result other =
      VimeRun(command + Arguments{"--eta", "0", "--if-exists", "overwrite"}, directory);
  CHECK(other.exit_code == 0);
  CHECK(Json::parse(Slurp(directory / "r/summary.json"))["eta"] == 0.0);
  CHECK(ReadMetrics(directory / "r").size() == 4);
}

TEST_CASE("A directory that holds another run is left alone") {
  const TemporaryDirectory directory;
  const Arguments command = kTiny + Arguments{"--out", "r"};
  REQUIRE(VimeRun(command, directory).exit_code == 0);
  const std::string metrics = Slurp(directory / "r/metrics.jsonl");
  const std::pair<Arguments, std::string> choices[] = {
      {{"--eta", "0.2"}, "holds another run: eta is 0.1 there and 0.2 here;"},
      {{"--seed", "2"}, "holds another run: seed is 1 there and 2 here;"},
      {{"--policy-hidden", "[4]", "--env-steps", "9"}, "policy.hidden is [3] there and [4] here;"},
      {{"--preset", "vime-published"}, " here, and "}};
  for (const std::pair<Arguments, std::string>& choice : choices) {
    const Result result = VimeRun(command + choice.first, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(IsOneLine(result.err));
    CHECK(Contains(result.err, "--out r"));
    CHECK_MESSAGE(Contains(result.err, choice.second), choice.second);
    CHECK(Contains(result.err, "--if-exists overwrite"));
  }
  CHECK(Slurp(directory / "r/metrics.jsonl") == metrics);
}

TEST_CASE("A finished run is never thrown away because tighter limits are asked for") {
  const TemporaryDirectory directory;
  const Arguments command = kTiny + Arguments{"--out", "r"};
  REQUIRE(VimeRun(command, directory).exit_code == 0);
  const std::string shorter = Reproducible(directory / "r");
  for (const Arguments& limit : {Arguments{"--iterations", "2"}, Arguments{"--env-steps", "50"},
                                 Arguments{"--stop-when", "solved"}}) {
    const Result result = VimeRun(command + limit, directory);
    CHECK(result.exit_code == 2);
    CHECK(IsOneLine(result.err));
    CHECK(Contains(result.err, "--if-exists overwrite"));
  }
  CHECK(Reproducible(directory / "r") == shorter);
}

TEST_CASE("A refused directory is left as it was") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "r");
  WriteText(directory / "r/thesis.txt", "precious");
  CHECK(VimeRun(kTiny + Arguments{"--out", "r"}, directory).exit_code == 2);
  CHECK(!std::filesystem::exists(directory / "r/.lock"));
}

TEST_CASE("Foreign files are never removed") {
  for (const std::string name : {"thesis.txt", "policy.json", "metrics.jsonl", "checkpoint"}) {
    CAPTURE(name);
    const TemporaryDirectory directory;
    std::filesystem::create_directory(directory / "r");
    WriteText(directory / ("r/" + name), "precious");
    const Result result = VimeRun(kTiny + Arguments{"--out", "r"}, directory);
    CHECK(result.exit_code == 2);
    CHECK(IsOneLine(result.err));
    CHECK(Contains(result.err, "--out r holds files "));
    CHECK(Slurp(directory / ("r/" + name)) == "precious");
  }
  // A note beside a run survives even an overwrite.
  const TemporaryDirectory directory;
  const Arguments command = kTiny + Arguments{"--out", "r", "--if-exists", "overwrite"};
  REQUIRE(VimeRun(command, directory).exit_code == 0);
  WriteText(directory / "r/note.txt", "precious");
  CHECK(VimeRun(command, directory).exit_code == 0);
  CHECK(Slurp(directory / "r/note.txt") == "precious");
}

TEST_CASE("A run that was cut short before its first checkpoint starts over") {
  const TemporaryDirectory directory;
  const Arguments command = kTiny + Arguments{"--out", "r"};
  REQUIRE(VimeRun(command, directory).exit_code == 0);
  const std::string expected = Reproducible(directory / "r");
  // As kill -9 may leave it.
  std::filesystem::remove(directory / "r/summary.json");
  std::filesystem::remove(directory / "r/policy.json");
  for (const char* name : {"policy.json.tmp", "checkpoint.tmp", "eval.jsonl"}) {
    WriteText(directory / (std::string("r/") + name), "{\"sch");
  }
  std::filesystem::remove(directory / "r/checkpoint");
  const std::string metrics = Slurp(directory / "r/metrics.jsonl");
  WriteText(directory / "r/metrics.jsonl", metrics.substr(0, metrics.size() / 2));
  CHECK(VimeRun(command, directory).exit_code == 0);
  CHECK(Reproducible(directory / "r") == expected);
  CHECK(Entries(directory / "r").size() == 7);
  // A broken summary does not count as a finished run.
  WriteText(directory / "r/summary.json", "{\"status\": \"fini");
  CHECK(VimeRun(command, directory).exit_code == 0);
  CHECK(Json::accept(Slurp(directory / "r/summary.json")));
  // A broken manifest needs a decision.
  WriteText(directory / "r/run.json", "{");
  CHECK(VimeRun(command, directory).exit_code == 2);
  CHECK(VimeRun(command + Arguments{"--if-exists", "overwrite"}, directory).exit_code == 0);
}

TEST_CASE("A directory that cannot be made or written is an I/O error") {
  const TemporaryDirectory directory;
  WriteText(directory / "file", "text");
  const auto check = [&](const std::string& out) {
    const Result result = VimeRun(kTiny + Arguments{"--out", out}, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 4);
    CHECK(IsOneLine(result.err));
    CHECK(result.out.empty());
  };
  check("file");
  check("file/below");
  check("/proc/nothing/r");
  check(std::string(300, 'a'));
  check(std::string(5000, 'a'));
  CHECK(Entries(directory.path()) == Arguments{"file"});
  CHECK(Slurp(directory / "file") == "text");
  if (::geteuid() != 0) {  // permissions do not bind root
    std::filesystem::create_directory(directory / "closed");
    ::chmod((directory / "closed").c_str(), 0555);
    check("closed");
    check("closed/r");
    ::chmod((directory / "closed").c_str(), 0300);
    check("closed");
    ::chmod((directory / "closed").c_str(), 0700);
    CHECK(Entries(directory / "closed").size() <= 1);
  }
}

TEST_CASE("Odd names of directories work") {
  const TemporaryDirectory directory;
  for (const std::string& name :
       {std::string("with space"), std::string("line\nbreak"), std::string("not\xff\xfeutf8"),
        std::string("quote\"'\\"), std::string("-dash"), std::string(255, 'x'),
        std::string("a/b/c"), std::string("\xe2\x88\x82")}) {
    CAPTURE(name);
    const Result result = VimeRun(kTiny + Arguments{"--out=" + name, "--json"}, directory);
    CHECK(result.exit_code == 0);
    CHECK(Json::accept(result.out));
    CHECK(Lines(result.err).size() == 4);
    CHECK(ReadMetrics(directory / name).size() == 4);
    CHECK(Json::accept(Slurp((directory / name) + "/run.json")));
    CHECK(VimeRun(kTiny + Arguments{"--out=" + name}, directory).exit_code == 0);
  }
}

TEST_CASE("A directory in use by another process is not touched") {
  const TemporaryDirectory directory;
  const Arguments command = kTiny + Arguments{"--out", "r"};
  REQUIRE(VimeRun(command, directory).exit_code == 0);
  const std::string summary = Slurp(directory / "r/summary.json");
  const int lock = ::open((directory / "r/.lock").c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(::flock(lock, LOCK_EX | LOCK_NB) == 0);
  const Result result = VimeRun(command + Arguments{"--if-exists", "overwrite"}, directory);
  CHECK(result.exit_code == 4);
  CHECK(IsOneLine(result.err));
  CHECK(Contains(result.err, "locked"));
  CHECK(Slurp(directory / "r/summary.json") == summary);
  ::close(lock);
  CHECK(VimeRun(command + Arguments{"--if-exists", "overwrite"}, directory).exit_code == 0);
}

// ------------------------------------------------------------------------------ full disks

TEST_CASE("A full disk is an I/O error that leaves whole lines and no temporary files") {
  int full = 0, fine = 0;
  for (rlim_t limit = 200; limit < 60000; limit = limit * 3 / 2) {
    CAPTURE(limit);
    const TemporaryDirectory directory;
    const Arguments command =
        kTiny + Arguments{"--out", "r", "--quiet", "--policy-hidden", "32", "--iterations", "6"};
    const Result result =
        VimeRun(command, {.directory = directory.path(), .max_file_bytes = limit});
    if (result.exit_code == 0) {
      ++fine;
    } else {
      ++full;
      CHECK(result.exit_code == 4);
      CHECK(IsOneLine(result.err));
      CHECK(Contains(result.err, "cannot write r/"));
      CHECK(!std::filesystem::exists(directory / "r/summary.json"));
    }
    for (const std::string& name : Entries(directory / "r")) CHECK(!name.ends_with(".tmp"));
    for (const char* name : {"r/run.json", "r/policy.json"}) {
      if (std::filesystem::exists(directory / name)) CHECK(Json::accept(Slurp(directory / name)));
    }
    CHECK(ReadMetrics(directory / "r").size() <= 6);
    CHECK(VimeRun(command, directory).exit_code == 0);  // with space again, the rerun finishes
    CHECK(ReadMetrics(directory / "r").size() == 6);
  }
  CHECK(full >= 5);
  CHECK(fine >= 1);
}

TEST_CASE("Standard output that is full, closed or broken is an I/O error when it is needed") {
  const TemporaryDirectory directory;
  Process::Setup full{.directory = directory.path(), .stdout_path = "/dev/full"};
  Process::Setup closed{.directory = directory.path(), .close_stdout = true};
  Process::Setup broken{.directory = directory.path(), .broken_stdout = true};
  int run = 0;
  for (const Process::Setup& setup : {full, closed, broken}) {
    const std::string out = std::to_string(run++);
    CAPTURE(out);
    const Arguments command = kTiny + Arguments{"--out", out, "--quiet"};
    const Result result = VimeRun(command + Arguments{"--json"}, setup);
    CHECK(result.exit_code == 4);
    CHECK(IsOneLine(result.err));
    CHECK(Contains(result.err, "standard output"));
    CHECK(Json::accept(Slurp(directory / (out + "/summary.json"))));  // the results are safe
    CHECK(Slurp(directory / (out + "/.lock")).empty());
    for (const Arguments& print : {Arguments{"--help"}, Arguments{"--print-config"}}) {
      CHECK(VimeRun(print, setup).exit_code == 4);
    }
    // Without --json nothing is written there.
    CHECK(VimeRun(command + Arguments{"--if-exists", "overwrite"}, setup).exit_code == 0);
    CHECK(ReadMetrics(directory / out).size() == 4);
  }
}

TEST_CASE("A closed standard error does not matter and spoils no file") {
  const TemporaryDirectory directory;
  for (const bool both : {false, true}) {
    const Process::Setup setup{
        .directory = directory.path(), .close_stdout = both, .close_stderr = true};
    const Result result = VimeRun(
        kTiny + Arguments{"--out", "r", "--progress", "bar", "--if-exists", "overwrite"}, setup);
    CHECK(result.exit_code == 0);
    CHECK(ReadMetrics(directory / "r").size() == 4);
    CHECK(Slurp(directory / "r/.lock").empty());
    for (const char* name : {"r/run.json", "r/summary.json", "r/policy.json"}) {
      CHECK(Json::accept(Slurp(directory / name)));
    }
    CHECK(VimeRun({"--eta", "nan"}, setup).exit_code == 2);
  }
}

// ------------------------------------------------------------------------------ divergence

TEST_CASE("A run that diverges names iteration and quantity, exits 3 and keeps its metrics") {
  struct Case {
    Arguments choice;
    std::string quantity;
    std::size_t iterations;
  };
  const std::vector<Case> cases = {
      {{"--reinforce-learning-rate", "1e300"}, "policy is not finite", 0},
      {{"--bnn-learning-rate", "1e300"}, "dynamics model's weights are not finite", 0},
      {{"--eta", "1e308"}, "is not finite", 1},
  };
  for (const Case& one : cases) {
    const auto& [choice, quantity, iterations] = one;
    CAPTURE(one.quantity);
    const TemporaryDirectory directory;
    const Arguments command = kTiny + choice + Arguments{"--out", "r"};
    const Result result = VimeRun(command + Arguments{"--quiet", "--json"}, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 3);
    CHECK(IsOneLine(result.err));
    CHECK(Contains(result.err, "diverged at iteration " + std::to_string(iterations) + ": "));
    CHECK(Contains(result.err, quantity));
    CHECK(ReadMetrics(directory / "r").size() == iterations);
    const std::string text = Slurp(directory / "r/summary.json");
    const Json summary = Json::parse(text);
    CHECK(summary["status"] == "diverged");
    CHECK(Contains(summary["error"], quantity));
    CHECK(IsSubset(kSummaryKeys, Keys(summary)));
    CHECK(result.out == text);
    CHECK(Json::parse(Slurp(directory / "r/run.json"))["status"] == "diverged");
    CHECK(Json::accept(Slurp(directory / "r/policy.json")));
    // Again 3, without running.
    const Result again = VimeRun(command + Arguments{"--quiet"}, directory);
    CHECK(again.exit_code == 3);
    CHECK(IsOneLine(again.err));
    CHECK(Contains(again.err, quantity));
    CHECK(Slurp(directory / "r/summary.json") == text);
  }
}

TEST_CASE("A bonus that is not finite is named in the metrics, and the run goes on") {
  const TemporaryDirectory directory;
  const Result result =
      VimeRun(kTiny + Arguments{"--bonus", "gradient-steps", "--gain-gradient-step-size", "1e6",
                                "--out", "r", "--quiet"},
              directory);
  CHECK(result.exit_code == 0);
  const std::vector<Json> metrics = ReadMetrics(directory / "r");
  REQUIRE(metrics.size() == 4);
  CHECK(metrics[0]["bonus/not_finite"] == 0);
  for (std::size_t i = 1; i < 4; ++i) {
    CHECK(metrics[i]["bonus/not_finite"] > 0);
    CHECK(metrics[i]["bonus/scale"].is_null());
  }
}

// ------------------------------------------------------------------------------ signals

TEST_CASE("A second signal ends a run at once") {
  // The first signal may come before the iteration has begun: then the run ends with it.
  bool hit = false;
  for (int attempt = 0; attempt < 20 && !hit; ++attempt) {
    const TemporaryDirectory directory;
    // One iteration that takes minutes.
    Process process(Command({"--out", "r", "--iterations", "1", "--bnn-updates", "1e7", "--quiet"}),
                    {.directory = directory.path()});
    while (process.Running() && !std::filesystem::exists(directory / "r/metrics.jsonl")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 * attempt));
    process.Signal(SIGINT);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    process.Signal(SIGTERM);
    hit = process.Wait().exit_code == 128 + SIGTERM;
    CHECK(!std::filesystem::exists(directory / "r/summary.json"));
  }
  CHECK(hit);
}

}  // namespace
}  // namespace vime::testing
