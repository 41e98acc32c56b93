// Spike-and-slab lasso prior on the loadings W of one omic (Rockova and George 2018).
//
//   w_jk | gamma_jk ~ gamma_jk Laplace(lambda1) + (1 - gamma_jk) Laplace(lambda0)
//   gamma_jk ~ Bernoulli(eta_k),   eta_k ~ Beta(a, b)
//
// Where a factor has a set, its members have larger odds of a loading: inclusion_rate.h.
//
// The expected penalty given the inclusion probabilities p is
//   sum_jk (lambda1 p_jk + lambda0 (1 - p_jk)) |w_jk|.
// W and p are held factors x features.
#pragma once

#include "pieces/inclusion_rate.h"
#include "support/parallel.h"
#include "support/types.h"

namespace poems {

struct SpikeSlabConfig {
  double lambda0;  ///< rate of the spike
  double lambda1;  ///< rate of the slab, smaller than lambda0
  double a, b;     ///< Beta prior of the inclusion rates
  /// Whether the E step compares the full Laplace densities, (lambda / 2) exp(-lambda |w|), or, as
  /// the published code does, only the exponentials.
  bool proper_densities;
};

template <typename T>
class SpikeSlab {
 public:
  Matrix<T> inclusion_probability;  ///< p: factors x features
  Matrix<T> inclusion_rate;         ///< eta: factors x 1
  SetMembers sets;                  ///< of the factors, if any

  SpikeSlab(const SpikeSlabConfig& config, Index factors, Index features);

  /// The expected penalty of the loadings (or of the mask made from them).
  double penalty(const Matrix<T>& W, int threads) const;

  /// Adds weight * subgradient of the penalty to d_W (0 where a loading is 0).
  void add_gradient(const Matrix<T>& W, double weight, Matrix<T>& d_W) const;

  /// w <- sign(w) max(|w| - step_jk * weight * (lambda1 p_jk + lambda0 (1 - p_jk)), 0).
  /// For some features. step: the optimiser's step size per entry, factors x these features.
  void proximal_step(const Matrix<T>& step, double weight, Block features, Matrix<T>& W) const;

  /// E step for p, then M step for eta: eta_k = (sum_j p_jk + a - 1) / (a + b + D - 2) without a
  /// set (with one, see inclusion_rate.h), from the loadings or the mask made from them.
  void update(const Matrix<T>& W, int threads);

 private:
  T rate(Index k, Index j) const {
    return static_cast<T>(config_.lambda0) -
           static_cast<T>(config_.lambda0 - config_.lambda1) * inclusion_probability(k, j);
  }

  SpikeSlabConfig config_;
};

}  // namespace poems
