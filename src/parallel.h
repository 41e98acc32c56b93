// Loops over blocks of work on several threads. Results never depend on the number of threads:
// callers choose blocks by the size of the problem alone, each block is computed by one thread,
// and sums over blocks are taken in block order afterwards.
#pragma once

#include <algorithm>
#include <exception>

#include "types.h"

#ifdef _OPENMP
#include <omp.h>
#endif

namespace poems {

/// A half-open range of positions.
struct Block {
  Index begin;
  Index size;
};

/// Block `i` when `total` positions are cut into blocks of `size` (the last may be shorter).
inline Block block_at(Index i, Index size, Index total) {
  const Index begin = i * size;
  return {begin, std::min(size, total - begin)};
}

inline Index block_count(Index size, Index total) { return (total + size - 1) / size; }

/// Less work than this, in multiplications, is done sooner by one thread than several can be woken:
/// about 0.1 ms. On a busy machine waking them takes far longer.
constexpr double least_parallel_work = 1e6;

/// Calls body(i, thread) for i in [0, count). work: multiplications of the whole loop, roughly. An
/// exception in any call is rethrown once all threads are done, since none may leave an OpenMP
/// region.
template <typename Body>
void parallel_for(Index count, double work, int threads, Body body) {
  std::exception_ptr failure;
#ifdef _OPENMP
  if (threads > 1 && count > 1 && work >= least_parallel_work) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (Index i = 0; i < count; ++i) {
      try {
        body(i, omp_get_thread_num());
      } catch (...) {
#pragma omp critical(poems_failure)
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
    return;
  }
#endif
  (void)threads;
  (void)work;
  for (Index i = 0; i < count; ++i) body(i, 0);
}

}  // namespace poems
