// Where kernels for newer x86 instruction sets are compiled: 64-bit x86 with GCC or Clang. Not on
// Windows, whose GCC does not align vectors on the stack as these need (GCC bug 54412).
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(_WIN32)
#define POEMS_HAS_X86_KERNELS
#endif
