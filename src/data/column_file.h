// An omic in a file, one column after the other.
#pragma once

#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "data/storage.h"
#include "support/positional_file.h"

namespace poems {

/// Value: double or float, as this machine has them; `height` of them per column.
template <typename Value>
class ColumnFile : public Storage {
 public:
  ColumnFile(const std::string& path, Index height, Selection selection)
      : Storage(static_cast<Index>(selection.rows.size()),
                static_cast<Index>(selection.columns.size())),
        file_(path),
        height_(height),
        selection_(std::move(selection)) {
    selection_.check(height, std::numeric_limits<Index>::max());
  }

  void read(Index column, double* values) const override {
    std::vector<Value> whole(height_);
    if (!file_.read(begin(column), whole.data(), bytes()))
      throw std::runtime_error("The temporary file of an omic is gone or too short.");
    for (const Index row : selection_.rows)
      *values++ =
          row < 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(whole[row]);
  }

  void will_read(Index column) const override { file_.will_read(begin(column), bytes()); }

 private:
  std::uint64_t bytes() const { return sizeof(Value) * static_cast<std::uint64_t>(height_); }
  std::uint64_t begin(Index column) const {
    return bytes() * static_cast<std::uint64_t>(selection_.columns[column]);
  }

  PositionalFile file_;
  Index height_;
  Selection selection_;
};

}  // namespace poems
