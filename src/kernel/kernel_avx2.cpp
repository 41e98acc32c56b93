// The kernel for AVX2 and FMA.
#include "kernel/kernel_target.h"
#ifdef POEMS_HAS_X86_KERNELS

#define POEMS_ISA avx2
#define POEMS_LANES 8
#define POEMS_VECTORS 2
#define POEMS_GRADIENT_ROWS 4
#define POEMS_GRADIENT_COLS 2

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#include "kernel/kernel_hidden.h"
#include "kernel/kernel_outer.h"
#include "kernel/kernel_product.h"
#include "kernel/kernel_softplus.h"
namespace poems {
namespace POEMS_ISA {
extern const Kernel table;
const Kernel table = {
    "avx2",       lanes,    by_rows,  scratch_size,       forward, backward, backward_to_z,
    hold_factors, add_sums, multiply, add_outer_products, softplus};
}  // namespace POEMS_ISA
}  // namespace poems
#ifdef __clang__
#pragma clang attribute pop
#endif

#endif
