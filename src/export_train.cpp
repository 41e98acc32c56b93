// Training.
#include <RcppEigen.h>

#include <utility>
#include <vector>

#include "analysis/latent_mode.h"
#include "analysis/projection.h"
#include "analysis/variance.h"
#include "bindings/cohort.h"
#include "bindings/monitor.h"
#include "bindings/parameters.h"
#include "training/trainer.h"

using namespace bindings;

namespace {

Rcpp::List history_to_r(const std::vector<poems::EpochRecord>& history) {
  const auto column = [&](double poems::EpochRecord::*member) {
    Rcpp::NumericVector x;
    for (const poems::EpochRecord& record : history) x.push_back(record.*member);
    return x;
  };
  Rcpp::IntegerVector epoch;
  for (const poems::EpochRecord& record : history) epoch.push_back(record.epoch);
  using Record = poems::EpochRecord;
  return Rcpp::List::create(
      Rcpp::Named("epoch") = epoch, Rcpp::Named("training") = column(&Record::training),
      Rcpp::Named("validation") = column(&Record::validation),
      Rcpp::Named("reconstruction") = column(&Record::reconstruction),
      Rcpp::Named("kl") = column(&Record::kl), Rcpp::Named("penalty") = column(&Record::penalty),
      Rcpp::Named("noise") = column(&Record::noise),
      Rcpp::Named("kl_weight") = column(&Record::kl_weight),
      Rcpp::Named("nonzero") = column(&Record::nonzero),
      Rcpp::Named("seconds") = column(&Record::seconds),
      Rcpp::Named("encoder_seconds") = column(&Record::encoder_seconds),
      Rcpp::Named("decoder_seconds") = column(&Record::decoder_seconds),
      Rcpp::Named("optimiser_seconds") = column(&Record::optimiser_seconds));
}

/// Variance explained, omics x (training, validation).
template <typename T>
Rcpp::NumericMatrix variance_to_r(poems::Model<T>& model, const poems::Cohort<T>& cohort,
                                  const Matrix<T>& mean,
                                  const std::vector<Index>& validation_samples, int threads) {
  std::vector<bool> validation(cohort.samples, false), training(cohort.samples, true);
  for (Index i : validation_samples) {
    validation[i] = true;
    training[i] = false;
  }
  Rcpp::NumericMatrix variance(model.omics.size(), 2);
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    variance(v, 0) = poems::variance_explained(model, v, cohort, mean, training, threads);
    variance(v, 1) = poems::variance_explained(model, v, cohort, mean, validation, threads);
  }
  return variance;
}

}  // namespace

// Fits a model. The callback is told epoch, training and validation loss, and returns FALSE to
// stop. `noise`: per omic, the initial noise of every feature; `start`: parameters to start from,
// or NULL for random ones.
// [[Rcpp::export]]
Rcpp::List core_train(const Rcpp::List& omics, int cohort_size, const Rcpp::List& model_config,
                      const Rcpp::List& noise, const Rcpp::List& trainer_config,
                      const Rcpp::Function& callback, const Rcpp::RObject& start,
                      const Rcpp::List& misplaced) {
  const poems::TrainerConfig trainer = read_trainer_config(trainer_config);
  poems::Cohort<float> cohort = read_cohort<float>(omics, cohort_size, trainer.threads);
  poems::Model<float> model(read_model_config(model_config));
  std::vector<Vector<double>> initial_noise;
  for (R_xlen_t v = 0; v < noise.size(); ++v)
    initial_noise.push_back(Rcpp::as<Vector<double>>(noise[v]));
  model.initialise(trainer.seed, initial_noise);
  if (!start.isNULL()) read_parameters(Rcpp::List(start), model);

  RMonitor<poems::Monitor, poems::EpochRecord> monitor(callback);
  const std::vector<std::vector<Index>> columns = take_out(misplaced, cohort);
  const poems::TrainingResult result = poems::train(model, cohort, trainer, monitor);
  for (std::size_t v = 0; v < columns.size(); ++v) cohort.omics[v].column = columns[v];
  const poems::Projection<float> projection = poems::project(model, cohort, trainer.threads);
  // Without epochs, what is asked for is what training starts from.
  const Matrix<float> mode =
      trainer.epochs == 0 ? projection.mean
                          : poems::latent_mode(model, cohort, projection.mean, trainer.threads);
  Rcpp::IntegerVector validation;
  for (Index i : result.validation_samples) validation.push_back(i + 1);
  return Rcpp::List::create(
      Rcpp::Named("parameters") = write_parameters(model),
      Rcpp::Named("history") = history_to_r(result.history), Rcpp::Named("validation") = validation,
      Rcpp::Named("best_epoch") = static_cast<int>(result.best_epoch),
      Rcpp::Named("stopped") = name_of(result.stopped),
      Rcpp::Named("latent") = to_r(projection.mean, true), Rcpp::Named("mode") = to_r(mode, true),
      Rcpp::Named("gates") = to_r(projection.gates, true),
      Rcpp::Named("variance") =
          variance_to_r(model, cohort, mode, result.validation_samples, trainer.threads));
}
