// What a model is: parameters with names, a loss made of named terms, named blocks of latents, and
// what it does besides after a step of the optimiser.
//
// A step:   tape.reset(); terms.clear(); model.loss(tape, batch, draws, terms);
//           tape.backward(terms, model.parameters()); adam.step(...); model.after_step(...)
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "data/cohort.h"
#include "pieces/draws.h"
#include "pieces/members.h"
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

  /// What stands for a sample once the model is trained.
  virtual std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                                const pieces::Draws<T>& draws) = 0;

  /// After every step of the optimiser.
  virtual void after_step(int /*threads*/) {}
};

}  // namespace poems::models
