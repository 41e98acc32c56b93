// The POEMS model: owns the parameters of every piece and wires them together.
//
//   encoders -> gate -> fusion -> z -> sparse decoders with their likelihoods
#pragma once

#include <memory>
#include <vector>

#include "data/cohort.h"
#include "layers/decoder.h"
#include "layers/decoder_pass.h"
#include "layers/encoder.h"
#include "layers/fusion.h"
#include "layers/gate.h"
#include "likelihoods/likelihood.h"
#include "models/objective.h"
#include "pieces/spike_slab.h"
#include "tape/adamw.h"

namespace poems {

struct OmicConfig {
  Index features;
  /// What the prior of the family's noise is centred on: s^2 of the Gaussian's scaled inverse chi^2
  /// prior, the typical dispersion of the negative binomial.
  double noise_prior;
  double inclusion_b;  ///< b of the inclusion rates' Beta(a, b) prior
  Family family = Family::gaussian;
};

/// Everything that describes a model but its parameters.
struct ModelConfig {
  std::vector<OmicConfig> omics;
  Index factors;
  Index encoder_hidden, decoder_hidden, gate_hidden;
  double dropout;
  double lambda0, lambda1;
  double inclusion_a;
  double sigma_df;
  bool row_normalize;
  Objective objective;
  Index covariates = 0;
};

/// The pieces that belong to one omic.
template <typename T>
struct OmicModel {
  Encoder<T> encoder;
  SparseDecoder<T> decoder;
  std::unique_ptr<Likelihood<T>> likelihood;
  SpikeSlab<T> spike_slab;

  OmicModel(const ModelConfig& config, const OmicConfig& omic);
};

/// The loss and its terms, already scaled as the objective says; `total` is their sum.
struct LossTerms {
  std::vector<double> reconstruction, penalty, noise;  ///< per omic
  double kl = 0.0;
  double total = 0.0;
};

/// How one pass over a batch is done.
template <typename T>
struct Pass {
  const Matrix<T>* noise = nullptr;  ///< factors x batch; null: z is the posterior mean
  double kl_weight = 1.0;            ///< beta
  Index training_samples = 0;        ///< N, over which the "elbo" objective spreads the priors
  bool dropout = false;
  std::uint64_t seed = 0, epoch = 0;  ///< what dropout draws from
  bool skip_zeros = false;            ///< leave loadings that are 0 as they are
  int threads = 1;
};

/// Where the time since begin_epoch() went, in seconds.
struct WorkTimes {
  double encoders = 0.0;  ///< with the gate and the fusion, forward and backward
  double decoders = 0.0;  ///< with the likelihood
  double optimiser = 0.0;
};

template <typename T>
class Model {
 public:
  std::vector<OmicModel<T>> omics;
  Gate<T> gate;

  // What the last pass computed.
  std::vector<Expert<T>> experts;
  GateState<T> gate_state;
  Posterior<T> posterior;

  WorkTimes times;

  explicit Model(const ModelConfig& config);

  const ModelConfig& config() const { return config_; }

  /// Random initial values; noise: per omic, the initial noise of every feature (sd or dispersion).
  void initialise(std::uint64_t seed, const std::vector<Vector<double>>& noise);

  /// Experts, gates and posterior of a batch; z as the pass says.
  void encode(const Batch<T>& batch, const Pass<T>& pass);

  /// The loss without dropout and gradients.
  LossTerms loss(const Batch<T>& batch, const Pass<T>& pass);

  /// The loss, and the gradients of all parameters.
  LossTerms loss_and_gradients(const Batch<T>& batch, const Pass<T>& pass);

  /// One step of the optimiser on every parameter, with the proximal step, the unit norms and the
  /// update of the inclusion probabilities where the objective has them.
  void step(AdamW<T>& optimizer, const Pass<T>& pass, Index batch_size);

  /// Forgets what the likelihoods counted in the epoch before, for end_epoch() to update the noise.
  void begin_epoch();

  /// Updates that the objective does once per epoch: inclusion probabilities and noise.
  void end_epoch(bool update_noise, int threads);

  /// One omic decoded from z (factors x samples) without dropout and covariates: samples x
  /// features.
  Matrix<T> reconstruct(std::size_t omic, const Matrix<T>& z, int threads);

  /// The decoder's mask of one omic, factors x features.
  const Matrix<T>& mask(std::size_t omic);

  /// All parameters of one omic, or of the gate's shared layers.
  std::vector<Parameter<T>*> omic_parameters(std::size_t omic);
  std::vector<Parameter<T>*> gate_parameters();

  /// The share of W that is not 0, over all omics.
  double share_nonzero() const;

  /// Copies of everything that training changes, to go back to.
  std::vector<Matrix<T>> snapshot();
  void restore(const std::vector<Matrix<T>>& snapshot);

 private:
  void step_loadings(AdamW<T>& optimizer, const Pass<T>& pass, Index batch_size);
  template <typename Work, typename Body>
  void for_sample_blocks(const Batch<T>& batch, Work sample_work, int threads, Body body) const;
  void backward_encoders(const Batch<T>& batch, const Pass<T>& pass);
  std::vector<double> decode(const Batch<T>& batch, const Pass<T>& pass, DecoderMode mode,
                             std::vector<DecoderPass<T>>& passes);
  void add_priors(Index batch_size, const Pass<T>& pass, LossTerms& terms);
  void add_prior_gradients(std::size_t omic, Index batch_size, const Pass<T>& pass,
                           Matrix<T>& d_mask);

  ModelConfig config_;
  std::vector<Matrix<T>> normalised_masks_;  ///< per omic, only with row_normalize
  std::vector<Matrix<T>> members_z_;         ///< per omic, z of the batch's members
  std::vector<DecoderWorkspace<T>> workspaces_;
};

}  // namespace poems
