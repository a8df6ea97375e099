// states.json: where a run has been, for maps of visits and for replays.
#pragma once

#include "experiments/runner/config_json.h"
#include "lib/vime/trainer.h"

namespace vime {

/// The two axes of the visit grid, the steps that ended in each of its cells during the whole run
/// (`visits`, the first axis outermost), and the first episode of the last batch: its path over the
/// grid, its executed actions (raw units) and its rewards, kMostReplaySteps steps at most. The
/// first episode, not the best: it is a fair sample of what the policy does.
Json StatesToJson(const Trainer& trainer);

inline constexpr Index kMostReplaySteps = 1000;

}  // namespace vime
