// From the omics to a latent: an encoder per omic, and of several omics a gate that fuses their
// experts. Samples may lack omics, but not all.   x_v: features x members of v, the latent: factors
// x B
#pragma once

#include <string>
#include <vector>

#include "models/model.h"
#include "pieces/gate.h"
#include "pieces/gaussian_encoder.h"
#include "pieces/product_of_experts.h"

namespace poems::models {

struct InferenceOptions {
  Index encoder_units = 100;
  Index gate_units = 64;
  double dropout = 0.0;
};

template <typename T>
class Inference {
 public:
  Inference(const std::string& latent, const std::vector<OmicShape>& omics, Index factors,
            const InferenceOptions& o) {
    for (const OmicShape& omic : omics)
      encoders_.emplace_back("omics/" + omic.name + "/" + latent + "/encoder", omic.features,
                             o.encoder_units, factors, o.dropout);
    if (omics.size() > 1) gate_.emplace_back(latent + "/gate", names(omics), factors, o.gate_units);
  }

  std::vector<Parameter<T>*> parameters() { return pieces::parameters_of<T>(encoders_, gate_); }

  void initialise(pieces::Start start, std::uint64_t seed, std::uint64_t& part) {
    for (auto& encoder : encoders_) encoder.initialise(start, seed, part);
    for (auto& gate : gate_) gate.initialise(start, seed, part);
  }

  pieces::Gaussian<T> operator()(Tape<T>& tape, const std::vector<Var<T>>& x,
                                 const pieces::Members& members, const pieces::Draws<T>& draws) {
    std::vector<pieces::Gaussian<T>> experts;
    for (std::size_t v = 0; v < x.size(); ++v)
      experts.push_back(encoders_[v](tape, x[v], draws.of(members.omics[v], members.samples)));
    if (gate_.empty()) return experts[0];
    Var<T> alpha = gate_[0](tape, gate_[0].normalise(tape, experts), members);
    return pieces::product_of_experts(tape, experts, alpha, members);
  }

 private:
  std::vector<pieces::GaussianEncoder<T>> encoders_;
  std::vector<pieces::Gate<T>> gate_;  ///< one, or none of a single omic
};

}  // namespace poems::models
