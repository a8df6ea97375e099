// The checkpoint of a run that goes on. The input is the whole file; and again, behind the checksum
// that would refuse it, a list of changes to a valid state: a position and the eight bytes there.
#include <cstring>

#include "experiments/runner/checkpoint.h"
#include "lib/vime/trainer.h"
#include "tests/fuzz/fuzz.h"

namespace vime::testing {
namespace {

StateVisitor Of(Trainer& trainer) {
  return [&](Archive& archive) { trainer.Serialize(archive); };
}

std::string Changed(std::string state, std::string_view changes) {
  constexpr std::size_t kBytes = sizeof(std::uint64_t);
  for (; changes.size() >= 2 + kBytes; changes.remove_prefix(2 + kBytes)) {
    std::uint16_t at = 0;
    std::memcpy(&at, changes.data(), 2);
    std::memcpy(state.data() + at % (state.size() - kBytes), changes.data() + 2, kBytes);
  }
  return state;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const RunConfig config = TinyConfig().Build().config;
  static const TemporaryDirectory directory;
  static const std::string valid = [] {
    const auto trainer = MakeTrainer(config, 1);
    trainer->Iterate();
    return SaveState(Of(*trainer));
  }();
  const std::string input = Text(data, size);
  const auto trainer = MakeTrainer(config, 1);
  return Try(
      [&] {
        WriteText(directory / "checkpoint", input);
        ReadCheckpoint(directory / "checkpoint", Of(*trainer));
      },
      [&] {
        LoadState(Changed(valid, input), "state", Of(*trainer));
        trainer->Iterate();
      });
}

}  // namespace vime::testing
