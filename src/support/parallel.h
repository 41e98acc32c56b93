// Loops over blocks of work on several threads. Results never depend on the number of threads:
// callers choose blocks by the size of the problem alone, each block is computed by one thread,
// and sums over blocks are taken in block order afterwards.
#pragma once

#include <algorithm>
#include <functional>

#include "support/thread_pool.h"
#include "support/types.h"

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

/// Less work than this, in multiplications, is done sooner by one thread than others can be woken:
/// about 0.1 ms. Tests of the threads themselves lower it.
#ifndef POEMS_LEAST_PARALLEL_WORK
#define POEMS_LEAST_PARALLEL_WORK 1e6
#endif
constexpr double least_parallel_work = POEMS_LEAST_PARALLEL_WORK;

/// Calls body(i, thread) for i in [0, count), with thread in [0, threads). work: multiplications of
/// the whole loop, roughly.
template <typename Body>
void parallel_for(Index count, double work, int threads, Body body) {
  threads = static_cast<int>(std::min<Index>(std::min(threads, most_threads()), count));
  if (threads > 1 && work >= least_parallel_work) {
    ThreadPool::shared().run(count, threads, std::ref(body));
  } else {
    for (Index i = 0; i < count; ++i) body(i, 0);
  }
}

}  // namespace poems
