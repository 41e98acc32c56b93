// Omics in files: every thread reads what is there, and a file that is gone or too short is told.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <fstream>

#include "data/column_file.h"
#include "support/parallel.h"

using poems::ColumnFile;
using poems::Index;

namespace {

constexpr Index height = 7, columns = 50;

/// Row j of column i is 100 i + j.
class WrittenFile {
 public:
  explicit WrittenFile(Index whole_columns) {
    std::ofstream file(path, std::ios::binary);
    for (Index i = 0; i < whole_columns; ++i)
      for (Index j = 0; j < height; ++j) {
        const auto value = static_cast<float>(100 * i + j);
        file.write(reinterpret_cast<const char*>(&value), sizeof value);
      }
  }
  ~WrittenFile() { std::remove(path.c_str()); }

  const std::string path =
      testing::TempDir() + "core_tests_" + std::to_string(getpid()) + ".columns";
};

}  // namespace

TEST(ColumnFile, IsReadByAnyNumberOfThreads) {
  const WrittenFile written(columns);
  std::vector<Index> backwards;
  for (Index i = columns; i-- > 0;) backwards.push_back(i);
  const ColumnFile<float> file(written.path, height, {{5, -1, 0}, backwards});
  ASSERT_EQ(file.features(), 3);
  ASSERT_EQ(file.columns(), columns);
  std::vector<std::vector<double>> read(columns, std::vector<double>(3));
  for (int repeat = 0; repeat < 20; ++repeat) {
    poems::parallel_for(columns, 1e9, 4, [&](Index i, int) {
      if (i + 1 < columns) file.will_read(i + 1);
      file.read(i, read[i].data());
    });
    for (Index i = 0; i < columns; ++i) {
      const auto column = static_cast<double>(100 * (columns - 1 - i));
      EXPECT_EQ(read[i][0], column + 5.0);
      EXPECT_TRUE(std::isnan(read[i][1])) << "a row that the file does not have";
      EXPECT_EQ(read[i][2], column);
    }
  }
}

TEST(ColumnFile, ThatIsTooShortOrGoneIsToldWhenItIsRead) {
  const WrittenFile written(columns - 1);
  std::vector<double> values(1);
  const ColumnFile<float> shortened(written.path, height, {{0}, {0, columns - 1}});
  shortened.will_read(1);
  EXPECT_NO_THROW(shortened.read(0, values.data()));
  EXPECT_THROW(shortened.read(1, values.data()), std::runtime_error);
  const ColumnFile<float> gone(written.path + "-of-nobody", height, {{0}, {0}});
  gone.will_read(0);
  EXPECT_THROW(gone.read(0, values.data()), std::runtime_error);
  EXPECT_THROW(ColumnFile<float>(written.path, height, {{height}, {0}}), std::invalid_argument);
}
