// A batch, for R.
#pragma once

#include "bindings/cohort.h"
#include "bindings/matrices.h"
#include "bindings/monitor.h"
#include "bindings/rcpp.h"

namespace bindings {

/// Matrices and vectors are empty where there is nothing to say.
template <typename T>
Rcpp::List omic_batch_to_r(const poems::OmicBatch<T>& omic) {
  const auto hidden = static_cast<R_xlen_t>(omic.hidden.size());
  Rcpp::LogicalVector is_hidden(hidden);
  for (R_xlen_t i = 0; i < hidden; ++i) is_hidden[i] = omic.hidden[i];
  return Rcpp::List::create(Rcpp::Named("members") = positions_to_r(omic.members),
                            Rcpp::Named("hidden") = is_hidden, Rcpp::Named("x") = to_r(omic.x),
                            Rcpp::Named("observed") = to_r(omic.observed),
                            Rcpp::Named("covariates") = to_r(omic.covariates),
                            Rcpp::Named("targets") = to_r(omic.targets),
                            Rcpp::Named("offset") = to_r(Matrix<T>(omic.offset)));
}

/// normals: factors x samples.
template <typename T>
Rcpp::List batch_to_r(const poems::Batch<T>& batch, const Matrix<T>& normals) {
  Rcpp::List omics;
  for (const poems::OmicBatch<T>& omic : batch.omics) omics.push_back(omic_batch_to_r(omic));
  return Rcpp::List::create(Rcpp::Named("normals") = to_r(normals, true),
                            Rcpp::Named("omics") = omics);
}

}  // namespace bindings
