// Where raw values are that are not copied for training: in a file, in a sparse matrix, or in a
// matrix that is only looked at.
#pragma once

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include "support/parallel.h"
#include "support/sizes.h"
#include "support/types.h"

namespace poems {

/// What is not 0 of one column.
struct Entries {
  std::vector<Index> feature;
  std::vector<double> value;  ///< NaN where missing
};

/// Raw values, features x columns. Several threads read at once.
class Storage {
 public:
  Storage(Index features, Index columns) : features_(features), columns_(columns) {}
  virtual ~Storage() = default;

  Index features() const { return features_; }
  Index columns() const { return columns_; }

  /// All features of one column.
  virtual void read(Index column, double* values) const = 0;

  /// Whether read_entries() reads what is not 0, without looking at the rest.
  virtual bool is_sparse() const { return false; }
  virtual void read_entries(Index /*column*/, Entries& /*entries*/) const {}

  /// Says that a column is read soon.
  virtual void will_read(Index /*column*/) const {}

 private:
  Index features_, columns_;
};

/// Some rows and columns of a matrix, in an order of their own. A row of -1 has no value.
struct Selection {
  std::vector<Index> rows, columns;

  /// Stops unless the matrix has them.
  void check(Index all_rows, Index all_columns) const {
    for (Index row : rows)
      if (row >= 0) check_position(row, all_rows, "Rows");
    for (Index column : columns) check_position(column, all_columns, "Columns");
  }
};

/// A matrix in memory, which must outlive this.
class DenseColumns : public Storage {
 public:
  DenseColumns(const double* values, Index features, Index columns)
      : Storage(features, columns), values_(values) {}

  void read(Index column, double* values) const override {
    std::copy_n(values_ + column * features(), features(), values);
  }

 private:
  const double* values_;
};

/// A sparse matrix in compressed columns: of column c, the entries start[c] to start[c + 1] of
/// `row`, which ascend, and `value`. These must outlive this.
class SparseColumns : public Storage {
 public:
  SparseColumns(const int* start, const int* row, const double* value, Index all_rows,
                Index all_columns, Selection selection)
      : Storage(static_cast<Index>(selection.rows.size()),
                static_cast<Index>(selection.columns.size())),
        start_(start),
        row_(row),
        value_(value),
        columns_(std::move(selection.columns)),
        feature_(all_rows, -1) {
    selection.columns = columns_;
    selection.check(all_rows, all_columns);
    for (Index j = 0; j < features(); ++j) {
      const Index row = selection.rows[j];
      if (row < 0) {
        unknown_.push_back(j);
      } else {
        if (feature_[row] >= 0) throw std::invalid_argument("A row of a matrix is one feature.");
        feature_[row] = j;
      }
    }
  }

  bool is_sparse() const override { return true; }

  void read(Index column, double* values) const override {
    std::fill_n(values, features(), 0.0);
    for_each(column, [&](Index j, double value) { values[j] = value; });
  }

  void read_entries(Index column, Entries& entries) const override {
    entries.feature.clear();
    entries.value.clear();
    for_each(column, [&](Index j, double value) {
      entries.feature.push_back(j);
      entries.value.push_back(value);
    });
  }

 private:
  template <typename Take>
  void for_each(Index column, Take take) const {
    const Index c = columns_[column];
    for (int e = start_[c]; e < start_[c + 1]; ++e)
      if (feature_[row_[e]] >= 0) take(feature_[row_[e]], value_[e]);
    for (Index j : unknown_) take(j, std::numeric_limits<double>::quiet_NaN());
  }

  const int *start_, *row_;
  const double* value_;
  std::vector<Index> columns_;
  std::vector<Index> feature_;  ///< per row of the matrix, its feature, or -1
  std::vector<Index> unknown_;  ///< features that the matrix does not have
};

/// Calls take(values, block) with the columns of one block after the other, features x columns of
/// the block, in order. The memory that it takes is bounded.
template <typename Take>
void for_each_block(const Storage& storage, int threads, Take take) {
  constexpr Index largest_block = Index{1} << 21;  // values
  const Index width = std::clamp<Index>(largest_block / std::max<Index>(storage.features(), 1), 1,
                                        std::max<Index>(storage.columns(), 1));
  Matrix<double> values(storage.features(), width);
  for (Index b = 0; b < block_count(width, storage.columns()); ++b) {
    const Block block = block_at(b, width, storage.columns());
    parallel_for(block.size, static_cast<double>(values.size()), threads,
                 [&](Index i, int) { storage.read(block.begin + i, values.col(i).data()); });
    take(values, block);
  }
}

}  // namespace poems
