// What a fit says of features.
#include "analysis/slopes.h"
#include "analysis/variance.h"
#include "bindings/cohort.h"
#include "bindings/parameters.h"
#include "bindings/rcpp.h"

using namespace bindings;

// Per omic, sums of deviances: total and residual of every feature, gain and largest change of
// every factor when it is held at the value given, the others staying as latent (samples x factors)
// has them; and total and residual of every sample. Over the samples that are `counted`. See
// variance.h.
// [[Rcpp::export]]
Rcpp::List core_variance(const Rcpp::List& parameters, const Rcpp::List& model_config, SEXP cohort,
                         const Rcpp::NumericMatrix& latent, const Rcpp::NumericVector& held,
                         const Rcpp::LogicalVector& counted, int threads) {
  poems::models::Poems<float> model = fitted_model(parameters, model_config);
  const Matrix<float> z = read_latent(latent, model);
  poems::check_size(held.size(), model.options().factors, "Values to hold factors at");
  const Vector<float> held_at = Rcpp::as<Vector<double>>(held).cast<float>();
  const poems::Cohort<float>& samples = cohort_of(cohort, model);
  poems::check_size(z.cols(), samples.samples, "Samples");
  poems::check_size(counted.size(), samples.samples, "Samples to count");
  Rcpp::List list;
  for (const poems::VarianceSums& sums : poems::variance_sums(
           model, samples, z, held_at, Rcpp::as<std::vector<bool>>(counted), threads))
    list.push_back(Rcpp::List::create(
        Rcpp::Named("total") = sums.total, Rcpp::Named("residual") = sums.residual,
        Rcpp::Named("gain") = sums.gain, Rcpp::Named("change") = sums.change,
        Rcpp::Named("largest_change") = sums.largest_change,
        Rcpp::Named("sample_total") = sums.sample_total,
        Rcpp::Named("sample_residual") = sums.sample_residual));
  return list;
}

// Per omic, the mean slope of every feature in every factor over samples of the latent space
// (samples x factors): features x factors.
// [[Rcpp::export]]
Rcpp::List core_slopes(const Rcpp::List& parameters, const Rcpp::List& model_config,
                       const Rcpp::NumericMatrix& latent, int threads) {
  poems::models::Poems<float> model = fitted_model(parameters, model_config);
  const Matrix<float> z = read_latent(latent, model);
  Rcpp::List list;
  for (const poems::Slopes& slopes : poems::mean_slopes(model, z, threads))
    list.push_back(Rcpp::List::create(Rcpp::Named("mean") = to_r(slopes.mean, true)));
  return list;
}
