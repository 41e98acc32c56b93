// Where R has omics that are not copied for training: in a temporary file, in a sparse matrix, or
// in an ordinary one that is only looked at.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bindings/rcpp.h"
#include "data/column_file.h"
#include "data/storage.h"
#include "support/sizes.h"

namespace bindings {

using poems::Index;
using poems::Matrix;
using poems::Vector;

/// Positions that R counts from 1; NA is -1.
inline std::vector<Index> positions_from_0(const Rcpp::IntegerVector& from_one) {
  std::vector<Index> positions;
  positions.reserve(from_one.size());
  for (int i : from_one) positions.push_back(i == NA_INTEGER ? -1 : i - 1);
  return positions;
}

/// The `rows` and `columns` that a stored_matrix of R has of its source.
inline poems::Selection read_selection(const Rcpp::List& list) {
  return {positions_from_0(list["rows"]), positions_from_0(list["columns"])};
}

/// The parts of a sparse matrix of R's package Matrix, which this keeps from being collected.
class SparseMatrix : public poems::SparseColumns {
 public:
  SparseMatrix(const Rcpp::List& list, Rcpp::IntegerVector start, Rcpp::IntegerVector row,
               Rcpp::NumericVector value)
      : SparseColumns(start.begin(), row.begin(), value.begin(), Rcpp::as<Index>(list["height"]),
                      start.size() - 1, read_selection(list)),
        start_(std::move(start)),
        row_(std::move(row)),
        value_(std::move(value)) {}

 private:
  const Rcpp::IntegerVector start_, row_;
  const Rcpp::NumericVector value_;
};

/// What core_source() of R returns: an ordinary matrix of doubles, or a list that tells of a file
/// or a sparse matrix. R's objects must outlive a matrix that is only looked at.
inline std::shared_ptr<const poems::Storage> read_storage(const Rcpp::RObject& x) {
  if (!Rcpp::is<Rcpp::List>(x)) {
    const Rcpp::NumericMatrix matrix(x);
    return std::make_shared<poems::DenseColumns>(matrix.begin(), matrix.nrow(), matrix.ncol());
  }
  const Rcpp::List list(x);
  if (list.containsElementNamed("start"))
    return std::make_shared<SparseMatrix>(list, list["start"], list["row"], list["value"]);
  const auto path = Rcpp::as<std::string>(list["path"]);
  const auto height = Rcpp::as<Index>(list["height"]);
  if (Rcpp::as<int>(list["bytes"]) == sizeof(float))
    return std::make_shared<poems::ColumnFile<float>>(path, height, read_selection(list));
  return std::make_shared<poems::ColumnFile<double>>(path, height, read_selection(list));
}

}  // namespace bindings
