#include "models/poems.h"

#include <algorithm>
#include <utility>

#include "layers/mask.h"
#include "pieces/noise_prior.h"
#include "pieces/spike_slab_penalty.h"
#include "support/stopwatch.h"
#include "tape/stopwatch.h"

namespace poems::models {

namespace {

/// The noise starts from its initial value and is first re-estimated after this many epochs, when
/// residuals have begun to mean something.
constexpr long first_noise_epoch = 5;

/// What the names of an omic's parameters start with; omics go by their numbers.
std::string name_of(std::size_t omic) { return "omics/" + std::to_string(omic + 1); }

std::vector<std::string> names_of(const PoemsOptions& options) {
  std::vector<std::string> names;
  for (std::size_t v = 0; v < options.omics.size(); ++v) names.push_back(name_of(v));
  return names;
}

}  // namespace

template <typename T>
Poems<T>::Poems(const PoemsOptions& options)
    : gate(names_of(options), options.factors, options.gate_hidden, options.objective.gate_notices),
      options_(options) {
  for (std::size_t v = 0; v < options.omics.size(); ++v) {
    omics.emplace_back(name_of(v), options, options.omics[v]);
    omics[v].encoder.hidden1.weight.pace =
        options.objective.encoder_pace(options.omics[v].features);
  }
}

template <typename T>
void Poems<T>::initialise(std::uint64_t seed, const std::vector<Vector<double>>& noise) {
  std::uint64_t part = 0;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    omics[v].encoder.initialise(seed, part);
    omics[v].decoder.initialise(seed, part, options_.objective.unit_norm_decoder);
    omics[v].likelihood->initialise(noise[v]);
    if (options_.objective.inclusion_every_step) {
      const Stream stream(seed, Purpose::initialise, 0, part++);
      Matrix<T>& rate = omics[v].spike_slab.inclusion_rate;
      for (Index k = 0; k < rate.size(); ++k) rate(k) = static_cast<T>(stream.uniform(k));
    }
  }
  gate.initialise(seed, part);
}

template <typename T>
Matrix<T> Poems<T>::mask(std::size_t omic) const {
  const Matrix<T>& W = omics[omic].decoder.W.value;
  return options_.row_normalize ? normalised_mask(W) : W;
}

template <typename T>
PoemsPass<T> Poems<T>::encode(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
                              int threads) const {
  std::vector<const Encoder<T>*> encoders;
  for (const PoemsOmicModel<T>& omic : omics) encoders.push_back(&omic.encoder);
  PoemsPass<T> pass;
  pass.experts = encode_omics(tape, encoders, batch, draws, options_.dropout, threads);
  pass.gate_input = gate.input(tape, batch, pass.experts);
  pass.alpha = gate(tape, batch, pass.experts, pass.gate_input);
  pass.posterior = fuse(tape, batch, pass.experts, pass.alpha, threads);
  const Matrix<T> normals = draws.normals("", options_.factors, batch.size());
  pass.z = normals.size() == 0 ? pass.posterior.mean
                               : pieces::sample(tape, pass.posterior, tape.constant(normals));
  return pass;
}

template <typename T>
void Poems<T>::loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
                    Terms<T>& terms) {
  const Objective& objective = options_.objective;
  PoemsPass<T> pass;
  {
    const TapeStopwatch<T> watch(tape, times_.encoders);
    pass = encode(tape, batch, draws, phase_.threads);
    terms.add("kl", pieces::total_kl(tape, pass.posterior),
              objective.kl_weight(batch.size(), options_.factors, beta()));
  }
  prior_weight_ = objective.prior_weight(batch.size(), phase_.training_samples);
  const double observations = objective.noise_prior_observations(batch.size());
  std::vector<DecodedOmic<T>> decoded;
  std::vector<Var<T>> penalties, priors;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    PoemsOmicModel<T>& omic = omics[v];
    const Parameter<T>& W = omic.decoder.W;
    Var<T> mask = nullptr;  // a copy of the loadings is made only where it is needed
    if (options_.row_normalize) mask = normalise_mask(tape, tape.parameter(W));
    if (!mask && !objective.penalty_by_proximal_step) mask = tape.parameter(W);
    penalties.push_back(
        objective.penalty_by_proximal_step
            ? tape.constant(omic.spike_slab.penalty(mask ? mask->value : W.value, phase_.threads))
            : pieces::spike_slab_penalty(tape, omic.spike_slab, mask, phase_.threads));
    priors.push_back(pieces::noise_prior(tape, *omic.likelihood, prior_weight_, observations));
    decoded.push_back({&omic.decoder, omic.likelihood.get(), pass.z, mask ? &mask->value : &W.value,
                       mask ? &mask->gradient : &W.gradient,
                       options_.omics[v].weight *
                           objective.likelihood_weight(batch.size(), options_.omics[v].features),
                       draws.dropout(Purpose::decoder_dropout, v, options_.dropout)});
  }
  const TapeStopwatch<T> watch(tape, times_.decoders);
  const std::vector<Var<T>> reconstructions =
      decode_omics(tape, decoded, batch, {skips_zeros(), phase_.threads}, workspaces_);
  for (std::size_t v = 0; v < omics.size(); ++v) {
    const std::string omic = std::to_string(v + 1);
    terms.add("reconstruction/" + omic, reconstructions[v]);
    terms.add("penalty/" + omic, penalties[v], prior_weight_);
    terms.add("noise/" + omic, priors[v]);
  }
}

template <typename T>
std::vector<LatentBlock<T>> Poems<T>::embedding(Tape<T>& tape, const Batch<T>& batch,
                                                const pieces::Draws<T>& draws) {
  return {of_all("factors", encode(tape, batch, draws, phase_.threads).z)};
}

template <typename T>
void Poems<T>::enter(const Phase& phase) {
  phase_ = phase;
  if (!phase.training) return;
  times_ = {};
  for (PoemsOmicModel<T>& omic : omics) omic.likelihood->reset_counts();
}

template <typename T>
double Poems<T>::beta() const {
  if (!phase_.training || phase_.epoch >= options_.warmup) return options_.kl_weight;
  return options_.kl_weight *
         (static_cast<double>(phase_.epoch) / static_cast<double>(options_.warmup));
}

template <typename T>
bool Poems<T>::skips_zeros() const {
  return options_.objective.penalty_by_proximal_step &&
         models::skips_zeros(phase_, done_, options_.revisit);
}

template <typename T>
void Poems<T>::step(Adam<T>& adam, int threads) {
  const Stopwatch watch(times_.optimiser);
  const Objective& objective = options_.objective;
  AdamW<T>& rule = adam.rule();
  rule.next_step();
  for (std::size_t v = 0; v < omics.size(); ++v) {
    const PoemsOmicModel<T>& omic = omics[v];
    const Parameter<T>* noise = objective.noise_once_per_epoch ? omic.likelihood->noise() : nullptr;
    for (Parameter<T>* p : omic_parameters(v)) {
      if (p == noise || p == &omic.decoder.W || p == &omic.decoder.output) continue;
      if (gate.agreement.holds(p)) continue;
      rule.update(*p, objective.decays_everything || p->decays, threads);
    }
  }
  for (Parameter<T>* p : gate_parameters())
    rule.update(*p, objective.decays_everything || p->decays, threads);
  step_loadings(sparse_omics(), objective, skips_zeros(), prior_weight_, rule, threads);
  if (objective.inclusion_every_step)
    for (std::size_t v = 0; v < omics.size(); ++v) omics[v].spike_slab.update(mask(v), threads);
}

template <typename T>
void Poems<T>::after_epoch() {
  const Objective& objective = options_.objective;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    if (!objective.inclusion_every_step) omics[v].spike_slab.update(mask(v), phase_.threads);
    if (objective.noise_once_per_epoch && phase_.epoch >= first_noise_epoch)
      omics[v].likelihood->update_noise();
  }
}

template <typename T>
bool Poems<T>::may_be_best() const {
  return phase_.epoch >= options_.warmup;
}

template <typename T>
double Poems<T>::validation_loss(const Terms<T>& terms) const {
  if (options_.objective.validates_priors) return terms.total();
  return terms.total("reconstruction") + terms.total("kl");
}

template <typename T>
std::vector<Figure> Poems<T>::figures() {
  return {{"kl_weight", beta()},
          {"nonzero", share_nonzero(sparse_omics())},
          {"encoder_seconds", times_.encoders},
          {"decoder_seconds", times_.decoders},
          {"optimiser_seconds", times_.optimiser}};
}

template <typename T>
std::vector<SparseOmic<T>*> Poems<T>::sparse_omics() {
  std::vector<SparseOmic<T>*> list;
  for (PoemsOmicModel<T>& omic : omics) list.push_back(&omic);
  return list;
}

template <typename T>
Matrix<T> Poems<T>::reconstruct(std::size_t omic, const Matrix<T>& z, int threads) const {
  return decode(omics[omic].decoder, mask(omic), z, threads);
}

template <typename T>
std::vector<Parameter<T>*> Poems<T>::omic_parameters(std::size_t v) {
  Encoder<T>& encoder = omics[v].encoder;
  SparseDecoder<T>& decoder = omics[v].decoder;
  std::vector<Parameter<T>*> parameters = {
      &encoder.hidden1.weight, &encoder.hidden1.bias, &encoder.hidden2.weight,
      &encoder.hidden2.bias,   &encoder.mean.weight,  &encoder.mean.bias,
      &encoder.logvar.weight,  &encoder.logvar.bias,  &gate.norms[v].weight,
      &gate.norms[v].bias,     &decoder.hidden,       &decoder.W,
      &decoder.output,         &decoder.bias};
  if (gate.notices)
    for (Parameter<T>* p : gate.agreement.omics[v].parameters()) parameters.push_back(p);
  if (decoder.effects.value.size() > 0) parameters.push_back(&decoder.effects);
  if (Parameter<T>* noise = omics[v].likelihood->noise()) parameters.push_back(noise);
  return parameters;
}

template <typename T>
std::vector<Parameter<T>*> Poems<T>::gate_parameters() {
  return {&gate.hidden.weight, &gate.hidden.bias, &gate.output.weight, &gate.output.bias};
}

template <typename T>
std::vector<Parameter<T>*> Poems<T>::parameters() {
  std::vector<Parameter<T>*> all;
  for (std::size_t v = 0; v < omics.size(); ++v)
    for (Parameter<T>* p : omic_parameters(v)) all.push_back(p);
  for (Parameter<T>* p : gate_parameters()) all.push_back(p);
  return all;
}

template <typename T>
std::vector<StateArray<T>> Poems<T>::state() {
  std::vector<StateArray<T>> all;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    SpikeSlab<T>& slab = omics[v].spike_slab;
    all.push_back({name_of(v) + "/inclusion_probability", slab.inclusion_probability, true});
    all.push_back({name_of(v) + "/inclusion_rate", slab.inclusion_rate});
  }
  return all;
}

template <typename T>
std::vector<Vector<double>*> Poems<T>::counts() {
  std::vector<Vector<double>*> all;
  for (PoemsOmicModel<T>& omic : omics)
    for (Vector<double>* counted : omic.likelihood->counts()) all.push_back(counted);
  return all;
}

template struct PoemsOmicModel<float>;
template struct PoemsOmicModel<double>;
template class Poems<float>;
template class Poems<double>;

}  // namespace poems::models
