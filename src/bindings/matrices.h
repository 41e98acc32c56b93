// Matrices and positions between R and the core. Transposed: R has what are rows here in columns.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "bindings/rcpp.h"
#include "pieces/inclusion_rate.h"
#include "support/sizes.h"
#include "support/types.h"

namespace bindings {

using poems::Index;
using poems::Matrix;
using poems::Vector;

template <typename T>
Rcpp::NumericMatrix to_r(const Matrix<T>& x, bool transposed = false) {
  Rcpp::NumericMatrix result(transposed ? x.cols() : x.rows(), transposed ? x.rows() : x.cols());
  for (Index j = 0; j < result.ncol(); ++j)
    for (Index i = 0; i < result.nrow(); ++i)
      result(i, j) = static_cast<double>(transposed ? x(j, i) : x(i, j));
  return result;
}

template <typename T>
void from_r(const Rcpp::NumericMatrix& x, bool transposed, Matrix<T>& result) {
  const Index rows = transposed ? x.ncol() : x.nrow(), cols = transposed ? x.nrow() : x.ncol();
  if (rows != result.rows() || cols != result.cols())
    Rcpp::stop("parameters do not have the model's shape");
  for (Index j = 0; j < cols; ++j)
    for (Index i = 0; i < rows; ++i) {
      result(i, j) = static_cast<T>(transposed ? x(j, i) : x(i, j));
      // Rectifiers would make a number of it.
      if (!std::isfinite(result(i, j))) Rcpp::stop("parameters are not finite");
    }
}

/// An entry of a list.
inline Rcpp::NumericMatrix matrix_in(const Rcpp::List& list, const std::string& name) {
  if (!list.containsElementNamed(name.c_str()) || !Rf_isMatrix(list[name]))
    Rcpp::stop("there is no matrix \"%s\" among the parameters", name);
  return list[name];
}

/// Features x factors, TRUE for members of the factor's set; or NULL.
inline poems::SetMembers read_members(const Rcpp::RObject& members, double odds, Index features,
                                      Index factors) {
  poems::SetMembers sets;
  if (members.isNULL()) return sets;
  const Rcpp::LogicalMatrix is_member(members);
  poems::check_size(is_member.nrow(), features, "Features of sets");
  poems::check_size(is_member.ncol(), factors, "Sets of factors");
  sets.odds = odds;
  sets.is_member.resize(factors, features);
  for (Index j = 0; j < features; ++j)
    for (Index k = 0; k < factors; ++k)
      sets.is_member(k, j) = static_cast<unsigned char>(is_member(j, k) == TRUE);
  return sets;
}

inline std::vector<int> counted_from_0(const Rcpp::IntegerVector& numbers) {
  std::vector<int> result;
  for (int i : numbers) result.push_back(i - 1);
  return result;
}

}  // namespace bindings
