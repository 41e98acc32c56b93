// What a fit says of samples.
#include "analysis/latent_mode.h"
#include "analysis/projection.h"
#include "bindings/cohort.h"
#include "bindings/parameters.h"
#include "bindings/rcpp.h"
#include "bindings/read_out.h"

using namespace bindings;

// Projects samples: posterior mean and log-variance (samples x factors), gates (samples x omics),
// and per omic what its expert says (mean and log-variance, NaN where a sample lacks the omic).
// [[Rcpp::export]]
Rcpp::List core_project(const Rcpp::List& parameters, const Rcpp::List& model_config, SEXP cohort,
                        int threads) {
  poems::models::Poems<float> model = fitted_model(parameters, model_config);
  const poems::Projection<float> projection =
      poems::project(model, cohort_of(cohort, model), threads);
  return Rcpp::List::create(Rcpp::Named("latent") = to_r(projection.mean, true),
                            Rcpp::Named("logvar") = to_r(projection.logvar, true),
                            Rcpp::Named("gates") = to_r(projection.gates, true),
                            Rcpp::Named("experts") = experts_to_r(projection));
}

// Where samples lie according to the decoders, sought from latent; both samples x factors. See
// latent_mode.h.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_mode(const Rcpp::List& parameters, const Rcpp::List& model_config,
                              SEXP cohort, const Rcpp::NumericMatrix& latent, int threads) {
  poems::models::Poems<float> model = fitted_model(parameters, model_config);
  const Matrix<float> z = read_latent(latent, model);
  const poems::Cohort<float>& held = cohort_of(cohort, model);
  poems::check_size(z.cols(), held.samples, "Samples");
  return to_r(poems::latent_mode(model, held, z, threads, read_mode_search(model_config)), true);
}

// Every omic (features x samples, on the scale of training, without covariates) decoded from latent
// (samples x factors).
// [[Rcpp::export]]
Rcpp::List core_reconstruct(const Rcpp::List& parameters, const Rcpp::List& model_config,
                            const Rcpp::NumericMatrix& latent, int threads) {
  poems::models::Poems<float> model = fitted_model(parameters, model_config);
  const Matrix<float> z = read_latent(latent, model);
  Rcpp::List omics;
  for (std::size_t v = 0; v < model.omics.size(); ++v)
    omics.push_back(to_r(poems::reconstruct(model, v, z, threads)));
  return omics;
}
