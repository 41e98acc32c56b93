// The decoder's work on a block of features in float, on the kernel of kernel.h. Samples are cut
// into tiles, so that a tile's hidden layer stays in cache from the forward pass to the three
// products of the backward pass. With q = A' (gradient of the hidden layer),
//
//   d_z += m_j * q,   d_m_j = sum over samples of z * q,   d_A += (gradient) (m_j * z)'
#include <algorithm>

#include "layers/decoder_pass.h"
#include "support/parallel.h"

namespace poems {

namespace {
constexpr Index largest_tile = 256;  // samples; 100 hidden units of them are 100 kB
}

template <>
void DecoderPass<float>::run_block(Index block, DecoderWorkspace<float>& work) {
  const Kernel& k = kernel();
  const Index factors = mask_.rows(), members = z_.cols(), units = decoder_.hidden.value.rows();
  const Index rows = samples_z_.rows();  // padded members
  const Index padded_factors = padded(factors);
  const bool wants_gradients = task_ == DecoderTask::gradients;
  const Index tile_size = std::min(largest_tile, rows);
  work.scratch.resize(k.scratch(units, factors, tile_size));
  work.xhat.resize(tile_size);
  work.mask.resize(factors);
  work.d_mask.resize(factors);
  Matrix<float> samples_d_z;
  const Block range = block_at(block, block_size_, mask_.cols());
  if (wants_gradients) {
    work.d_A_sums.setZero(units * factors * k.sums);
    samples_d_z.setZero(rows, factors);
    work.d_A_rows.resize(padded_factors * units);
    work.d_z_rows.resize(padded_factors * rows);
  }

  bool any_by_rows = false;
  FeatureTile tile{};
  tile.units = units;
  tile.A = decoder_.hidden.value.data();
  tile.mask = work.mask.data();
  tile.z_stride = tile.d_z_stride = rows;
  tile.A_rows = A_rows_.data();
  tile.d_A_rows = work.d_A_rows.data();
  tile.row_stride = padded_factors;
  tile.keep_scale = static_cast<float>(dropout_.keep_scale());
  tile.scratch = work.scratch.data();
  tile.xhat = work.xhat.data();
  tile.d_A = work.d_A_sums.data();
  tile.d_mask = work.d_mask.data();

  for (Index begin = 0; begin < rows; begin += tile_size) {
    tile.samples = std::min(tile_size, rows - begin);
    tile.z = samples_z_.data() + begin;
    tile.d_z = samples_d_z.data() + begin;
    tile.z_rows = z_rows_.data() + begin * padded_factors;
    tile.d_z_rows = work.d_z_rows.data() + begin * padded_factors;
    const Index observed = std::min<Index>(tile.samples, members - begin);
    for (Index j = range.begin; j < range.begin + range.size; ++j) {
      find_active(j, work.active);
      tile.active = work.active.data();
      tile.n_active = static_cast<long>(work.active.size());
      for (long a = 0; a < tile.n_active; ++a) work.mask[a] = mask_(work.active[a], j);
      tile.output = decoder_.output.value.col(j).data();
      tile.bias = decoder_.bias.value(j);
      if (dropout_.active()) {
        const DropoutDraws draws = dropout_.draws(static_cast<std::uint64_t>(j));
        tile.threshold = draws.threshold;
        tile.unit_key = draws.unit_key;
        tile.sample_words = sample_words_.data() + begin;
      }
      // Without active factors the hidden layer is zero, and so are all gradients but the bias's.
      if (tile.n_active > 0)
        k.forward(tile);
      else
        work.xhat.head(tile.samples).setConstant(tile.bias);
      if (task_ == DecoderTask::reconstruct) {
        xhat.col(j).segment(begin, observed) = work.xhat.head(observed);
        continue;
      }
      add_covariates(j, begin, work.xhat.head(observed));
      losses_[block] += likelihood_->feature(*batch_, j, begin, weight_, work.xhat.head(observed));
      if (!wants_gradients) continue;

      work.xhat.segment(observed, tile.samples - observed).setZero();
      decoder_.bias.gradient(j) += work.xhat.head(observed).sum();
      add_covariate_gradient(j, begin, work.xhat.head(observed));
      if (tile.n_active == 0) continue;
      if (!any_by_rows && k.by_rows(tile.n_active, factors)) {
        any_by_rows = true;
        std::fill(work.d_A_rows.begin(), work.d_A_rows.end(), 0.0f);
        std::fill(work.d_z_rows.begin(), work.d_z_rows.end(), 0.0f);
      }
      tile.d_output = decoder_.output.gradient.col(j).data();
      work.d_mask.head(tile.n_active).setZero();
      k.backward(tile);
      for (long a = 0; a < tile.n_active; ++a) (*d_mask_)(work.active[a], j) += work.d_mask[a];
    }
  }
  if (!wants_gradients) return;
  d_A_[block].resize(units, factors);
  k.add_sums(work.d_A_sums.data(), units * factors, d_A_[block].data());
  d_z_[block] = samples_d_z.topRows(members).transpose();
  if (!any_by_rows) return;
  using Rows = Eigen::Map<const Matrix<float>>;
  d_A_[block] += Rows(tile.d_A_rows, padded_factors, units).topRows(factors).transpose();
  d_z_[block] += Rows(work.d_z_rows.data(), padded_factors, rows).topLeftCorner(factors, members);
}

}  // namespace poems
