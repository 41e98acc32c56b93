#include "analysis/slopes.h"

#include <utility>

#include "layers/hidden_layer.h"

namespace poems {

namespace {

/// Sets one feature's column of `slopes`.
template <typename T>
void add_feature(Index j, Index samples, HiddenLayer<T>& layer, Slopes& slopes) {
  layer.set_feature(j);
  const auto active = static_cast<Index>(layer.active.size());
  Vector<double> sum = Vector<double>::Zero(active);
  for (Index i = 0; i < block_count(hidden_layer_tile, samples); ++i) {
    const Block tile = block_at(i, hidden_layer_tile, samples);
    layer.set_tile(tile);
    layer.set_slopes(j);
    for (Index a = 0; a < active; ++a) sum(a) += layer.slopes.col(a).template cast<double>().sum();
  }
  for (Index a = 0; a < active; ++a)
    slopes.mean(layer.active[a], j) = sum(a) / static_cast<double>(samples);
}

}  // namespace

template <typename T>
std::vector<Slopes> mean_slopes(const models::Poems<T>& model, const Matrix<T>& z, int threads) {
  const Matrix<T> samples_z = z.transpose();
  std::vector<Slopes> all(model.omics.size());
  std::vector<std::pair<std::size_t, Index>> blocks;
  std::vector<Matrix<T>> masks;
  double work = 0.0;
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    masks.push_back(model.mask(v));
    const Matrix<T>& mask = masks.back();
    all[v].mean.setZero(mask.rows(), mask.cols());
    for (Index i = 0; i < block_count(hidden_layer_features, mask.cols()); ++i)
      blocks.emplace_back(v, i);
    work += 2.0 * static_cast<double>((mask.array() != T(0)).count()) *
            static_cast<double>(model.options().decoder_hidden * z.cols());
  }
  parallel_for(static_cast<Index>(blocks.size()), work, threads, [&](Index i, int) {
    const std::size_t v = blocks[i].first;
    const SparseDecoder<T>& decoder = model.omics[v].decoder;
    HiddenLayer<T> layer(decoder, masks[v], samples_z);
    const Block range = block_at(blocks[i].second, hidden_layer_features, masks[v].cols());
    for (Index j = range.begin; j < range.begin + range.size; ++j)
      add_feature(j, z.cols(), layer, all[v]);
  });
  return all;
}

template std::vector<Slopes> mean_slopes<float>(const models::Poems<float>&, const Matrix<float>&,
                                                int);
template std::vector<Slopes> mean_slopes<double>(const models::Poems<double>&,
                                                 const Matrix<double>&, int);

}  // namespace poems
