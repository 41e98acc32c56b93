// Models that tell what target samples have and background samples have not.
#include <memory>
#include <string>
#include <vector>

#include "analysis/comparison.h"
#include "bindings/cohort.h"
#include "bindings/config.h"
#include "bindings/models.h"
#include "bindings/monitor.h"
#include "bindings/rcpp.h"
#include "training/comparisons.h"

using namespace bindings;

namespace {

using CompareModel = poems::models::Comparative<float>;
using poems::models::Balance;

std::unique_ptr<CompareModel> make_model(const Rcpp::List& config) {
  poems::models::ComparativeOptions o;
  const Rcpp::List omics = config["omics"];
  const auto names = Rcpp::as<std::vector<std::string>>(omics.names());
  for (R_xlen_t v = 0; v < omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    o.omics.push_back({names[static_cast<std::size_t>(v)], Rcpp::as<int>(omic["features"])});
    o.families.push_back(family_of(Rcpp::as<std::string>(omic["family"])));
    o.noise_prior.push_back(omic["noise_prior"]);
  }
  o.shared = Rcpp::as<int>(config["shared"]);
  o.salient = Rcpp::as<int>(config["salient"]);
  o.inference.encoder_units = Rcpp::as<int>(config["encoder_units"]);
  poems::models::GenerationOptions& generation = o.generation;
  generation.decoder_units = Rcpp::as<int>(config["decoder_units"]);
  generation.sparse = Rcpp::as<std::string>(config["decoder"]) == "sparse";
  generation.exact_zeros = generation.sparse;
  generation.sigma_df = config["sigma_df"];
  generation.lambda0 = config["lambda0"];
  generation.lambda1 = config["lambda1"];
  o.target_share = config["target_share"];
  o.balance =
      Rcpp::as<std::string>(config["balance"]) == "pareto" ? Balance::pareto : Balance::pooled;
  o.warmup = config["warmup"];
  o.independence = config["independence"];
  o.independent_from = config["independent_from"];
  o.dual.rate = config["dual_rate"];
  o.training_samples = Rcpp::as<int>(config["training_samples"]);
  return std::make_unique<CompareModel>(o);
}

std::unique_ptr<CompareModel> trained_model(const Rcpp::List& parameters,
                                            const Rcpp::List& config) {
  std::unique_ptr<CompareModel> model = make_model(config);
  read_model(parameters, *model);
  return model;
}

poems::TrainerConfig trainer_config(const Rcpp::List& control) {
  poems::ComparisonSettings settings{};
  poems::set_settings(settings, value_in(control));
  poems::TrainerConfig trainer = trainer_with(settings, control);
  trainer.decay = poems::Decay::decoupled;
  trainer.keeps_best = true;
  return trainer;
}

void set_groups(const Rcpp::LogicalVector& in_target, poems::Cohort<float>& cohort) {
  cohort.groups.clear();
  for (int target : in_target)
    cohort.groups.push_back(target != 0 ? poems::models::target : poems::models::background);
}

std::vector<int> groups_of(const Rcpp::LogicalVector& in_target) {
  poems::Cohort<float> cohort;
  set_groups(in_target, cohort);
  return cohort.groups;
}

}  // namespace

// The settings: a data frame with a row for each. "corrected" stands for the defaults with sparse
// decoders, "published" for those with dense ones.
// [[Rcpp::export]]
Rcpp::DataFrame core_compare_options() {
  return settings_to_r(poems::list_settings(poems::ComparisonSettings{}));
}

// Which samples training with these settings holds out, counted from 1.
// [[Rcpp::export]]
Rcpp::IntegerVector core_compare_held_out(const Rcpp::LogicalVector& in_target, double validation,
                                          int seed) {
  return positions_to_r(poems::split_samples(in_target.size(), groups_of(in_target), validation,
                                             static_cast<std::uint64_t>(seed))
                            .validation);
}

// A model's random start. spread: per omic, what the noise of every feature starts at.
// [[Rcpp::export]]
Rcpp::List core_compare_initial(const Rcpp::List& config, const Rcpp::List& spread, int seed) {
  std::unique_ptr<CompareModel> model = make_model(config);
  std::vector<Vector<double>> noise;
  for (R_xlen_t v = 0; v < spread.size(); ++v) noise.push_back(Rcpp::as<Vector<double>>(spread[v]));
  model->initialise(static_cast<std::uint64_t>(seed), noise);
  return write_model(*model);
}

// Trains a model from `parameters` on a cohort (see held_cohort() in R), of whose samples some are
// `in_target`.
// [[Rcpp::export]]
Rcpp::List core_compare_train(const Rcpp::List& parameters, const Rcpp::List& config, SEXP cohort,
                              const Rcpp::LogicalVector& in_target, const Rcpp::List& control,
                              Rcpp::Function callback) {
  std::unique_ptr<CompareModel> model = trained_model(parameters, config);
  const HeldCohort held(cohort);
  set_groups(in_target, *held);
  RMonitor monitor(callback);
  const poems::TrainingResult result =
      poems::train<float>(*model, *held, trainer_config(control), monitor);
  return Rcpp::List::create(Rcpp::Named("parameters") = write_model(*model),
                            Rcpp::Named("history") = history_to_r(result.history),
                            Rcpp::Named("validation") = positions_to_r(result.validation_samples),
                            Rcpp::Named("best_epoch") = static_cast<int>(result.best_epoch),
                            Rcpp::Named("stopped") = name_of(result.stopped));
}

// The posterior of both blocks, samples x factors: "shared/mean", "shared/sd", "salient/mean",
// "salient/sd".
// [[Rcpp::export]]
Rcpp::List core_compare_embed(const Rcpp::List& parameters, const Rcpp::List& config, SEXP cohort,
                              const Rcpp::LogicalVector& in_target, int threads) {
  std::unique_ptr<CompareModel> model = trained_model(parameters, config);
  const HeldCohort held(cohort);
  set_groups(in_target, *held);
  Rcpp::List all;
  for (const poems::CohortValues<float>& part : poems::factors_of(*model, *held, threads))
    all[part.name] = to_r(part.values, true);
  return all;
}

// Omic `omic` (number from 1) at factors, samples x (shared and salient) factors: features x
// samples, on the scale of training.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_compare_decode(const Rcpp::List& parameters, const Rcpp::List& config,
                                        const Rcpp::NumericMatrix& factors, int omic) {
  std::unique_ptr<CompareModel> model = trained_model(parameters, config);
  const Matrix<float> u =
      Rcpp::as<Eigen::Map<Eigen::MatrixXd>>(factors).transpose().template cast<float>();
  return to_r(model->decoded(static_cast<std::size_t>(omic - 1), u), false);
}
