// Training.
#include <utility>
#include <vector>

#include "bindings/cohort.h"
#include "bindings/monitor.h"
#include "bindings/parameters.h"
#include "bindings/rcpp.h"
#include "bindings/read_out.h"
#include "training/trainer.h"

using namespace bindings;

namespace {

void initialise(poems::models::Poems<float>& model, const Rcpp::List& noise, std::uint64_t seed) {
  std::vector<Vector<double>> of_features;
  poems::check_size(noise.size(), static_cast<Index>(model.omics.size()), "Omics");
  for (R_xlen_t v = 0; v < noise.size(); ++v) {
    of_features.push_back(Rcpp::as<Vector<double>>(noise[v]));
    poems::check_size(of_features.back().size(), model.options().omics[v].features,
                      "Noise of features");
  }
  model.initialise(seed, of_features);
}

}  // namespace

// What training starts from without a `start`. `noise`: per omic, the initial noise of every
// feature.
// [[Rcpp::export]]
Rcpp::List core_initial_parameters(const Rcpp::List& model_config, const Rcpp::List& noise,
                                   int seed) {
  poems::models::Poems<float> model(read_options(model_config));
  initialise(model, noise, static_cast<std::uint64_t>(seed));
  return write_parameters(model);
}

// What a checkpoint is of, by name.
// [[Rcpp::export]]
Rcpp::CharacterVector core_checkpoint_key(const std::string& path) {
  Rcpp::CharacterVector values, names;
  for (const auto& [name, value] : poems::key_of_checkpoint(path)) {
    names.push_back(name);
    values.push_back(value);
  }
  values.names() = names;
  return values;
}

// Fits a model. The callback is told epoch, training and validation loss, and returns FALSE to
// stop. `start`: parameters to start from, or NULL for random ones; `misplaced`: per omic, samples
// that training is to take as lacking it; `members`: per omic, which features are members of the
// factors' sets (features x factors), or an empty list; `odds`: how many times as large theirs are.
// [[Rcpp::export]]
Rcpp::List core_train(SEXP cohort, const Rcpp::List& model_config, const Rcpp::List& noise,
                      const Rcpp::List& trainer_config, const Rcpp::Function& callback,
                      const Rcpp::RObject& start, const Rcpp::List& misplaced,
                      const Rcpp::List& members, double odds) {
  poems::models::PoemsOptions options = read_options(model_config);
  read_training_options(trainer_config, options);
  const poems::TrainerConfig trainer = read_trainer_config(trainer_config, options.objective);
  poems::models::Poems<float> model(options);
  poems::Cohort<float>& held = cohort_of(cohort, model);
  initialise(model, noise, trainer.seed);
  if (!start.isNULL()) read_parameters(Rcpp::List(start), model);
  for (R_xlen_t v = 0; v < members.size(); ++v)
    model.omics[v].spike_slab.sets =
        read_members(Rcpp::RObject(members[v]), odds, options.omics[v].features, options.factors);

  RMonitor monitor(callback);
  poems::TrainingResult result;
  {
    const TakenOut<float> without(misplaced, held);
    result = poems::train<float>(model, held, trainer, monitor);
  }
  // Without epochs, what is asked for is what training starts from.
  const Rcpp::List read =
      read_out(model, held, trainer.epochs > 0, read_mode_search(model_config), trainer.threads);
  return Rcpp::List::create(
      Rcpp::Named("parameters") = write_parameters(model),
      Rcpp::Named("history") = history_to_r(result.history),
      Rcpp::Named("validation") = positions_to_r(result.validation_samples),
      Rcpp::Named("best_epoch") = static_cast<int>(result.best_epoch),
      Rcpp::Named("stopped") = name_of(result.stopped), Rcpp::Named("not_kept") = result.not_kept,
      Rcpp::Named("latent") = read["latent"], Rcpp::Named("mode") = read["mode"],
      Rcpp::Named("gates") = read["gates"], Rcpp::Named("experts") = read["experts"]);
}
