// What models that split latents into a block that omics share and a private one per omic have
// beside what every model has: posteriors of the blocks, and predictions between omics.
#pragma once

#include <string>
#include <vector>

#include "models/model.h"
#include "pieces/latent.h"

namespace poems::models {

/// The posterior of a block, of the members of a batch that have it.
template <typename T>
struct PosteriorBlock {
  std::string name;       ///< "shared", or "private/mrna"
  pieces::Gaussian<T> q;  ///< coordinates x members; without a logvar where the model has none
  std::vector<Index> members;
};

template <typename T>
class Split : public Model<T> {
 public:
  /// The shared block, then the private ones.
  virtual std::vector<PosteriorBlock<T>> posterior(Tape<T>& tape, const Batch<T>& batch) = 0;

  /// Their means.
  std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                        const pieces::Draws<T>&) override {
    std::vector<LatentBlock<T>> blocks;
    for (const PosteriorBlock<T>& block : posterior(tape, batch))
      blocks.push_back({block.name, block.q.mean, block.members});
    return blocks;
  }

  /// The prediction of omic `to`, features x samples of the batch, from posterior means given the
  /// omics `from` alone, those of them that a sample has.
  virtual Var<T> predict(Tape<T>& tape, const Batch<T>& batch, const std::vector<std::size_t>& from,
                         std::size_t to) = 0;

  /// Omic v, features x samples, given its blocks, coordinates x samples.
  virtual Matrix<T> decoded(std::size_t v, const Matrix<T>& shared, const Matrix<T>& own) = 0;
};

}  // namespace poems::models
