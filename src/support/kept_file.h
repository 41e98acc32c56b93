// Files that survive: written beside the one that they take the place of, and read with a checksum
// of all that they hold. Numbers are as this machine has them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <type_traits>

#include "support/types.h"

namespace poems {

/// A checksum of pieces of bytes, which depends on where one piece ends and the next begins.
class PieceSum {
 public:
  void add(const void* bytes, std::size_t count);
  std::uint64_t value() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using OpenFile = std::unique_ptr<std::FILE, CloseFile>;

/// Writes `path`, which stays as it was until finish(). Errors say what the system says.
class KeptFileWriter {
 public:
  explicit KeptFileWriter(std::string path);
  ~KeptFileWriter();  ///< removes what is not finished
  KeptFileWriter(const KeptFileWriter&) = delete;
  KeptFileWriter& operator=(const KeptFileWriter&) = delete;

  template <typename Number>
  void put(Number number) {
    static_assert(std::is_arithmetic_v<Number>);
    put_bytes(&number, sizeof number);
  }
  void put(const std::string& text) {
    put<std::uint64_t>(text.size());
    put_bytes(text.data(), text.size());
  }
  template <typename T>
  void put(const Matrix<T>& matrix) {
    put<std::int64_t>(matrix.rows());
    put<std::int64_t>(matrix.cols());
    put_bytes(matrix.data(), sizeof(T) * static_cast<std::size_t>(matrix.size()));
  }

  /// Once this returns, the file is on the disk, whatever happens to process and machine.
  void finish();

 private:
  void put_bytes(const void* bytes, std::size_t count);
  [[noreturn]] void fail() const;

  std::string path_, part_;
  OpenFile file_;
  PieceSum sum_;
};

/// Reads such a file in the order in which it was written. What it says is to be believed after
/// finish() alone, which throws as all others do if the file is damaged.
class KeptFileReader {
 public:
  explicit KeptFileReader(const std::string& path);

  template <typename Number>
  Number get() {
    static_assert(std::is_arithmetic_v<Number>);
    Number number;
    get_bytes(&number, sizeof number);
    return number;
  }
  std::string text() {
    std::string text(expect(get<std::uint64_t>(), 1), '\0');
    get_bytes(text.data(), text.size());
    return text;
  }
  template <typename T>
  Matrix<T> matrix() {
    const auto rows = get<std::int64_t>(), cols = get<std::int64_t>();
    if (rows < 0 || cols < 0) damaged();
    expect(static_cast<std::uint64_t>(rows), cols > 0 ? sizeof(T) : 0);
    expect(static_cast<std::uint64_t>(cols), static_cast<std::uint64_t>(rows) * sizeof(T));
    Matrix<T> matrix(rows, cols);
    get_bytes(matrix.data(), sizeof(T) * static_cast<std::size_t>(matrix.size()));
    return matrix;
  }
  /// How many things of at least `bytes` each are said to follow, if the file has room for them.
  std::uint64_t expect(std::uint64_t count, std::uint64_t bytes) const;

  void finish();

 private:
  void get_bytes(void* bytes, std::size_t count);
  [[noreturn]] void damaged() const;

  std::string path_;
  OpenFile file_;
  std::uint64_t left_ = 0;  ///< bytes
  PieceSum sum_;
};

}  // namespace poems
