// The arrows of the architecture: apps -> experiments -> envs -> lib, and what each layer may use.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"lib", {"lib"}},
    {"envs", {"lib", "envs"}},
    {"experiments", {"lib", "envs", "experiments"}},
    {"apps", {"lib", "envs", "experiments", "apps"}},
};

// Calls visit(file, include) for every #include of the layer.
template <class Visit>
int ForEachInclude(const std::string& layer, const Visit& visit) {
  static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(VIME_SOURCE_DIR) / layer)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".h") && !name.ends_with(".cc") && !name.ends_with(".in")) continue;
    ++files;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (std::regex_search(line, match, include)) visit(entry.path().string(), match[2].str());
    }
  }
  return files;
}

TEST_CASE("Dependencies point one way: apps -> experiments -> envs -> lib") {
  for (const auto& [layer, layers] : kMayInclude) {
    const auto& allowed = layers;
    const int files = ForEachInclude(layer, [&](const std::string& file, const std::string& name) {
      const std::string top = name.substr(0, name.find('/'));
      if (name.find('/') == std::string::npos || !kMayInclude.contains(top)) return;
      CAPTURE(file);
      CAPTURE(name);
      CHECK(allowed.contains(top));
    });
    CHECK(files > 3);
  }
}

TEST_CASE("lib and envs neither print, nor open files, nor know JSON or the command line") {
  const std::set<std::string> forbidden = {"iostream", "fstream", "cstdio",   "stdio.h",
                                           "print",    "ostream", "unistd.h", "filesystem"};
  for (const std::string layer : {"lib", "envs"}) {
    ForEachInclude(layer, [&](const std::string& file, const std::string& name) {
      CAPTURE(file);
      CAPTURE(name);
      CHECK(!forbidden.contains(name));
      CHECK(!name.starts_with("nlohmann"));
      CHECK(!name.starts_with("CLI"));
    });
  }
}

TEST_CASE("Only apps know the command-line parser") {
  ForEachInclude("experiments", [&](const std::string& file, const std::string& name) {
    CAPTURE(file);
    CHECK(!name.starts_with("CLI"));
  });
}

TEST_CASE("Kernels stay free of code that another instruction set could share") {
  // An inline function that is compiled with AVX-512 and chosen by the linker for the whole program
  // would crash older processors: kernel headers include nothing that has such functions, or use
  // nothing of it but types (utility: index sequences).
  const std::set<std::string> allowed = {"cmath", "cstdint",     "cstring",     "array",
                                         "span",  "string_view", "immintrin.h", "utility"};
  std::set<std::string> seen;
  const auto visit = [&](const auto& self, const std::string& header) -> void {
    if (!seen.insert(header).second) return;
    std::ifstream file(fs::path(VIME_SOURCE_DIR) / header);
    REQUIRE(file.good());
    static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
    for (std::string line; std::getline(file, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, include)) continue;
      if (match[1] == "\"") {
        self(self, match[2].str());
      } else {
        CAPTURE(header);
        CAPTURE(match[2].str());
        CHECK(allowed.contains(match[2].str()));
      }
    }
  };
  visit(visit, "lib/kernels/make_table.h");
  CHECK(seen.size() > 8);
}

}  // namespace
