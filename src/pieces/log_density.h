// Log-densities of the data, constants included, summed over features: a number per sample.
//
//   Gaussian    y_n = -sum_j o_jn [ 1/2 r_jn^2 + log sigma_j + 1/2 log 2 pi ],
//               r = (x - x_hat) / sigma,   sigma_j = softplus(noise_j)
//   Bernoulli   y_n = x_n logit_n - log(1 + e^logit_n),   x_n: 0 or 1
//
// x, x_hat: D x n; o: D x n, 1 where a value is observed, else 0; empty if all are; logit, y: 1 x
// n.
#pragma once

#include <string>

#include "likelihoods/link_likelihood.h"
#include "pieces/arithmetic.h"

namespace poems::pieces {

template <typename T>
struct GaussianDensity {
  Parameter<T> noise;

  GaussianDensity(const std::string& name, Index features)
      : noise(name + "/noise", features, 1, false) {}

  std::vector<Parameter<T>*> parameters() { return {&noise}; }

  /// sigma starts at 0.31.
  void initialise() { noise.value.setConstant(T(-1)); }

  Var<T> operator()(Tape<T>& tape, Var<T> x, Var<T> x_hat, Var<T> observed) {
    const auto soft = [](T r) { return static_cast<T>(softplus(r)); };
    const Vector<T> inverse = noise.value.col(0).unaryExpr(soft).cwiseInverse();
    const Vector<T> constant = T(0.9189385332046727418) - inverse.array().log();
    Var<T> r = tape.node({x, x_hat}), y = tape.node();
    r->value = inverse.asDiagonal() * (x->value - x_hat->value);
    if (observed != nullptr) r->value.array() *= observed->value.array();
    y->value = T(-0.5) * r->value.colwise().squaredNorm();
    if (observed != nullptr)
      y->value.noalias() -= constant.transpose() * observed->value;
    else
      y->value.array() -= constant.sum();
    tape.on_backward(y, [this, x, x_hat, r, y, inverse, observed] {
      const Matrix<T> d = inverse.asDiagonal() * r->value * y->gradient.row(0).asDiagonal();
      x->add_gradient(-d);
      x_hat->add_gradient(d);
      // of log sigma, then of the noise: d log sigma = logistic(noise) / sigma
      Vector<T> d_noise = r->value.array().square().matrix() * y->gradient.transpose();
      if (observed != nullptr)
        d_noise.noalias() -= observed->value * y->gradient.transpose();
      else
        d_noise.array() -= y->gradient.sum();
      const auto slope = [](T r) { return static_cast<T>(logistic(r)); };
      noise.gradient.col(0) +=
          d_noise.cwiseProduct(inverse).cwiseProduct(noise.value.col(0).unaryExpr(slope));
    });
    return y;
  }
};

template <typename T>
Var<T> bernoulli_density(Tape<T>& tape, Var<T> x, Var<T> logit) {
  const auto soft = [](T l) { return static_cast<T>(softplus(l)); };
  Var<T> y = tape.node({x, logit});
  y->value = x->value.cwiseProduct(logit->value) - logit->value.unaryExpr(soft);
  tape.on_backward(y, [x, logit, y] {
    const auto mean = [](T l) { return static_cast<T>(logistic(l)); };
    x->add_gradient(y->gradient.cwiseProduct(logit->value));
    logit->add_gradient(y->gradient.cwiseProduct(x->value - logit->value.unaryExpr(mean)));
  });
  return y;
}

}  // namespace poems::pieces
