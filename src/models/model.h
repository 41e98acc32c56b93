// What a model is: parameters with names, a loss made of named terms, named blocks of latents, and
// what it does besides after a step of the optimiser and after an epoch.
//
// A step:   tape.reset(); terms.clear(); model.loss(tape, batch, draws, terms);
//           tape.backward(terms, model.parameters()); model.step(adam, threads);
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/cohort.h"
#include "pieces/draws.h"
#include "tape/adam.h"
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

/// What the passes to come are for.
struct Phase {
  bool training;  ///< or validation
  long epoch;     ///< from 1
  Index training_samples;
  int threads;
};

/// A figure of an epoch, for its history.
using Figure = std::pair<std::string, double>;

template <typename T>
class Model {
 public:
  virtual ~Model() = default;

  /// All that is trained, by names such as "omics/mrna/encoder/mean/weight"; always in one order.
  virtual std::vector<Parameter<T>*> parameters() = 0;

  /// What training changes besides, such as inclusion probabilities.
  virtual std::vector<Matrix<T>*> state() { return {}; }

  /// Starting values. spread: per omic, the standard deviation of its features.
  virtual void initialise(std::uint64_t seed, const std::vector<Vector<double>>& spread) = 0;

  /// Adds the terms of the loss on a batch. The model, the batch and the draws must stay as they
  /// are until the backward pass is done.
  virtual void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
                    Terms<T>& terms) = 0;

  /// What stands for a sample once the model is trained.
  virtual std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                                const pieces::Draws<T>& draws) = 0;

  /// Before the batches of an epoch, and before those of its validation.
  virtual void enter(const Phase&) {}

  /// One step of the optimiser, from the gradients.
  virtual void step(Adam<T>& adam, int threads) {
    adam.step(parameters(), threads);
    after_step(threads);
  }

  virtual void after_step(int /*threads*/) {}

  /// After an epoch's batches.
  virtual void after_epoch() {}

  /// What early stopping goes by.
  virtual double validation_loss(const Terms<T>& terms) const { return terms.total(); }

  /// What an epoch's history says besides the loss.
  virtual std::vector<Figure> figures() const { return {}; }
};

/// Copies of everything that training changes, to go back to.
template <typename T>
std::vector<Matrix<T>> snapshot(Model<T>& model) {
  std::vector<Matrix<T>> copy;
  for (Parameter<T>* p : model.parameters()) copy.push_back(p->value);
  for (Matrix<T>* m : model.state()) copy.push_back(*m);
  return copy;
}

template <typename T>
void restore(const std::vector<Matrix<T>>& copy, Model<T>& model) {
  auto next = copy.begin();
  for (Parameter<T>* p : model.parameters()) p->value = *next++;
  for (Matrix<T>* m : model.state()) *m = *next++;
}

}  // namespace poems::models
