// Fully connected layer, y = A x + b.   x: in x B, A: out x in, b: out x 1, y: out x B
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

  Var<T> operator()(Tape<T>& tape, Var<T> x) {
    Var<T> y = tape.node();
    const int threads = tape.threads();
    multiply(weight.value, x->value, y->value, threads);
    if (bias.value.size() > 0) y->value.colwise() += bias.value.col(0);
    tape.on_backward(y, [this, x, y, threads] {
      if (bias.value.size() > 0) bias.gradient += y->gradient.rowwise().sum();
      weight_backward(x->value, y->gradient, threads);
      if (!x->constant) input_backward(x, y->gradient, threads);
    });
    return y;
  }

 private:
  /// out = left * right, some samples at a time.
  static void multiply(const Matrix<T>& left, const Matrix<T>& right, Matrix<T>& out, int threads) {
    constexpr Index samples_at_once = 64;
    out.resize(left.rows(), right.cols());
    const double work = static_cast<double>(left.size()) * static_cast<double>(right.cols());
    parallel_for(block_count(samples_at_once, right.cols()), work, threads, [&](Index i, int) {
      const Block b = block_at(i, samples_at_once, right.cols());
      product(left, right.middleCols(b.begin, b.size), out.middleCols(b.begin, b.size));
    });
  }

  /// dA += dy x', some inputs at a time, whose sums stay in cache.
  void weight_backward(const Matrix<T>& x, const Matrix<T>& dy, int threads) {
    constexpr Index inputs_at_once = 64;
    const double work = static_cast<double>(x.size()) * static_cast<double>(dy.rows());
    parallel_for(block_count(inputs_at_once, x.rows()), work, threads, [&](Index i, int) {
      const Block b = block_at(i, inputs_at_once, x.rows());
      Matrix<T> sums(dy.rows(), b.size);
      product(dy, x.middleRows(b.begin, b.size).transpose(), sums);
      weight.gradient.middleCols(b.begin, b.size) += sums;
    });
  }

  /// dx += A' dy
  void input_backward(Var<T> x, const Matrix<T>& dy, int threads) {
    const Matrix<T> transposed = weight.value.transpose();
    Matrix<T> dx;
    multiply(transposed, dy, dx, threads);
    x->add_gradient(dx);
  }
};

}  // namespace poems::pieces
