// Counter-based streams and dropout: distributions, and independence of order.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "dropout.h"
#include "random.h"

using poems::Dropout;
using poems::Index;
using poems::Purpose;
using poems::Stream;

TEST(Stream, IsUniformAndNormal) {
  const Stream stream(21, Purpose::latent_noise, 3);
  constexpr int n = 200000;
  double mean = 0.0, square = 0.0, normal_mean = 0.0, normal_square = 0.0, neighbours = 0.0;
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform(i), z = stream.normal(i);
    ASSERT_GT(u, 0.0);
    ASSERT_LT(u, 1.0);
    mean += u / n;
    square += u * u / n;
    normal_mean += z / n;
    normal_square += z * z / n;
    neighbours += (u - 0.5) * (stream.uniform(i + 1) - 0.5) / n;
  }
  EXPECT_NEAR(mean, 0.5, 0.003);
  EXPECT_NEAR(square, 1.0 / 3.0, 0.003);
  EXPECT_NEAR(normal_mean, 0.0, 0.01);
  EXPECT_NEAR(normal_square, 1.0, 0.015);
  EXPECT_NEAR(neighbours, 0.0, 0.001);
}

TEST(Stream, DiffersBySeedPurposeEpochAndPart) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (Purpose purpose : {Purpose::shuffle, Purpose::latent_noise})
      for (std::uint64_t epoch = 0; epoch < 10; ++epoch)
        for (std::uint64_t part = 0; part < 5; ++part)
          first.insert(Stream(seed, purpose, epoch, part).bits(0));
  EXPECT_EQ(first.size(), 10u * 2u * 10u * 5u);
}

TEST(Stream, PermutesEveryPositionEquallyOften) {
  std::vector<int> first(5, 0);
  for (std::uint64_t epoch = 0; epoch < 20000; ++epoch) {
    std::vector<Index> order = Stream(1, Purpose::shuffle, epoch).permutation(5);
    ++first[order[0]];
    std::sort(order.begin(), order.end());
    for (Index i = 0; i < 5; ++i) ASSERT_EQ(order[i], i);
  }
  for (int count : first) EXPECT_NEAR(count, 4000, 250);
}

TEST(Dropout, KeepsTheRateAndTheMean) {
  const Dropout dropout(Stream(21, Purpose::decoder_dropout, 1), 0.2);
  double dropped = 0.0, mean = 0.0;
  constexpr int rows = 2000, units = 103;  // not a multiple of four
  for (int row = 0; row < rows; ++row) {
    std::vector<float> x(units, 1.0f);
    dropout.apply(row, x.data(), units);
    for (float value : x) {
      dropped += value == 0.0f;
      mean += value;
    }
  }
  EXPECT_NEAR(dropped / (rows * units), 0.2, 0.004);
  EXPECT_NEAR(mean / (rows * units), 1.0, 0.005);
}

TEST(Dropout, DependsOnTheRowAlone) {
  const Dropout dropout(Stream(21, Purpose::decoder_dropout, 1), 0.5);
  std::vector<double> a(50, 1.0), b(50, 1.0), other(50, 1.0);
  dropout.apply(7, a.data(), 50);
  dropout.apply(8, other.data(), 50);
  dropout.apply(7, b.data(), 50);
  EXPECT_EQ(a, b);
  EXPECT_NE(a, other);
}
