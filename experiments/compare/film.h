// Pictures of an episode: a strip of still frames, and an animation that needs no script.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/compare/svg.h"
#include "experiments/runner/saved_policy.h"
#include "lib/rl/scene.h"

namespace vime {

/// An episode to show.
struct Film {
  std::string title;  ///< such as the environment and how the episode ended
  /// EnvSpec::time_step. Time without a unit (1) runs at kStepsPerSecond.
  double time_step = 1;
  /// Of the states before step 0, 1, ... and of the final state: at least one.
  std::vector<Scene> scenes;
};

/// That episode of vime-run eval.
Film FilmEpisode(const SavedPolicy& saved, std::uint64_t seed, std::uint32_t episode);

inline constexpr double kStepsPerSecond = 30;

/// A document with that many frames (fewer where there are fewer scenes), evenly spread over the
/// episode, the first and the last included; one frame is the last.
std::string FilmStrip(const Film& film, std::size_t frames);

/// A document that plays the episode over and over, in real time where time has a unit. Who asked
/// for less motion sees the last frame.
std::string Animation(const Film& film);

/// The width over the height of what a frame shows.
double AspectOf(const Film& film);

/// Draws the same animation into a picture, at (x, y) and that wide.
void DrawAnimation(Svg& svg, const Film& film, double x, double y, double width);

}  // namespace vime
