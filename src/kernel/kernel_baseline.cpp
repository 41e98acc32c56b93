// The kernel for the instruction set that the package is compiled for.
#define POEMS_ISA baseline
#define POEMS_LANES 4
#define POEMS_VECTORS 2
#define POEMS_GRADIENT_ROWS 4
#define POEMS_GRADIENT_COLS 2
#include "kernel/kernel_hidden.h"
#include "kernel/kernel_outer.h"
#include "kernel/kernel_product.h"
#include "kernel/kernel_softplus.h"

namespace poems {
namespace POEMS_ISA {
extern const Kernel table;
const Kernel table = {"baseline",         lanes,         by_rows,      scratch_size, forward,
                      backward,           backward_to_z, hold_factors, add_sums,     multiply,
                      add_outer_products, softplus};
}  // namespace POEMS_ISA
}  // namespace poems
