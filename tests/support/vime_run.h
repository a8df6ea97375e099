// Runs vime-run as a user would and reads what it leaves.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"

namespace vime::testing {

using Json = nlohmann::ordered_json;
using Arguments = std::vector<std::string>;
using Result = Process::Result;

// The smallest run that still does everything.
inline const Arguments kTiny = {
    "--iterations",      "4", "--batch-steps", "100", "--horizon",       "25", "--bnn-updates", "3",
    "--bnn-num-samples", "2", "--bnn-hidden",  "4",   "--policy-hidden", "3"};

inline Arguments operator+(Arguments left, const Arguments& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Arguments Command(const Arguments& arguments) {
  return Arguments{VIME_RUN_PATH} + arguments;
}

inline Result VimeRun(const Arguments& arguments, const Process::Setup& setup) {
  return Process(Command(arguments), setup).Wait();
}

inline Result VimeRun(const Arguments& arguments, const TemporaryDirectory& directory) {
  return VimeRun(arguments, {.directory = directory.path()});
}

inline std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// For messages of failing tests.
inline std::string Joined(const Arguments& arguments) {
  std::string text;
  for (const std::string& argument : arguments) text += "[" + argument + "] ";
  return text;
}

inline bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline bool IsOneLine(const std::string& text) {
  return text.size() > 1 && text.find('\n') == text.size() - 1;
}

inline std::vector<std::string> Entries(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The objects of a file of lines. Every line must be whole, valid, finite JSON.
inline std::vector<Json> ReadMetrics(const std::string& directory,
                                     const std::string& file = "metrics.jsonl") {
  const std::string text = Slurp(directory + "/" + file);
  std::vector<Json> objects;
  if (text.empty()) return objects;
  REQUIRE(text.back() == '\n');
  for (const std::string& line : Lines(text)) {
    objects.push_back(Json::parse(line));
    REQUIRE(objects.back().dump() == line);
  }
  return objects;
}

inline bool MayDiffer(const std::string& key) {
  return key.ends_with("_s") || key.starts_with("time/");
}

// Such a file without what may differ between identical runs.
inline std::string Reproducible(const std::string& directory,
                                const std::string& file = "metrics.jsonl") {
  std::string text;
  for (Json object : ReadMetrics(directory, file)) {
    Json kept;
    for (const auto& [key, value] : object.items()) {
      if (!MayDiffer(key)) kept[key] = value;
    }
    text += kept.dump() + "\n";
  }
  return text;
}

}  // namespace vime::testing
