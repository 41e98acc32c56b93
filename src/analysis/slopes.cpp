#include "analysis/slopes.h"

#include <utility>

#include "layers/trained_feature.h"

namespace poems {

namespace {

/// Sets one feature's column of `slopes`.
template <typename T>
void add_feature(Index j, Index samples, TrainedFeature<T>& feature, Slopes& slopes) {
  feature.set(j);
  for (Index i = 0; i < block_count(trained_samples, samples); ++i) {
    const Block tile = block_at(i, trained_samples, samples);
    feature.set_slopes(tile);
    for (int k : feature.active)
      slopes.mean(k, j) += feature.slopes.col(k).head(tile.size).template cast<double>().sum();
  }
  slopes.mean.col(j) /= static_cast<double>(samples);
}

}  // namespace

template <typename T>
std::vector<Slopes> mean_slopes(const models::Poems<T>& model, const Matrix<T>& z, int threads) {
  const Matrix<T> samples_z = padded_samples(z.transpose());
  std::vector<Slopes> all(model.omics.size());
  std::vector<std::pair<std::size_t, Index>> blocks;
  std::vector<Matrix<T>> masks;
  double work = 0.0;
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    masks.push_back(model.mask(v));
    const Matrix<T>& mask = masks.back();
    all[v].mean.setZero(mask.rows(), mask.cols());
    for (Index i = 0; i < block_count(trained_features, mask.cols()); ++i)
      blocks.emplace_back(v, i);
    work += 2.0 * static_cast<double>((mask.array() != T(0)).count()) *
            static_cast<double>(model.options().decoder_hidden * z.cols());
  }
  parallel_for(static_cast<Index>(blocks.size()), work, threads, [&](Index i, int) {
    const std::size_t v = blocks[i].first;
    const SparseDecoder<T>& decoder = model.omics[v].decoder;
    TrainedFeature<T> feature(decoder, masks[v], samples_z);
    const Block range = block_at(blocks[i].second, trained_features, masks[v].cols());
    for (Index j = range.begin; j < range.begin + range.size; ++j)
      add_feature(j, z.cols(), feature, all[v]);
  });
  return all;
}

template std::vector<Slopes> mean_slopes<float>(const models::Poems<float>&, const Matrix<float>&,
                                                int);
template std::vector<Slopes> mean_slopes<double>(const models::Poems<double>&,
                                                 const Matrix<double>&, int);

}  // namespace poems
