// The models of poems_compare(): their settings, and how each is made.
#pragma once

#include "models/settings.h"

namespace poems {

/// The sizes of a model and how it is trained: with sparse decoders from a start near the end
/// ("corrected" of a setting), with dense ones from a random one.
struct ComparisonSettings {
  Index encoder_units, decoder_units, batch_size;
  long epochs, patience;
  double warmup, independent_from, learning_rate, weight_decay, validation;

  template <typename Setting>
  void each(Setting setting) {
    setting("encoder_units", encoder_units, 100, 100, range::count,
            "Units in a hidden layer of an encoder.");
    setting("decoder_units", decoder_units, 20, 100, range::count,
            "Units in a hidden layer of a decoder.");
    setting("warmup", warmup, 0.0, 0.2, range::share,
            "Share of the epochs in which the weight of the Kullback-Leibler terms rises from 0 to "
            "1.");
    setting("independent_from", independent_from, 0.4, 0.4, range::share,
            "Share of the epochs after which the bound on dependence holds.");
    setting("epochs", epochs, 100, 200, range::count,
            "Passes over the training samples of the larger group, at most.");
    setting("batch_size", batch_size, 256, 256, range::count,
            "Samples per step of the optimiser, half of them of each group.");
    setting("learning_rate", learning_rate, 1e-3, 1e-3, range::rate, "Step size of Adam.");
    setting("weight_decay", weight_decay, 1e-2, 1e-4, range::weight,
            "Decoupled weight decay of Adam.");
    setting("validation", validation, 0.1, 0.1, range::held_out,
            "Share of the samples of each group held out to decide when to stop.");
    setting("patience", patience, 20, 30, range::count,
            "Epochs without an improvement of the validation loss before training stops.");
  }
};

}  // namespace poems
