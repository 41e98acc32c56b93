// What R starts training from, and predicts with: inner products and the sparse linear factor
// model.
#include <vector>

#include "analysis/components.h"
#include "analysis/factor_model.h"
#include "analysis/gram.h"
#include "bindings/matrices.h"
#include "bindings/rcpp.h"
#include "support/sizes.h"

using namespace bindings;

namespace {

/// Per feature its omic from 0: ascending, none left out.
std::vector<int> omic_of_features(const Rcpp::IntegerVector& omic, Index features) {
  poems::check_size(omic.size(), features, "Omics of features");
  poems::check_position(0, features, "Features");
  std::vector<int> of = counted_from_0(omic);
  int last = -1;
  for (int v : of) {
    if (v != last && v != last + 1) Rcpp::stop("omics of features must ascend");
    last = v;
  }
  return of;
}

void check_factor_model(Index features, const std::vector<int>& omic,
                        const Eigen::Map<Eigen::MatrixXd>& loadings,
                        const Eigen::Map<Eigen::VectorXd>& noise,
                        const Eigen::Map<Eigen::MatrixXd>& uncertainty) {
  poems::check_size(loadings.rows(), features, "Loadings of features");
  poems::check_size(noise.size(), features, "Noise of features");
  poems::check_size(uncertainty.rows(), loadings.cols(), "Uncertainty of factors");
  poems::check_size(uncertainty.cols(), omic.back() + 1, "Uncertainty of omics");
}

}  // namespace

// Inner products of the columns of x, features x samples, in single precision.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_inner_products(const Eigen::Map<Eigen::MatrixXd>& x, int threads) {
  const Matrix<float> samples = x.transpose().cast<float>();
  return Rcpp::wrap(Matrix<double>(poems::inner_products(samples, threads).cast<double>()));
}

// x y, in single precision.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_products(const Eigen::Map<Eigen::MatrixXd>& x,
                                  const Eigen::Map<Eigen::MatrixXd>& y, int threads) {
  poems::check_size(y.rows(), x.cols(), "Rows of the second matrix");
  return to_r(poems::products(x.cast<float>(), y.cast<float>().eval(), threads));
}

// The largest eigenvalues of x'x and their eigenvectors, at most so many. See components.h.
// [[Rcpp::export]]
Rcpp::List core_leading_components(const Eigen::Map<Eigen::MatrixXd>& x, int most, int threads) {
  const Matrix<float> samples = x.transpose().cast<float>();
  const poems::Components of = poems::leading_components(samples, most, threads);
  return Rcpp::List::create(Rcpp::Named("values") = of.values,
                            Rcpp::Named("vectors") = to_r(of.vectors));
}

// The sparse linear factor model of factor_model.h. x: features x samples, NA where unknown; omic:
// of every feature, from 1 and ascending; scores: samples x factors, where the factors start;
// members: features x factors, which features are members of the factors' sets, or NULL; odds: how
// many times as large theirs are.
// [[Rcpp::export]]
Rcpp::List core_factor_model(const Eigen::Map<Eigen::MatrixXd>& x, const Rcpp::IntegerVector& omic,
                             const Eigen::Map<Eigen::MatrixXd>& scores, int rounds, int threads,
                             const Rcpp::RObject& members, double odds) {
  poems::check_size(scores.rows(), x.cols(), "Samples");
  const poems::FactorModel model =
      poems::fit_factor_model(x, omic_of_features(omic, x.rows()), scores.transpose(), rounds,
                              threads, read_members(members, odds, x.rows(), scores.cols()));
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
  const std::vector<int> of = omic_of_features(omic, x.rows());
  check_factor_model(x.rows(), of, loadings, noise, uncertainty);
  return to_r(poems::factor_scores(x, of, loadings.transpose(), noise, uncertainty, threads), true);
}

// The same means, `scores`; and the `variances` that not knowing the factors adds to unknown values
// of x: features x samples.
// [[Rcpp::export]]
Rcpp::List core_factor_posterior(const Eigen::Map<Eigen::MatrixXd>& x,
                                 const Rcpp::IntegerVector& omic,
                                 const Eigen::Map<Eigen::MatrixXd>& loadings,
                                 const Eigen::Map<Eigen::VectorXd>& noise,
                                 const Eigen::Map<Eigen::MatrixXd>& uncertainty, int threads) {
  const std::vector<int> of = omic_of_features(omic, x.rows());
  check_factor_model(x.rows(), of, loadings, noise, uncertainty);
  const poems::FactorPosterior posterior =
      poems::factor_posterior(x, of, loadings.transpose(), noise, uncertainty, threads);
  return Rcpp::List::create(Rcpp::Named("scores") = to_r(posterior.scores, true),
                            Rcpp::Named("variances") = to_r(posterior.variances));
}
