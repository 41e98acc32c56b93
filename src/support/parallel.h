// Loops over blocks of work on several threads. Results never depend on the number of threads:
// callers choose blocks by the size of the problem alone, each block is computed by one thread,
// and sums over blocks are taken in block order afterwards.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <exception>

#include "support/types.h"

#ifdef _OPENMP
#include <omp.h>
#ifndef _WIN32
#include <unistd.h>
#endif
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

#ifdef _OPENMP
/// Whether this process was forked from the one that loaded the library, as by
/// parallel::mclapply(). A forked process has its parent's records of waiting threads, but not the
/// threads: with GCC's OpenMP it would wait for them for ever.
#ifdef _WIN32
inline bool is_forked() { return false; }
#else
inline const pid_t loading_process = getpid();
inline bool is_forked() { return getpid() != loading_process; }
#endif
#endif

/// The stack that an environment variable of OpenMP asks for each thread, in KiB; 0 if unset.
inline double stack_asked_for(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr) return 0.0;
  char* unit = nullptr;
  const double size = std::strtod(value, &unit);
  switch (*unit) {
    case 'b':
    case 'B':
      return size / 1024.0;
    case 'm':
    case 'M':
      return size * 1024.0;
    case 'g':
    case 'G':
      return size * 1024.0 * 1024.0;
    default:
      return size;
  }
}

constexpr int enough_threads = 64;
constexpr double least_stack = 1024.0;  ///< of a thread, in KiB; products of matrices take hundreds

/// As many threads as loops take, whatever is asked for: OpenMP ends the process when the system
/// has no more, and threads whose stack is too small end it, too.
inline int most_threads() {
#ifdef _OPENMP
  static const int most = [] {
    for (const char* variable : {"OMP_STACKSIZE", "GOMP_STACKSIZE"}) {
      const double stack = stack_asked_for(variable);
      if (stack > 0.0 && stack < least_stack) return 1;
    }
    return std::max(enough_threads, omp_get_num_procs());
  }();
  return most;
#else
  return 1;
#endif
}

/// Calls body(i, thread) for i in [0, count), on one thread in a forked process. work:
/// multiplications of the whole loop, roughly. An exception in any call is rethrown once all
/// threads are done, since none may leave an OpenMP region.
template <typename Body>
void parallel_for(Index count, double work, int threads, Body body) {
  std::exception_ptr failure;
#ifdef _OPENMP
  threads = std::min(threads, most_threads());
  if (threads > 1 && count > 1 && work >= least_parallel_work && !is_forked()) {
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
