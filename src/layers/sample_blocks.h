// Work on the samples that have each omic, in blocks that threads share.
#pragma once

#include <utility>
#include <vector>

#include "data/cohort.h"
#include "support/parallel.h"

namespace poems {

/// Calls body(omic, samples) for blocks of the samples that have each omic, on several threads.
/// sample_work(omic): multiplications for one sample, roughly.
template <typename T, typename Work, typename Body>
void for_sample_blocks(const Batch<T>& batch, Work sample_work, int threads, Body body) {
  constexpr Index samples_at_once = 24;
  std::vector<std::pair<std::size_t, Block>> blocks;
  double work = 0.0;
  for (std::size_t v = 0; v < batch.omics.size(); ++v) {
    const Index members = batch.omics[v].x.rows();
    for (Index i = 0; i < block_count(samples_at_once, members); ++i)
      blocks.emplace_back(v, block_at(i, samples_at_once, members));
    work += sample_work(v) * static_cast<double>(members);
  }
  parallel_for(static_cast<Index>(blocks.size()), work, threads,
               [&](Index i, int) { body(blocks[i].first, blocks[i].second); });
}

}  // namespace poems
