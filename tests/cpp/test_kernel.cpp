// The fast decoder, on every instruction set that this processor has, against the clear one in
// double: random shapes and densities, missing values, dropout; values and gradients.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

#include "kernel/product.h"
#include "layers/decoder_pass.h"
#include "layers/trained_feature.h"
#include "likelihoods/gaussian.h"
#include "random_problem.h"

using namespace poems_test;

namespace {

struct Shape {
  Index factors, units, samples, features;
  double density, dropout;
  bool missing, skip_zeros;
};

template <typename T>
struct Outcome {
  double loss;
  Matrix<T> d_z, d_mask, d_A, d_output, d_bias, d_log_sigma, xhat;
};

/// Runs both versions on the same numbers. left_over: what is in memory that nobody has set.
template <typename T>
Outcome<T> run(const Shape& s, const Matrix<double>& A, const Matrix<double>& mask,
               const Matrix<double>& output, const Matrix<double>& bias, const Matrix<double>& z,
               const Matrix<double>& x, const Matrix<double>& observed, T left_over = T(0)) {
  poems::SparseDecoder<T> decoder("", s.features, s.factors, s.units);
  decoder.hidden.value = A.cast<T>();
  decoder.output.value = output.cast<T>();
  decoder.bias.value = bias.cast<T>();
  const Matrix<T> m = mask.cast<T>(), latent = z.cast<T>();
  poems::OmicBatch<T> batch;
  batch.samples.resize(s.samples);
  for (Index i = 0; i < s.samples; ++i) batch.samples[i] = 3 * i + 1;
  batch.x = x.cast<T>();
  if (s.missing) batch.observed = observed.cast<T>();
  poems::GaussianLikelihood<T> likelihood(s.features, true, 3.0, 0.3);
  likelihood.log_sigma.value.setConstant(T(-0.3));
  likelihood.log_sigma.zero_gradient();
  for (auto* p : {&decoder.hidden, &decoder.output, &decoder.bias}) p->zero_gradient();
  const poems::Dropout dropout(poems::Stream(5, poems::Purpose::decoder_dropout, 2), s.dropout);
  std::vector<poems::DecoderWorkspace<T>> workspaces(2);
  for (auto& work : workspaces) work.scratch.assign(1 << 20, left_over);
  std::vector<poems::DecoderPass<T>> pass;
  pass.emplace_back(decoder, poems::DecoderTask::gradients, m, latent, &batch, 1.0 / s.samples,
                    &likelihood, dropout, s.skip_zeros);
  Outcome<T> result;
  result.d_mask.setZero(s.factors, s.features);
  pass[0].add_mask_gradient_to(result.d_mask);
  poems::run_passes(pass, workspaces, 2);
  result.loss = pass[0].finish();
  result.d_z = pass[0].d_z;
  result.d_A = decoder.hidden.gradient;
  result.d_output = decoder.output.gradient;
  result.d_bias = decoder.bias.gradient;
  result.d_log_sigma = likelihood.log_sigma.gradient;
  std::vector<poems::DecoderPass<T>> again;
  const poems::Dropout none(poems::Stream(5, poems::Purpose::decoder_dropout, 2), 0.0);
  again.emplace_back(decoder, poems::DecoderTask::reconstruct, m, latent, nullptr, 1.0, nullptr,
                     none, true);
  poems::run_passes(again, workspaces, 2);
  result.xhat = again[0].xhat;
  return result;
}

void expect_close(const Matrix<float>& fast, const Matrix<double>& clear, const char* what) {
  ASSERT_EQ(fast.rows(), clear.rows());
  ASSERT_EQ(fast.cols(), clear.cols());
  if (clear.size() == 0) return;
  const double scale = clear.cwiseAbs().maxCoeff();
  const double error = (fast.cast<double>() - clear).cwiseAbs().maxCoeff();
  EXPECT_LE(error, 3e-5 * scale + 1e-6) << what;
}

void compare(const Shape& s, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  const auto fill = [&](Index rows, Index cols) {
    Matrix<double> m(rows, cols);
    for (Index i = 0; i < m.size(); ++i) m.data()[i] = normal(generator);
    return m;
  };
  const Matrix<double> A = fill(s.units, s.factors) / std::sqrt(s.units);
  Matrix<double> mask = fill(s.factors, s.features);
  for (Index i = 0; i < mask.size(); ++i)
    if (uniform(generator) > s.density) mask.data()[i] = 0.0;
  const Matrix<double> output = fill(s.units, s.features) / std::sqrt(s.units);
  const Matrix<double> bias = fill(s.features, 1), z = fill(s.factors, s.samples);
  const Matrix<double> x = fill(s.samples, s.features);
  Matrix<double> observed = Matrix<double>::Ones(s.samples, s.features);
  for (Index i = 0; i < observed.size(); ++i) observed.data()[i] = uniform(generator) > 0.3;

  // Both see numbers that float can hold, so that they agree on which units are positive.
  const auto rounded = [](const Matrix<double>& m) -> Matrix<double> {
    return m.cast<float>().cast<double>();
  };
  const auto clear = run<double>(s, rounded(A), rounded(mask), rounded(output), rounded(bias),
                                 rounded(z), rounded(x), observed);
  const auto fast = run<float>(s, A, mask, output, bias, z, x, observed);
  SCOPED_TRACE(testing::Message() << "factors " << s.factors << ", units " << s.units
                                  << ", samples " << s.samples << ", features " << s.features
                                  << ", density " << s.density << ", dropout " << s.dropout
                                  << ", missing " << s.missing << ", skip zeros " << s.skip_zeros);
  EXPECT_NEAR(fast.loss, clear.loss, 2e-5 * std::abs(clear.loss));
  expect_close(fast.d_z, clear.d_z, "d_z");
  expect_close(fast.d_mask, clear.d_mask, "d_mask");
  expect_close(fast.d_A, clear.d_A, "d_A");
  expect_close(fast.d_output, clear.d_output, "d_output");
  expect_close(fast.d_bias, clear.d_bias, "d_bias");
  expect_close(fast.d_log_sigma, clear.d_log_sigma, "d_log_sigma");
  expect_close(fast.xhat, clear.xhat, "xhat");
}

}  // namespace

TEST(Kernel, IsTheLevelAskedFor) {
  const char* asked = std::getenv("OMICPOEMS_SIMD");
  if (!asked) GTEST_SKIP() << "OMICPOEMS_SIMD asks for none";
  EXPECT_STREQ(poems::kernel().level, asked);
}

TEST(Kernel, MultipliesAsEigenDoes) {
  std::mt19937 generator(3);
  const auto between = [&](Index low, Index high) {
    return std::uniform_int_distribution<Index>(low, high)(generator);
  };
  for (int i = 0; i < 200; ++i) {
    const Index m = between(1, 130), n = between(1, 40), k = between(0, i % 10 == 0 ? 700 : 60);
    const Matrix<double> left = normal_matrix(m, k, 3 * i), right = normal_matrix(k, n, 3 * i + 1);
    const Matrix<float> l = left.cast<float>(), r = right.cast<float>();
    const Matrix<float> turned = r.transpose();
    Matrix<float> out = Matrix<float>::Constant(m, n, 7.0f), again = out;
    poems::product(l, r, out);
    poems::product(l, turned.transpose(), again);
    const Matrix<double> expected = left * right;
    expect_close(out, expected, "product");
    expect_close(again, expected, "product with a transpose");
  }
}

TEST(Kernel, AddsOuterProducts) {
  for (const Index factors : {1, 3, 20}) {
    const Index samples = 2 * poems::sample_padding;
    const std::vector<int> active = factors == 3 ? std::vector<int>{0, 2} : std::vector<int>{0};
    const Matrix<double> x = normal_matrix(samples, factors, 1);
    const poems::Vector<double> weights = normal_matrix(samples, 1, 2);
    const Matrix<double> before = normal_matrix(samples, factors * factors, 3);
    Matrix<double> expected = before, clear = before;
    Matrix<float> fast = before.cast<float>();
    for (Index i = 0; i < samples; ++i)
      for (int a : active)
        for (int b : active)
          if (b <= a) expected(i, a * factors + b) += weights(i) * x(i, a) * x(i, b);
    poems::add_outer_products(x, active, weights, clear);
    poems::add_outer_products(x.cast<float>(), active, weights.cast<float>(), fast);
    EXPECT_LT((clear - expected).cwiseAbs().maxCoeff(), 1e-14);
    expect_close(fast, expected, "outer products");
  }
}

TEST(Kernel, HasTheSoftplusOfTheStandardLibrary) {
  std::vector<double> u = {0.0, -0.0, 1e-300, -1e-18, 36.0, -36.0, 700.0, -700.0, 1e6, -1e6};
  std::mt19937 generator(5);
  for (const double spread : {1e-3, 1.0, 30.0})
    for (int i = 0; i < 333; ++i)
      u.push_back(std::normal_distribution<double>(0.0, spread)(generator));
  const auto n = static_cast<long>(u.size());
  std::vector<double> value(u.size()), slope(u.size());
  poems::kernel().softplus(n, u.data(), value.data(), slope.data());
  for (std::size_t i = 0; i < u.size(); ++i) {
    SCOPED_TRACE(u[i]);
    const long double t = std::exp(-std::abs(static_cast<long double>(u[i])));
    const double x = static_cast<double>(std::max(u[i], 0.0) + std::log1p(t));
    const double p = static_cast<double>((u[i] > 0.0 ? 1.0L : t) / (1.0L + t));
    EXPECT_NEAR(value[i], x, 1e-15 * x + 1e-300);
    EXPECT_NEAR(slope[i], p, 1e-15 * p + 1e-300);
    double alone[2];  // the same bits, wherever it is among others
    poems::kernel().softplus(1, &u[i], alone, alone + 1);
    EXPECT_EQ(alone[0], value[i]);
    EXPECT_EQ(alone[1], slope[i]);
  }
}

TEST(Kernel, AgreesWithTheClearDecoderOnRandomShapes) {
  std::mt19937 generator(1);
  const auto between = [&](Index low, Index high) {
    return std::uniform_int_distribution<Index>(low, high)(generator);
  };
  const double densities[] = {0.0, 0.05, 0.3, 0.7, 1.0};
  for (unsigned i = 0; i < 60; ++i) {
    // Mostly small, to have many shapes in little time; some as large as they come.
    const bool large = i % 10 == 0;
    const Shape shape = {between(1, 70),
                         between(1, 130),
                         large ? between(256, 600) : between(1, 100),
                         large ? 9 : between(1, 40),
                         densities[i % 5],
                         i % 3 == 0 ? 0.0 : 0.2,
                         i % 2 == 0,
                         i % 4 != 0};
    compare(shape, i);
  }
}

// Features with most factors active have a backward pass of their own for AVX-512.
TEST(Kernel, HandlesAnyNumberOfFactorsWhenMostAreActive) {
  unsigned seed = 200;
  for (Index factors : {12, 13, 16, 31, 32, 47, 64, 80})
    for (Index units : {1, 31, 66, 100, 131})
      for (Index samples : {5, 33, 80, 300})
        compare({factors, units, samples, 5, 0.9, 0.2, seed % 2 == 0, seed % 3 == 0}, seed++);
}

// A value that is not finite spoils its feature alone, and always alike.
TEST(Kernel, DoesNotSeeWhatWasInMemory) {
  const Shape s = {5, 13, 9, 4, 1.0, 0.0, false, true};
  const Matrix<double> A = normal_matrix(s.units, s.factors, 1),
                       mask = normal_matrix(s.factors, s.features, 2),
                       output = normal_matrix(s.units, s.features, 3),
                       bias = normal_matrix(s.features, 1, 4),
                       observed = Matrix<double>::Ones(s.samples, s.features);
  Matrix<double> z = normal_matrix(s.factors, s.samples, 5),
                 x = normal_matrix(s.samples, s.features, 6);
  x(2, 1) = std::numeric_limits<double>::quiet_NaN();
  z.col(2).setZero();  // no unit is on where the value is
  float ones;
  std::memset(&ones, 0xFF, sizeof ones);  // as bits, units that are on; as a number, NaN
  const auto clean = run<float>(s, A, mask, output, bias, z, x, observed);
  const auto dirty = run<float>(s, A, mask, output, bias, z, x, observed, ones);
  const auto same = [](const Matrix<float>& a, const Matrix<float>& b) {
    return (a.array() == b.array() || (a.array().isNaN() && b.array().isNaN())).all();
  };
  EXPECT_TRUE(same(clean.d_mask, dirty.d_mask));
  EXPECT_TRUE(same(clean.d_A, dirty.d_A));
  EXPECT_TRUE(same(clean.d_output, dirty.d_output));
}

// Slopes and reconstructions with a factor held, of tiles that begin anywhere; the clear version is
// compared with finite differences and reconstructions in test_analysis.cpp.
TEST(Kernel, AgreesWithTheClearTrainedFeature) {
  std::mt19937 generator(9);
  const auto between = [&](Index low, Index high) {
    return std::uniform_int_distribution<Index>(low, high)(generator);
  };
  for (unsigned i = 0; i < 60; ++i) {
    const Index factors = between(1, 70), units = between(1, 130), features = 6;
    const Index begin = poems::sample_padding * between(0, 2), size = between(1, i % 5 ? 70 : 300);
    poems::SparseDecoder<float> fast("", features, factors, units);
    const auto scale = static_cast<float>(std::sqrt(units));
    fast.hidden.value = normal_matrix(units, factors, 5 * i).cast<float>() / scale;
    fast.output.value = normal_matrix(units, features, 5 * i + 1).cast<float>() / scale;
    fast.bias.value = normal_matrix(features, 1, 5 * i + 2).cast<float>();
    poems::SparseDecoder<double> clear("", features, factors, units);
    clear.hidden.value = fast.hidden.value.cast<double>();
    clear.output.value = fast.output.value.cast<double>();
    clear.bias.value = fast.bias.value.cast<double>();
    Matrix<float> mask = normal_matrix(factors, features, 5 * i + 3).cast<float>();
    mask.col(0).setZero();
    mask.col(1).tail(factors - 1).setZero();  // one factor
    mask.col(2).head(factors / 2).setZero();
    const Matrix<float> z =
        poems::padded_samples(normal_matrix(begin + size, factors, 5 * i + 4).cast<float>());
    const poems::Vector<float> values = normal_matrix(factors, 1, 5 * i + 5).cast<float>();
    const Matrix<double> clear_mask = mask.cast<double>(), clear_z = z.cast<double>();
    poems::TrainedFeature<float> by_kernel(fast, mask, z);
    poems::TrainedFeature<double> as_written(clear, clear_mask, clear_z);
    for (Index j = 0; j < features; ++j) {
      SCOPED_TRACE(testing::Message() << "factors " << factors << ", units " << units
                                      << ", samples " << size << ", feature " << j);
      by_kernel.set(j);
      as_written.set(j);
      ASSERT_EQ(by_kernel.active, as_written.active);
      by_kernel.set_xhat({begin, size});
      as_written.set_xhat({begin, size});
      expect_close(by_kernel.xhat.head(size), as_written.xhat.head(size), "xhat alone");
      by_kernel.set_slopes({begin, size});
      as_written.set_slopes({begin, size});
      expect_close(by_kernel.xhat.head(size), as_written.xhat.head(size), "xhat beside slopes");
      for (int k : by_kernel.active)
        expect_close(by_kernel.slopes.col(k).head(size), as_written.slopes.col(k).head(size),
                     "slopes");
      by_kernel.set_held({begin, size}, values);
      as_written.set_held({begin, size}, values.cast<double>());
      expect_close(by_kernel.xhat.head(size), as_written.xhat.head(size), "xhat beside held");
      expect_close(by_kernel.held.topRows(size), as_written.held.topRows(size), "held");
    }
  }
}

TEST(Kernel, HandlesTheShapesOfThePaper) {
  compare({32, 100, 512, 20, 1.0, 0.2, false, false}, 100);
  compare({32, 100, 48, 20, 0.125, 0.2, false, true}, 101);
}
