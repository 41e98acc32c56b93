// What a trained model says of the samples of a cohort, some of them at a time, which bounds
// memory; at the latents' means, so that a sample's values do not depend on who else is there.
#pragma once

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "models/baseline.h"
#include "support/parallel.h"

namespace poems {

/// values x samples of the cohort; NaN for samples of which the model cannot tell them.
template <typename T>
struct CohortValues {
  std::string name;
  Matrix<T> values;
};

namespace detail {

/// values_of: of a tape and a batch, a list of models::SampleValues.
template <typename T, typename ValuesOf>
std::vector<CohortValues<T>> of_cohort(const Cohort<T>& cohort, int threads, ValuesOf values_of) {
  constexpr Index samples_at_once = 512;
  std::vector<CohortValues<T>> all;
  Tape<T> tape(false, threads);
  for (Index b = 0; b < block_count(samples_at_once, cohort.samples); ++b) {
    const Block block = block_at(b, samples_at_once, cohort.samples);
    std::vector<Index> samples(block.size);
    std::iota(samples.begin(), samples.end(), block.begin);
    const Batch<T> batch = make_batch(cohort, samples, threads);
    tape.reset();
    std::size_t at = 0;
    for (const models::SampleValues<T>& some : values_of(tape, batch)) {
      if (b == 0)
        all.push_back({some.name, Matrix<T>::Constant(some.value->value.rows(), cohort.samples,
                                                      std::numeric_limits<T>::quiet_NaN())});
      Matrix<T>& values = all[at++].values;
      for (std::size_t i = 0; i < some.members.size(); ++i)
        values.col(block.begin + some.members[i]) = some.value->value.col(static_cast<Index>(i));
    }
  }
  return all;
}

}  // namespace detail

/// The blocks of the embedding.
template <typename T>
std::vector<CohortValues<T>> embed(models::Model<T>& model, const Cohort<T>& cohort, int threads) {
  const pieces::Draws<T> means;
  return detail::of_cohort(cohort, threads, [&](Tape<T>& tape, const Batch<T>& batch) {
    return model.embedding(tape, batch, means);
  });
}

/// Every omic as the model reconstructs it.
template <typename T>
std::vector<CohortValues<T>> reconstruct(models::Baseline<T>& model, const Cohort<T>& cohort,
                                         int threads) {
  return detail::of_cohort(cohort, threads, [&](Tape<T>& tape, const Batch<T>& batch) {
    return model.reconstruct(tape, batch);
  });
}

}  // namespace poems
