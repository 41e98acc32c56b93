// The comparison models of the POEMS paper.
#include <memory>
#include <string>
#include <vector>

#include "analysis/embedding.h"
#include "bindings/cohort.h"
#include "bindings/models.h"
#include "bindings/monitor.h"
#include "bindings/rcpp.h"
#include "training/baselines.h"

using namespace bindings;

namespace {

using Baseline = poems::models::Baseline<float>;

poems::Form form_of(const Rcpp::List& config) {
  return Rcpp::as<std::string>(config["form"]) == "published" ? poems::Form::published
                                                              : poems::Form::corrected;
}

const poems::BaselineEntry& entry_of(const Rcpp::List& config) {
  return poems::baseline(Rcpp::as<std::string>(config["model"]));
}

std::unique_ptr<Baseline> make_model(const Rcpp::List& config) {
  poems::BaselineData data;
  const auto names = Rcpp::as<std::vector<std::string>>(config["omics"]);
  const auto features = Rcpp::as<std::vector<int>>(config["features"]);
  const auto count = static_cast<Index>(names.size());
  poems::check_size(static_cast<Index>(features.size()), count, "Numbers of features");
  for (std::size_t v = 0; v < names.size(); ++v) {
    if (features[v] < 1) Rcpp::stop("features must be at least 1, not %d", features[v]);
    data.omics.push_back({names[v], features[v]});
  }
  data.prior_variance = Rcpp::as<std::vector<double>>(config["prior_variance"]);
  poems::check_size(static_cast<Index>(data.prior_variance.size()), count, "Prior variances");
  data.sigma_df = config["sigma_df"];
  data.samples = Rcpp::as<int>(config["samples"]);
  const Rcpp::List settings = config["settings"];
  return poems::make_baseline<float>(entry_of(config).kind, form_of(config), data,
                                     value_in(settings));
}

/// The cohort that R holds, if it has the omics of the model.
const poems::Cohort<float>& cohort_of(SEXP held, const Rcpp::List& config) {
  const auto features = Rcpp::as<std::vector<int>>(config["features"]);
  return cohort_for(held, std::vector<Index>(features.begin(), features.end()), 0);
}

std::unique_ptr<Baseline> trained_model(const Rcpp::List& parameters, const Rcpp::List& config) {
  std::unique_ptr<Baseline> model = make_model(config);
  read_model(parameters, *model);
  return model;
}

poems::TrainerConfig trainer_config(const Rcpp::List& config, const Rcpp::List& control) {
  poems::TrainingSettings s = entry_of(config).training();
  poems::set_settings(s, value_in(control));
  const poems::Form form = form_of(config);
  poems::TrainerConfig trainer = trainer_with(s, control);
  trainer.decay = poems::decay_of(entry_of(config).kind, form);
  trainer.keeps_best = form == poems::Form::corrected;
  return trainer;
}

/// By name, samples in rows if transposed.
Rcpp::List values_to_r(const std::vector<poems::CohortValues<float>>& all, bool transposed) {
  Rcpp::List list;
  for (const poems::CohortValues<float>& some : all)
    list[some.name] = to_r(some.values, transposed);
  return list;
}

Rcpp::DataFrame with_model(const char* model, const char* group,
                           const std::vector<poems::Setting>& settings) {
  const Rcpp::DataFrame table = settings_to_r(settings);
  const auto repeated = [&](const char* value) {
    return Rcpp::CharacterVector(table.nrow(), Rcpp::String(value));
  };
  Rcpp::List columns = Rcpp::List::create(Rcpp::Named("model") = repeated(model),
                                          Rcpp::Named("group") = repeated(group));
  const Rcpp::CharacterVector names = table.names();
  for (R_xlen_t i = 0; i < table.size(); ++i) columns[Rcpp::as<std::string>(names[i])] = table[i];
  return Rcpp::DataFrame(columns);
}

}  // namespace

// The settings of every model and of its training: per model, a data frame with a row for each,
// with its defaults in both forms, what it must be and what it means.
// [[Rcpp::export]]
Rcpp::List core_baseline_options() {
  Rcpp::List all;
  for (const poems::BaselineEntry& entry : poems::baselines()) {
    all.push_back(with_model(entry.name, "model", poems::model_settings(entry.kind)));
    all.push_back(with_model(entry.name, "training", poems::list_settings(entry.training())));
  }
  return all;
}

// Trains a model on a cohort (see held_cohort() in R). spread: per omic, the standard deviation of
// every feature on the scale of training.
// [[Rcpp::export]]
Rcpp::List core_baseline_train(const Rcpp::List& config, SEXP cohort, const Rcpp::List& spread,
                               const Rcpp::List& control, Rcpp::Function callback) {
  const poems::TrainerConfig trainer = trainer_config(config, control);
  const poems::Cohort<float>& held = cohort_of(cohort, config);
  std::unique_ptr<Baseline> model = make_model(config);
  std::vector<Vector<double>> sd;
  for (R_xlen_t v = 0; v < spread.size(); ++v) sd.push_back(Rcpp::as<Vector<double>>(spread[v]));
  model->initialise(trainer.seed, sd);

  RMonitor monitor(callback);
  const poems::TrainingResult result = poems::train<float>(*model, held, trainer, monitor);
  return Rcpp::List::create(
      Rcpp::Named("parameters") = write_model(*model),
      Rcpp::Named("history") = history_to_r(result.history),
      Rcpp::Named("validation") = positions_to_r(result.validation_samples),
      Rcpp::Named("best_epoch") = static_cast<int>(result.best_epoch),
      Rcpp::Named("stopped") = name_of(result.stopped),
      Rcpp::Named("latent") = values_to_r(poems::embed(*model, held, trainer.threads), true));
}

// The blocks of the embedding of samples, samples x coordinates each; NaN where a sample lacks what
// a block is of.
// [[Rcpp::export]]
Rcpp::List core_baseline_embed(const Rcpp::List& parameters, const Rcpp::List& config, SEXP cohort,
                               int threads) {
  return values_to_r(
      poems::embed(*trained_model(parameters, config), cohort_of(cohort, config), threads), true);
}

// Every omic as reconstructed, features x samples on the scale of training; NaN where the model
// cannot tell.
// [[Rcpp::export]]
Rcpp::List core_baseline_reconstruct(const Rcpp::List& parameters, const Rcpp::List& config,
                                     SEXP cohort, int threads) {
  return values_to_r(
      poems::reconstruct(*trained_model(parameters, config), cohort_of(cohort, config), threads),
      false);
}
