#include "analysis/projection.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "support/parallel.h"

namespace poems {

namespace {

constexpr Index samples_at_once = 512;  // bounds memory

/// Writes what one block's pass says to the columns of its samples.
template <typename T>
void write_block(Block block, const Batch<T>& batch, const models::PoemsPass<T>& pass,
                 Projection<T>& all) {
  all.mean.middleCols(block.begin, block.size) = pass.posterior.mean->value;
  all.logvar.middleCols(block.begin, block.size) = pass.posterior.logvar->value;
  all.gates.middleCols(block.begin, block.size) = pass.alpha->value;
  for (std::size_t v = 0; v < batch.omics.size(); ++v)
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      const Index sample = block.begin + batch.omics[v].members[i];
      const auto member = static_cast<Index>(i);
      all.expert_mean[v].col(sample) = pass.experts[v].mean->value.col(member);
      all.expert_logvar[v].col(sample) = pass.experts[v].logvar->value.col(member);
    }
}

}  // namespace

template <typename T>
Projection<T> project(const models::Poems<T>& model, const Cohort<T>& cohort, int threads) {
  const std::size_t omics = model.omics.size();
  const Matrix<T> unknown = Matrix<T>::Constant(model.options().factors, cohort.samples,
                                                std::numeric_limits<T>::quiet_NaN());
  Projection<T> all{unknown, unknown, Matrix<T>(static_cast<Index>(omics), cohort.samples),
                    std::vector<Matrix<T>>(omics, unknown), std::vector<Matrix<T>>(omics, unknown)};
  Tape<T> tape(false);
  for (Index i = 0; i < block_count(samples_at_once, cohort.samples); ++i) {
    const Block block = block_at(i, samples_at_once, cohort.samples);
    std::vector<Index> samples(block.size);
    std::iota(samples.begin(), samples.end(), block.begin);
    const Batch<T> batch = make_batch(cohort, std::move(samples), threads);
    tape.reset();
    write_block(block, batch, model.encode(tape, batch, pieces::Draws<T>(), threads), all);
  }
  return all;
}

template <typename T>
Matrix<T> reconstruct(const models::Poems<T>& model, std::size_t omic, const Matrix<T>& z,
                      int threads) {
  Matrix<T> all(model.options().omics[omic].features, z.cols());
  for (Index i = 0; i < block_count(samples_at_once, z.cols()); ++i) {
    const Block block = block_at(i, samples_at_once, z.cols());
    all.middleCols(block.begin, block.size) =
        model.reconstruct(omic, z.middleCols(block.begin, block.size), threads).transpose();
  }
  return all;
}

#define POEMS_INSTANTIATE(T)                                                         \
  template Projection<T> project<T>(const models::Poems<T>&, const Cohort<T>&, int); \
  template Matrix<T> reconstruct<T>(const models::Poems<T>&, std::size_t, const Matrix<T>&, int);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
