// The comparison models of the POEMS paper by name: their settings, how each is trained, and how it
// is made.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/mocss.h"
#include "models/poem.h"
#include "models/settings.h"
#include "tape/adam.h"

namespace poems {

/// What the POEMS paper tuned for breast cancer.
struct Tuned {
  double batch_size, learning_rate, weight_decay;
};

/// How a model is trained.
struct TrainingSettings {
  Tuned published;
  double corrected_rate;  ///< default learning rate of the corrected form
  long epochs, patience;
  Index batch_size;
  double learning_rate, weight_decay, validation;

  template <typename Setting>
  void each(Setting setting) {
    setting("epochs", epochs, 1000, 5000, range::count,
            "Passes over the training samples, at most.");
    setting("batch_size", batch_size, 64, published.batch_size, range::count,
            "Samples per step of the optimiser.");
    setting("learning_rate", learning_rate, corrected_rate, published.learning_rate, range::rate,
            "Step size of Adam.");
    setting("weight_decay", weight_decay, 1e-4, published.weight_decay, range::weight,
            "Weight decay of Adam.");
    setting("validation", validation, 0.1, 0.2, range::held_out,
            "Share of the samples held out to decide when to stop.");
    setting("patience", patience, 30, 30, range::count,
            "Epochs without an improvement of the validation loss before training stops.");
  }
};

enum class BaselineKind { poem, mocss_ae, mocss_vae, mocss_sparsevae };

struct BaselineEntry {
  BaselineKind kind;
  const char* name;
  Tuned published;
  double corrected_rate;

  TrainingSettings training() const { return {published, corrected_rate, 0, 0, 0, 0.0, 0.0, 0.0}; }
};

inline const std::vector<BaselineEntry>& baselines() {
  static const std::vector<BaselineEntry> list = {
      {BaselineKind::poem, "poem", {512, 7e-4, 3e-4}, 2e-3},
      {BaselineKind::mocss_ae, "mocss_ae", {256, 3e-4, 7e-4}, 5e-4},
      {BaselineKind::mocss_vae, "mocss_vae", {512, 5e-4, 5e-4}, 5e-4},
      {BaselineKind::mocss_sparsevae, "mocss_sparsevae", {512, 7e-4, 5e-4}, 1e-3}};
  return list;
}

inline const BaselineEntry& baseline(const std::string& name) {
  for (const BaselineEntry& entry : baselines())
    if (name == entry.name) return entry;
  throw std::invalid_argument("no model " + name);
}

inline models::MocssKind mocss_kind(BaselineKind kind) {
  if (kind == BaselineKind::mocss_ae) return models::MocssKind::ae;
  if (kind == BaselineKind::mocss_vae) return models::MocssKind::vae;
  return models::MocssKind::sparse_vae;
}

/// The settings of a model, without those of its training.
inline std::vector<Setting> model_settings(BaselineKind kind) {
  if (kind == BaselineKind::poem) return list_settings(models::PoemSettings());
  std::vector<Setting> list = list_settings(models::MocssSettings());
  if (kind == BaselineKind::mocss_sparsevae)
    for (const Setting& setting : list_settings(models::SparseVaeSettings()))
      list.push_back(setting);
  return list;
}

/// As published, the autoencoders are trained by Adam with an L2 penalty, all others by AdamW.
inline Decay decay_of(BaselineKind kind, Form form) {
  return form == Form::published && kind == BaselineKind::mocss_ae ? Decay::in_gradient
                                                                   : Decay::decoupled;
}

/// The data that a model is made for.
struct BaselineData {
  std::vector<models::OmicShape> omics;
  std::vector<double> prior_variance;  ///< of the prior of sigma^2, per omic
  double sigma_df;
  Index samples;
};

/// value_of: of a setting's name and its two defaults.
template <typename T, typename ValueOf>
std::unique_ptr<models::Baseline<T>> make_baseline(BaselineKind kind, Form form,
                                                   const BaselineData& data, ValueOf value_of) {
  const bool published = form == Form::published;
  if (kind == BaselineKind::poem) {
    models::PoemOptions o =
        published ? models::PoemOptions::published() : models::PoemOptions::corrected();
    set_settings(o.settings, value_of);
    o.omics = data.omics;
    o.sigma_df = data.sigma_df;
    o.prior_variance = data.prior_variance;
    o.samples = data.samples;
    return std::make_unique<models::Poem<T>>(o);
  }
  const models::MocssKind mocss = mocss_kind(kind);
  models::MocssOptions o =
      published ? models::MocssOptions::published(mocss) : models::MocssOptions::corrected(mocss);
  set_settings(o.settings, value_of);
  if (mocss == models::MocssKind::sparse_vae) set_settings(o.sparse_settings, value_of);
  o.omics = data.omics;
  for (const models::OmicShape& omic : data.omics)
    o.units.push_back(o.settings.layers(omic.features));
  o.prior_variance = data.prior_variance;
  o.sparse.sigma_df = data.sigma_df;
  o.sparse.samples = data.samples;
  return std::make_unique<models::Mocss<T>>(o);
}

}  // namespace poems
