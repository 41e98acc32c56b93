// Gaussian likelihood with a noise of its own per feature, in the published scaling. x, x_hat:
// D x B, sigma: D.
//
//   reconstruction = 1/2 mean_jn ((x_jn - x_hat_jn) / sigma_j)^2
//   prior          = [ (B + nu + 2) sum_j log sigma_j + 1/2 nu s^2 sum_j sigma_j^-2 ] / B
//
// The prior is the scaled inverse chi-squared's of sigma^2, and holds besides the B log sigma_j of
// the likelihood's normaliser, which the reconstruction lacks.
#pragma once

#include <string>

#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
struct GaussianLikelihood {
  Parameter<T> log_sigma;
  double df;              ///< nu
  double prior_variance;  ///< s^2

  GaussianLikelihood(const std::string& name, Index features, double df_, double prior_variance_)
      : log_sigma(name + "/log_sigma", features, 1, false),
        df(df_),
        prior_variance(prior_variance_) {}

  std::vector<Parameter<T>*> parameters() { return {&log_sigma}; }

  /// sigma starts at the features' standard deviations.
  void initialise(const Vector<double>& spread) {
    log_sigma.value = spread.array().log().matrix().template cast<T>();
  }

  Var<T> reconstruction(Tape<T>& tape, Var<T> x, Var<T> x_hat) {
    Var<T> r = tape.node({x, x_hat}), y = tape.node();  // r: the residual in units of its sigma
    const Vector<T> scale = (-log_sigma.value.col(0).array()).exp();
    r->value = scale.asDiagonal() * (x->value - x_hat->value);
    y->value.setConstant(1, 1, T(0.5) * r->value.squaredNorm() / T(r->value.size()));
    tape.on_backward(y, [this, x, x_hat, r, y, scale] {
      const T weight = y->gradient(0) / T(r->value.size());
      log_sigma.gradient -= weight * r->value.rowwise().squaredNorm();
      x->add_gradient(weight * (scale.asDiagonal() * r->value));
      x_hat->add_gradient(-weight * (scale.asDiagonal() * r->value));
    });
    return y;
  }

  Var<T> prior(Tape<T>& tape, Index samples) {
    Var<T> y = tape.node();
    const T count = static_cast<T>(static_cast<double>(samples) + df + 2.0);
    const T spread = static_cast<T>(df * prior_variance);
    const T share = T(1) / static_cast<T>(samples);
    const auto precision = (T(-2) * log_sigma.value.array()).exp();
    y->value.setConstant(
        1, 1, share * (count * log_sigma.value.sum() + T(0.5) * spread * precision.sum()));
    tape.on_backward(y, [this, y, count, spread, share] {
      log_sigma.gradient.array() +=
          y->gradient(0) * share * (count - spread * (T(-2) * log_sigma.value.array()).exp());
    });
    return y;
  }
};

}  // namespace poems::pieces
