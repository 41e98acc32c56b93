// What the system lets this process take, and what goes back to it.
#include <cstdio>
#include <limits>

#include "bindings/rcpp.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#ifndef _WIN32
#include <sys/resource.h>
#include <unistd.h>
#endif

// Bytes of address space that are left under the limit of this process (ulimit -v), Inf without
// one.
// [[Rcpp::export]]
double core_address_space_left() {
  const double no_limit = std::numeric_limits<double>::infinity();
#ifdef _WIN32
  return no_limit;
#else
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return no_limit;
  double pages = 0.0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%lf", &pages) != 1) pages = 0.0;
    std::fclose(file);
  }
  return static_cast<double>(limit.rlim_cur) - pages * static_cast<double>(sysconf(_SC_PAGESIZE));
#endif
}

// Gives back to the system what has been freed. The GNU allocator keeps pieces of up to 32 MiB, of
// which a fit leaves hundreds.
// [[Rcpp::export]]
void core_release_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
