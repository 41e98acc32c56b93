#include "models/sparse_omics.h"

#include <utility>

#include "support/parallel.h"

namespace poems::models {

template <typename T>
std::unique_ptr<Likelihood<T>> likelihood_of(const SparseSettings& settings,
                                             const SparseOmicShape& omic) {
  return make_likelihood<T>(omic.family, omic.features, omic.noise_prior,
                            {settings.objective.likelihood_has_normaliser, settings.sigma_df});
}

template <typename T>
SparseOmic<T>::SparseOmic(const std::string& name, Index factors, const SparseSettings& settings,
                          const SparseOmicShape& omic)
    : decoder(name, omic.features, factors, settings.decoder_hidden, settings.covariates),
      likelihood(likelihood_of<T>(settings, omic)),
      spike_slab({settings.lambda0, settings.lambda1, settings.inclusion_a, omic.inclusion_b,
                  settings.objective.proper_densities},
                 factors, omic.features) {
  if (Parameter<T>* noise = likelihood->noise()) noise->name = name + "/" + noise->name;
}

template <typename T>
std::vector<Parameter<T>*> SparseOmic<T>::decoder_parameters() {
  std::vector<Parameter<T>*> list = {&decoder.hidden, &decoder.W, &decoder.output, &decoder.bias};
  if (decoder.effects.value.size() > 0) list.push_back(&decoder.effects);
  return list;
}

template <typename T>
void step_loadings(const std::vector<SparseOmic<T>*>& omics, const Objective& objective, bool skips,
                   double prior_weight, AdamW<T>& rule, int threads) {
  constexpr Index features_at_once = 128;
  std::vector<std::pair<std::size_t, Block>> blocks;
  std::vector<Vector<T>> lengths(omics.size());
  double work = 0.0;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    SparseDecoder<T>& decoder = omics[v]->decoder;
    rule.prepare_moments(decoder.W);
    rule.prepare_moments(decoder.output);
    if (objective.unit_norm_decoder) lengths[v] = decoder.normalise_hidden();
    const Index features = decoder.W.value.cols();
    for (Index i = 0; i < block_count(features_at_once, features); ++i)
      blocks.emplace_back(v, block_at(i, features_at_once, features));
    work += 10.0 * static_cast<double>(decoder.W.value.size() + decoder.output.value.size());
  }
  parallel_for(static_cast<Index>(blocks.size()), work, threads, [&](Index i, int) {
    SparseOmic<T>& omic = *omics[blocks[i].first];
    Parameter<T>&W = omic.decoder.W, &output = omic.decoder.output;
    const Block features = blocks[i].second;
    if (skips)
      rule.update_nonzero_columns(W, features);
    else
      rule.update_columns(W, objective.decays_everything || W.decays, features);
    rule.update_columns(output, objective.decays_everything || output.decays, features);
    if (objective.penalty_by_proximal_step)
      omic.spike_slab.proximal_step(rule.step_sizes(W, features), prior_weight, features, W.value);
    if (objective.unit_norm_decoder)
      omic.decoder.normalise_outputs(lengths[blocks[i].first], features);
  });
}

template <typename T>
double share_nonzero(const std::vector<SparseOmic<T>*>& omics) {
  double nonzero = 0.0, size = 0.0;
  for (const SparseOmic<T>* omic : omics) {
    nonzero += static_cast<double>((omic->decoder.W.value.array() != T(0)).count());
    size += static_cast<double>(omic->decoder.W.value.size());
  }
  return nonzero / size;
}

#define POEMS_INSTANTIATE(T)                                                                 \
  template struct SparseOmic<T>;                                                             \
  template std::unique_ptr<Likelihood<T>> likelihood_of<T>(const SparseSettings&,            \
                                                           const SparseOmicShape&);          \
  template void step_loadings<T>(const std::vector<SparseOmic<T>*>&, const Objective&, bool, \
                                 double, AdamW<T>&, int);                                    \
  template double share_nonzero<T>(const std::vector<SparseOmic<T>*>&);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems::models
