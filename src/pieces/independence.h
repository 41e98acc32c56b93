// How far two latents of the same n samples are from independent: the Hilbert-Schmidt independence
// criterion (Gretton et al. 2008) with Gaussian kernels.   z: p x n, t: q x n
//
//   K_ij = exp(-r_p |z_i - z_j|^2),   L_ij = exp(-r_q |t_i - t_j|^2)
//   hsic = tr(K H L H) / n^2,   H = I - 11'/n
//
//   1 / r_d = 2 g_d^2, where g_d, the mean distance of two draws from N(0, I_d), needs no data
//
// With M = K o HLH:   dhsic/dz_i = -(4 r_p / n^2) sum_j M_ij (z_i - z_j); of t likewise.
//
// It is 0 or more, and of independent latents not 0 but about h_0 = expected_hsic(n, p, q): a bound
// is therefore a multiple of h_0, and what is to be kept at or below 0
//
//   excess = hsic / bound - 1
//
// n^2 kernel values: meant for batches. In double, since what is left of K and L is small.
#pragma once

#include <cmath>

#include "support/gamma.h"
#include "tape/tape.h"

namespace poems::pieces {

/// r_d.
inline double kernel_rate(Index d) {
  const double x = static_cast<double>(d);
  const double distance = 2.0 * std::exp(log_gamma((x + 1.0) / 2.0) - log_gamma(x / 2.0));
  return 1.0 / (2.0 * distance * distance);
}

/// Of n independent pairs from N(0, I_p) and N(0, I_q), to the order of 1/n:
/// (1 - m_p)(1 - m_q) / n, where m_d = (1 + 4 r_d)^(-d/2) is what the kernel of two draws expects.
inline double expected_hsic(Index n, Index p, Index q) {
  const auto rest = [](Index d) {
    return 1.0 - std::pow(1.0 + 4.0 * kernel_rate(d), -static_cast<double>(d) / 2.0);
  };
  return rest(p) * rest(q) / static_cast<double>(n);
}

/// x: d x n; n x n.
inline Matrix<double> gaussian_kernel(const Matrix<double>& x) {
  const Vector<double> squares = x.colwise().squaredNorm();
  Matrix<double> K = -2.0 * x.transpose() * x;
  K.colwise() += squares;
  K.rowwise() += squares.transpose();
  return (-kernel_rate(x.rows()) * K.array()).exp();
}

/// H K H of a symmetric K.
inline Matrix<double> centred(const Matrix<double>& K) {
  const Vector<double> means = K.colwise().mean();
  Matrix<double> C = K.colwise() - means;
  C.rowwise() -= means.transpose();
  return C.array() + means.mean();
}

template <typename T>
Var<T> hsic(Tape<T>& tape, Var<T> z, Var<T> t) {
  const double pairs = static_cast<double>(z->value.cols()) * static_cast<double>(z->value.cols());
  const Matrix<double> K = gaussian_kernel(z->value.template cast<double>());
  const Matrix<double> L = gaussian_kernel(t->value.template cast<double>());
  const Matrix<double> M = K.cwiseProduct(centred(L)), N = L.cwiseProduct(centred(K));
  const auto slope = [pairs](const Matrix<T>& x, const Matrix<double>& weights) -> Matrix<T> {
    const Matrix<double> X = x.template cast<double>();
    const Vector<double> sums = weights.colwise().sum();
    return (-4.0 * kernel_rate(x.rows()) / pairs * (X * sums.asDiagonal() - X * weights))
        .template cast<T>();
  };
  Var<T> y = tape.node({z, t});
  y->value.setConstant(1, 1, static_cast<T>(M.sum() / pairs));
  const Matrix<T> d_z = slope(z->value, M), d_t = slope(t->value, N);
  tape.on_backward(y, [z, t, y, d_z, d_t] {
    z->add_gradient(y->gradient(0) * d_z);
    t->add_gradient(y->gradient(0) * d_t);
  });
  return y;
}

template <typename T>
Var<T> excess(Tape<T>& tape, Var<T> x, double bound) {
  Var<T> y = tape.node({x});
  const T scale = static_cast<T>(1.0 / bound);
  y->value.setConstant(1, 1, scale * x->scalar() - T(1));
  tape.on_backward(y, [x, y, scale] { x->add_gradient(scale * y->gradient); });
  return y;
}

}  // namespace poems::pieces
