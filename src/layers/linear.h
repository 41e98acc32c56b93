// Fully connected layer, y = A x + b, whose work threads may share in blocks. Gradients are added
// to, as tape.h says.
#pragma once

#include <cmath>
#include <string>

#include "kernel/product.h"
#include "support/parallel.h"
#include "tape/tape.h"

namespace poems {

template <typename T>
struct Linear {
  Parameter<T> weight;  ///< A: out x in
  Parameter<T> bias;    ///< b: out x 1

  Linear(const std::string& name, Index in, Index out)
      : weight(name + "/weight", out, in), bias(name + "/bias", out, 1, false) {}

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

  /// db = sum of dy over the batch.
  void backward_bias(const Matrix<T>& dy) const { bias.gradient += dy.rowwise().sum(); }

  /// Some columns of dA = dy x'.
  template <typename Input>
  void backward_weight(const Eigen::MatrixBase<Input>& x, const Matrix<T>& dy, Block inputs) const {
    Matrix<T> part(dy.rows(), inputs.size);
    product(dy, x.derived().middleRows(inputs.begin, inputs.size).transpose(), part);
    weight.gradient.middleCols(inputs.begin, inputs.size) += part;
  }

  template <typename Input>
  void backward_parameters(const Eigen::MatrixBase<Input>& x, const Matrix<T>& dy) const {
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

  /// As a piece, on one thread.
  Var<T> operator()(Tape<T>& tape, Var<T> x) const {
    Var<T> y = tape.node();
    y->value.resize(weight.value.rows(), x->value.cols());
    forward(x->value, {0, x->value.cols()}, y->value);
    tape.on_backward(y, [this, x, y] {
      backward_parameters(x->value, y->gradient);
      if (!x->constant) x->add_gradient(backward_input(y->gradient));
    });
    return y;
  }
};

}  // namespace poems
