// Autoencoder of one omic, layers mirrored: D -> a -> b -> c -> K -> c -> b -> a -> D, tanh after
// every layer, the embedding's included, but an activation of its own at the output, as published a
// sigmoid.   x: D x B, embedding: K x B
#pragma once

#include <algorithm>

#include "pieces/mlp.h"

namespace poems::pieces {

/// {features, a, b, c, embedding}
inline std::vector<Index> layer_sizes(Index features, const std::vector<Index>& units,
                                      Index embedding) {
  std::vector<Index> sizes = {features};
  sizes.insert(sizes.end(), units.begin(), units.end());
  sizes.push_back(embedding);
  return sizes;
}

/// The way back, from the embedding to the features.
template <typename T>
Mlp<T> mirrored_decoder(const std::string& name, std::vector<Index> sizes, Activation output) {
  std::reverse(sizes.begin(), sizes.end());
  return {name, sizes, Activation::tanh, output};
}

template <typename T>
struct Autoencoder {
  Mlp<T> encoder, decoder;

  Autoencoder(const std::string& name, const std::vector<Index>& sizes, Activation output)
      : encoder(name + "/encoder", sizes, Activation::tanh, Activation::tanh),
        decoder(mirrored_decoder<T>(name + "/decoder", sizes, output)) {}

  std::vector<Parameter<T>*> parameters() { return parameters_of<T>(encoder, decoder); }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) {
    initialise_all(start, seed, part, encoder, decoder);
  }
};

}  // namespace poems::pieces
