// Encoder of one omic: x -> mean and log-variance of its expert.
//
//   h1 = drop(relu(A1 x + b1)),  h2 = drop(relu(A2 h1 + b2)),
//   mean = Am h2 + bm,           logvar = Al h2 + bl
#pragma once

#include <string>
#include <vector>

#include "data/cohort.h"
#include "pieces/draws.h"
#include "pieces/latent.h"
#include "pieces/linear.h"

namespace poems {

/// What a pass computes for one omic. B: batch members that have the omic.
template <typename T>
struct EncoderPass {
  Var<T> hidden1, hidden2;     ///< hidden x B
  pieces::Gaussian<T> expert;  ///< factors x B
};

/// The work on a batch is cut into blocks that threads can share: blocks of samples for the
/// activations and their gradients, blocks of inputs for the gradients of the weights.
template <typename T>
struct Encoder {
  pieces::Linear<T> hidden1, hidden2, mean, logvar;

  /// name: the omic's, with which its parameters' names start.
  Encoder(const std::string& name, Index features, Index hidden, Index factors);

  void initialise(std::uint64_t seed, std::uint64_t& part);

  /// Nodes of their shapes.
  EncoderPass<T> prepare(Tape<T>& tape, const OmicBatch<T>& batch) const;

  /// The activations and the expert of some samples. Dropout may be inactive.
  void forward(const OmicBatch<T>& batch, const Dropout& drop1, const Dropout& drop2, Block samples,
               const EncoderPass<T>& pass) const;

  /// From the gradients of the expert of some samples to those of the hidden layers before
  /// relu. keep_scale: the dropout's.
  void backward(double keep_scale, Block samples, const EncoderPass<T>& pass) const;

  /// Adds the gradients of the weights, in gradient_blocks() parts, after backward() for all
  /// samples.
  Index gradient_blocks() const;
  void gradient(const OmicBatch<T>& batch, const EncoderPass<T>& pass, Index block) const;

  /// Multiplications per sample of a forward pass.
  double work_per_sample() const;
};

/// The experts of all omics, which share the threads. rate: of dropout.
template <typename T>
std::vector<pieces::Gaussian<T>> encode_omics(Tape<T>& tape,
                                              const std::vector<const Encoder<T>*>& encoders,
                                              const Batch<T>& batch, const pieces::Draws<T>& draws,
                                              double rate, int threads);

}  // namespace poems
