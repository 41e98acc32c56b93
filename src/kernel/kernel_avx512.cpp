// The kernel for AVX-512.
#include "kernel/kernel_target.h"
#ifdef POEMS_HAS_X86_KERNELS

#define POEMS_ISA avx512
#define POEMS_LANES 16
#define POEMS_VECTORS 4

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma")
#endif
#include "kernel/kernel_outer.h"
#include "kernel/kernel_product.h"
#include "kernel/kernel_rows.h"
#include "kernel/kernel_softplus.h"
namespace poems {
namespace POEMS_ISA {
extern const Kernel table;
const Kernel table = {
    "avx512",     1,        by_rows,  scratch_size,       forward, backward, backward_to_z,
    hold_factors, add_sums, multiply, add_outer_products, softplus};
}  // namespace POEMS_ISA
}  // namespace poems
#ifdef __clang__
#pragma clang attribute pop
#endif

#endif
