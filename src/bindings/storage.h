// Omics that are not copied for training: in a temporary file, in a sparse matrix of R, or in an
// ordinary one that is only looked at.
#pragma once

#include <fstream>
#include <limits>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bindings/rcpp.h"
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

/// An omic in a file, one column after the other, as R/disk-matrix.R writes it. Value: double or
/// float.
template <typename Value>
class ColumnFile : public poems::Storage {
 public:
  ColumnFile(const std::string& path, Index height, poems::Selection selection)
      : Storage(static_cast<Index>(selection.rows.size()),
                static_cast<Index>(selection.columns.size())),
        file_(path, std::ios::binary),
        height_(height),
        selection_(std::move(selection)) {
    selection_.check(height, std::numeric_limits<Index>::max());
  }

  void read(Index column, double* values) const override {
    std::vector<Value> whole(height_);
    const std::streamsize bytes = sizeof(Value) * whole.size();
    {
      const std::lock_guard<std::mutex> one_reader(mutex_);
      file_.seekg(static_cast<std::streamoff>(bytes) * selection_.columns[column]);
      file_.read(reinterpret_cast<char*>(whole.data()), bytes);
      if (!file_) throw std::runtime_error("The temporary file of an omic is gone or too short.");
    }
    for (const Index row : selection_.rows)
      *values++ =
          row < 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(whole[row]);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::ifstream file_;
  Index height_;
  poems::Selection selection_;
};

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
    return std::make_shared<ColumnFile<float>>(path, height, read_selection(list));
  return std::make_shared<ColumnFile<double>>(path, height, read_selection(list));
}

}  // namespace bindings
