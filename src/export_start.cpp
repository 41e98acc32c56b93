// What R starts training from, and predicts with: inner products and the sparse linear factor
// model.
#include <RcppEigen.h>

#include "analysis/factor_model.h"
#include "analysis/gram.h"
#include "bindings/matrices.h"

using namespace bindings;

// Inner products of the columns of x, features x samples, in single precision.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_inner_products(const Eigen::Map<Eigen::MatrixXd>& x, int threads) {
  const Matrix<float> samples = x.transpose().cast<float>();
  return Rcpp::wrap(Matrix<double>(poems::inner_products(samples, threads).cast<double>()));
}

// The sparse linear factor model of factor_model.h. x: features x samples, NA where unknown; omic:
// of every feature, from 1 and ascending; scores: samples x factors, where the factors start.
// [[Rcpp::export]]
Rcpp::List core_factor_model(const Eigen::Map<Eigen::MatrixXd>& x, const Rcpp::IntegerVector& omic,
                             const Eigen::Map<Eigen::MatrixXd>& scores, int rounds, int threads) {
  const poems::FactorModel model =
      poems::fit_factor_model(x, counted_from_0(omic), scores.transpose(), rounds, threads);
  return Rcpp::List::create(
      Rcpp::Named("loadings") = to_r(model.loadings, true),
      Rcpp::Named("inclusion") = to_r(model.inclusion, true),
      Rcpp::Named("mean") = to_r(model.mean), Rcpp::Named("variance") = to_r(model.variance),
      Rcpp::Named("intercept") = model.intercept, Rcpp::Named("noise") = model.noise,
      Rcpp::Named("uncertainty") = to_r(model.uncertainty));
}

// Means of the factors (samples x factors) given what is known of x, for loadings (features x
// factors), noise (of every feature) and uncertainty (factors x omics) that are known. See
// factor_model.h.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_factor_scores(const Eigen::Map<Eigen::MatrixXd>& x,
                                       const Rcpp::IntegerVector& omic,
                                       const Eigen::Map<Eigen::MatrixXd>& loadings,
                                       const Eigen::Map<Eigen::VectorXd>& noise,
                                       const Eigen::Map<Eigen::MatrixXd>& uncertainty,
                                       int threads) {
  return to_r(poems::factor_scores(x, counted_from_0(omic), loadings.transpose(), noise,
                                   uncertainty, threads),
              true);
}

// Variances that not knowing the factors adds to unknown values of x: features x samples.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_factor_uncertainty(const Eigen::Map<Eigen::MatrixXd>& x,
                                            const Rcpp::IntegerVector& omic,
                                            const Eigen::Map<Eigen::MatrixXd>& loadings,
                                            const Eigen::Map<Eigen::VectorXd>& noise,
                                            const Eigen::Map<Eigen::MatrixXd>& uncertainty,
                                            int threads) {
  return to_r(poems::factor_uncertainty(x, counted_from_0(omic), loadings.transpose(), noise,
                                        uncertainty, threads));
}
