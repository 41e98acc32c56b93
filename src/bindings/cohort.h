// The cohort, from the list of omics that R makes of it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "bindings/rcpp.h"
#include "bindings/storage.h"
#include "data/cohort.h"
#include "support/sizes.h"

namespace bindings {

using poems::Index;
using poems::Matrix;
using poems::Vector;

/// What a raw value is adjusted for before it is centred and scaled, and how the omic is predicted
/// if it is not Gaussian. R leaves out what an omic does not have.
inline poems::Adjustment read_adjustment(const Rcpp::List& omic) {
  poems::Adjustment adjustment;
  if (omic.containsElementNamed("offset"))
    adjustment.offset = Rcpp::as<Vector<double>>(omic["offset"]);
  if (omic.containsElementNamed("covariates")) {
    adjustment.covariates = Rcpp::as<Matrix<double>>(omic["covariates"]);
    adjustment.effects = Rcpp::as<Matrix<double>>(omic["effects"]).transpose();
  }
  return adjustment;
}

template <typename T>
poems::LinkScale<T> read_link(const Rcpp::List& list) {
  poems::LinkScale<T> link;
  link.intercept = Rcpp::as<Vector<double>>(list["intercept"]).cast<T>();
  link.unit = Rcpp::as<Vector<double>>(list["unit"]).cast<T>();
  if (list.containsElementNamed("effects"))
    link.effects = Rcpp::as<Matrix<double>>(list["effects"]).transpose().cast<T>();
  return link;
}

/// Per sample of the cohort, its column in an omic, or -1. `samples`: of every column, from 1.
inline std::vector<Index> columns_of(const Rcpp::IntegerVector& samples, int cohort_size) {
  std::vector<Index> column(cohort_size, -1);
  for (R_xlen_t i = 0; i < samples.size(); ++i) {
    poems::check_position(static_cast<Index>(samples[i]) - 1, cohort_size, "Samples");
    column[samples[i] - 1] = i;
  }
  return column;
}

/// `samples` of each omic: which samples of the cohort its columns are, counted from 1. `x`: its
/// values, or what read_storage() takes.
template <typename T>
poems::Cohort<T> read_cohort(const Rcpp::List& omics, int cohort_size, int threads) {
  poems::Cohort<T> cohort;
  cohort.samples = cohort_size;
  for (R_xlen_t v = 0; v < omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    const Rcpp::IntegerVector samples = omic["samples"];
    const std::vector<Index> column = columns_of(samples, cohort_size);
    poems::Scaling scaling{Rcpp::as<Vector<double>>(omic["center"]),
                           Rcpp::as<Vector<double>>(omic["scale"]), omic["clip"]};
    const auto fill = Rcpp::as<Vector<double>>(omic["fill"]);
    const Rcpp::RObject x = omic["x"];
    if (Rcpp::is<Rcpp::List>(x)) {
      const Rcpp::List stored(x);
      cohort.omics.push_back(poems::stored_omic<T>(read_storage(stored), stored["has_missing"],
                                                   std::move(scaling), fill, read_adjustment(omic),
                                                   column));
      if (omic.containsElementNamed("link"))
        poems::set_link<T>(read_link<T>(omic["link"]), cohort.omics.back());
      continue;
    }
    const auto raw = Rcpp::as<Eigen::Map<Eigen::MatrixXd>>(x);
    poems::check_size(raw.cols(), samples.size(), "Samples of an omic");
    cohort.omics.push_back(
        poems::scale_omic<T>(raw, scaling, fill, read_adjustment(omic), column, threads));
    if (omic.containsElementNamed("link"))
      poems::set_targets<T>(raw, read_link<T>(omic["link"]), cohort.omics.back());
  }
  return cohort;
}

/// A cohort that R holds while it asks several things of it. No fit holds one.
using HeldCohort = Rcpp::XPtr<poems::Cohort<float>>;

/// The same, if it has the omics of a model.
inline poems::Cohort<float>& cohort_for(SEXP held, const std::vector<Index>& features,
                                        Index covariates) {
  poems::Cohort<float>& cohort = *HeldCohort(held);
  poems::check_cohort(cohort, features, covariates);
  return cohort;
}

/// Takes samples out of omics, per omic by number from 1, until its end: they count as lacking
/// them.
template <typename T>
class TakenOut {
 public:
  TakenOut(const Rcpp::List& misplaced, poems::Cohort<T>& cohort) : cohort_(cohort) {
    for (R_xlen_t v = 0; v < misplaced.size(); ++v) {
      columns_.push_back(cohort.omics.at(v).column);
      for (int i : Rcpp::as<Rcpp::IntegerVector>(misplaced[v])) {
        poems::check_position(static_cast<Index>(i) - 1, cohort.samples, "Samples");
        cohort.omics[v].column[i - 1] = -1;
      }
    }
  }

  ~TakenOut() {
    for (std::size_t v = 0; v < columns_.size(); ++v) cohort_.omics[v].column = columns_[v];
  }

  TakenOut(const TakenOut&) = delete;
  TakenOut& operator=(const TakenOut&) = delete;

 private:
  poems::Cohort<T>& cohort_;
  std::vector<std::vector<Index>> columns_;
};

}  // namespace bindings
