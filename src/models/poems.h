// POEMS: a product of experts, weighed by a gate, and a sparse decoder per omic.
//
//   mean_v, logvar_v = encoder_v(x_v)                     the experts
//   alpha            = gate(mean_1, ..., mean_V)
//   q(z | x)         = prod_v N(mean_v, e^logvar_v)^alpha_v,    z ~ q
//   x_v              ~ likelihood_v(decoder_v(z; W_v)),   W_v with a spike-and-slab prior
//
//   loss = beta KL(q || N(0, 1)) + sum_v ( weight_v reconstruction_v + penalty_v + noise_v )
//
// scaled as the objective says.
#pragma once

#include <memory>
#include <vector>

#include "layers/decoders.h"
#include "layers/encoder.h"
#include "layers/fusion.h"
#include "layers/gate.h"
#include "models/model.h"
#include "models/sparse_omics.h"

namespace poems::models {

/// Everything that describes a model but its parameters.
struct PoemsOptions : SparseSettings {
  std::vector<SparseOmicShape> omics;
  Index factors;
  Index encoder_hidden, gate_hidden;
  double dropout;
  bool row_normalize;
  double kl_weight = 1.0;  ///< beta
  long warmup = 0;         ///< epochs over which it rises to that
};

/// The pieces that belong to one omic.
template <typename T>
struct PoemsOmicModel : SparseOmic<T> {
  Encoder<T> encoder;

  PoemsOmicModel(const std::string& name, const PoemsOptions& options, const SparseOmicShape& omic)
      : SparseOmic<T>(name, options.factors, options, omic),
        encoder(name, omic.features, options.encoder_hidden, options.factors) {}
};

/// What a pass over a batch computes up to z.
template <typename T>
struct PoemsPass {
  std::vector<pieces::Gaussian<T>> experts;
  Var<T> gate_input;  ///< (omics factors) x B
  Var<T> alpha;       ///< omics x B
  pieces::Gaussian<T> posterior;
  Var<T> z;  ///< factors x B
};

template <typename T>
class Poems : public Model<T> {
 public:
  std::vector<PoemsOmicModel<T>> omics;
  Gate<T> gate;

  explicit Poems(const PoemsOptions& options);

  const PoemsOptions& options() const { return options_; }

  /// noise: per omic, the initial noise of every feature (sd or dispersion).
  void initialise(std::uint64_t seed, const std::vector<Vector<double>>& noise) override;

  std::vector<Parameter<T>*> parameters() override;
  std::vector<StateArray<T>> state() override;
  std::vector<Vector<double>*> counts() override;

  PoemsPass<T> encode(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
                      int threads) const;

  void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
            Terms<T>& terms) override;

  std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                        const pieces::Draws<T>& draws) override;

  void enter(const Phase& phase) override;
  void reach(double done) override { done_ = done; }

  /// With the proximal step, the unit norms and the update of the inclusion probabilities where the
  /// objective has them.
  void step(Adam<T>& adam, int threads) override;

  /// Updates that the objective does once per epoch: inclusion probabilities and noise.
  void after_epoch() override;

  /// Not in the warm-up, whose posteriors have not yet felt the whole KL divergence.
  bool may_be_best() const override;

  double validation_loss(const Terms<T>& terms) const override;
  std::vector<Figure> figures() override;

  /// One omic decoded from z (factors x samples) without dropout and covariates: samples x
  /// features.
  Matrix<T> reconstruct(std::size_t omic, const Matrix<T>& z, int threads) const;

  /// The decoder's mask of one omic, factors x features.
  Matrix<T> mask(std::size_t omic) const;

 private:
  std::vector<Parameter<T>*> omic_parameters(std::size_t omic);
  std::vector<Parameter<T>*> gate_parameters();
  std::vector<SparseOmic<T>*> sparse_omics();
  double beta() const;       ///< the KL divergence's weight in this phase
  bool skips_zeros() const;  ///< at this place of the phase

  /// Where the epoch's time went, in seconds.
  struct Times {
    double encoders = 0.0;  ///< with the gate and the fusion
    double decoders = 0.0;  ///< with the likelihood
    double optimiser = 0.0;
  };

  PoemsOptions options_;
  Phase phase_{false, 0, 0, 1, 1};
  double done_ = 0.0;          ///< of the epoch
  double prior_weight_ = 1.0;  ///< of the last batch
  std::vector<DecoderWorkspace<T>> workspaces_;
  Times times_;
};

}  // namespace poems::models
