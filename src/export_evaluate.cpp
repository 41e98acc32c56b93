// Single passes and steps, by which the model is compared with recorded numbers.
#include <RcppEigen.h>

#include <utility>
#include <vector>

#include "analysis/projection.h"
#include "bindings/cohort.h"
#include "bindings/parameters.h"

using namespace bindings;

namespace {

/// A batch of the whole cohort, for the functions that tests call.
template <typename T>
poems::Batch<T> whole_cohort(const poems::Cohort<T>& cohort) {
  std::vector<Index> samples(cohort.samples);
  for (Index i = 0; i < cohort.samples; ++i) samples[i] = i;
  return poems::make_batch(cohort, std::move(samples), 1);
}

template <typename T>
Rcpp::List evaluate(const Rcpp::List& parameters, const Rcpp::List& config, const Rcpp::List& omics,
                    const Rcpp::NumericMatrix& noise) {
  poems::Model<T> model(read_model_config(config));
  read_parameters(parameters, model);
  const poems::Batch<T> batch = whole_cohort(read_cohort<T>(omics, noise.ncol(), 1));
  Matrix<T> eps(noise.nrow(), noise.ncol());
  from_r(noise, false, eps);
  poems::Pass<T> pass;
  pass.noise = &eps;
  pass.training_samples = batch.size();
  const poems::LossTerms without_gradients = model.loss(batch, pass);
  const poems::LossTerms terms = model.loss_and_gradients(batch, pass);

  const std::size_t n = model.omics.size();
  Rcpp::List mean(n), logvar(n), gate_input(n), mask(n), reconstruction(n), gradients(n);
  const Index factors = model.config().factors;
  for (std::size_t v = 0; v < n; ++v) {
    mean[v] = to_r(model.experts[v].mean);
    logvar[v] = to_r(model.experts[v].logvar);
    gate_input[v] = to_r(Matrix<T>(model.gate_state.input.middleRows(v * factors, factors)));
    mask[v] = to_r(model.mask(v), true);
    reconstruction[v] = to_r(poems::reconstruct(model, v, model.posterior.z, 1));
    gradients[v] = gradients_to_r(model.omic_parameters(v));
  }
  return Rcpp::List::create(
      Rcpp::Named("forward") = Rcpp::List::create(
          Rcpp::Named("expert_mean") = mean, Rcpp::Named("expert_logvar") = logvar,
          Rcpp::Named("gate_input") = gate_input,
          Rcpp::Named("gates") = to_r(model.gate_state.alpha),
          Rcpp::Named("posterior_mean") = to_r(model.posterior.mean),
          Rcpp::Named("posterior_logvar") = to_r(model.posterior.logvar),
          Rcpp::Named("z") = to_r(model.posterior.z), Rcpp::Named("decoder_mask") = mask,
          Rcpp::Named("reconstruction") = reconstruction),
      Rcpp::Named("loss") = Rcpp::List::create(
          Rcpp::Named("reconstruction") = terms.reconstruction, Rcpp::Named("kl") = terms.kl,
          Rcpp::Named("mask") = terms.penalty, Rcpp::Named("sigma") = terms.noise,
          Rcpp::Named("total") = terms.total),
      Rcpp::Named("loss_without_gradients") = without_gradients.total,
      Rcpp::Named("gradients") =
          Rcpp::List::create(Rcpp::Named("omics") = gradients,
                             Rcpp::Named("gate") = gradients_to_r(model.gate_parameters())));
}

}  // namespace

// For tests: every quantity of one pass over the whole cohort with given noise (factors x
// samples), without dropout, in double or single precision.
// [[Rcpp::export]]
Rcpp::List core_evaluate(const Rcpp::List& parameters, const Rcpp::List& model_config,
                         const Rcpp::List& omics, const Rcpp::NumericMatrix& noise,
                         bool single_precision) {
  return single_precision ? evaluate<float>(parameters, model_config, omics, noise)
                          : evaluate<double>(parameters, model_config, omics, noise);
}

// For tests: full-batch steps of the optimiser with the same noise each time, without dropout, in
// double precision. Returns the parameters and the loss before each step.
// [[Rcpp::export]]
Rcpp::List core_steps(const Rcpp::List& parameters, const Rcpp::List& model_config,
                      const Rcpp::List& omics, const Rcpp::NumericMatrix& noise, int steps,
                      double learning_rate, double weight_decay) {
  poems::Model<double> model(read_model_config(model_config));
  read_parameters(parameters, model);
  const poems::Batch<double> batch = whole_cohort(read_cohort<double>(omics, noise.ncol(), 1));
  Matrix<double> eps(noise.nrow(), noise.ncol());
  from_r(noise, false, eps);
  poems::Pass<double> pass;
  pass.noise = &eps;
  pass.training_samples = batch.size();
  poems::AdamW<double> optimizer({learning_rate, weight_decay});
  Rcpp::NumericVector losses;
  for (int step = 0; step < steps; ++step) {
    losses.push_back(model.loss_and_gradients(batch, pass).total);
    model.step(optimizer, pass, batch.size());
  }
  return Rcpp::List::create(Rcpp::Named("parameters") = write_parameters(model),
                            Rcpp::Named("losses") = losses);
}
