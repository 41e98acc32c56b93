// The clear version of the decoder's work on a block of features, in double. It is what the fast
// version is tested against, and what gradients are checked in.
#include "layers/decoder_pass.h"
#include "support/parallel.h"

namespace poems {

template <>
void DecoderPass<double>::run_block(Index block, DecoderWorkspace<double>& work) {
  using Columns = Matrix<double>;
  const Columns& A = decoder_.hidden.value;
  const Columns& V = decoder_.output.value;
  const Index members = z_.cols(), units = A.rows();
  const bool wants_gradients = task_ == DecoderTask::gradients;
  if (wants_gradients) {
    d_A_[block].setZero(units, mask_.rows());
    d_z_[block].setZero(mask_.rows(), members);
  }
  const Block range = block_at(block, block_size_, mask_.cols());
  for (Index j = range.begin; j < range.begin + range.size; ++j) {
    find_active(j, work.active);
    const auto active = static_cast<Index>(work.active.size());
    work.A.resize(units, active);
    work.z.resize(active, members);
    for (Index a = 0; a < active; ++a) {
      work.A.col(a) = A.col(work.active[a]) * mask_(work.active[a], j);
      work.z.row(a) = z_.row(work.active[a]);
    }
    work.hidden = (work.A * work.z).cwiseMax(0.0);
    if (dropout_.active()) {
      const DropoutDraws draws = dropout_.draws(static_cast<std::uint64_t>(j));
      for (Index i = 0; i < members; ++i)
        dropout_.apply(draws, batch_->samples[i], work.hidden.col(i).data(), units);
    }
    work.xhat = (work.hidden.transpose() * V.col(j)).array() + decoder_.bias.value(j);
    if (task_ == DecoderTask::reconstruct) {
      xhat.col(j) = work.xhat;
      continue;
    }
    add_covariates(j, 0, work.xhat);
    losses_[block] += likelihood_->feature(*batch_, j, 0, weight_, work.xhat);
    if (!wants_gradients) continue;

    const Vector<double>& d_xhat = work.xhat;  // the likelihood left the gradient there
    decoder_.output.gradient.col(j) += work.hidden * d_xhat;
    decoder_.bias.gradient(j) += d_xhat.sum();
    add_covariate_gradient(j, 0, d_xhat);
    // A hidden unit that came out positive was kept and scaled: its slope is the keep scale.
    work.hidden = (work.hidden.array() > 0.0)
                      .select(V.col(j) * dropout_.keep_scale() * d_xhat.transpose(), 0.0)
                      .eval();
    work.d_A = work.hidden * work.z.transpose();
    work.d_z = work.A.transpose() * work.hidden;
    for (Index a = 0; a < active; ++a) {
      const Index k = work.active[a];
      (*d_mask_)(k, j) += work.d_A.col(a).dot(A.col(k));
      d_A_[block].col(k) += work.d_A.col(a) * mask_(k, j);
      d_z_[block].row(k) += work.d_z.row(a);
    }
  }
}

}  // namespace poems
