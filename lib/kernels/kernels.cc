#include "lib/kernels/kernels.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "lib/core/check.h"

namespace vime {

extern const KernelTable<float> kKernels_portable;
#ifdef VIME_HAVE_X86_KERNELS
extern const KernelTable<float> kKernels_v3;
extern const KernelTable<float> kKernels_v4;
#endif
extern const KernelTable<double> kKernels_double;

namespace {

// Widest first.
std::vector<const KernelTable<float>*> Usable() {
  std::vector<const KernelTable<float>*> tables;
#ifdef VIME_HAVE_X86_KERNELS
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512cd");
  if (v4) tables.push_back(&kKernels_v4);
  if (v3) tables.push_back(&kKernels_v3);
#endif
  tables.push_back(&kKernels_portable);
  return tables;
}

const KernelTable<float>*& Selected() {
  static const KernelTable<float>* selected = Usable().front();
  return selected;
}

}  // namespace

template <>
const KernelTable<float>& GetKernels<float>() {
  return *Selected();
}

template <>
const KernelTable<double>& GetKernels<double>() {
  return kKernels_double;
}

std::span<const std::string_view> AvailableKernels() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all{"auto"};
    for (const auto* table : Usable()) all.emplace_back(table->name);
    return all;
  }();
  return names;
}

void SelectKernels(std::string_view name) {
  const auto usable = Usable();
  if (name == "auto") {
    Selected() = usable.front();
    return;
  }
  std::string allowed = "auto";
  for (const auto* table : usable) {
    if (name == table->name) {
      Selected() = table;
      return;
    }
    allowed += std::string(", ") + table->name;
  }
#ifdef VIME_HAVE_X86_KERNELS
  constexpr bool kBuilt = true;
#else
  constexpr bool kBuilt = false;
#endif
  std::string why = " is unknown";
  if (name == "v3" || name == "v4") {
    why = !kBuilt        ? " is not part of this build"
          : name == "v3" ? " needs a processor with AVX2, FMA and BMI2"
                         : " needs a processor with AVX-512 F, VL, BW, DQ and CD";
  }
  throw ConfigError("--simd " + std::string(name) + why + "; allowed: " + allowed);
}

bool WideKernelsMissing() {
#ifdef VIME_HAVE_X86_KERNELS
  return Usable().front() == &kKernels_portable;
#else
  return false;
#endif
}

template <class T>
void* KernelScratch(std::int64_t numbers) {
  constexpr std::size_t kAlignment = 64;
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  thread_local std::unique_ptr<void, Free> memory;
  thread_local std::size_t capacity = 0;
  const std::size_t bytes = static_cast<std::size_t>(numbers) *
                            static_cast<std::size_t>(GetKernels<T>().lanes) * sizeof(T);
  if (bytes > capacity) {
    const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    capacity = 0;
    memory.reset(std::aligned_alloc(kAlignment, rounded));
    if (memory == nullptr) throw std::bad_alloc();
    capacity = rounded;
  }
  return memory.get();
}

template void* KernelScratch<float>(std::int64_t);
template void* KernelScratch<double>(std::int64_t);

}  // namespace vime
