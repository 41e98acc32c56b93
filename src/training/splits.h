// The models of poems_split() by name: how each is made, and how it is trained.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "models/indiseek.h"
#include "models/mmvae.h"
#include "models/mvae.h"
#include "models/settings.h"

namespace poems {

enum class SplitKind { mvae, mopoe, mmvae, mmvaepp, indiseek };

inline SplitKind split_kind(const std::string& method) {
  if (method == "mvae") return SplitKind::mvae;
  if (method == "mopoe") return SplitKind::mopoe;
  if (method == "mmvae") return SplitKind::mmvae;
  if (method == "mmvae++") return SplitKind::mmvaepp;
  if (method == "indiseek") return SplitKind::indiseek;
  throw std::invalid_argument("no method " + method);
}

/// The sizes of a model and how it is trained: with sparse decoders from a start near the end
/// ("corrected" of a setting), with dense ones as published from a random one.
struct SplitSettings {
  bool indiseek;
  Index encoder_units, decoder_units, batch_size;
  long epochs, patience;
  double label_weight, learning_rate, weight_decay, validation;

  template <typename Setting>
  void each(Setting setting) {
    const double units = indiseek ? 50 : 128;  // of each hidden layer, as published
    setting("encoder_units", encoder_units, 256, units, range::count,
            "Units in a hidden layer of an encoder.");
    setting("decoder_units", decoder_units, 100, units, range::count,
            "Units in a hidden layer of a decoder.");
    setting("label_weight", label_weight, 100, 100, range::weight,
            "Weight of the term that labels add to the loss.");
    setting("epochs", epochs, 200, 100, range::count, "Passes over the training samples, at most.");
    setting("batch_size", batch_size, 128, 128, range::count, "Samples per step of the optimiser.");
    setting("learning_rate", learning_rate, 2e-3, 1e-3, range::rate, "Step size of Adam.");
    setting("weight_decay", weight_decay, 1e-2, 0.0, range::weight,
            "Decoupled weight decay of Adam.");
    setting("validation", validation, 0.1, 0.0, range::held_out,
            "Share of the samples held out to decide when to stop.");
    setting("patience", patience, 10, 30, range::count,
            "Epochs without an improvement of the validation loss before training stops.");
  }
};

/// What a model is made of beside its kind.
struct SplitOptions {
  models::SharedPrivateOptions mixture;  ///< its omics, factors and units are those of all kinds
  double completeness = 1.0;             ///< of IndiSeek
};

template <typename T>
std::unique_ptr<models::Split<T>> make_split(SplitKind kind, const SplitOptions& options) {
  using models::Mmvae;
  using models::MmvaeKind;
  using models::Mvae;
  using models::MvaeKind;
  const models::SharedPrivateOptions& o = options.mixture;
  switch (kind) {
    case SplitKind::mvae:
      return std::make_unique<Mvae<T>>(o, MvaeKind::mvae);
    case SplitKind::mopoe:
      return std::make_unique<Mvae<T>>(o, MvaeKind::mopoe);
    case SplitKind::mmvae:
      return std::make_unique<Mmvae<T>>(o, MmvaeKind::mmvae);
    case SplitKind::mmvaepp:
      return std::make_unique<Mmvae<T>>(o, MmvaeKind::mmvaepp);
    default:
      break;
  }
  models::IndiSeekOptions indiseek;
  indiseek.omics = o.omics;
  indiseek.shared_factors = o.shared_factors;
  indiseek.private_factors = o.private_factors;
  indiseek.units = o.encoder_units;
  indiseek.completeness = options.completeness;
  return std::make_unique<models::IndiSeek<T>>(indiseek);
}

}  // namespace poems
