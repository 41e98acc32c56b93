// Gaussian likelihood with a noise of its own per feature. x, x_hat, o: D x B, sigma: D; o is 1
// where x was observed and 0 elsewhere.
//
//   misfit           = share sum_jn o_jn [ 1/2 ((x_jn - x_hat_jn) / sigma_j)^2 + log sigma_j ]
//   reconstruction   = 1/2 mean_jn ((x_jn - x_hat_jn) / sigma_j)^2
//   prior            = share [ (count + nu + 2) sum_j log sigma_j + 1/2 nu s^2 sum_j sigma_j^-2 ]
//
// The misfit is minus the log density but for its constant. The prior is minus the log of the
// scaled inverse chi-squared density of sigma^2 with count 0. As published, the reconstruction
// stands for the misfit, and the prior has its log sigma_j: count is B, the share 1 / B.
#pragma once

#include <string>

#include "pieces/arithmetic.h"
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
    return squares(tape, x, x_hat, nullptr, 1.0 / static_cast<double>(x->value.size()));
  }

  /// observed: a constant, or none where nothing is missing.
  Var<T> misfit(Tape<T>& tape, Var<T> x, Var<T> x_hat, Var<T> observed, double share) {
    Vector<T> count = Vector<T>::Constant(x->value.rows(), static_cast<T>(x->value.cols()));
    if (observed) count = observed->value.rowwise().sum();
    count *= static_cast<T>(share);
    Var<T> y = tape.node();
    y->value.setConstant(1, 1, count.dot(log_sigma.value.col(0)));
    tape.on_backward(y, [this, y, count] { log_sigma.gradient += y->gradient(0) * count; });
    return plus(tape, squares(tape, x, x_hat, observed, share), y);
  }

  Var<T> prior(Tape<T>& tape, double count_of_samples, double share_of_prior) {
    Var<T> y = tape.node();
    const T count = static_cast<T>(count_of_samples + df + 2.0);
    const T spread = static_cast<T>(df * prior_variance);
    const T share = static_cast<T>(share_of_prior);
    const auto precision = (T(-2) * log_sigma.value.array()).exp();
    y->value.setConstant(
        1, 1, share * (count * log_sigma.value.sum() + T(0.5) * spread * precision.sum()));
    tape.on_backward(y, [this, y, count, spread, share] {
      log_sigma.gradient.array() +=
          y->gradient(0) * share * (count - spread * (T(-2) * log_sigma.value.array()).exp());
    });
    return y;
  }

 private:
  /// share sum_jn o_jn 1/2 ((x_jn - x_hat_jn) / sigma_j)^2
  Var<T> squares(Tape<T>& tape, Var<T> x, Var<T> x_hat, Var<T> observed, double share_of_entry) {
    Var<T> r = tape.node({x, x_hat}), y = tape.node();  // r: the residual in units of its sigma
    const Vector<T> scale = (-log_sigma.value.col(0).array()).exp();
    const T share = static_cast<T>(share_of_entry);
    r->value = scale.asDiagonal() * (x->value - x_hat->value);
    if (observed) r->value.array() *= observed->value.array();
    y->value.setConstant(1, 1, T(0.5) * share * r->value.squaredNorm());
    tape.on_backward(y, [this, x, x_hat, r, y, scale, share] {
      const T weight = y->gradient(0) * share;
      log_sigma.gradient -= weight * r->value.rowwise().squaredNorm();
      x->add_gradient(weight * (scale.asDiagonal() * r->value));
      x_hat->add_gradient(-weight * (scale.asDiagonal() * r->value));
    });
    return y;
  }
};

}  // namespace poems::pieces
