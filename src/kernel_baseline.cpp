// The kernel for the instruction set that the package is compiled for.
#define POEMS_ISA baseline
#define POEMS_LEVEL "baseline"
#define POEMS_LANES 4
#define POEMS_VECTORS 2
#define POEMS_GRADIENT_ROWS 4
#define POEMS_GRADIENT_COLS 2
#include "kernel_impl.h"
