#include "models/poems.h"

#include <utility>

#include "layers/mask.h"
#include "support/stopwatch.h"

namespace poems {

namespace {

/// The part of z that belongs to the samples having an omic: factors x members.
template <typename T>
Matrix<T> members_of(const Matrix<T>& z, const std::vector<Index>& members) {
  Matrix<T> part(z.rows(), static_cast<Index>(members.size()));
  for (std::size_t i = 0; i < members.size(); ++i) part.col(i) = z.col(members[i]);
  return part;
}

Dropout dropout_of(double rate, bool on, std::uint64_t seed, Purpose purpose, std::uint64_t epoch,
                   std::size_t omic) {
  return Dropout(Stream(seed, purpose, epoch, omic), on ? rate : 0.0);
}

}  // namespace

template <typename T>
OmicModel<T>::OmicModel(const ModelConfig& config, const OmicConfig& omic)
    : encoder(omic.features, config.encoder_hidden, config.factors),
      decoder(omic.features, config.factors, config.decoder_hidden, config.covariates),
      likelihood(
          make_likelihood<T>(omic.family, omic.features, omic.noise_prior,
                             {config.objective.likelihood_has_normaliser(), config.sigma_df})),
      spike_slab({config.lambda0, config.lambda1, config.inclusion_a, omic.inclusion_b,
                  config.objective.proper_densities()},
                 config.factors, omic.features) {}

template <typename T>
Model<T>::Model(const ModelConfig& config)
    : gate(static_cast<Index>(config.omics.size()), config.factors, config.gate_hidden,
           config.objective.gate_notices()),
      experts(config.omics.size()),
      config_(config),
      normalised_masks_(config.omics.size()) {
  for (const OmicConfig& omic : config.omics) omics.emplace_back(config, omic);
}

template <typename T>
void Model<T>::initialise(std::uint64_t seed, const std::vector<Vector<double>>& noise) {
  std::uint64_t part = 0;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    omics[v].encoder.initialise(seed, part);
    omics[v].decoder.initialise(seed, part, config_.objective.unit_norm_decoder());
    omics[v].likelihood->initialise(noise[v]);
    if (config_.objective.inclusion_every_step()) {
      const Stream stream(seed, Purpose::initialise, 0, part++);
      Vector<T>& rate = omics[v].spike_slab.inclusion_rate;
      for (Index k = 0; k < rate.size(); ++k) rate(k) = static_cast<T>(stream.uniform(k));
    }
  }
  gate.initialise(seed, part);
}

template <typename T>
const Matrix<T>& Model<T>::mask(std::size_t omic) {
  const Matrix<T>& W = omics[omic].decoder.W.value;
  if (!config_.row_normalize) return W;
  normalise_mask(W, normalised_masks_[omic]);
  return normalised_masks_[omic];
}

template <typename T>
void Model<T>::encode(const Batch<T>& batch, const Pass<T>& pass) {
  const Stopwatch watch(times.encoders);
  const auto encoder_work = [&](std::size_t v) { return omics[v].encoder.work_per_sample(); };
  const auto dropout = [&](Purpose purpose, std::size_t v) {
    return dropout_of(config_.dropout, pass.dropout, pass.seed, purpose, pass.epoch, v);
  };
  for (std::size_t v = 0; v < omics.size(); ++v)
    omics[v].encoder.prepare(batch.omics[v], experts[v]);
  for_sample_blocks(batch, encoder_work, pass.threads, [&](std::size_t v, Block samples) {
    omics[v].encoder.forward(batch.omics[v], dropout(Purpose::encoder_dropout_1, v),
                             dropout(Purpose::encoder_dropout_2, v), samples, experts[v]);
  });
  gate.forward(batch, experts, gate_state);
  fuse(batch, experts, gate_state.alpha, posterior);
  sample_latent(pass.noise, posterior);
}

/// From the experts' d_mean and d_logvar to the gradients of the encoders.
template <typename T>
void Model<T>::backward_encoders(const Batch<T>& batch, const Pass<T>& pass) {
  const Stopwatch watch(times.encoders);
  const double keep_scale = dropout_of(config_.dropout, pass.dropout, pass.seed,
                                       Purpose::encoder_dropout_1, pass.epoch, 0)
                                .keep_scale();
  const auto encoder_work = [&](std::size_t v) { return omics[v].encoder.work_per_sample(); };
  for_sample_blocks(batch, encoder_work, pass.threads, [&](std::size_t v, Block samples) {
    omics[v].encoder.backward(keep_scale, samples, experts[v]);
  });
  std::vector<std::pair<std::size_t, Index>> blocks;
  double work = 0.0;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    omics[v].encoder.prepare_gradients();
    for (Index i = 0; i < omics[v].encoder.gradient_blocks(); ++i) blocks.emplace_back(v, i);
    work += encoder_work(v) * static_cast<double>(batch.omics[v].x.rows());
  }
  parallel_for(static_cast<Index>(blocks.size()), work, pass.threads, [&](Index i, int) {
    const std::size_t v = blocks[i].first;
    omics[v].encoder.gradient(batch.omics[v], experts[v], blocks[i].second);
  });
}

/// Calls body(omic, samples) for blocks of the samples that have each omic, on several threads.
/// sample_work(omic): multiplications for one sample, roughly.
template <typename T>
template <typename Work, typename Body>
void Model<T>::for_sample_blocks(const Batch<T>& batch, Work sample_work, int threads,
                                 Body body) const {
  constexpr Index samples_at_once = 24;
  std::vector<std::pair<std::size_t, Block>> blocks;
  double work = 0.0;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    const Index members = batch.omics[v].x.rows();
    for (Index i = 0; i < block_count(samples_at_once, members); ++i)
      blocks.emplace_back(v, block_at(i, samples_at_once, members));
    work += sample_work(v) * static_cast<double>(members);
  }
  parallel_for(static_cast<Index>(blocks.size()), work, threads,
               [&](Index i, int) { body(blocks[i].first, blocks[i].second); });
}

/// Runs the decoders of all omics at once, over the members of the batch that have the omic.
/// Returns the loss of each; `passes` keeps their gradients.
template <typename T>
std::vector<double> Model<T>::decode(const Batch<T>& batch, const Pass<T>& pass, DecoderMode mode,
                                     std::vector<DecoderPass<T>>& passes) {
  const Stopwatch watch(times.decoders);
  const std::size_t n = omics.size();
  passes.clear();
  passes.reserve(n);
  members_z_.resize(n);
  for (std::size_t v = 0; v < n; ++v) {
    members_z_[v] = members_of(posterior.z, batch.omics[v].members);
    passes.emplace_back(
        omics[v].decoder, mode, mask(v), members_z_[v], &batch.omics[v],
        config_.objective.likelihood_weight(batch.size(), config_.omics[v].features),
        omics[v].likelihood.get(),
        dropout_of(config_.dropout, pass.dropout, pass.seed, Purpose::decoder_dropout, pass.epoch,
                   v),
        pass.skip_zeros || mode != DecoderMode::gradients);
  }
  run_passes(passes, workspaces_, pass.threads);
  std::vector<double> losses;
  for (DecoderPass<T>& decoder : passes) losses.push_back(decoder.finish());
  return losses;
}

template <typename T>
LossTerms Model<T>::loss(const Batch<T>& batch, const Pass<T>& pass) {
  LossTerms terms;
  std::vector<DecoderPass<T>> passes;
  encode(batch, pass);
  terms.reconstruction = decode(batch, pass, DecoderMode::loss, passes);
  add_priors(batch.size(), pass, terms);
  return terms;
}

template <typename T>
LossTerms Model<T>::loss_and_gradients(const Batch<T>& batch, const Pass<T>& pass) {
  LossTerms terms;
  std::vector<DecoderPass<T>> passes;
  encode(batch, pass);
  for (OmicModel<T>& omic : omics)
    if (Parameter<T>* noise = omic.likelihood->noise()) noise->zero_gradient();
  terms.reconstruction = decode(batch, pass, DecoderMode::gradients, passes);

  const Index factors = config_.factors;
  Matrix<T> d_z = Matrix<T>::Zero(factors, batch.size());
  for (std::size_t v = 0; v < omics.size(); ++v) {
    const std::vector<Index>& members = batch.omics[v].members;
    for (std::size_t i = 0; i < members.size(); ++i) d_z.col(members[i]) += passes[v].d_z.col(i);
    add_prior_gradients(v, batch.size(), pass, passes[v].d_mask);
  }
  kl_backward(config_.objective.kl_weight(batch.size(), factors, pass.kl_weight), posterior);
  sample_latent_backward(pass.noise, d_z, posterior);
  gate_state.d_alpha.setZero(gate_state.alpha.rows(), gate_state.alpha.cols());
  const auto exponentials = [&](std::size_t) { return 40.0 * static_cast<double>(factors); };
  for_sample_blocks(batch, exponentials, pass.threads, [&](std::size_t v, Block samples) {
    fuse_backward(batch, gate_state.alpha, posterior, v, samples, experts[v], gate_state.d_alpha);
  });
  gate.backward(batch, gate_state, experts);
  backward_encoders(batch, pass);
  add_priors(batch.size(), pass, terms);
  return terms;
}

/// The terms that are not reconstruction, and the total.
template <typename T>
void Model<T>::add_priors(Index batch_size, const Pass<T>& pass, LossTerms& terms) {
  const Objective& objective = config_.objective;
  const double weight = objective.prior_weight(batch_size, pass.training_samples);
  terms.kl =
      objective.kl_weight(batch_size, config_.factors, pass.kl_weight) * kl_divergence(posterior);
  terms.total = terms.kl;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    terms.penalty.push_back(weight * omics[v].spike_slab.penalty(mask(v), pass.threads));
    terms.noise.push_back(
        weight * omics[v].likelihood->prior(objective.noise_prior_observations(batch_size)));
    terms.total += terms.reconstruction[v] + terms.penalty[v] + terms.noise[v];
  }
}

/// Turns the mask's gradient into W's and adds the gradients of the priors of W and the noise.
/// The penalty's is left out where the proximal step takes its place.
template <typename T>
void Model<T>::add_prior_gradients(std::size_t v, Index batch_size, const Pass<T>& pass,
                                   Matrix<T>& d_mask) {
  const Objective& objective = config_.objective;
  OmicModel<T>& omic = omics[v];
  const double weight = objective.prior_weight(batch_size, pass.training_samples);
  if (!objective.penalty_by_proximal_step()) omic.spike_slab.add_gradient(mask(v), weight, d_mask);
  if (config_.row_normalize)
    normalise_mask_backward(omic.decoder.W.value, mask(v), d_mask, omic.decoder.W.gradient);
  else
    omic.decoder.W.gradient.swap(d_mask);

  omic.likelihood->add_prior_gradient(weight, objective.noise_prior_observations(batch_size));
}

template <typename T>
void Model<T>::step(AdamW<T>& optimizer, const Pass<T>& pass, Index batch_size) {
  const Stopwatch watch(times.optimiser);
  const Objective& objective = config_.objective;
  optimizer.next_step();
  const auto update = [&](Parameter<T>* parameter) {
    optimizer.update(*parameter, objective.decays_everything() || parameter->decays, pass.threads);
  };
  for (Parameter<T>* parameter : gate_parameters()) update(parameter);
  for (std::size_t v = 0; v < omics.size(); ++v) {
    OmicModel<T>& omic = omics[v];
    for (Parameter<T>* parameter : omic_parameters(v)) {
      if (parameter == omic.likelihood->noise() && objective.noise_once_per_epoch()) continue;
      if (parameter == &omic.decoder.W || parameter == &omic.decoder.output) continue;
      if (gate.agreement.holds(parameter)) continue;
      update(parameter);
    }
  }
  step_loadings(optimizer, pass, batch_size);
  if (objective.inclusion_every_step())
    for (std::size_t v = 0; v < omics.size(); ++v)
      omics[v].spike_slab.update(mask(v), pass.threads);
}

/// The step of W and v, with the proximal step and the unit lengths, in one pass over memory.
template <typename T>
void Model<T>::step_loadings(AdamW<T>& optimizer, const Pass<T>& pass, Index batch_size) {
  constexpr Index features_at_once = 128;
  const Objective& objective = config_.objective;
  const double weight = objective.prior_weight(batch_size, pass.training_samples);
  std::vector<std::pair<std::size_t, Block>> blocks;
  std::vector<Vector<T>> lengths(omics.size());
  double work = 0.0;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    SparseDecoder<T>& decoder = omics[v].decoder;
    optimizer.prepare_moments(decoder.W);
    optimizer.prepare_moments(decoder.output);
    if (objective.unit_norm_decoder()) lengths[v] = decoder.normalise_hidden();
    const Index features = decoder.W.value.cols();
    for (Index i = 0; i < block_count(features_at_once, features); ++i)
      blocks.emplace_back(v, block_at(i, features_at_once, features));
    work += 10.0 * static_cast<double>(decoder.W.value.size() + decoder.output.value.size());
  }
  parallel_for(static_cast<Index>(blocks.size()), work, pass.threads, [&](Index i, int) {
    OmicModel<T>& omic = omics[blocks[i].first];
    Parameter<T>&W = omic.decoder.W, &output = omic.decoder.output;
    const Block features = blocks[i].second;
    if (pass.skip_zeros)
      optimizer.update_nonzero_columns(W, features);
    else
      optimizer.update_columns(W, objective.decays_everything() || W.decays, features);
    optimizer.update_columns(output, objective.decays_everything() || output.decays, features);
    if (objective.penalty_by_proximal_step())
      omic.spike_slab.proximal_step(optimizer.step_sizes(W, features), weight, features, W.value);
    if (objective.unit_norm_decoder())
      omic.decoder.normalise_outputs(lengths[blocks[i].first], features);
  });
}

template <typename T>
Matrix<T> Model<T>::reconstruct(std::size_t omic, const Matrix<T>& z, int threads) {
  std::vector<DecoderPass<T>> pass;
  pass.emplace_back(omics[omic].decoder, DecoderMode::reconstruct, mask(omic), z, nullptr, 1.0,
                    nullptr, dropout_of(0.0, false, 0, Purpose::decoder_dropout, 0, omic), true);
  run_passes(pass, workspaces_, threads);
  return std::move(pass[0].xhat);
}

template <typename T>
void Model<T>::begin_epoch() {
  times = {};
  for (OmicModel<T>& omic : omics) omic.likelihood->reset_counts();
}

template <typename T>
void Model<T>::end_epoch(bool update_noise, int threads) {
  for (std::size_t v = 0; v < omics.size(); ++v) {
    if (!config_.objective.inclusion_every_step()) omics[v].spike_slab.update(mask(v), threads);
    if (config_.objective.noise_once_per_epoch() && update_noise)
      omics[v].likelihood->update_noise();
  }
}

template <typename T>
double Model<T>::share_nonzero() const {
  double nonzero = 0.0, size = 0.0;
  for (const OmicModel<T>& omic : omics) {
    nonzero += static_cast<double>((omic.decoder.W.value.array() != T(0)).count());
    size += static_cast<double>(omic.decoder.W.value.size());
  }
  return nonzero / size;
}

template <typename T>
std::vector<Parameter<T>*> Model<T>::omic_parameters(std::size_t v) {
  Encoder<T>& encoder = omics[v].encoder;
  SparseDecoder<T>& decoder = omics[v].decoder;
  std::vector<Parameter<T>*> parameters = {
      &encoder.hidden1.weight, &encoder.hidden1.bias, &encoder.hidden2.weight,
      &encoder.hidden2.bias,   &encoder.mean.weight,  &encoder.mean.bias,
      &encoder.logvar.weight,  &encoder.logvar.bias,  &gate.norms[v].weight,
      &gate.norms[v].bias,     &decoder.hidden,       &decoder.W,
      &decoder.output,         &decoder.bias};
  if (gate.notices) {
    AgreementWeights<T>& agreement = gate.agreement.omics[v];
    for (Parameter<T>* p :
         {&agreement.own, &agreement.others, &agreement.product, &agreement.offset})
      parameters.push_back(p);
  }
  if (decoder.effects.value.size() > 0) parameters.push_back(&decoder.effects);
  if (Parameter<T>* noise = omics[v].likelihood->noise()) parameters.push_back(noise);
  return parameters;
}

template <typename T>
std::vector<Parameter<T>*> Model<T>::gate_parameters() {
  return {&gate.hidden.weight, &gate.hidden.bias, &gate.output.weight, &gate.output.bias};
}

template <typename T>
std::vector<Matrix<T>> Model<T>::snapshot() {
  std::vector<Matrix<T>> copy;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    for (Parameter<T>* parameter : omic_parameters(v)) copy.push_back(parameter->value);
    copy.push_back(omics[v].spike_slab.inclusion_probability);
    copy.push_back(omics[v].spike_slab.inclusion_rate);
  }
  for (Parameter<T>* parameter : gate_parameters()) copy.push_back(parameter->value);
  return copy;
}

template <typename T>
void Model<T>::restore(const std::vector<Matrix<T>>& snapshot) {
  auto next = snapshot.begin();
  for (std::size_t v = 0; v < omics.size(); ++v) {
    for (Parameter<T>* parameter : omic_parameters(v)) parameter->value = *next++;
    omics[v].spike_slab.inclusion_probability = *next++;
    omics[v].spike_slab.inclusion_rate = *next++;
  }
  for (Parameter<T>* parameter : gate_parameters()) parameter->value = *next++;
}

template struct OmicModel<float>;
template struct OmicModel<double>;
template class Model<float>;
template class Model<double>;

}  // namespace poems
