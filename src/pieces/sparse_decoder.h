// Sparse decoder of one omic, feature by feature: the clear form, not the fast one.
//
//   h_j = drop(relu(A (w_j o z))),   x_hat_j = c_j + v_j' h_j
//
// z: K x B, A: H x K, w_j: column j of W, K x D; v_j: column j of V, H x D; c: D x 1. Dropout is
// drawn for every feature. The backward computes h_j again instead of keeping all of them.
#pragma once

#include "pieces/draws.h"
#include "pieces/linear.h"

namespace poems::pieces {

template <typename T>
struct SparseDecoder {
  std::string name;
  Parameter<T> hidden;    ///< A
  Parameter<T> loadings;  ///< W
  Parameter<T> output;    ///< V
  Parameter<T> bias;      ///< c
  double dropout_rate;

  SparseDecoder(const std::string& name_, Index factors, Index units, Index features,
                double dropout_rate_)
      : name(name_),
        hidden(name + "/hidden/weight", units, factors),
        loadings(name + "/loadings", factors, features, false),
        output(name + "/output/weight", units, features),
        bias(name + "/output/bias", features, 1, false),
        dropout_rate(dropout_rate_) {
    loadings.transposed = true;
    output.transposed = true;
  }

  std::vector<Parameter<T>*> parameters() { return {&hidden, &loadings, &output, &bias}; }

  /// Uniform in +-1/sqrt(inputs) whatever the layers' start is; loadings standard normal.
  void initialise(Start, std::uint64_t seed, std::uint64_t& part) {
    const auto stream = [&] { return Stream(seed, Purpose::initialise, 0, part++); };
    const double units = static_cast<double>(hidden.value.rows());
    hidden.fill_uniform(stream(), 1.0 / std::sqrt(static_cast<double>(hidden.value.cols())));
    loadings.fill_normal(stream());
    output.fill_uniform(stream(), 1.0 / std::sqrt(units));
    bias.fill_uniform(stream(), 1.0 / std::sqrt(units));
  }

  /// Columns of A and every v_j to length 1, their lengths into the loadings, which leaves x_hat as
  /// it is: the size of a loading then means something.
  void normalise_to_unit() {
    const Vector<T> lengths = hidden.value.colwise().norm().cwiseMax(least_length);
    const Vector<T> outputs = output.value.colwise().norm().cwiseMax(least_length);
    hidden.value = hidden.value * lengths.cwiseInverse().asDiagonal();
    output.value = output.value * outputs.cwiseInverse().asDiagonal();
    loadings.value = lengths.asDiagonal() * loadings.value * outputs.asDiagonal();
  }

  Var<T> operator()(Tape<T>& tape, Var<T> z, const Draws<T>& draws) {
    Var<T> x_hat = tape.node();
    const Index features = loadings.value.cols();
    x_hat->value.resize(features, z->value.cols());
    for (Index j = 0; j < features; ++j) {
      const Matrix<T> h = units_of(j, z->value, draws);
      x_hat->value.row(j) = (output.value.col(j).transpose() * h).array() + bias.value(j);
    }
    tape.on_backward(x_hat, [this, z, x_hat, &draws] {
      bias.gradient += x_hat->gradient.rowwise().sum();
      for (Index j = 0; j < x_hat->value.rows(); ++j) feature_backward(j, z, x_hat, draws);
    });
    return x_hat;
  }

 private:
  static constexpr T least_length = T(1e-12);

  Matrix<T> kept(Index j, Index samples, const Draws<T>& draws) const {
    return draws.kept(name + "/" + std::to_string(j), dropout_rate, hidden.value.rows(), samples);
  }

  /// h_j: H x B.
  Matrix<T> units_of(Index j, const Matrix<T>& z, const Draws<T>& draws) const {
    const Matrix<T> A_j = hidden.value * loadings.value.col(j).asDiagonal();
    Matrix<T> h = (A_j * z).cwiseMax(T(0));
    const Matrix<T> scale = kept(j, z.cols(), draws);
    if (scale.size() > 0) h.array() *= scale.array();
    return h;
  }

  void feature_backward(Index j, Var<T> z, Var<T> x_hat, const Draws<T>& draws) {
    const auto w = loadings.value.col(j);
    const Matrix<T> h = units_of(j, z->value, draws);
    output.gradient.col(j) += h * x_hat->gradient.row(j).transpose();
    // A unit that came out positive was kept: its slope is what dropout multiplied it by.
    Matrix<T> d_h = (h.array() > T(0)).select(output.value.col(j) * x_hat->gradient.row(j), T(0));
    const Matrix<T> scale = kept(j, h.cols(), draws);
    if (scale.size() > 0) d_h.array() *= scale.array();
    const Matrix<T> d_A_j = d_h * z->value.transpose();
    hidden.gradient += d_A_j * w.asDiagonal();
    loadings.gradient.col(j) += d_A_j.cwiseProduct(hidden.value).colwise().sum().transpose();
    z->add_gradient(w.asDiagonal() * (hidden.value.transpose() * d_h));
  }
};

}  // namespace poems::pieces
