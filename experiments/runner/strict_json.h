// JSON as the programs read it: within bounds of memory and time, whatever a file holds.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace vime {

using Json = nlohmann::ordered_json;

/// Parses a JSON file strictly: duplicate keys, deep nesting, more than 64 MiB, 500 keys of an
/// object or 4e6 values are errors. Throws ConfigError that begins with `name` and says
/// where the text is malformed.
Json ReadJsonFile(const std::string& path, const std::string& name);
Json ParseJson(const std::string& text, const std::string& name);

/// A printable excerpt of at most 60 characters, for messages.
std::string Shown(const std::string& text);
std::string Shown(const Json& value);

}  // namespace vime
