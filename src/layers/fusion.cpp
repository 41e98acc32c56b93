#include "layers/fusion.h"

namespace poems {

template <typename T>
void fuse(const Batch<T>& batch, const std::vector<Expert<T>>& experts, const Matrix<T>& alpha,
          Posterior<T>& posterior) {
  const Index factors = experts[0].mean.rows();
  Matrix<T> precision = Matrix<T>::Zero(factors, batch.size());
  posterior.mean.setZero(factors, batch.size());
  for (std::size_t v = 0; v < experts.size(); ++v) {
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      const Index b = batch.omics[v].members[i];
      const auto weight = (alpha(v, b) * (-experts[v].logvar.col(i).array()).exp()).eval();
      precision.col(b).array() += weight;
      posterior.mean.col(b).array() += weight * experts[v].mean.col(i).array();
    }
  }
  posterior.mean.array() /= precision.array();
  posterior.logvar = -precision.array().log();
}

template <typename T>
void fuse_backward(const Batch<T>& batch, const Matrix<T>& alpha, const Posterior<T>& posterior,
                   std::size_t omic, Block samples, Expert<T>& expert, Matrix<T>& d_alpha) {
  for (Index i = samples.begin; i < samples.begin + samples.size; ++i) {
    const Index b = batch.omics[omic].members[i];
    const auto variance = posterior.logvar.col(b).array().exp().eval();
    // With a = alpha tau: share of the expert is a / P, and
    // dL/da = (d_mean (mean_v - mean) - d_logvar) / P.
    const auto tau = (-expert.logvar.col(i).array()).exp().eval();
    const auto d_weight =
        ((posterior.d_mean.col(b).array() * (expert.mean.col(i) - posterior.mean.col(b)).array() -
          posterior.d_logvar.col(b).array()) *
         variance)
            .eval();
    expert.d_mean.col(i).array() =
        posterior.d_mean.col(b).array() * alpha(omic, b) * tau * variance;
    expert.d_logvar.col(i).array() = -d_weight * alpha(omic, b) * tau;
    d_alpha(omic, b) = (d_weight * tau).sum();
  }
}

template <typename T>
void sample_latent(const Matrix<T>* noise, Posterior<T>& posterior) {
  posterior.z = posterior.mean;
  if (noise) posterior.z.array() += (T(0.5) * posterior.logvar.array()).exp() * noise->array();
}

template <typename T>
void sample_latent_backward(const Matrix<T>* noise, const Matrix<T>& d_z, Posterior<T>& posterior) {
  posterior.d_mean += d_z;
  if (noise)
    posterior.d_logvar.array() +=
        T(0.5) * d_z.array() * noise->array() * (T(0.5) * posterior.logvar.array()).exp();
}

template <typename T>
double kl_divergence(const Posterior<T>& posterior) {
  const auto mean = posterior.mean.array().template cast<double>();
  const auto logvar = posterior.logvar.array().template cast<double>();
  return 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar).sum();
}

template <typename T>
void kl_backward(double weight, Posterior<T>& posterior) {
  const T w = static_cast<T>(weight);
  posterior.d_mean = w * posterior.mean;
  posterior.d_logvar = T(0.5) * w * (posterior.logvar.array().exp() - T(1));
}

#define POEMS_INSTANTIATE(T)                                                                  \
  template void fuse<T>(const Batch<T>&, const std::vector<Expert<T>>&, const Matrix<T>&,     \
                        Posterior<T>&);                                                       \
  template void fuse_backward<T>(const Batch<T>&, const Matrix<T>&, const Posterior<T>&,      \
                                 std::size_t, Block, Expert<T>&, Matrix<T>&);                 \
  template void sample_latent<T>(const Matrix<T>*, Posterior<T>&);                            \
  template void sample_latent_backward<T>(const Matrix<T>*, const Matrix<T>&, Posterior<T>&); \
  template double kl_divergence<T>(const Posterior<T>&);                                      \
  template void kl_backward<T>(double, Posterior<T>&);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
