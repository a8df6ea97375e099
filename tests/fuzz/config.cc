// A config: vime-run --config, and the presets.
#include "tests/fuzz/fuzz.h"

namespace vime::testing {
namespace {

RunConfig Read(const Json& document) {
  ConfigBuilder builder;
  builder.AddJson(ConfigOf(document, "config.json"), "config.json", "file config.json");
  return builder.Build().config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return Try([&] {
    const RunConfig config = Read(ParseJson(Text(data, size), "config.json"));
    // --print-config can be read back.
    const RunConfig again = Read(ParseJson(ToJson(config).dump(), "config.json"));
    VIME_CHECK(ConfigHash(again) == ConfigHash(config) && ToJson(again) == ToJson(config));
  });
}

}  // namespace vime::testing
