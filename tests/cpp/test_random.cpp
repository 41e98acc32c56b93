// Counter-based streams and dropout: distributions, and independence of order.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "support/dropout.h"
#include "support/random.h"

using poems::Dropout;
using poems::DropoutDraws;
using poems::Index;
using poems::Purpose;
using poems::Stream;

TEST(Stream, IsUniformAndNormal) {
  const Stream stream(21, Purpose::latent_normals, 3);
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
    for (Purpose purpose : {Purpose::shuffle, Purpose::latent_normals})
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
  double dropped = 0.0, mean = 0.0, neighbours = 0.0;
  constexpr int samples = 200, features = 50, units = 103;
  for (int feature = 0; feature < features; ++feature) {
    const DropoutDraws draws = dropout.draws(feature);
    for (int sample = 0; sample < samples; ++sample) {
      std::vector<float> x(units, 1.0f);
      dropout.apply(draws, sample, x.data(), units);
      for (int h = 0; h < units; ++h) {
        dropped += x[h] == 0.0f;
        mean += x[h];
        if (h > 0) neighbours += x[h] == 0.0f && x[h - 1] == 0.0f;
      }
    }
  }
  constexpr double n = samples * features * units;
  EXPECT_NEAR(dropped / n, 0.2, 0.002);
  EXPECT_NEAR(mean / n, 1.0, 0.0025);
  EXPECT_NEAR(neighbours / (n - samples * features), 0.04, 0.001);
}

TEST(Dropout, UnitsSamplesAndFeaturesDrawApart) {
  const Dropout dropout(Stream(21, Purpose::decoder_dropout, 1), 0.5);
  const auto drops = [&](int feature, int sample) {
    std::vector<bool> dropped(5000);
    const DropoutDraws draws = dropout.draws(feature);
    for (int h = 0; h < 5000; ++h) dropped[h] = draws.drops(draws.sample_word(sample), h);
    return dropped;
  };
  const auto agreement = [](const std::vector<bool>& a, const std::vector<bool>& b) {
    double same = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) same += a[i] == b[i];
    return same / static_cast<double>(a.size());
  };
  EXPECT_EQ(drops(3, 7), drops(3, 7));
  for (int i = 1; i < 20; ++i) {
    EXPECT_NEAR(agreement(drops(3, 7), drops(3, 7 + i)), 0.5, 0.035);
    EXPECT_NEAR(agreement(drops(3, 7), drops(3 + i, 7)), 0.5, 0.035);
  }
}

// Draws mix a word of the sample with a word of the unit; any two samples and two units use only
// four words for their four draws, which must be independent all the same.
TEST(Dropout, FourDrawsOfTwoSamplesAndTwoUnitsAreIndependent) {
  for (const double rate : {0.5, 0.2}) {
    const Dropout dropout(Stream(21, Purpose::decoder_dropout, 1), rate);
    double all = 0.0, odd = 0.0, n = 0.0;
    for (int feature = 0; feature < 40; ++feature) {
      const DropoutDraws draws = dropout.draws(feature);
      for (int s = 0; s < 100; ++s) {
        const std::uint32_t one = draws.sample_word(s), other = draws.sample_word(s + 100);
        for (int h = 0; h < 50; ++h) {
          const int dropped = draws.drops(one, h) + draws.drops(one, h + 51) +
                              draws.drops(other, h) + draws.drops(other, h + 51);
          all += dropped == 4;
          odd += dropped % 2;
          n += 1.0;
        }
      }
    }
    const double expected_odd = 0.5 * (1.0 - std::pow(1.0 - 2.0 * rate, 4));
    EXPECT_NEAR(all / n, std::pow(rate, 4), 4.0 * std::pow(rate, 2) / std::sqrt(n));
    EXPECT_NEAR(odd / n, expected_odd, 4.0 * 0.5 / std::sqrt(n));
  }
}
