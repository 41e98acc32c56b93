// Gating network: how much each omic's expert counts, per sample.
//
//   g_v = layer_norm_v(mean_v),   alpha = softmax(A_2 relu(A_1 [g_1; ...; g_V] + b_1) + b_2)
//
// A sample that lacks omic v has g_v = 0; its softmax is over the omics that it has, and its
// alpha_v is 0.   mean_v and g_v: K x members of v, alpha: V x B, whose columns sum to 1
#pragma once

#include "pieces/activations.h"
#include "pieces/latent.h"
#include "pieces/layer_norm.h"
#include "pieces/linear.h"
#include "pieces/members.h"

namespace poems::pieces {

template <typename T>
struct Gate {
  std::vector<LayerNorm<T>> norms;  ///< per omic
  Linear<T> hidden, output;

  Gate(const std::string& name, const std::vector<std::string>& omics, Index factors, Index units)
      : hidden(name + "/hidden", static_cast<Index>(omics.size()) * factors, units),
        output(name + "/output", units, static_cast<Index>(omics.size())) {
    for (const std::string& omic : omics) norms.emplace_back(name + "/norm/" + omic, factors);
  }

  std::vector<Parameter<T>*> parameters() { return parameters_of<T>(norms, hidden, output); }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) {
    initialise_all(start, seed, part, hidden, output);
  }

  std::vector<Var<T>> normalise(Tape<T>& tape, const std::vector<Gaussian<T>>& experts) {
    std::vector<Var<T>> g;
    for (std::size_t v = 0; v < norms.size(); ++v) g.push_back(norms[v](tape, experts[v].mean));
    return g;
  }

  Var<T> operator()(Tape<T>& tape, std::vector<Var<T>> g, const Members& members) {
    for (std::size_t v = 0; v < g.size(); ++v)
      g[v] = spread(tape, g[v], members.omics[v], members.samples);
    Var<T> scores = output(tape, relu(tape, hidden(tape, stack(tape, g))));
    return softmax(tape, scores, members.indicator<T>());
  }
};

}  // namespace poems::pieces
