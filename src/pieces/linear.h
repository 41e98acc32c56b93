// Fully connected layer, y = A x + b.   x: in x B, A: out x in, b: out x 1, y: out x B
//
// As a piece it cuts its own work into blocks that threads share. Pieces that cut theirs across
// layers and omics (layers/encoder.h) call forward() and the backward_...() for blocks themselves.
#pragma once

#include <cmath>
#include <string>

#include "kernel/product.h"
#include "pieces/piece.h"
#include "support/parallel.h"
#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
struct Linear {
  Parameter<T> weight;  ///< A
  Parameter<T> bias;    ///< b; empty in a layer without

  Linear(const std::string& name, Index in, Index out, bool has_bias = true)
      : weight(name + "/weight", out, in), bias(name + "/bias", has_bias ? out : 0, 1, false) {}

  std::vector<Parameter<T>*> parameters() {
    if (bias.value.size() == 0) return {&weight};
    return {&weight, &bias};
  }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) {
    const double in = static_cast<double>(weight.value.cols());
    const Stream stream(seed, Purpose::initialise, 0, part++);
    if (start == Start::uniform) weight.fill_uniform(stream, 1.0 / std::sqrt(in));
    if (start == Start::kaiming) {
      weight.fill_normal(stream);
      weight.value *= static_cast<T>(std::sqrt(2.0 / in));
    }
    bias.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), 1.0 / std::sqrt(in));
  }

  Var<T> operator()(Tape<T>& tape, Var<T> x) const {
    const int threads = tape.threads();
    Var<T> y = tape.node();
    y->value.resize(weight.value.rows(), x->value.cols());
    for_blocks(x->value.cols(), x->value.cols(), threads,
               [&](Block samples) { forward(x->value, samples, y->value); });
    tape.on_backward(y, [this, x, y, threads] {
      backward_bias(y->gradient);
      for_blocks(x->value.rows(), x->value.cols(), threads,
                 [&](Block inputs) { backward_weight(x->value, y->gradient, inputs); });
      if (x->constant) return;
      const Matrix<T> transposed = weight.value.transpose();
      for_blocks(x->value.cols(), x->value.cols(), threads, [&](Block samples) {
        Matrix<T> dx(transposed.rows(), samples.size);
        product(transposed, y->gradient.middleCols(samples.begin, samples.size), dx);
        x->gradient.middleCols(samples.begin, samples.size) += dx;
      });
    });
    return y;
  }

  /// Some columns of y = A x + b; y has its shape already.
  template <typename Input>
  void forward(const Eigen::MatrixBase<Input>& x, Block samples, Matrix<T>& y) const {
    auto part = y.middleCols(samples.begin, samples.size);
    product(weight.value, x.derived().middleCols(samples.begin, samples.size), part);
    if (bias.value.size() > 0) part.colwise() += bias.value.col(0);
  }

  /// db += the sum of dy over the batch.
  void backward_bias(const Matrix<T>& dy) const {
    if (bias.value.size() > 0) bias.gradient += dy.rowwise().sum();
  }

  /// Some columns of dA += dy x'.
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

 private:
  /// Calls body(block) for blocks of `total` samples or inputs.
  template <typename Body>
  void for_blocks(Index total, Index samples, int threads, Body body) const {
    constexpr Index at_once = 64;  // whose sums stay in cache
    const double work = static_cast<double>(weight.value.size()) * static_cast<double>(samples);
    parallel_for(block_count(at_once, total), work, threads,
                 [&](Index i, int) { body(block_at(i, at_once, total)); });
  }
};

}  // namespace poems::pieces
