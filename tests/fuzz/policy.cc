// policy.json: vime-run eval and replay, the films of vime-compare --report.
#include "experiments/compare/film.h"
#include "experiments/runner/saved_policy.h"
#include "lib/rl/evaluation.h"
#include "tests/fuzz/fuzz.h"

namespace vime::testing {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TinySweep sweep;
  sweep.Write(sweep.run() + "/policy.json", Text(data, size));
  return Try([&] {
    const SavedPolicy saved = LoadPolicy(sweep.run());
    Evaluate(*saved.policy, *saved.env, saved.config.horizon, 1, 0, 1);
    const Film film = FilmEpisode(saved, 1, 0);
    FilmStrip(film, 3);
    Animation(film);
  });
}

}  // namespace vime::testing
