// What a trained comparative model says of the samples of a cohort.
#pragma once

#include <vector>

#include "analysis/embedding.h"
#include "models/comparative.h"

namespace poems {

/// "shared/mean", "shared/sd", "salient/mean", "salient/sd": factors x samples. Salient factors of
/// background samples are 0 without any doubt.
template <typename T>
std::vector<CohortValues<T>> factors_of(models::Comparative<T>& model, const Cohort<T>& cohort,
                                        int threads) {
  const pieces::Draws<T> means;
  return detail::of_cohort(cohort, threads, [&](Tape<T>& tape, const Batch<T>& batch) {
    const auto pass = model.encode(tape, batch, means);
    const auto sd = [](Var<T> logvar) -> Matrix<T> {
      return (T(0.5) * logvar->value.array()).exp();
    };
    Matrix<T> sd_t = sd(pass.q_t.logvar);
    for (Index i = 0; i < batch.size(); ++i)
      if (batch.groups.empty() || batch.groups[i] == models::background) sd_t.col(i).setZero();
    return std::vector<models::SampleValues<T>>{
        models::of_all("shared/mean", pass.z),
        models::of_all("shared/sd", tape.constant(sd(pass.q_z.logvar))),
        models::of_all("salient/mean", pass.t), models::of_all("salient/sd", tape.constant(sd_t))};
  });
}

}  // namespace poems
