#include "decoder.h"

#include <algorithm>
#include <cmath>

#include "parallel.h"

namespace poems {

namespace {

/// Features are cut into at most 64 blocks, however many threads there are, so that sums over
/// blocks are the same on any number of threads.
Index feature_block_size(Index features) { return std::max<Index>(8, block_count(64, features)); }

}  // namespace

/// One thread's buffers for one feature at a time.
template <typename T>
struct SparseDecoder<T>::Workspace {
  std::vector<Index> active;  ///< factors in use
  Matrix<T> A;                ///< hidden x active: columns of A times the mask
  Matrix<T> z;                ///< active x members
  Matrix<T> hidden;           ///< hidden x members: the hidden layer, later its gradient
  Matrix<T> d_A;              ///< hidden x active
  Matrix<T> d_z;              ///< active x members
  Vector<T> xhat;             ///< members
};

template <typename T>
SparseDecoder<T>::SparseDecoder(Index features, Index factors, Index hidden_units)
    : hidden("decoder_hidden_weight", hidden_units, factors),
      W("W", factors, features, false),
      output("decoder_output_weight", hidden_units, features),
      bias("decoder_output_bias", features, 1, false) {
  W.transposed = true;
  output.transposed = true;
}

template <typename T>
void SparseDecoder<T>::initialise(std::uint64_t seed, std::uint64_t& part, bool unit_norm) {
  const double factors = static_cast<double>(hidden.value.cols());
  const double units = static_cast<double>(hidden.value.rows());
  hidden.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), 1.0 / std::sqrt(factors));
  output.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), 1.0 / std::sqrt(units));
  bias.fill_uniform(Stream(seed, Purpose::initialise, 0, part++), 1.0 / std::sqrt(units));
  if (unit_norm) {
    bias.value.setZero();
    normalise_to_unit();
  }
  W.fill_normal(Stream(seed, Purpose::initialise, 0, part++));
}

template <typename T>
void SparseDecoder<T>::hidden_layer(const Matrix<T>& mask, const Matrix<T>& z, Index j,
                                    bool skip_zeros, Workspace& work) const {
  const Index factors = mask.rows();
  work.active.clear();
  for (Index k = 0; k < factors; ++k)
    if (!skip_zeros || mask(k, j) != T(0)) work.active.push_back(k);
  const auto active = static_cast<Index>(work.active.size());
  work.A.resize(hidden.value.rows(), active);
  work.z.resize(active, z.cols());
  for (Index a = 0; a < active; ++a) {
    work.A.col(a) = hidden.value.col(work.active[a]) * mask(work.active[a], j);
    work.z.row(a) = z.row(work.active[a]);
  }
  work.hidden.resize(hidden.value.rows(), z.cols());
  work.hidden.noalias() = work.A * work.z;
  work.hidden = work.hidden.cwiseMax(T(0));
}

template <typename T>
void SparseDecoder<T>::reconstruct(const Matrix<T>& mask, const Matrix<T>& z, Matrix<T>& xhat,
                                   int threads) const {
  const Index features = mask.cols(), size = feature_block_size(features);
  xhat.resize(z.cols(), features);
  std::vector<Workspace> workspaces(threads);
  parallel_for(block_count(size, features), work_of_pass(z), threads, [&](Index block, int thread) {
    Workspace& work = workspaces[thread];
    const Block range = block_at(block, size, features);
    for (Index j = range.begin; j < range.begin + range.size; ++j) {
      hidden_layer(mask, z, j, true, work);
      xhat.col(j).noalias() = work.hidden.transpose() * output.value.col(j);
      xhat.col(j).array() += bias.value(j);
    }
  });
}

template <typename T>
double SparseDecoder<T>::loss(const OmicBatch<T>& batch, const Matrix<T>& mask, const Matrix<T>& z,
                              double weight, GaussianLikelihood<T>& likelihood, int threads) const {
  const Index features = mask.cols(), size = feature_block_size(features);
  std::vector<Workspace> workspaces(threads);
  std::vector<double> losses(block_count(size, features), 0.0);
  parallel_for(block_count(size, features), work_of_pass(z), threads, [&](Index block, int thread) {
    Workspace& work = workspaces[thread];
    const Block range = block_at(block, size, features);
    for (Index j = range.begin; j < range.begin + range.size; ++j) {
      hidden_layer(mask, z, j, true, work);
      work.xhat.noalias() = work.hidden.transpose() * output.value.col(j);
      work.xhat.array() += bias.value(j);
      losses[block] += likelihood.feature(batch, j, weight, work.xhat);
    }
  });
  double total = 0.0;
  for (double loss : losses) total += loss;
  return total;
}

template <typename T>
double SparseDecoder<T>::loss_and_gradients(const OmicBatch<T>& batch, const Matrix<T>& mask,
                                            const Matrix<T>& z, double weight,
                                            const Dropout& dropout, bool skip_zeros,
                                            GaussianLikelihood<T>& likelihood,
                                            DecoderGradients<T>& gradients, int threads) {
  const Index features = mask.cols(), factors = mask.rows(), members = z.cols();
  const Index units = hidden.value.rows();
  const Index size = feature_block_size(features), blocks = block_count(size, features);
  const T keep_scale = static_cast<T>(dropout.keep_scale());
  std::vector<Workspace> workspaces(threads);
  std::vector<double> losses(blocks, 0.0);
  std::vector<Matrix<T>> d_A(blocks), d_z(blocks);
  output.gradient.resize(units, features);
  bias.gradient.resize(features, 1);
  gradients.d_mask.setZero(factors, features);

  parallel_for(blocks, 3.0 * work_of_pass(z), threads, [&](Index block, int thread) {
    Workspace& work = workspaces[thread];
    d_A[block].setZero(units, factors);
    d_z[block].setZero(factors, members);
    const Block range = block_at(block, size, features);
    for (Index j = range.begin; j < range.begin + range.size; ++j) {
      hidden_layer(mask, z, j, skip_zeros, work);
      if (dropout.active())
        for (Index i = 0; i < members; ++i) {
          const auto row = static_cast<std::uint64_t>(batch.samples[i] * features + j);
          dropout.apply(row, work.hidden.col(i).data(), units);
        }
      work.xhat.noalias() = work.hidden.transpose() * output.value.col(j);
      work.xhat.array() += bias.value(j);
      losses[block] += likelihood.feature(batch, j, weight, work.xhat);

      const Vector<T>& d_xhat = work.xhat;  // the likelihood left the gradient there
      output.gradient.col(j).noalias() = work.hidden * d_xhat;
      bias.gradient(j) = d_xhat.sum();
      // A hidden unit that came out positive was kept and scaled: its slope is keep_scale.
      const Vector<T> slope = output.value.col(j) * keep_scale;
      for (Index i = 0; i < members; ++i)
        work.hidden.col(i) = (work.hidden.col(i).array() > T(0)).select(slope * d_xhat(i), T(0));
      work.d_A.noalias() = work.hidden * work.z.transpose();
      work.d_z.noalias() = work.A.transpose() * work.hidden;
      for (std::size_t a = 0; a < work.active.size(); ++a) {
        const Index k = work.active[a];
        gradients.d_mask(k, j) = work.d_A.col(a).dot(hidden.value.col(k));
        d_A[block].col(k) += work.d_A.col(a) * mask(k, j);
        d_z[block].row(k) += work.d_z.row(a);
      }
    }
  });

  hidden.zero_gradient();
  gradients.d_z.setZero(factors, members);
  double total = 0.0;
  for (Index block = 0; block < blocks; ++block) {
    total += losses[block];
    hidden.gradient += d_A[block];
    gradients.d_z += d_z[block];
  }
  return total;
}

template <typename T>
void SparseDecoder<T>::normalise_to_unit() {
  for (Index k = 0; k < hidden.value.cols(); ++k) {
    const T norm = hidden.value.col(k).norm();
    if (norm == T(0)) continue;
    hidden.value.col(k) /= norm;
    W.value.row(k) *= norm;
  }
  for (Index j = 0; j < output.value.cols(); ++j) {
    const T norm = output.value.col(j).norm();
    if (norm == T(0)) continue;
    output.value.col(j) /= norm;
    W.value.col(j) *= norm;
  }
}

template class SparseDecoder<float>;
template class SparseDecoder<double>;

}  // namespace poems
