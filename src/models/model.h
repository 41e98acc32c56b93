// What a model is: parameters with names, a loss made of named terms, named blocks of latents, and
// what it does besides after a step of the optimiser and after an epoch.
//
// A step:   tape.reset(); terms.clear(); model.gradients(tape, batch, draws, terms);
//           model.step(adam, threads);
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "data/cohort.h"
#include "pieces/draws.h"
#include "pieces/members.h"
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

/// Which of their values were observed, 1 or 0, shaped as they are; none where nothing is missing.
template <typename T>
std::vector<Var<T>> observed(Tape<T>& tape, const Batch<T>& batch) {
  std::vector<Var<T>> nodes;
  for (const OmicBatch<T>& omic : batch.omics)
    nodes.push_back(omic.observed.size() > 0 ? tape.constant(omic.observed.transpose()) : nullptr);
  return nodes;
}

template <typename T>
pieces::Members members_of(const Batch<T>& batch) {
  pieces::Members members;
  members.samples = batch.size();
  for (const OmicBatch<T>& omic : batch.omics) members.omics.push_back(omic.members);
  return members;
}

inline std::vector<std::string> names(const std::vector<OmicShape>& omics) {
  std::vector<std::string> list;
  for (const OmicShape& omic : omics) list.push_back(omic.name);
  return list;
}

/// Values of samples under a name: coordinates of the embedding, or features of an omic.
template <typename T>
struct SampleValues {
  std::string name;
  Var<T> value;                ///< values x members
  std::vector<Index> members;  ///< positions in the batch of the samples that have them
};

/// Values that every sample has.
template <typename T>
SampleValues<T> of_all(std::string name, Var<T> value) {
  SampleValues<T> all{std::move(name), value, {}};
  for (Index i = 0; i < value->value.cols(); ++i) all.members.push_back(i);
  return all;
}

/// Some coordinates of the embedding.
template <typename T>
using LatentBlock = SampleValues<T>;

/// What training changes beside parameters, under a name as theirs.
template <typename T>
struct StateArray {
  std::string name;
  Eigen::Ref<Matrix<T>> value;
  bool transposed = false;  ///< as in Parameter
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

/// A stage of training: the model's own gradients and steps, or moves that take turns on each
/// batch, of which the last one's loss is reported and validated.
template <typename T>
struct Stage {
  std::string name;
  std::vector<Move<T>> moves;
};

/// What the passes to come are for.
struct Phase {
  bool training;  ///< or validation
  long epoch;     ///< of the stage, from 1
  long epochs;    ///< as many as are planned
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

  /// What training changes beside parameters, such as inclusion probabilities; always in one order.
  virtual std::vector<StateArray<T>> state() { return {}; }

  /// What an epoch's batches have counted so far for its end; always in one order.
  virtual std::vector<Vector<double>*> counts() { return {}; }

  /// Starting values. spread: per omic, the standard deviation of its features.
  virtual void initialise(std::uint64_t seed, const std::vector<Vector<double>>& spread) = 0;

  /// Adds the terms of the loss on a batch. The model, the batch and the draws must stay as they
  /// are until the backward pass is done.
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

  /// The stages of training, one after the other: by default one, by gradients() and step().
  virtual std::vector<Stage<T>> stages() { return {{"all", {}}}; }

  /// Before the batches of an epoch, and before those of its validation.
  virtual void enter(const Phase&) {}

  /// Before every batch in training: which share of the epoch's batches is done.
  virtual void reach(double /*done*/) {}

  /// One step of the optimiser, from the gradients.
  virtual void step(Adam<T>& adam, int threads) {
    adam.step(parameters(), threads);
    after_step(threads);
  }

  virtual void after_step(int /*threads*/) {}

  /// After an epoch's batches.
  virtual void after_epoch() {}

  /// Whether the epoch just done may be the best: warm-ups are over, constraints are kept.
  virtual bool may_be_best() const { return true; }

  /// What early stopping goes by.
  virtual double validation_loss(const Terms<T>& terms) const { return terms.total(); }

  /// What an epoch's history says besides the loss.
  virtual std::vector<Figure> figures() { return {}; }
};

/// A model's parameters and state at some time.
template <typename T>
class Snapshot {
 public:
  Snapshot() = default;
  explicit Snapshot(std::vector<Matrix<T>> values) : values_(std::move(values)) {}

  bool empty() const { return values_.empty(); }
  const std::vector<Matrix<T>>& values() const { return values_; }

  void take(Model<T>& model) {
    std::size_t at = 0;
    values_.resize(model.parameters().size() + model.state().size());
    for (const Parameter<T>* p : model.parameters()) values_[at++] = p->value;
    for (const StateArray<T>& array : model.state()) values_[at++] = array.value;
  }

  void restore(Model<T>& model) const {
    std::size_t at = 0;
    for (Parameter<T>* p : model.parameters()) p->value = values_[at++];
    for (StateArray<T>& array : model.state()) array.value = values_[at++];
  }

  bool operator==(const Snapshot& other) const { return values_ == other.values_; }

 private:
  std::vector<Matrix<T>> values_;
};

}  // namespace poems::models
