// Reverse-mode differentiation over whole matrices. A piece makes a node, fills in its value and
// leaves its backward on the tape; backward() runs those in the opposite order.
//
// The rule for gradients: they add up. The backward of y = f(x; A) adds
//
//   (dy/dx)' y.gradient to x.gradient,      (dy/dA)' y.gradient to A.gradient
//
// and never assigns, so a node or a parameter that is used several times gets the sum over its
// uses. They are zeroed in one place, Tape::backward(), before the first of them is added to.
//
// A constant (data, draws, what is detached) takes no gradient, and a piece that is fed constants
// alone makes a constant. On a tape that does not record, for losses and predictions without
// gradients, all are constants and nothing is left for the backward pass.
//
// A piece may leave its value to the backward pass, if that computes it anyway: the fused decoders
// do, whose terms of the loss are known after backward() only where the tape records.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "support/parallel.h"
#include "support/types.h"
#include "tape/parameter.h"
#include "tape/terms.h"

namespace poems {

/// One value of a pass, with a sample per column; a term of the loss is 1 x 1.
template <typename T>
struct Node {
  Matrix<T> value;
  Matrix<T> gradient;  ///< of the loss; of no meaning in a constant
  bool constant;

  template <typename G>
  void add_gradient(const Eigen::MatrixBase<G>& g) {
    if (!constant) gradient.noalias() += g;
  }

  /// Of a term of the loss: a sum in double, where T is single precision.
  double scalar() const { return exact_ ? *exact_ : static_cast<double>(value(0, 0)); }

  void set_scalar(double x) {
    value.setConstant(1, 1, static_cast<T>(x));
    exact_ = x;
  }

  void clear() { exact_.reset(); }

 private:
  std::optional<double> exact_;
};

template <typename T>
class Tape {
 public:
  explicit Tape(bool records = true, int threads = 1) : records_(records), threads_(threads) {}

  bool records() const { return records_; }
  int threads() const { return threads_; }  ///< that pieces may use

  /// Forgets the pass. Nodes stay allocated, so that a next pass of the same shapes finds them.
  void reset() {
    used_ = 0;
    backwards_.clear();
  }

  /// What a piece computes from `inputs`, which decide whether it is a constant. The piece fills in
  /// the value.
  Var<T> node(const std::vector<Var<T>>& inputs) {
    bool constant = true;
    for (Var<T> x : inputs) constant = constant && x->constant;
    return next(constant);
  }

  /// What a piece with parameters computes: never a constant.
  Var<T> node() { return next(false); }

  template <typename Values>
  Var<T> constant(const Eigen::MatrixBase<Values>& values) {
    Var<T> y = next(true);
    y->value = values;
    return y;
  }

  /// A 1 x 1 constant.
  Var<T> constant(double scalar) {
    Var<T> y = next(true);
    y->set_scalar(scalar);
    return y;
  }

  /// A parameter as a node.
  Var<T> parameter(const Parameter<T>& p) {
    Var<T> y = node();
    y->value = p.value;
    on_backward(y, [y, &p] { p.gradient += y->gradient; });
    return y;
  }

  /// Leaves what is to be done once y's gradient is known; nothing if y is a constant.
  void on_backward(Var<T> y, std::function<void()> backward) {
    if (!y->constant) backwards_.push_back(std::move(backward));
  }

  /// Has something done when the backward pass comes by here.
  void on_backward(std::function<void()> backward) {
    if (records_) backwards_.push_back(std::move(backward));
  }

  /// The gradients of sum_t weight_t term_t. `parameters`: all those of the model.
  void backward(const Terms<T>& terms, const std::vector<Parameter<T>*>& parameters) {
    zero_gradients(parameters);
    for (const Term<T>& term : terms)
      term.value->add_gradient(Matrix<T>::Constant(1, 1, static_cast<T>(term.weight)));
    for (auto f = backwards_.rbegin(); f != backwards_.rend(); ++f) (*f)();
  }

 private:
  /// In pieces that threads share: a wide omic's are many megabytes.
  void zero_gradients(const std::vector<Parameter<T>*>& parameters) {
    constexpr Index entries_at_once = 1 << 18;
    std::vector<Matrix<T>*> gradients;
    const auto shape = [&](Matrix<T>& gradient, const Matrix<T>& value) {
      gradient.resize(value.rows(), value.cols());
      gradients.push_back(&gradient);
    };
    for (Parameter<T>* p : parameters) shape(p->gradient, p->value);
    for (std::size_t i = 0; i < used_; ++i)
      if (!nodes_[i].constant) shape(nodes_[i].gradient, nodes_[i].value);
    std::vector<std::pair<Matrix<T>*, Block>> blocks;
    double work = 0.0;
    for (Matrix<T>* gradient : gradients) {
      for (Index i = 0; i < block_count(entries_at_once, gradient->size()); ++i)
        blocks.emplace_back(gradient, block_at(i, entries_at_once, gradient->size()));
      work += static_cast<double>(gradient->size());
    }
    parallel_for(static_cast<Index>(blocks.size()), work, threads_, [&](Index i, int) {
      const Block b = blocks[static_cast<std::size_t>(i)].second;
      std::fill_n(blocks[static_cast<std::size_t>(i)].first->data() + b.begin, b.size, T(0));
    });
  }

  Var<T> next(bool constant) {
    if (used_ == nodes_.size()) nodes_.emplace_back();
    Var<T> y = &nodes_[used_++];
    y->constant = constant || !records_;
    y->clear();
    return y;
  }

  const bool records_;
  const int threads_;
  std::deque<Node<T>> nodes_;  // a deque, because its elements stay where they are
  std::size_t used_ = 0;
  std::vector<std::function<void()>> backwards_;
};

}  // namespace poems
