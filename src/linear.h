// Fully connected layer, y = A x + b.
#pragma once

#include <cmath>
#include <string>

#include "parallel.h"
#include "parameter.h"
#include "product.h"

namespace poems {

template <typename T>
struct Linear {
  Parameter<T> weight;  ///< A: out x in
  Parameter<T> bias;    ///< b: out x 1

  Linear(const std::string& name, Index in, Index out)
      : weight(name + "_weight", out, in), bias(name + "_bias", out, 1, false) {}

  /// Uniform in +-1/sqrt(in), weights and biases alike.
  void initialise(std::uint64_t seed, std::uint64_t& part) {
    const double bound = 1.0 / std::sqrt(static_cast<double>(weight.value.cols()));
    weight.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), bound);
    bias.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), bound);
  }

  /// x: in x batch; y: out x batch.
  template <typename Input>
  void forward(const Eigen::MatrixBase<Input>& x, Matrix<T>& y, int threads) const {
    constexpr Index sample_block = 24;
    y.resize(weight.value.rows(), x.cols());
    parallel_for(block_count(sample_block, x.cols()), work_of(x.cols()), threads,
                 [&](Index i, int) {
                   const Block b = block_at(i, sample_block, x.cols());
                   auto columns = y.middleCols(b.begin, b.size);
                   product(weight.value, x.derived().middleCols(b.begin, b.size), columns);
                   columns.colwise() += bias.value.col(0);
                 });
  }

  /// dA = dy x', db = sum of dy over the batch; replaces the gradients.
  template <typename Input>
  void backward_parameters(const Eigen::MatrixBase<Input>& x, const Matrix<T>& dy, int threads) {
    constexpr Index input_block = 128;
    weight.gradient.resize(weight.value.rows(), weight.value.cols());
    parallel_for(block_count(input_block, x.rows()), work_of(x.cols()), threads, [&](Index i, int) {
      const Block b = block_at(i, input_block, x.rows());
      product(dy, x.derived().middleRows(b.begin, b.size).transpose(),
              weight.gradient.middleCols(b.begin, b.size));
    });
    bias.gradient = dy.rowwise().sum();
  }

  /// dx = A' dy.
  Matrix<T> backward_input(const Matrix<T>& dy) const {
    const Matrix<T> transposed = weight.value.transpose();
    Matrix<T> dx(transposed.rows(), dy.cols());
    product(transposed, dy, dx);
    return dx;
  }

 private:
  double work_of(Index batch) const {
    return static_cast<double>(weight.value.size()) * static_cast<double>(batch);
  }
};

}  // namespace poems
