// What a model is: parameters with names, a loss made of named terms, named blocks of latents, and
// what it does besides after a step of the optimiser.
//
// A step:   tape.reset(); terms.clear(); model.loss(tape, batch, draws, terms);
//           tape.backward(terms, model.parameters()); adam.step(...); model.after_step(...)
//
// That is a model with one stage of one move, as most are. The general case: for every stage, for
// every epoch and batch of it, for every move, as often as it repeats, such a pass of the move's
// loss, then a step of the move's own Adam over the move's own parameters; last after_step().
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/cohort.h"
#include "pieces/draws.h"
#include "tape/tape.h"

namespace poems::models {

struct OmicShape {
  std::string name;
  Index features;
};

/// The data as nodes: per omic, features x the samples that have it.
template <typename T>
std::vector<Var<T>> constants(Tape<T>& tape, const Batch<T>& batch) {
  std::vector<Var<T>> nodes;
  for (const OmicBatch<T>& omic : batch.omics) nodes.push_back(tape.constant(omic.x.transpose()));
  return nodes;
}

inline std::vector<std::string> names(const std::vector<OmicShape>& omics) {
  std::vector<std::string> list;
  for (const OmicShape& omic : omics) list.push_back(omic.name);
  return list;
}

/// Some coordinates of the embedding.
template <typename T>
struct LatentBlock {
  std::string name;
  Var<T> value;  ///< coordinates x samples
};

/// What one optimiser does in a step: some parameters go down the gradient of a loss of theirs.
template <typename T>
struct Move {
  /// As Model::loss().
  std::function<void(Tape<T>&, const Batch<T>&, const pieces::Draws<T>&, Terms<T>&)> loss;
  std::vector<Parameter<T>*> parameters;
  double rate = 1.0;  ///< multiplies the learning rate
  int repeats = 1;    ///< on each batch
};

/// Moves that take turns on each batch. The loss of the last is the one that is reported, and
/// validated.
template <typename T>
struct Stage {
  std::string name;
  std::vector<Move<T>> moves;
};

template <typename T>
class Model {
 public:
  virtual ~Model() = default;

  /// All that is trained, by names such as "omics/mrna/encoder/mean/weight"; always in one order.
  virtual std::vector<Parameter<T>*> parameters() = 0;

  /// Starting values. spread: per omic, the standard deviation of its features.
  virtual void initialise(std::uint64_t seed, const std::vector<Vector<double>>& spread) = 0;

  /// Adds the terms of the loss on a batch. The model and the draws must stay as they are until
  /// the backward pass is done.
  virtual void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
                    Terms<T>& terms) = 0;

  /// What stands for a sample once the model is trained.
  virtual std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                                const pieces::Draws<T>& draws) = 0;

  /// The stages of training, one after the other: by default one, of everything at once.
  virtual std::vector<Stage<T>> stages() {
    const auto all = [this](Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
                            Terms<T>& terms) { loss(tape, batch, draws, terms); };
    return {{"all", {{all, parameters()}}}};
  }

  /// Before every epoch of a stage, counted from 1, of as many as are planned.
  virtual void before_epoch(long /*epoch*/, long /*epochs*/) {}

  /// After every step of the optimiser.
  virtual void after_step(int /*threads*/) {}
};

}  // namespace poems::models
