// What a trained model with shared and private blocks says of the samples of a cohort.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/embedding.h"
#include "models/split.h"

namespace poems {

/// coordinates x samples of the cohort; NaN for samples that lack what the block is of.
template <typename T>
struct CohortPosterior {
  std::string name;
  Matrix<T> mean;
  Matrix<T> sd;  ///< NaN throughout where the model has none
};

template <typename T>
std::vector<CohortPosterior<T>> posterior(models::Split<T>& model, const Cohort<T>& cohort,
                                          int threads) {
  const auto values = detail::of_cohort(cohort, threads, [&](Tape<T>& tape, const Batch<T>& batch) {
    std::vector<models::SampleValues<T>> both;
    for (const models::PosteriorBlock<T>& block : model.posterior(tape, batch)) {
      both.push_back({block.name, block.q.mean, block.members});
      Matrix<T> sd = block.q.mean->value;
      if (block.q.logvar != nullptr)
        sd = (T(0.5) * block.q.logvar->value.array()).exp();
      else
        sd.setConstant(std::numeric_limits<T>::quiet_NaN());
      both.push_back({block.name, tape.constant(sd), block.members});
    }
    return both;
  });
  std::vector<CohortPosterior<T>> blocks;
  for (std::size_t i = 0; i + 1 < values.size(); i += 2)
    blocks.push_back({values[i].name, values[i].values, values[i + 1].values});
  return blocks;
}

/// Omic `to` from the omics `from`, features x samples of the cohort.
template <typename T>
Matrix<T> predict(models::Split<T>& model, const Cohort<T>& cohort,
                  const std::vector<std::size_t>& from, std::size_t to, int threads) {
  return detail::of_cohort(cohort, threads,
                           [&](Tape<T>& tape, const Batch<T>& batch) {
                             return std::vector<models::SampleValues<T>>{
                                 models::of_all("", model.predict(tape, batch, from, to))};
                           })
      .at(0)
      .values;
}

}  // namespace poems
