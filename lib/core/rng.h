// Counter-based random numbers.
//
// Every random number of a run has a name, (seed, stream, iteration, item, n), and is a pure
// function of it, so the results depend neither on the thread count nor on the order of
// evaluation, and a checkpoint holds no generator state. The generator is Philox4x32-10:
// J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>

namespace vime {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// Ten rounds of Philox4x32: four random words for one counter under one key.
PhiloxCounter Philox4x32(PhiloxCounter counter, PhiloxKey key);

/// What a random number is for. Values are part of the results: append, never renumber.
enum class Stream : std::uint32_t {
  kPolicyInit = 1,
  kNetworkInit = 2,
  kEnvironment = 3,
  kActionNoise = 4,
  kBonusNoise = 5,
  kMinibatch = 6,
  kTrainingNoise = 7,
  kShuffle = 8,
  kDiagnosticNoise = 9,
  kEvaluation = 10,
  kValueInit = 11,
  kPolicyMinibatch = 12,
  kBonusInit = 13,
  kNoiseModelInit = 14,
  kTest = 100,
};

/// The name of a sequence of random numbers, the n-th of which any kernel can compute by itself.
/// Seeds reach 2^53 - 1 (exact in JSON); item counts episodes, transitions or updates.
struct NoiseKey {
  std::uint64_t seed = 0;
  Stream stream = Stream::kTest;
  std::uint32_t iteration = 0;
  std::uint32_t item = 0;
};

/// The sequence named by a NoiseKey, drawn one number at a time.
///
/// Block b is Philox4x32({b, item, iteration, stream}, {seed low, seed high}). A uniform takes two
/// words, a normal takes two uniforms. Kernels read the same blocks otherwise, four normals from
/// each (lib/math/normals.h): a key serves one of the two.
class Rng {
 public:
  explicit Rng(const NoiseKey& key);

  /// The next 32 random bits.
  std::uint32_t Bits();
  /// Uniform on [0, 1) with 53 random bits.
  double Uniform();
  /// Uniform on [low, high).
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  /// Standard normal by the Box-Muller transform, in double precision.
  double Normal();
  /// Uniform on {0, ..., n - 1}, without bias (multiplication with rejection, Lemire 2019).
  std::uint32_t Below(std::uint32_t n);

 private:
  PhiloxCounter counter_;
  PhiloxKey key_;
  PhiloxCounter words_{};
  int used_ = 4;
};

/// Puts the entries of `values` in a uniformly random order (Fisher and Yates).
template <class Values>
void Shuffle(Rng& rng, Values& values) {
  for (auto i = static_cast<std::uint32_t>(values.size()); i > 1; --i) {
    const std::uint32_t j = rng.Below(i);
    const auto last = values[i - 1];
    values[i - 1] = values[j];
    values[j] = last;
  }
}

}  // namespace vime
