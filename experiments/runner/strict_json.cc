#include "experiments/runner/strict_json.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "experiments/runner/files.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"

namespace vime {
namespace {

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxFileBytes = std::size_t{64} << 20;
// What 64 MiB may become in memory and in time: looking up a key takes as long as there are keys.
constexpr std::size_t kMostKeys = 500;
constexpr std::size_t kMostValues = 4000000;

// Looks at a text before it becomes a document. What is not JSON it leaves to the parser.
class Strictness final : public Json::json_sax_t {
 public:
  explicit Strictness(std::string name) : name_(std::move(name)) {}

  bool null() override { return Count(); }
  bool boolean(bool) override { return Count(); }
  bool number_integer(std::int64_t) override { return Count(); }
  bool number_unsigned(std::uint64_t) override { return Count(); }
  bool number_float(double, const std::string&) override { return Count(); }
  bool string(std::string&) override { return Count(); }
  bool binary(Json::binary_t&) override { return Count(); }
  bool start_object(std::size_t) override { return Open(); }
  bool start_array(std::size_t) override { return Open(); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(std::string& key) override {
    if (!keys_.back().insert(key).second) {
      throw ConfigError(name_ + ": the key " + Shown(Json(key)) + " appears twice");
    }
    if (keys_.back().size() > kMostKeys) {
      throw ConfigError(name_ + ": an object with more than " + std::to_string(kMostKeys) +
                        " keys");
    }
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

 private:
  bool Count() {
    if (++values_ > kMostValues) {
      throw ConfigError(name_ + ": more than " + NumberText(kMostValues) + " values");
    }
    return true;
  }
  bool Open() {
    if (keys_.size() >= kMaxDepth) {
      throw ConfigError(name_ + ": nested more than " + std::to_string(kMaxDepth) + " deep");
    }
    keys_.emplace_back();
    return Count();
  }
  bool Close() {
    keys_.pop_back();
    return true;
  }

  std::string name_;
  std::vector<std::set<std::string>> keys_;  // of every object and array that is open
  std::size_t values_ = 0;
};

}  // namespace

std::string Shown(const std::string& text) { return Shortened(Printable(text), 60); }

std::string Shown(const Json& value) {
  return Shown(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json ParseJson(const std::string& text, const std::string& name) {
  if (text.find('\0') != std::string::npos) {  // which ends the text for the parser
    throw ConfigError(name + ": not valid JSON: a NUL byte");
  }
  try {
    Strictness strictness(name);
    Json::sax_parse(text, &strictness);
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    const std::string before = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    // "[...] parse error at line 1, column 2: syntax error while parsing value - WHAT; expected
    // ..."
    std::string what = error.what();
    if (const auto dash = what.find(" - "); dash != std::string::npos) what.erase(0, dash + 3);
    what.erase(std::min(what.find("; expected"), what.size()));
    throw ConfigError(name + ": line " + std::to_string(line) + ", column " +
                      std::to_string(column) + ": not valid JSON: " + Shown(what));
  } catch (const Json::exception& error) {  // a number out of range
    const std::string what = error.what();
    throw ConfigError(name + ": not valid JSON: " + Shown(what.substr(what.find("] ") + 2)));
  }
}

Json ReadJsonFile(const std::string& path, const std::string& name) {
  std::string text;
  try {
    text = ReadFile(path, kMaxFileBytes);
  } catch (const IoError& error) {
    throw ConfigError((name == path ? "" : name + ": ") + error.what());
  }
  return ParseJson(text, name);
}

}  // namespace vime
