// The likelihood of one omic of any family on the tape; the formulas are those of
// likelihoods/.   x_hat: D x the members of `omic`, on the scale of the family's link
//
//   negative_log_likelihood = -sum_nj log p(x_nj | x_hat_jn, noise_j) / N
//
// Missing values count as 0. The derivatives are computed with the values.
#pragma once

#include <utility>

#include "likelihoods/likelihood.h"
#include "tape/tape.h"

namespace poems::pieces {

template <typename T>
Var<T> negative_log_likelihood(Tape<T>& tape, Likelihood<T>& likelihood, const OmicBatch<T>& omic,
                               Var<T> x_hat, Index samples) {
  const double share = 1.0 / static_cast<double>(samples);
  Matrix<T> d_x_hat = x_hat->value.transpose();  // members x D, from feature to feature replaced
  Parameter<T>* noise = likelihood.noise();
  Matrix<T> d_noise;
  // The likelihood adds to the gradient of its noise, which is not yet due.
  if (noise != nullptr) {
    d_noise.setZero(noise->value.rows(), 1);
    d_noise.swap(noise->gradient);
  }
  double loss = 0.0;
  for (Index j = 0; j < d_x_hat.cols(); ++j)
    loss += likelihood.feature(omic, j, 0, share, d_x_hat.col(j));
  if (noise != nullptr) d_noise.swap(noise->gradient);

  Var<T> y = tape.node();
  y->value.setConstant(1, 1, static_cast<T>(loss));
  tape.on_backward(y, [x_hat, y, noise, dx = std::move(d_x_hat), dn = std::move(d_noise)] {
    x_hat->add_gradient(y->gradient(0) * dx.transpose());
    if (noise != nullptr) noise->gradient += y->gradient(0) * dn;
  });
  return y;
}

}  // namespace poems::pieces
