// The lane type: sixteen floats that kernels treat as one number.
//
// Kernels are templates over "a number" F. With F = FloatLanes they handle sixteen transitions at
// once; with F = double they are their own scalar reference. A lane never looks at its neighbours
// except in lib/math/lane_sum.h, where the order of additions is fixed, so every instruction set
// gives the same bits. The only operation that rounds once where it could round twice is
// MulAdd(FloatLanes).
//
// VIME_LANE_WIDTH is the number of floats in a machine vector: 16 (AVX-512), 8 (AVX2) or 4. Each
// width lives in a namespace of its own, because translation units of several widths are linked
// into one program.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#ifndef VIME_LANE_WIDTH
#define VIME_LANE_WIDTH 4
#endif
#if VIME_LANE_WIDTH > 4
#include <immintrin.h>
#endif

// VIME_INLINE marks functions and VIME_INLINE_LAMBDA lambdas that must be inlined: a lane that is
// passed by memory costs more than what is done with it. Where an operation is many instructions
// (portable lanes, sanitizers), inlining without limit would cost the compiler minutes.
// VIME_PHASE marks what is long enough to be a function of its own: the registers of one phase of
// a kernel are then not the concern of the next.
#if VIME_LANE_WIDTH == 4 || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VIME_INLINE inline
#define VIME_INLINE_LAMBDA
#else
#define VIME_INLINE inline __attribute__((always_inline))
#define VIME_INLINE_LAMBDA __attribute__((always_inline))
#endif
#define VIME_PHASE __attribute__((noinline))

namespace vime {

// ---- Scalars -----------------------------------------------------------------------------------

/// Facts about a number type F: its scalar, its integer of the same width, its lane count.
template <class F>
struct NumberTraits;

template <>
struct NumberTraits<double> {
  using Scalar = double;
  using Int = std::int64_t;
  static constexpr int kLanes = 1;
  static constexpr int kMantissaBits = 52;
};

template <>
struct NumberTraits<float> {
  using Scalar = float;
  using Int = std::int32_t;
  static constexpr int kLanes = 1;
  static constexpr int kMantissaBits = 23;
};

template <class F>
using ScalarOf = typename NumberTraits<F>::Scalar;
template <class F>
using IntOf = typename NumberTraits<F>::Int;
template <class F>
inline constexpr int kLanes = NumberTraits<F>::kLanes;

/// a b + c. Rounds twice in double and once in float: the same on every machine.
VIME_INLINE double MulAdd(double a, double b, double c) { return a * b + c; }
VIME_INLINE float MulAdd(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
VIME_INLINE double Sqrt(double x) { return __builtin_sqrt(x); }
VIME_INLINE float Sqrt(float x) { return __builtin_sqrtf(x); }
VIME_INLINE double Select(bool mask, double a, double b) { return mask ? a : b; }
VIME_INLINE float Select(bool mask, float a, float b) { return mask ? a : b; }
VIME_INLINE bool Any(bool mask) { return mask; }
/// a < b ? a : b and a > b ? a : b: b where either is NaN.
VIME_INLINE double Min(double a, double b) { return a < b ? a : b; }
VIME_INLINE float Min(float a, float b) { return a < b ? a : b; }
VIME_INLINE double Max(double a, double b) { return a > b ? a : b; }
VIME_INLINE float Max(float a, float b) { return a > b ? a : b; }
VIME_INLINE double Abs(double a) { return __builtin_fabs(a); }
VIME_INLINE float Abs(float a) { return __builtin_fabsf(a); }
/// a, not negative, with the sign of b.
VIME_INLINE double WithSign(double a, double b) { return __builtin_copysign(a, b); }
VIME_INLINE float WithSign(float a, float b) { return __builtin_copysignf(a, b); }

VIME_INLINE std::int64_t BitsOf(double x) {
  std::int64_t bits;
  std::memcpy(&bits, &x, sizeof x);
  return bits;
}
VIME_INLINE double FromBits(std::int64_t bits) {
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
VIME_INLINE std::int32_t BitsOf(float x) {
  std::int32_t bits;
  std::memcpy(&bits, &x, sizeof x);
  return bits;
}
VIME_INLINE float FromBits(std::int32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
/// bits << n and bits >> n as if the integer were of unlimited width (the right shift keeps sign).
template <class Int>
VIME_INLINE Int ShiftLeft(Int bits, int n) {
  if constexpr (sizeof(Int) == 8) {
    return static_cast<Int>(static_cast<std::uint64_t>(bits) << n);
  } else {
    return static_cast<Int>(static_cast<std::uint32_t>(bits) << n);
  }
}
VIME_INLINE std::int64_t WrappingAdd(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
VIME_INLINE std::int32_t WrappingAdd(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}
VIME_INLINE std::int64_t WrappingSub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
VIME_INLINE std::int32_t WrappingSub(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}
/// Whether bits & mask has a bit set.
template <class Int>
VIME_INLINE bool TestBits(Int bits, std::int32_t mask) {
  return (bits & mask) != 0;
}
VIME_INLINE double ToFloating(std::int64_t i) { return static_cast<double>(i); }
VIME_INLINE float ToFloating(std::int32_t i) { return static_cast<float>(i); }

VIME_INLINE void Load(const double* p, double& x) { x = *p; }
VIME_INLINE void Store(double* p, double x) { *p = x; }

// ---- Lanes -------------------------------------------------------------------------------------

#if VIME_LANE_WIDTH == 16
#define VIME_WIDTH_NAMESPACE width16
#elif VIME_LANE_WIDTH == 8
#define VIME_WIDTH_NAMESPACE width8
#else
#define VIME_WIDTH_NAMESPACE width4
#endif
inline namespace VIME_WIDTH_NAMESPACE {

inline constexpr int kWidth = VIME_LANE_WIDTH;
inline constexpr int kParts = 16 / kWidth;

using FloatPart = float __attribute__((vector_size(kWidth * 4)));
using IntPart = std::int32_t __attribute__((vector_size(kWidth * 4)));
using WordPart = std::uint32_t __attribute__((vector_size(kWidth * 4)));

// What the vector extensions of the compilers do not express. Processors multiply the even lanes
// of two vectors into 64-bit products: odd lanes are shifted into their place first, and the
// halves of both products are blended together again.
#if VIME_LANE_WIDTH == 16

VIME_INLINE FloatPart FusedMultiplyAdd(FloatPart a, FloatPart b, FloatPart c) {
  return _mm512_fmadd_ps(a, b, c);
}
VIME_INLINE FloatPart SquareRoot(FloatPart a) { return _mm512_sqrt_ps(a); }
VIME_INLINE FloatPart Smaller(FloatPart a, FloatPart b) { return _mm512_min_ps(a, b); }
VIME_INLINE FloatPart Larger(FloatPart a, FloatPart b) { return _mm512_max_ps(a, b); }
VIME_INLINE FloatPart LoadMasked(const float* source, IntPart mask) {
  return _mm512_maskz_loadu_ps(_mm512_movepi32_mask(reinterpret_cast<__m512i>(mask)), source);
}
VIME_INLINE void StoreMasked(float* target, IntPart mask, FloatPart x) {
  _mm512_mask_storeu_ps(target, _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask)), x);
}
VIME_INLINE void MultiplyHighLow(WordPart a, std::uint32_t m, WordPart& high, WordPart& low) {
  const __m512i factor = _mm512_set1_epi64(m);
  const __m512i even = _mm512_mul_epu32(reinterpret_cast<__m512i>(a), factor);
  const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(reinterpret_cast<__m512i>(a), 32), factor);
  high = reinterpret_cast<WordPart>(_mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB));
  low = reinterpret_cast<WordPart>(_mm512_mask_shuffle_epi32(even, 0xAAAA, odd, _MM_PERM_CCAA));
}

#elif VIME_LANE_WIDTH == 8

VIME_INLINE FloatPart FusedMultiplyAdd(FloatPart a, FloatPart b, FloatPart c) {
  return _mm256_fmadd_ps(a, b, c);
}
VIME_INLINE FloatPart SquareRoot(FloatPart a) { return _mm256_sqrt_ps(a); }
VIME_INLINE FloatPart Smaller(FloatPart a, FloatPart b) { return _mm256_min_ps(a, b); }
VIME_INLINE FloatPart Larger(FloatPart a, FloatPart b) { return _mm256_max_ps(a, b); }
VIME_INLINE FloatPart LoadMasked(const float* source, IntPart mask) {
  return _mm256_maskload_ps(source, reinterpret_cast<__m256i>(mask));
}
VIME_INLINE void StoreMasked(float* target, IntPart mask, FloatPart x) {
  _mm256_maskstore_ps(target, reinterpret_cast<__m256i>(mask), x);
}
VIME_INLINE void MultiplyHighLow(WordPart a, std::uint32_t m, WordPart& high, WordPart& low) {
  const __m256i factor = _mm256_set1_epi64x(m);
  const __m256i even = _mm256_mul_epu32(reinterpret_cast<__m256i>(a), factor);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(reinterpret_cast<__m256i>(a), 32), factor);
  high =
      reinterpret_cast<WordPart>(_mm256_blend_epi32(_mm256_shuffle_epi32(even, 0xF5), odd, 0xAA));
  low = reinterpret_cast<WordPart>(_mm256_blend_epi32(even, _mm256_shuffle_epi32(odd, 0xA0), 0xAA));
}

#else

VIME_INLINE FloatPart FusedMultiplyAdd(FloatPart a, FloatPart b, FloatPart c) {
  FloatPart d;
  for (int i = 0; i < kWidth; ++i) d[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return d;
}
VIME_INLINE FloatPart SquareRoot(FloatPart a) {
  FloatPart b;
  for (int i = 0; i < kWidth; ++i) b[i] = __builtin_sqrtf(a[i]);
  return b;
}
VIME_INLINE FloatPart Smaller(FloatPart a, FloatPart b) { return a < b ? a : b; }
VIME_INLINE FloatPart Larger(FloatPart a, FloatPart b) { return a > b ? a : b; }
VIME_INLINE FloatPart LoadMasked(const float* source, IntPart mask) {
  FloatPart x;
  for (int i = 0; i < kWidth; ++i) x[i] = mask[i] != 0 ? source[i] : 0.0f;
  return x;
}
VIME_INLINE void StoreMasked(float* target, IntPart mask, FloatPart x) {
  for (int i = 0; i < kWidth; ++i) {
    if (mask[i] != 0) target[i] = x[i];
  }
}
VIME_INLINE void MultiplyHighLow(WordPart a, std::uint32_t m, WordPart& high, WordPart& low) {
  using WidePart = std::uint64_t __attribute__((vector_size(kWidth * 4)));
  const WidePart wide = reinterpret_cast<WidePart>(a);
  const WidePart even = (wide & 0xffffffffu) * m;
  const WidePart odd = (wide >> 32) * m;
  high = reinterpret_cast<WordPart>((even >> 32) | (odd & 0xffffffff00000000u));
  low = reinterpret_cast<WordPart>((even & 0xffffffffu) | (odd << 32));
}

#endif

// The statement for every part p, as constants from the start: GCC 12 keeps arrays that a loop
// indexes in memory.
#define VIME_PART(n, ...)  \
  {                        \
    constexpr int p = (n); \
    __VA_ARGS__            \
  }
#if VIME_LANE_WIDTH == 16
#define VIME_PARTS(...) VIME_PART(0, __VA_ARGS__)
#elif VIME_LANE_WIDTH == 8
#define VIME_PARTS(...) VIME_PART(0, __VA_ARGS__) VIME_PART(1, __VA_ARGS__)
#else
#define VIME_PARTS(...)     \
  VIME_PART(0, __VA_ARGS__) \
  VIME_PART(1, __VA_ARGS__) VIME_PART(2, __VA_ARGS__) VIME_PART(3, __VA_ARGS__)
#endif

// Copies go part by part: GCC 12 moves whole structs through memory, sixteen bytes at a time.
#define VIME_LANES(Type, Part)                                         \
  Part part[kParts];                                                   \
  Type() = default;                                                    \
  VIME_INLINE Type(const Type& x) { VIME_PARTS(part[p] = x.part[p];) } \
  VIME_INLINE Type& operator=(const Type& x) {                         \
    VIME_PARTS(part[p] = x.part[p];)                                   \
    return *this;                                                      \
  }

struct MaskLanes {
  VIME_LANES(MaskLanes, IntPart)  // NOLINT(bugprone-unhandled-self-assignment)
};

struct IntLanes {
  VIME_LANES(IntLanes, IntPart)  // NOLINT(bugprone-unhandled-self-assignment)
  VIME_INLINE IntLanes(std::int32_t x) { VIME_PARTS(part[p] = IntPart{} + x;) }
};

struct WordLanes {
  VIME_LANES(WordLanes, WordPart)  // NOLINT(bugprone-unhandled-self-assignment)
  VIME_INLINE WordLanes(std::uint32_t x) { VIME_PARTS(part[p] = WordPart{} + x;) }
};

struct FloatLanes {
  VIME_LANES(FloatLanes, FloatPart)  // NOLINT(bugprone-unhandled-self-assignment)
  VIME_INLINE FloatLanes(float x) { VIME_PARTS(part[p] = x - FloatPart{};) }
};

#undef VIME_LANES

#define VIME_BINARY(Type, op)                                  \
  VIME_INLINE Type operator op(const Type& a, const Type& b) { \
    Type c;                                                    \
    VIME_PARTS(c.part[p] = a.part[p] op b.part[p];)            \
    return c;                                                  \
  }
VIME_BINARY(FloatLanes, +)
VIME_BINARY(FloatLanes, -)
VIME_BINARY(FloatLanes, *)
VIME_BINARY(FloatLanes, /)
VIME_BINARY(IntLanes, &)
VIME_BINARY(IntLanes, |)
VIME_BINARY(WordLanes, +)
VIME_BINARY(WordLanes, ^)
#undef VIME_BINARY

VIME_INLINE FloatLanes operator-(const FloatLanes& a) {
  FloatLanes c;
  VIME_PARTS(c.part[p] = -a.part[p];)
  return c;
}

#define VIME_COMPARE(op)                                                        \
  VIME_INLINE MaskLanes operator op(const FloatLanes& a, const FloatLanes& b) { \
    MaskLanes c;                                                                \
    VIME_PARTS(c.part[p] = a.part[p] op b.part[p];)                             \
    return c;                                                                   \
  }
VIME_COMPARE(<)
VIME_COMPARE(>)
VIME_COMPARE(<=)
VIME_COMPARE(>=)
VIME_COMPARE(==)
#undef VIME_COMPARE

VIME_INLINE FloatLanes MulAdd(const FloatLanes& a, const FloatLanes& b, const FloatLanes& c) {
  FloatLanes d;
  VIME_PARTS(d.part[p] = FusedMultiplyAdd(a.part[p], b.part[p], c.part[p]);)
  return d;
}

VIME_INLINE FloatLanes Sqrt(const FloatLanes& a) {
  FloatLanes b;
  VIME_PARTS(b.part[p] = SquareRoot(a.part[p]);)
  return b;
}

VIME_INLINE FloatLanes Select(const MaskLanes& mask, const FloatLanes& a, const FloatLanes& b) {
  FloatLanes c;
  VIME_PARTS(c.part[p] = mask.part[p] ? a.part[p] : b.part[p];)
  return c;
}

VIME_INLINE bool Any(const MaskLanes& mask) {
  IntPart any = mask.part[0];
  for (int p = 1; p < kParts; ++p) any |= mask.part[p];
  std::int32_t result = 0;
  for (int i = 0; i < kWidth; ++i) result |= any[i];
  return result != 0;
}

VIME_INLINE FloatLanes Min(const FloatLanes& a, const FloatLanes& b) {
  FloatLanes c;
  VIME_PARTS(c.part[p] = Smaller(a.part[p], b.part[p]);)
  return c;
}
VIME_INLINE FloatLanes Max(const FloatLanes& a, const FloatLanes& b) {
  FloatLanes c;
  VIME_PARTS(c.part[p] = Larger(a.part[p], b.part[p]);)
  return c;
}

VIME_INLINE IntLanes BitsOf(const FloatLanes& a) {
  IntLanes b;
  VIME_PARTS(b.part[p] = reinterpret_cast<IntPart>(a.part[p]);)
  return b;
}
VIME_INLINE FloatLanes FromBits(const IntLanes& a) {
  FloatLanes b;
  VIME_PARTS(b.part[p] = reinterpret_cast<FloatPart>(a.part[p]);)
  return b;
}
VIME_INLINE FloatLanes Abs(const FloatLanes& a) {
  return FromBits(BitsOf(a) & IntLanes(0x7fffffff));
}
VIME_INLINE FloatLanes WithSign(const FloatLanes& a, const FloatLanes& b) {
  return FromBits(BitsOf(a) | (BitsOf(b) & IntLanes(INT32_MIN)));
}
VIME_INLINE FloatLanes ToFloating(const IntLanes& a) {
  FloatLanes b;
  VIME_PARTS(b.part[p] = __builtin_convertvector(a.part[p], FloatPart);)
  return b;
}
VIME_INLINE IntLanes ShiftLeft(const IntLanes& a, int n) {
  IntLanes b;
  VIME_PARTS(b.part[p] = reinterpret_cast<IntPart>(reinterpret_cast<WordPart>(a.part[p]) << n);)
  return b;
}
VIME_INLINE IntLanes operator>>(const IntLanes& a, int n) {
  IntLanes b;
  VIME_PARTS(b.part[p] = a.part[p] >> n;)
  return b;
}
VIME_INLINE WordLanes operator>>(const WordLanes& a, int n) {
  WordLanes b;
  VIME_PARTS(b.part[p] = a.part[p] >> n;)
  return b;
}
/// Sums modulo 2^32: the vector addition of machine integers wraps.
VIME_INLINE IntLanes WrappingAdd(const IntLanes& a, const IntLanes& b) {
  IntLanes c;
  VIME_PARTS(c.part[p] = reinterpret_cast<IntPart>(reinterpret_cast<WordPart>(a.part[p]) +
                                                   reinterpret_cast<WordPart>(b.part[p]));)
  return c;
}
VIME_INLINE IntLanes WrappingSub(const IntLanes& a, const IntLanes& b) {
  IntLanes c;
  VIME_PARTS(c.part[p] = reinterpret_cast<IntPart>(reinterpret_cast<WordPart>(a.part[p]) -
                                                   reinterpret_cast<WordPart>(b.part[p]));)
  return c;
}
VIME_INLINE MaskLanes TestBits(const IntLanes& a, std::int32_t mask) {
  MaskLanes c;
  VIME_PARTS(c.part[p] = (a.part[p] & mask) != 0;)
  return c;
}
VIME_INLINE IntLanes AsInts(const WordLanes& a) {
  IntLanes b;
  VIME_PARTS(b.part[p] = reinterpret_cast<IntPart>(a.part[p]);)
  return b;
}

// Part by part: GCC 12 keeps what it copies as a whole in memory.
VIME_INLINE void Load(const float* source, FloatLanes& x) {
  VIME_PARTS(std::memcpy(&x.part[p], source + p * kWidth, sizeof x.part[p]);)
}
VIME_INLINE void Store(float* target, const FloatLanes& x) {
  VIME_PARTS(std::memcpy(target + p * kWidth, &x.part[p], sizeof x.part[p]);)
}
VIME_INLINE void Load(const std::uint32_t* source, WordLanes& x) {
  VIME_PARTS(std::memcpy(&x.part[p], source + p * kWidth, sizeof x.part[p]);)
}

VIME_INLINE void LoadMasked(const float* source, const MaskLanes& mask, FloatLanes& x) {
  VIME_PARTS(x.part[p] = LoadMasked(source + p * kWidth, mask.part[p]);)
}
VIME_INLINE void StoreMasked(float* target, const MaskLanes& mask, const FloatLanes& x) {
  VIME_PARTS(StoreMasked(target + p * kWidth, mask.part[p], x.part[p]);)
}

/// Which lanes i are below count.
VIME_INLINE MaskLanes LanesBelow(std::int64_t count) {
  const auto n = static_cast<std::int32_t>(count < 16 ? count : 16);
  IntPart lane;
  for (int i = 0; i < kWidth; ++i) lane[i] = i;
  MaskLanes mask;
  VIME_PARTS(mask.part[p] = lane < n - p * kWidth;)
  return mask;
}

/// The two halves of the 64-bit products of every lane with m.
VIME_INLINE void MultiplyHighLow(const WordLanes& a, std::uint32_t m, WordLanes& high,
                                 WordLanes& low) {
  VIME_PARTS(MultiplyHighLow(a.part[p], m, high.part[p], low.part[p]);)
}

}  // namespace VIME_WIDTH_NAMESPACE

template <>
struct NumberTraits<FloatLanes> {
  using Scalar = float;
  using Int = IntLanes;
  static constexpr int kLanes = 16;
  static constexpr int kMantissaBits = 23;
};

// ---- Either ------------------------------------------------------------------------------------

/// Lanes 0 .. count - 1 from memory, the first value repeated in the rest; count >= 1.
template <class F>
VIME_INLINE F LoadSome(const ScalarOf<F>* source, std::int64_t count) {
  F x;
  if constexpr (kLanes < F >> 1) {
    if (count < kLanes<F>) {
      const MaskLanes live = LanesBelow(count);
      LoadMasked(source, live, x);
      return Select(live, x, F(source[0]));
    }
  }
  Load(source, x);
  return x;
}

/// Stores lanes 0 .. count - 1.
template <class F>
VIME_INLINE void StoreSome(ScalarOf<F>* target, const F& x, std::int64_t count) {
  if constexpr (kLanes < F >> 1) {
    if (count < kLanes<F>) return StoreMasked(target, LanesBelow(count), x);
  }
  Store(target, x);
}

/// 1 in lanes 0 .. count - 1, 0 in the rest.
template <class F>
VIME_INLINE F LiveLanes(std::int64_t count) {
  if constexpr (kLanes < F >> 1) {
    return Select(LanesBelow(count), F(1), F(0));
  } else {
    return F(1);
  }
}

}  // namespace vime
