// What a trainer outside of the core needs: the batches of every epoch with what is random about
// them, as the core's own trainer has them, and what a trained model says of its cohort.
#include <cstdint>
#include <utility>
#include <vector>

#include "bindings/batch.h"
#include "bindings/cohort.h"
#include "bindings/monitor.h"
#include "bindings/rcpp.h"
#include "bindings/read_out.h"
#include "data/hide_omics.h"
#include "pieces/draws.h"
#include "training/schedule.h"

using namespace bindings;

namespace {

using Normals = poems::pieces::StreamDraws<float>;
using ValidationNormals = poems::pieces::ValidationDraws<float>;

}  // namespace

// The training samples of every batch of an epoch, counted from 1, of at most `largest`.
// [[Rcpp::export]]
Rcpp::List core_epoch_batches(int samples, double validation, int batch_size, int seed, int epoch,
                              int largest) {
  const auto key = static_cast<std::uint64_t>(seed);
  const std::vector<Index> training = poems::split_samples(samples, validation, key).training;
  const long per_pass = poems::EpochCut{largest}.per_pass(static_cast<Index>(training.size()));
  Rcpp::List batches;
  for (const auto& batch : poems::epoch_batches(training, {}, batch_size, key, epoch, per_pass))
    batches.push_back(positions_to_r(batch));
  return batches;
}

// A batch of these samples: the standard normals of the latents (samples x factors) and, per omic,
// the members (positions in the batch of the samples that have it), which of them gate and fusion
// do without, and members x features the values; matrices and vectors are empty where there is
// nothing to say. `misplaced`: as in core_train(); `training`: whether it is to be trained on, or
// validated.
// [[Rcpp::export]]
Rcpp::List core_batch(SEXP cohort, const Rcpp::IntegerVector& samples, int factors, int seed,
                      int epoch, bool training, bool hides_omics, const Rcpp::List& misplaced,
                      int threads) {
  const auto key = static_cast<std::uint64_t>(seed);
  poems::Cohort<float>& held = *HeldCohort(cohort);
  const std::vector<Index> positions = positions_from_0(samples);
  for (Index i : positions) poems::check_position(i, held.samples, "Samples");
  const TakenOut<float> without(misplaced, held);
  poems::Batch<float> batch = poems::make_batch(held, positions, threads);
  if (training && hides_omics)
    poems::hide_omics(poems::Stream(key, poems::Purpose::hide_omics, epoch), batch);
  const Matrix<float> normals =
      training
          ? Normals(key, epoch, positions, threads).normals("", factors, batch.size())
          : ValidationNormals(key, epoch, positions, threads).normals("", factors, batch.size());
  return batch_to_r(batch, normals);
}

// What core_train() returns of a model beside its parameters, of parameters that were trained
// elsewhere.
// [[Rcpp::export]]
Rcpp::List core_read_out(const Rcpp::List& parameters, const Rcpp::List& model_config, SEXP cohort,
                         int threads) {
  const poems::models::Poems<float> model = fitted_model(parameters, model_config);
  return read_out(model, cohort_of(cohort, model), true, read_mode_search(model_config), threads);
}
