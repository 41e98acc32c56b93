// Models that split what omics share from what is private to each.
#include <RcppEigen.h>

#include <memory>
#include <string>
#include <vector>

#include "analysis/split.h"
#include "bindings/cohort.h"
#include "bindings/config.h"
#include "bindings/models.h"
#include "bindings/monitor.h"
#include "training/splits.h"

using namespace bindings;

namespace {

using SplitModel = poems::models::Split<float>;

poems::SplitSettings settings_of(const std::string& method) {
  poems::SplitSettings settings{};
  settings.indiseek = poems::split_kind(method) == poems::SplitKind::indiseek;
  return settings;
}

bool is_sparse(const Rcpp::List& config) {
  return Rcpp::as<std::string>(config["decoder"]) == "sparse";
}

std::unique_ptr<SplitModel> make_model(const Rcpp::List& config) {
  poems::SplitOptions options;
  options.completeness = config["completeness"];
  poems::models::SharedPrivateOptions& o = options.mixture;
  const Rcpp::List omics = config["omics"];
  const auto names = Rcpp::as<std::vector<std::string>>(omics.names());
  const auto factors = Rcpp::as<std::vector<int>>(config["private"]);
  o.private_factors.assign(factors.begin(), factors.end());
  o.shared_factors = Rcpp::as<int>(config["shared"]);
  o.encoder_units = Rcpp::as<int>(config["encoder_units"]);
  o.decoder_units = Rcpp::as<int>(config["decoder_units"]);
  o.labels = Rcpp::as<Vector<double>>(config["labels"]);
  o.label_weight = config["label_weight"];
  o.sparse = is_sparse(config);
  if (o.sparse) o.first_kl_weight = 1.0;
  o.fixed_encoders = o.sparse && o.labels.size() == 0;  // labels have something to teach them
  poems::models::SparseSettings& sparse = o.sparse_settings;
  sparse.decoder_hidden = o.decoder_units;
  sparse.lambda0 = config["lambda0"];
  sparse.lambda1 = config["lambda1"];
  sparse.sigma_df = config["sigma_df"];
  sparse.covariates = Rcpp::as<int>(config["covariates"]);
  sparse.revisit = Rcpp::as<int>(config["revisit"]);
  for (R_xlen_t v = 0; v < omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    const Index features = Rcpp::as<int>(omic["features"]);
    o.omics.push_back({names[static_cast<std::size_t>(v)], features});
    o.sparse_omics.push_back({features, omic["noise_prior"], omic["inclusion_b"],
                              family_of(Rcpp::as<std::string>(omic["family"]))});
  }
  return poems::make_split<float>(poems::split_kind(Rcpp::as<std::string>(config["method"])),
                                  options);
}

std::unique_ptr<SplitModel> trained_model(const Rcpp::List& parameters, const Rcpp::List& config) {
  std::unique_ptr<SplitModel> model = make_model(config);
  read_model(parameters, *model);
  return model;
}

poems::TrainerConfig trainer_config(const Rcpp::List& config, const Rcpp::List& control) {
  poems::SplitSettings s = settings_of(Rcpp::as<std::string>(config["method"]));
  poems::set_settings(s, value_in(control));
  poems::TrainerConfig trainer = trainer_with(s, control);
  trainer.decay = is_sparse(config) ? poems::Decay::decoupled : poems::Decay::none;
  trainer.keeps_best = true;
  return trainer;
}

/// Positions from 0.
std::vector<std::size_t> positions(const Rcpp::IntegerVector& from_one) {
  std::vector<std::size_t> list;
  for (int i : from_one) list.push_back(static_cast<std::size_t>(i - 1));
  return list;
}

}  // namespace

// The settings of a method: a data frame with a row for each. "corrected" stands for the defaults
// with sparse decoders, "published" for those with dense ones.
// [[Rcpp::export]]
Rcpp::DataFrame core_split_options(const std::string& method) {
  return settings_to_r(poems::list_settings(settings_of(method)));
}

// A model's random start. spread: per omic, what the noise of every feature starts at.
// [[Rcpp::export]]
Rcpp::List core_split_initial(const Rcpp::List& config, const Rcpp::List& spread, int seed) {
  std::unique_ptr<SplitModel> model = make_model(config);
  std::vector<Vector<double>> noise;
  for (R_xlen_t v = 0; v < spread.size(); ++v) noise.push_back(Rcpp::as<Vector<double>>(spread[v]));
  model->initialise(static_cast<std::uint64_t>(seed), noise);
  return write_model(*model);
}

// Trains a model from `parameters` on a cohort (see held_cohort() in R).
// [[Rcpp::export]]
Rcpp::List core_split_train(const Rcpp::List& parameters, const Rcpp::List& config, SEXP cohort,
                            const Rcpp::List& control, Rcpp::Function callback) {
  const poems::TrainerConfig trainer = trainer_config(config, control);
  std::unique_ptr<SplitModel> model = trained_model(parameters, config);
  RMonitor monitor(callback);
  const poems::TrainingResult result =
      poems::train<float>(*model, *HeldCohort(cohort), trainer, monitor);
  return Rcpp::List::create(Rcpp::Named("parameters") = write_model(*model),
                            Rcpp::Named("history") = history_to_r(result.history),
                            Rcpp::Named("validation") = positions_to_r(result.validation_samples),
                            Rcpp::Named("best_epoch") = static_cast<int>(result.best_epoch),
                            Rcpp::Named("stopped") = name_of(result.stopped));
}

// The posterior of every block: `mean` and `sd`, samples x coordinates; NaN where a sample lacks
// what a block is of, and where the model has no standard deviations.
// [[Rcpp::export]]
Rcpp::List core_split_embed(const Rcpp::List& parameters, const Rcpp::List& config, SEXP cohort,
                            int threads) {
  std::unique_ptr<SplitModel> model = trained_model(parameters, config);
  Rcpp::List mean, sd;
  for (const poems::CohortPosterior<float>& block :
       poems::posterior(*model, *HeldCohort(cohort), threads)) {
    mean[block.name] = to_r(block.mean, true);
    sd[block.name] = to_r(block.sd, true);
  }
  return Rcpp::List::create(Rcpp::Named("mean") = mean, Rcpp::Named("sd") = sd);
}

// Omic `to` from the omics `from` (numbers from 1) of every sample, features x samples, on the
// scale of training.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_split_predict(const Rcpp::List& parameters, const Rcpp::List& config,
                                       SEXP cohort, const Rcpp::IntegerVector& from, int to,
                                       int threads) {
  std::unique_ptr<SplitModel> model = trained_model(parameters, config);
  return to_r(poems::predict(*model, *HeldCohort(cohort), positions(from),
                             static_cast<std::size_t>(to - 1), threads),
              false);
}

// Omic `omic` (number from 1) given its blocks, samples x coordinates each: features x samples, on
// the scale of training.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_split_decode(const Rcpp::List& parameters, const Rcpp::List& config,
                                      const Rcpp::NumericMatrix& shared,
                                      const Rcpp::NumericMatrix& own, int omic) {
  std::unique_ptr<SplitModel> model = trained_model(parameters, config);
  const auto transposed = [](const Rcpp::NumericMatrix& x) {
    return Matrix<float>(
        Rcpp::as<Eigen::Map<Eigen::MatrixXd>>(x).transpose().template cast<float>());
  };
  return to_r(
      model->decoded(static_cast<std::size_t>(omic - 1), transposed(shared), transposed(own)),
      false);
}
