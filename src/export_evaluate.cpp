// Single passes and steps, by which the model is compared with recorded numbers.
#include <string>
#include <utility>
#include <vector>

#include "analysis/projection.h"
#include "bindings/batch.h"
#include "bindings/cohort.h"
#include "bindings/parameters.h"
#include "bindings/rcpp.h"

using namespace bindings;

namespace {

/// A batch of the whole cohort, for the functions that tests call.
template <typename T>
poems::Batch<T> whole_cohort(const poems::Cohort<T>& cohort) {
  std::vector<Index> samples(cohort.samples);
  for (Index i = 0; i < cohort.samples; ++i) samples[i] = i;
  return poems::make_batch(cohort, std::move(samples), 1);
}

/// Noise that is given, factors x samples.
template <typename T>
class GivenNormals : public poems::pieces::Draws<T> {
 public:
  explicit GivenNormals(const Rcpp::NumericMatrix& normals)
      : normals_(normals.nrow(), normals.ncol()) {
    from_r(normals, false, normals_);
  }

  Matrix<T> normals(const std::string&, Index, Index) const override { return normals_; }

 private:
  Matrix<T> normals_;
};

template <typename T>
Rcpp::List evaluate(const Rcpp::List& parameters, const Rcpp::List& config, const Rcpp::List& omics,
                    const Rcpp::NumericMatrix& normals) {
  poems::models::Poems<T> model(read_options(config));
  read_parameters(parameters, model);
  const poems::Batch<T> batch = whole_cohort(read_cohort<T>(omics, normals.ncol(), 1));
  const GivenNormals<T> draws(normals);
  poems::Tape<T> values(false), tape;
  poems::Terms<T> terms_of_values, terms;
  model.enter({false, 1, 2, batch.size(), 1});
  const poems::models::PoemsPass<T> pass = model.encode(values, batch, draws, 1);
  model.loss(values, batch, draws, terms_of_values);
  model.loss(tape, batch, draws, terms);
  tape.backward(terms, model.parameters());

  const std::size_t n = model.omics.size();
  Rcpp::List mean(n), logvar(n), gate_input(n), mask(n), reconstruction(n);
  const Index factors = model.options().factors;
  for (std::size_t v = 0; v < n; ++v) {
    mean[v] = to_r(pass.experts[v].mean->value);
    logvar[v] = to_r(pass.experts[v].logvar->value);
    gate_input[v] = to_r(Matrix<T>(pass.gate_input->value.middleRows(v * factors, factors)));
    mask[v] = to_r(model.mask(v), true);
    reconstruction[v] = to_r(poems::reconstruct(model, v, pass.z->value, 1));
  }
  const auto of_omics = [&](const std::string& kind) {
    Rcpp::NumericVector values;
    for (const poems::Term<T>& term : terms)
      if (term.kind() == kind) values.push_back(term.weighted());
    return values;
  };
  return Rcpp::List::create(
      Rcpp::Named("forward") = Rcpp::List::create(
          Rcpp::Named("expert_mean") = mean, Rcpp::Named("expert_logvar") = logvar,
          Rcpp::Named("gate_input") = gate_input, Rcpp::Named("gates") = to_r(pass.alpha->value),
          Rcpp::Named("posterior_mean") = to_r(pass.posterior.mean->value),
          Rcpp::Named("posterior_logvar") = to_r(pass.posterior.logvar->value),
          Rcpp::Named("z") = to_r(pass.z->value), Rcpp::Named("decoder_mask") = mask,
          Rcpp::Named("reconstruction") = reconstruction),
      Rcpp::Named("loss") = Rcpp::List::create(
          Rcpp::Named("reconstruction") = of_omics("reconstruction"),
          Rcpp::Named("kl") = terms.total("kl"), Rcpp::Named("mask") = of_omics("penalty"),
          Rcpp::Named("sigma") = of_omics("noise"), Rcpp::Named("total") = terms.total()),
      Rcpp::Named("loss_without_gradients") = terms_of_values.total(),
      Rcpp::Named("gradients") = write_gradients(model),
      Rcpp::Named("batch") = batch_to_r(batch, draws.normals("", factors, batch.size())));
}

}  // namespace

// For tests: every quantity of one pass over the whole cohort with given standard normals (factors
// x samples), without dropout, in double or single precision.
// [[Rcpp::export]]
Rcpp::List core_evaluate(const Rcpp::List& parameters, const Rcpp::List& model_config,
                         const Rcpp::List& omics, const Rcpp::NumericMatrix& normals,
                         bool single_precision) {
  return single_precision ? evaluate<float>(parameters, model_config, omics, normals)
                          : evaluate<double>(parameters, model_config, omics, normals);
}

// For tests: full-batch steps of the optimiser with the same normals each time, without dropout, in
// double precision. Returns the parameters and the loss before each step.
// [[Rcpp::export]]
Rcpp::List core_steps(const Rcpp::List& parameters, const Rcpp::List& model_config,
                      const Rcpp::List& omics, const Rcpp::NumericMatrix& normals, int steps,
                      double learning_rate, double weight_decay) {
  poems::models::Poems<double> model(read_options(model_config));
  read_parameters(parameters, model);
  const poems::Batch<double> batch = whole_cohort(read_cohort<double>(omics, normals.ncol(), 1));
  const GivenNormals<double> draws(normals);
  poems::Tape<double> tape;
  poems::Terms<double> terms;
  poems::Adam<double> adam({learning_rate, weight_decay}, poems::Decay::decoupled);
  model.enter({false, 1, 2, batch.size(), 1});
  Rcpp::NumericVector losses;
  for (int step = 0; step < steps; ++step) {
    tape.reset();
    terms.clear();
    model.loss(tape, batch, draws, terms);
    tape.backward(terms, model.parameters());
    losses.push_back(terms.total());
    model.step(adam, 1);
  }
  return Rcpp::List::create(Rcpp::Named("parameters") = write_parameters(model),
                            Rcpp::Named("losses") = losses);
}
