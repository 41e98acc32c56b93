// Settings of models and of training, from the lists that R makes of them.
#pragma once

#include <algorithm>
#include <string>

#include "analysis/latent_mode.h"
#include "bindings/rcpp.h"
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
  if (name != "gaussian") Rcpp::stop("there is no family \"%s\"", name);
  return poems::Family::gaussian;
}

/// How many there are of something.
inline int count_in(const Rcpp::List& list, const char* name, int least = 1) {
  const int count = Rcpp::as<int>(list[name]);
  if (count < least) Rcpp::stop("%s must be at least %d, not %d", name, least, count);
  return count;
}

inline poems::models::PoemsOptions read_options(const Rcpp::List& list) {
  poems::models::PoemsOptions options;
  options.factors = count_in(list, "factors");
  options.encoder_hidden = count_in(list, "encoder_hidden");
  options.decoder_hidden = count_in(list, "decoder_hidden");
  options.gate_hidden = count_in(list, "gate_hidden");
  options.dropout = list["dropout"];
  options.lambda0 = list["lambda0"];
  options.lambda1 = list["lambda1"];
  options.inclusion_a = list["inclusion_a"];
  options.sigma_df = list["sigma_df"];
  options.row_normalize = list["row_normalize"];
  options.objective = Rcpp::as<std::string>(list["objective"]) == "published"
                          ? poems::Objective::published()
                          : poems::Objective::elbo();
  options.covariates = count_in(list, "covariates", 0);
  const Rcpp::List omics = list["omics"];
  for (R_xlen_t v = 0; v < omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    options.omics.push_back({count_in(omic, "features"), omic["noise_prior"], omic["inclusion_b"],
                             family_of(Rcpp::as<std::string>(omic["family"]))});
    if (omic.containsElementNamed("weight")) options.omics.back().weight = omic["weight"];
  }
  return options;
}

/// What changes over the epochs of training.
inline void read_training_options(const Rcpp::List& list, poems::models::PoemsOptions& options) {
  options.kl_weight = list["kl_weight"];
  options.warmup = Rcpp::as<int>(list["warmup"]);
  options.revisit = count_in(list, "revisit");
}

inline poems::CheckpointConfig read_checkpoint_config(const Rcpp::List& list) {
  poems::CheckpointConfig config{Rcpp::as<std::string>(list["path"]), list["seconds"], {}};
  const Rcpp::CharacterVector key = list["key"];
  const Rcpp::CharacterVector names = key.names();
  for (R_xlen_t i = 0; i < key.size(); ++i)
    config.key.emplace_back(Rcpp::as<std::string>(names[i]), Rcpp::as<std::string>(key[i]));
  return config;
}

inline poems::TrainerConfig read_trainer_config(const Rcpp::List& list,
                                                const poems::Objective& objective) {
  constexpr Index largest_validation_batch = 512;  // bounds memory
  poems::TrainerConfig config{};
  config.epochs = Rcpp::as<int>(list["epochs"]);
  config.batch_size = count_in(list, "batch_size");
  config.optimiser = {list["learning_rate"], list["weight_decay"]};
  config.decay = poems::Decay::decoupled;
  config.validation = list["validation"];
  config.patience = Rcpp::as<int>(list["patience"]);
  config.seed = static_cast<std::uint64_t>(Rcpp::as<int>(list["seed"]));
  config.threads = Rcpp::as<int>(list["threads"]);
  config.keeps_best = objective.keeps_best;
  config.hides_omics = objective.hides_omics;
  config.validates_at_mean = objective.validates_at_mean;
  config.validation_batch = std::min(largest_validation_batch, config.batch_size);
  if (list.containsElementNamed("largest_epoch")) {
    config.epoch_cut.largest = count_in(list, "largest_epoch");
    config.most_validated = count_in(list, "most_validated");
    config.slow_after = count_in(list, "slow_after");
  }
  if (list.containsElementNamed("checkpoint"))
    config.checkpoint = read_checkpoint_config(list["checkpoint"]);
  return config;
}

/// The search for modes (latent_mode.h); what is not given is as by default.
inline poems::ModeSearch read_mode_search(const Rcpp::List& config) {
  poems::ModeSearch search;
  if (config.containsElementNamed("mode_passes")) search.passes = count_in(config, "mode_passes");
  if (config.containsElementNamed("mode_shortest_step"))
    search.shortest_step = config["mode_shortest_step"];
  return search;
}

}  // namespace bindings
