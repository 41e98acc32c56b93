#include "layers/decoder_pass.h"

#include <algorithm>

#include "support/parallel.h"

namespace poems {

namespace {
constexpr Index most_blocks = 32;
constexpr Index smallest_block = 32;

/// Factors x columns, with zeros added to both.
template <typename Factors>
AlignedVector<typename Factors::Scalar> padded_rows(const Factors& m, Index columns) {
  using T = typename Factors::Scalar;
  const Index rows = padded(m.rows());
  AlignedVector<T> result(rows * columns, T(0));
  Eigen::Map<Matrix<T>>(result.data(), rows, columns).topLeftCorner(m.rows(), m.cols()) = m;
  return result;
}
}  // namespace

template <typename T>
DecoderPass<T>::DecoderPass(const SparseDecoder<T>& decoder, DecoderTask task,
                            const Matrix<T>& mask, const Matrix<T>& z, const OmicBatch<T>* batch,
                            double weight, Likelihood<T>* likelihood, const Dropout& dropout,
                            bool skip_zeros)
    : decoder_(decoder),
      task_(task),
      mask_(mask),
      z_(z),
      batch_(batch),
      weight_(weight),
      likelihood_(likelihood),
      dropout_(dropout),
      skip_zeros_(skip_zeros),
      block_size_(std::max(smallest_block, block_count(most_blocks, mask.cols()))),
      losses_(blocks(), 0.0) {
  const Index features = mask.cols();
  if (task == DecoderTask::reconstruct) xhat.resize(z.cols(), features);
  if (task == DecoderTask::gradients) {
    d_z.resize(z.rows(), z.cols());
    d_A_.resize(blocks());
    d_z_.resize(blocks());
  }
  samples_z_.setZero(padded(z.cols()), z.rows());
  samples_z_.topRows(z.cols()) = z.transpose();
  if (task == DecoderTask::gradients && kernel().by_rows(z.rows(), z.rows())) {
    A_rows_ = padded_rows(decoder.hidden.value.transpose(), decoder.hidden.value.rows());
    z_rows_ = padded_rows(z, samples_z_.rows());
  }
  if (dropout.active()) {
    const DropoutDraws draws = dropout.draws(0);
    sample_words_.assign(samples_z_.rows(), 0);
    for (Index i = 0; i < z.cols(); ++i) sample_words_[i] = draws.sample_word(batch->samples[i]);
  }
}

template <typename T>
double DecoderPass<T>::work() const {
  constexpr double unit = 4.0;  // a hidden unit's relu and dropout take as long as so many factors
  const double active = skip_zeros_ ? static_cast<double>((mask_.array() != T(0)).count())
                                    : static_cast<double>(mask_.size());
  const double products = task_ == DecoderTask::gradients ? 3.0 : 1.0;
  return products * (active + unit * static_cast<double>(mask_.cols())) *
         static_cast<double>(decoder_.hidden.value.rows()) * static_cast<double>(z_.cols());
}

template <typename T>
void DecoderPass<T>::find_active(Index j, std::vector<int>& active) const {
  active.resize(mask_.rows());
  Index count = 0;
  for (Index k = 0; k < mask_.rows(); ++k) {
    active[count] = static_cast<int>(k);  // overwritten by the next if this one is skipped
    count += !skip_zeros_ || mask_(k, j) != T(0);
  }
  active.resize(count);
}

template <typename T>
void DecoderPass<T>::add_covariates(Index j, Index begin, Eigen::Ref<Vector<T>> xhat) const {
  if (decoder_.effects.value.size() == 0) return;
  xhat += batch_->covariates.middleRows(begin, xhat.size()) * decoder_.effects.value.col(j);
}

template <typename T>
void DecoderPass<T>::add_covariate_gradient(Index j, Index begin,
                                            const Eigen::Ref<const Vector<T>>& d_xhat) const {
  if (decoder_.effects.value.size() == 0) return;
  decoder_.effects.gradient.col(j) +=
      batch_->covariates.middleRows(begin, d_xhat.size()).transpose() * d_xhat;
}

template <typename T>
void DecoderPass<T>::sum_members(Block members) {
  auto sum = d_z.middleCols(members.begin, members.size);
  sum.setZero();
  for (const Matrix<T>& part : d_z_) sum += part.middleCols(members.begin, members.size);
}

template <typename T>
double DecoderPass<T>::finish() {
  double loss = 0.0;
  for (double part : losses_) loss += part;
  if (task_ != DecoderTask::gradients) return loss;
  for (const Matrix<T>& part : d_A_) decoder_.hidden.gradient += part;
  return loss;
}

template <typename T>
void run_passes(std::vector<DecoderPass<T>>& passes, std::vector<DecoderWorkspace<T>>& workspaces,
                int threads) {
  constexpr Index members_at_once = 64;
  workspaces.resize(std::max<std::size_t>(workspaces.size(), threads));
  std::vector<std::pair<DecoderPass<T>*, Index>> blocks;
  std::vector<std::pair<DecoderPass<T>*, Block>> sums;
  double work = 0.0, additions = 0.0;
  for (DecoderPass<T>& pass : passes) {
    work += pass.work();
    for (Index block = 0; block < pass.blocks(); ++block) blocks.emplace_back(&pass, block);
    const Index members = pass.d_z.cols();  // none without gradients
    for (Index i = 0; i < block_count(members_at_once, members); ++i)
      sums.emplace_back(&pass, block_at(i, members_at_once, members));
    additions += static_cast<double>(pass.blocks() * pass.d_z.size());
  }
  parallel_for(static_cast<Index>(blocks.size()), work, threads, [&](Index i, int thread) {
    blocks[i].first->run_block(blocks[i].second, workspaces[thread]);
  });
  parallel_for(static_cast<Index>(sums.size()), additions, threads,
               [&](Index i, int) { sums[i].first->sum_members(sums[i].second); });
}

#define POEMS_INSTANTIATE(T)                                                                      \
  template DecoderPass<T>::DecoderPass(const SparseDecoder<T>&, DecoderTask, const Matrix<T>&,    \
                                       const Matrix<T>&, const OmicBatch<T>*, double,             \
                                       Likelihood<T>*, const Dropout&, bool);                     \
  template double DecoderPass<T>::work() const;                                                   \
  template void DecoderPass<T>::find_active(Index, std::vector<int>&) const;                      \
  template void DecoderPass<T>::add_covariates(Index, Index, Eigen::Ref<Vector<T>>) const;        \
  template void DecoderPass<T>::add_covariate_gradient(Index, Index,                              \
                                                       const Eigen::Ref<const Vector<T>>&) const; \
  template void DecoderPass<T>::sum_members(Block);                                               \
  template double DecoderPass<T>::finish();                                                       \
  template void run_passes<T>(std::vector<DecoderPass<T>>&, std::vector<DecoderWorkspace<T>>&, int);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
