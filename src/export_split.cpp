// Models that split what omics share from what is private to each.
#include <memory>
#include <string>
#include <vector>

#include "analysis/split.h"
#include "bindings/cohort.h"
#include "bindings/config.h"
#include "bindings/models.h"
#include "bindings/monitor.h"
#include "bindings/rcpp.h"
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
  poems::check_size(static_cast<Index>(names.size()), omics.size(), "Names of omics");
  poems::check_size(static_cast<Index>(factors.size()), omics.size(), "Private coordinates");
  for (int count : factors)
    if (count < 1) Rcpp::stop("private must be at least 1, not %d", count);
  o.private_factors.assign(factors.begin(), factors.end());
  o.shared_factors = count_in(config, "shared");
  o.encoder_units = count_in(config, "encoder_units");
  o.decoder_units = count_in(config, "decoder_units");
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
  sparse.covariates = count_in(config, "covariates", 0);
  sparse.revisit = count_in(config, "revisit");
  for (R_xlen_t v = 0; v < omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    const Index features = count_in(omic, "features");
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

Index omic_count(const Rcpp::List& config) { return Rcpp::List(config["omics"]).size(); }

/// The cohort that R holds, if it has the omics of the model.
poems::Cohort<float>& cohort_of(SEXP held, const Rcpp::List& config) {
  const Rcpp::List omics = config["omics"];
  std::vector<Index> features;
  for (R_xlen_t v = 0; v < omics.size(); ++v)
    features.push_back(count_in(Rcpp::List(omics[v]), "features"));
  return cohort_for(held, features, count_in(config, "covariates", 0));
}

/// An omic's position from 0.
std::size_t position(int from_one, const Rcpp::List& config) {
  poems::check_position(static_cast<Index>(from_one) - 1, omic_count(config), "Omics");
  return static_cast<std::size_t>(from_one - 1);
}

std::vector<std::size_t> positions(const Rcpp::IntegerVector& from_one, const Rcpp::List& config) {
  std::vector<std::size_t> list;
  for (int i : from_one) list.push_back(position(i, config));
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
  poems::check_size(spread.size(), omic_count(config), "Omics");
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
  poems::Cohort<float>& held = cohort_of(cohort, config);
  const Rcpp::NumericVector labels = config["labels"];
  if (labels.size() > 0) poems::check_size(labels.size(), held.samples, "Labels");
  RMonitor monitor(callback);
  const poems::TrainingResult result = poems::train<float>(*model, held, trainer, monitor);
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
       poems::posterior(*model, cohort_of(cohort, config), threads)) {
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
  return to_r(poems::predict(*model, cohort_of(cohort, config), positions(from, config),
                             position(to, config), threads),
              false);
}

// Omic `omic` (number from 1) given its blocks, samples x coordinates each: features x samples, on
// the scale of training.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_split_decode(const Rcpp::List& parameters, const Rcpp::List& config,
                                      const Rcpp::NumericMatrix& shared,
                                      const Rcpp::NumericMatrix& own, int omic) {
  std::unique_ptr<SplitModel> model = trained_model(parameters, config);
  const std::size_t at = position(omic, config);
  const auto own_factors = Rcpp::as<std::vector<int>>(config["private"]);
  poems::check_size(shared.ncol(), count_in(config, "shared"), "Shared coordinates");
  poems::check_size(own.ncol(), own_factors[at], "Private coordinates");
  poems::check_size(own.nrow(), shared.nrow(), "Samples");
  const auto transposed = [](const Rcpp::NumericMatrix& x) {
    return Matrix<float>(
        Rcpp::as<Eigen::Map<Eigen::MatrixXd>>(x).transpose().template cast<float>());
  };
  return to_r(model->decoded(at, transposed(shared), transposed(own)), false);
}
