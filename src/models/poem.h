// POEM: product of experts with a dense decoder per omic. The POEMS paper's comparison, in its
// published form.
//
//   mean_v, logvar_v = encoder_v(x_v)                     the experts
//   alpha            = gate(mean_1, ..., mean_V)
//   q(z | x)         = prod_v N(mean_v, e^logvar_v)^alpha_v,    z ~ q
//   x_hat_v          = decoder_v(z)
//
//   loss = sum_v 1/2 mean ((x_v - x_hat_v) / sigma_v)^2  +  mean KL(q || N(0, 1))
//        + sum_v prior(sigma_v)
//
// The KL's mean is over samples and factors.
#pragma once

#include "models/model.h"
#include "pieces/dense_decoder.h"
#include "pieces/gate.h"
#include "pieces/gaussian_encoder.h"
#include "pieces/gaussian_likelihood.h"
#include "pieces/product_of_experts.h"

namespace poems::models {

struct PoemOptions {
  std::vector<OmicShape> omics;
  Index factors = 32;
  Index encoder_units = 100;
  Index decoder_units = 100;
  Index gate_units = 64;
  double dropout = 0.2;                ///< in encoders and decoders
  double sigma_df = 10.0;              ///< nu of the prior of sigma^2
  std::vector<double> prior_variance;  ///< its s^2, per omic
};

template <typename T>
class Poem : public Model<T> {
 public:
  explicit Poem(const PoemOptions& o) : gate_("gate", names(o.omics), o.factors, o.gate_units) {
    for (std::size_t v = 0; v < o.omics.size(); ++v) {
      const std::string name = "omics/" + o.omics[v].name;
      const Index features = o.omics[v].features;
      omics_.push_back({o.omics[v].name,
                        {name + "/encoder", features, o.encoder_units, o.factors, o.dropout},
                        {name + "/decoder", o.factors, o.decoder_units, features, o.dropout},
                        {name, features, o.sigma_df, o.prior_variance.at(v)}});
    }
  }

  /// What a pass computes.
  struct Pass {
    std::vector<pieces::Gaussian<T>> experts;
    std::vector<Var<T>> gate_input, reconstruction;  ///< per omic
    Var<T> alpha;
    pieces::Gaussian<T> posterior;
    Var<T> z;
  };

  Pass encode(Tape<T>& tape, const std::vector<Var<T>>& x, const pieces::Draws<T>& draws) {
    Pass pass;
    for (std::size_t v = 0; v < omics_.size(); ++v)
      pass.experts.push_back(omics_[v].encoder(tape, x[v], draws));
    pass.gate_input = gate_.normalise(tape, pass.experts);
    pass.alpha = gate_(tape, pass.gate_input);
    pass.posterior = pieces::product_of_experts(tape, pass.experts, pass.alpha);
    pass.z =
        pieces::sample(tape, pass.posterior, pieces::noise(tape, draws, "z", pass.posterior.mean));
    return pass;
  }

  Pass forward(Tape<T>& tape, const std::vector<Var<T>>& x, const pieces::Draws<T>& draws) {
    Pass pass = encode(tape, x, draws);
    for (Omic& omic : omics_) pass.reconstruction.push_back(omic.decoder(tape, pass.z, draws));
    return pass;
  }

  void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
            Terms<T>& terms) override {
    const std::vector<Var<T>> x = constants(tape, batch);
    const Pass pass = forward(tape, x, draws);
    terms.add("kl", pieces::mean(tape, pieces::kl(tape, pass.posterior)));
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      pieces::GaussianLikelihood<T>& likelihood = omics_[v].likelihood;
      terms.add("reconstruction/" + omics_[v].name,
                likelihood.reconstruction(tape, x[v], pass.reconstruction[v]));
      terms.add("sigma/" + omics_[v].name, likelihood.prior(tape, batch.size()));
    }
  }

  std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                        const pieces::Draws<T>& draws) override {
    return {{"z", encode(tape, constants(tape, batch), draws).z}};
  }

  std::vector<Parameter<T>*> parameters() override {
    return pieces::parameters_of<T>(omics_, gate_);
  }

  void initialise(std::uint64_t seed, const std::vector<Vector<double>>& spread) override {
    std::uint64_t part = 0;
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      initialise_all(pieces::Start::uniform, seed, part, omics_[v].encoder, omics_[v].decoder);
      omics_[v].likelihood.initialise(spread[v]);
    }
    gate_.initialise(pieces::Start::uniform, seed, part);
  }

 private:
  struct Omic {
    std::string name;
    pieces::GaussianEncoder<T> encoder;
    pieces::DenseDecoder<T> decoder;
    pieces::GaussianLikelihood<T> likelihood;

    std::vector<Parameter<T>*> parameters() {
      return pieces::parameters_of<T>(encoder, decoder, likelihood);
    }
  };

  std::vector<Omic> omics_;
  pieces::Gate<T> gate_;
};

}  // namespace poems::models
