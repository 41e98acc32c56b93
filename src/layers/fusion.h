// Gated product of experts (Eq. 1): the posterior that all omics of a sample share.
//
//   tau_v = exp(-logvar_v),  P = sum_v alpha_v tau_v
//   logvar = -log P,         mean = sum_v alpha_v tau_v mean_v / P,   z = mean + exp(logvar / 2)
//   eps
//
// Sums run over the omics that the sample has.
#pragma once

#include <vector>

#include "data/cohort.h"
#include "layers/encoder.h"

namespace poems {

/// The shared posterior of a batch; all matrices are factors x B.
template <typename T>
struct Posterior {
  Matrix<T> mean, logvar, z;
  Matrix<T> d_mean, d_logvar;  ///< gradients of the loss
};

/// Fills mean and logvar. alpha: omics x B.
template <typename T>
void fuse(const Batch<T>& batch, const std::vector<Expert<T>>& experts, const Matrix<T>& alpha,
          Posterior<T>& posterior);

/// From the posterior's d_mean and d_logvar to those of one expert and to its row of d_alpha (omics
/// x B), for some of the samples that have the omic. All have their shapes already.
template <typename T>
void fuse_backward(const Batch<T>& batch, const Matrix<T>& alpha, const Posterior<T>& posterior,
                   std::size_t omic, Block samples, Expert<T>& expert, Matrix<T>& d_alpha);

/// z = mean + exp(logvar / 2) * noise; noise: factors x B, or null for z = mean.
template <typename T>
void sample_latent(const Matrix<T>* noise, Posterior<T>& posterior);

/// Adds what d_z (factors x B) means for d_mean and d_logvar.
template <typename T>
void sample_latent_backward(const Matrix<T>* noise, const Matrix<T>& d_z, Posterior<T>& posterior);

/// KL( N(mean, var) || N(0, I) ) = 1/2 sum(mean^2 + var - 1 - logvar), over factors and samples.
template <typename T>
double kl_divergence(const Posterior<T>& posterior);

/// Sets d_mean and d_logvar to weight times the gradient of the KL divergence.
template <typename T>
void kl_backward(double weight, Posterior<T>& posterior);

}  // namespace poems
