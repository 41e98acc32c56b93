// An omic that stays on disk.
#pragma once

#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/rcpp.h"
#include "data/cohort.h"
#include "support/sizes.h"

namespace bindings {

using poems::Index;
using poems::Matrix;
using poems::Vector;

/// An omic in a file of raw doubles, one column after the other, as R/disk-matrix.R writes it. Rows
/// are those of the file that the features are, counted from 1, or NA.
class ColumnFile : public poems::Storage {
 public:
  explicit ColumnFile(const Rcpp::List& list)
      : file_(Rcpp::as<std::string>(list["path"]), std::ios::binary),
        column_(Rcpp::as<int>(list["height"])) {
    const auto height = static_cast<Index>(column_.size());
    for (int i : Rcpp::as<Rcpp::IntegerVector>(list["rows"])) {
      rows_.push_back(i == NA_INTEGER ? -1 : i - 1);
      if (i != NA_INTEGER) poems::check_position(rows_.back(), height, "Rows of a file");
    }
    for (int i : Rcpp::as<Rcpp::IntegerVector>(list["columns"])) columns_.push_back(i - 1);
  }

  void read(Index column, Eigen::Ref<Vector<double>> values) override {
    poems::check_size(values.size(), static_cast<Index>(rows_.size()), "Features of an omic");
    const std::streamsize bytes = sizeof(double) * column_.size();
    file_.seekg(static_cast<std::streamoff>(bytes) * columns_[column]);
    file_.read(reinterpret_cast<char*>(column_.data()), bytes);
    if (!file_) throw std::runtime_error("The temporary file of an omic is gone or too short.");
    for (std::size_t j = 0; j < rows_.size(); ++j)
      values(j) = rows_[j] < 0 ? std::numeric_limits<double>::quiet_NaN() : column_[rows_[j]];
  }

 private:
  std::ifstream file_;
  std::vector<double> column_;
  std::vector<Index> rows_, columns_;
};

}  // namespace bindings
