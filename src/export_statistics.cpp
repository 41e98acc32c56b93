// Statistics of raw values. `source`: what core_source() returns.
#include <algorithm>
#include <cmath>

#include "bindings/rcpp.h"
#include "bindings/storage.h"
#include "data/statistics.h"

using namespace bindings;

// Of every feature, over its values that are not missing; `offset`: of counts, the log library size
// of every sample, for statistics of log(1 + x exp(-offset)); none for those of x.
// [[Rcpp::export]]
Rcpp::List core_feature_statistics(const Rcpp::RObject& source, const Eigen::VectorXd& offset,
                                   int threads) {
  const poems::FeatureStatistics of =
      poems::feature_statistics(*read_storage(source), offset, threads);
  return Rcpp::List::create(Rcpp::Named("lowest") = of.lowest, Rcpp::Named("highest") = of.highest,
                            Rcpp::Named("mean") = of.mean, Rcpp::Named("sd") = of.sd);
}

// Per sample, the `sum` of its values and the sum `expected` of the `reference` of the same
// features.
// [[Rcpp::export]]
Rcpp::List core_sample_sums(const Rcpp::RObject& source, const Eigen::VectorXd& reference,
                            int threads) {
  const poems::SampleSums of = poems::sample_sums(*read_storage(source), reference, threads);
  return Rcpp::List::create(Rcpp::Named("sum") = of.sum, Rcpp::Named("expected") = of.expected);
}

// See rate_moments(). size: of every sample.
// [[Rcpp::export]]
Rcpp::List core_rate_moments(const Rcpp::RObject& source, const Eigen::VectorXd& size,
                             int threads) {
  const poems::RateMoments of = poems::rate_moments(*read_storage(source), size, threads);
  return Rcpp::List::create(Rcpp::Named("sum") = of.sum, Rcpp::Named("exposure") = of.exposure,
                            Rcpp::Named("mean") = of.mean, Rcpp::Named("variance") = of.variance);
}

// Whether all values are counts, and 0 or 1, and the highest of them.
// [[Rcpp::export]]
Rcpp::List core_value_kinds(const Rcpp::RObject& source, int threads) {
  const poems::ValueKinds of = poems::value_kinds(*read_storage(source), threads);
  return Rcpp::List::create(Rcpp::Named("count") = of.count, Rcpp::Named("binary") = of.binary,
                            Rcpp::Named("highest") = of.highest);
}

// Of values that are not missing: the `largest` size, and the `smallest` that is not 0.
// [[Rcpp::export]]
Rcpp::List core_extremes(const Rcpp::NumericVector& x) {
  double largest = 0.0, smallest = R_PosInf;
  for (const double value : x) {
    const double size = std::fabs(value);
    if (size > largest) largest = size;
    if (size > 0.0 && size < smallest) smallest = size;
  }
  return Rcpp::List::create(Rcpp::Named("largest") = largest, Rcpp::Named("smallest") = smallest);
}

// Per column, the largest size of its values; 0 without any.
// [[Rcpp::export]]
Rcpp::NumericVector core_largest_sizes(const Rcpp::NumericMatrix& x) {
  Rcpp::NumericVector largest(x.ncol());
  for (int i = 0; i < x.ncol(); ++i) {
    double highest = 0.0;
    for (double value : x.column(i))
      highest = std::fabs(value) > highest ? std::fabs(value) : highest;
    largest[i] = highest;
  }
  return largest;
}

// All values, as a matrix.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_read(const Rcpp::RObject& source) {
  const auto storage = read_storage(source);
  Rcpp::NumericMatrix values(storage->features(), storage->columns());
  for (Index i = 0; i < storage->columns(); ++i)
    storage->read(i, values.begin() + i * storage->features());
  return values;
}
