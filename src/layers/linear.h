// Fully connected layer, y = A x + b.
#pragma once

#include <cmath>
#include <string>

#include "kernel/product.h"
#include "support/parallel.h"
#include "tape/parameter.h"

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

  /// Some columns of y = A x + b. x: in x batch; y: out x batch, already of that shape.
  template <typename Input>
  void forward(const Eigen::MatrixBase<Input>& x, Block columns, Matrix<T>& y) const {
    auto part = y.middleCols(columns.begin, columns.size);
    product(weight.value, x.derived().middleCols(columns.begin, columns.size), part);
    part.colwise() += bias.value.col(0);
  }

  template <typename Input>
  void forward(const Eigen::MatrixBase<Input>& x, Matrix<T>& y) const {
    y.resize(weight.value.rows(), x.cols());
    forward(x, {0, x.cols()}, y);
  }

  /// Gives the weight's gradient its shape, for backward_weight().
  void prepare_gradient() { weight.gradient.resize(weight.value.rows(), weight.value.cols()); }

  /// db = sum of dy over the batch.
  void backward_bias(const Matrix<T>& dy) { bias.gradient = dy.rowwise().sum(); }

  /// Some columns of dA = dy x'.
  template <typename Input>
  void backward_weight(const Eigen::MatrixBase<Input>& x, const Matrix<T>& dy, Block inputs) {
    product(dy, x.derived().middleRows(inputs.begin, inputs.size).transpose(),
            weight.gradient.middleCols(inputs.begin, inputs.size));
  }

  template <typename Input>
  void backward_parameters(const Eigen::MatrixBase<Input>& x, const Matrix<T>& dy) {
    prepare_gradient();
    backward_bias(dy);
    backward_weight(x, dy, {0, x.rows()});
  }

  /// dx = A' dy.
  Matrix<T> backward_input(const Matrix<T>& dy) const {
    const Matrix<T> transposed = weight.value.transpose();
    Matrix<T> dx(transposed.rows(), dy.cols());
    product(transposed, dy, dx);
    return dx;
  }
};

}  // namespace poems
