// vime-run eval and vime-run replay: what a saved policy does.
#pragma once

namespace vime {

/// vime-run eval RUN: the evaluation of the policy of a run directory as JSON on standard output.
int EvalCommand(int argc, const char* const* argv);

/// vime-run replay RUN: one episode of that policy, step by step, on standard output.
int ReplayCommand(int argc, const char* const* argv);

}  // namespace vime
