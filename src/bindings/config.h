// Settings of models and of training, from the lists that R makes of them.
#pragma once

#include <RcppEigen.h>

#include <string>

#include "models/poems.h"
#include "training/trainer.h"

namespace bindings {

using poems::Index;
using poems::Matrix;
using poems::Vector;

inline poems::Family family_of(const std::string& name) {
  if (name == "bernoulli") return poems::Family::bernoulli;
  if (name == "poisson") return poems::Family::poisson;
  if (name == "negative_binomial") return poems::Family::negative_binomial;
  return poems::Family::gaussian;
}

inline poems::ModelConfig read_model_config(const Rcpp::List& list) {
  poems::ModelConfig config;
  config.factors = Rcpp::as<int>(list["factors"]);
  config.encoder_hidden = Rcpp::as<int>(list["encoder_hidden"]);
  config.decoder_hidden = Rcpp::as<int>(list["decoder_hidden"]);
  config.gate_hidden = Rcpp::as<int>(list["gate_hidden"]);
  config.dropout = list["dropout"];
  config.lambda0 = list["lambda0"];
  config.lambda1 = list["lambda1"];
  config.inclusion_a = list["inclusion_a"];
  config.sigma_df = list["sigma_df"];
  config.row_normalize = list["row_normalize"];
  config.objective.elbo = Rcpp::as<std::string>(list["objective"]) == "elbo";
  config.covariates = Rcpp::as<int>(list["covariates"]);
  const Rcpp::List omics = list["omics"];
  for (R_xlen_t v = 0; v < omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    config.omics.push_back({Rcpp::as<int>(omic["features"]), omic["noise_prior"],
                            omic["inclusion_b"], family_of(Rcpp::as<std::string>(omic["family"]))});
  }
  return config;
}

inline poems::TrainerConfig read_trainer_config(const Rcpp::List& list) {
  poems::TrainerConfig config;
  config.epochs = Rcpp::as<int>(list["epochs"]);
  config.batch_size = Rcpp::as<int>(list["batch_size"]);
  config.learning_rate = list["learning_rate"];
  config.weight_decay = list["weight_decay"];
  config.validation = list["validation"];
  config.patience = Rcpp::as<int>(list["patience"]);
  config.warmup = Rcpp::as<int>(list["warmup"]);
  config.kl_weight = list["kl_weight"];
  config.revisit = Rcpp::as<int>(list["revisit"]);
  config.seed = static_cast<std::uint64_t>(Rcpp::as<int>(list["seed"]));
  config.threads = Rcpp::as<int>(list["threads"]);
  return config;
}

}  // namespace bindings
