#include "kernel/kernel.h"

#include <cstdlib>
#include <cstring>

#include "kernel/kernel_target.h"

namespace poems {

namespace baseline {
extern const Kernel table;
}
#ifdef POEMS_HAS_X86_KERNELS
namespace avx2 {
extern const Kernel table;
}
namespace avx512 {
extern const Kernel table;
}
#endif

namespace {

const Kernel& choose_kernel() {
#ifdef POEMS_HAS_X86_KERNELS
  const char* asked = std::getenv("OMICPOEMS_SIMD");
  const bool only_baseline = asked && std::strcmp(asked, "baseline") == 0;
  const bool only_avx2 = asked && std::strcmp(asked, "avx2") == 0;
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (has_avx512 && !only_baseline && !only_avx2) return avx512::table;
  if (has_avx2 && !only_baseline) return avx2::table;
#endif
  return baseline::table;
}

}  // namespace

const Kernel& kernel() {
  static const Kernel& chosen = choose_kernel();
  return chosen;
}

}  // namespace poems
