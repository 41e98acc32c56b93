// What the comparison models of the POEMS paper have beside what every model has: they reconstruct
// omics.
#pragma once

#include <vector>

#include "models/model.h"

namespace poems::models {

template <typename T>
class Baseline : public Model<T> {
 public:
  /// Every omic as decoded from the latents' means, for the samples of which the model can tell it.
  virtual std::vector<SampleValues<T>> reconstruct(Tape<T>& tape, const Batch<T>& batch) = 0;
};

}  // namespace poems::models
