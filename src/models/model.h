// What a model is: parameters with names, a loss made of named terms, named blocks of latents, and
// what it does besides: before an epoch, and after a step of the optimiser.
//
// An epoch: model.before_epoch(epoch, epochs), then steps
// A step:   tape.reset(); terms.clear(); model.gradients(tape, batch, draws, terms);
//           adam.step(...); model.after_step(...)
#pragma once

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

/// What training changes beside parameters, under a name as theirs.
template <typename T>
struct StateArray {
  std::string name;
  Eigen::Ref<Matrix<T>> value;
  bool transposed = false;  ///< as in Parameter
};

template <typename T>
class Model {
 public:
  virtual ~Model() = default;

  /// All that is trained, by names such as "omics/mrna/encoder/mean/weight"; always in one order.
  virtual std::vector<Parameter<T>*> parameters() = 0;

  /// What training changes beside parameters; always in one order.
  virtual std::vector<StateArray<T>> state() { return {}; }

  /// Starting values. spread: per omic, the standard deviation of its features.
  virtual void initialise(std::uint64_t seed, const std::vector<Vector<double>>& spread) = 0;

  /// Adds the terms of the loss on a batch. The model and the draws must stay as they are until
  /// the backward pass is done.
  virtual void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
                    Terms<T>& terms) = 0;

  /// The gradients of a training step, and in `terms` what they are the gradients of. For models
  /// whose step is not down the loss: several losses weighed against each other, constraints.
  virtual void gradients(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
                         Terms<T>& terms) {
    loss(tape, batch, draws, terms);
    tape.backward(terms, parameters());
  }

  /// What stands for a sample once the model is trained.
  virtual std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                                const pieces::Draws<T>& draws) = 0;

  /// Before every epoch of a stage, counted from 1, of as many as are planned.
  virtual void before_epoch(long /*epoch*/, long /*epochs*/) {}

  /// Whether the epoch just done may be the best: warm-ups are over, constraints are kept.
  virtual bool may_be_best() const { return true; }

  /// After every step of the optimiser.
  virtual void after_step(int /*threads*/) {}
};

}  // namespace poems::models
