// Training of any model on the tape: epochs of mini-batches, validation, early stopping, progress
// and interrupts. It knows of a model what models/model.h says, and nothing else.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "models/model.h"
#include "support/parallel.h"
#include "tape/adam.h"
#include "training/schedule.h"

namespace poems {

struct FitConfig {
  long epochs;
  Index batch_size;
  AdamWConfig optimiser;
  Decay decay;
  double validation;  ///< share of the samples held out; 0 for none
  long patience;      ///< epochs without a better validation loss before stopping
  std::uint64_t seed;
  int threads;
  bool keep_best = false;  ///< end with the epoch of the lowest validation loss, not the last
};

/// One line of the history. Training losses are means over the epoch's samples.
struct FitEpoch {
  long epoch;
  double training = 0.0;
  double validation = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::pair<std::string, double>> terms;  ///< of the training loss, weighted
  double seconds = 0.0;                               ///< since the start
};

/// Whoever watches.
class FitMonitor {
 public:
  virtual ~FitMonitor() = default;
  virtual bool interrupted() = 0;  ///< asked after every batch; true stops
  virtual void epoch_done(const FitEpoch& epoch) = 0;
};

struct FitResult {
  std::vector<FitEpoch> history;
  std::vector<Index> validation_samples;
  long best_epoch = 0;  ///< that of the lowest validation loss; 0 without samples held out
  long kept_epoch = 0;  ///< that whose parameters the model ends with
  Stopped stopped = Stopped::epochs;
};

/// A model's parameters and state at some time.
template <typename T>
class Snapshot {
 public:
  bool empty() const { return values_.empty(); }

  void take(models::Model<T>& model) {
    std::size_t at = 0;
    values_.resize(model.parameters().size() + model.state().size());
    for (const Parameter<T>* p : model.parameters()) values_[at++] = p->value;
    for (const models::StateArray<T>& array : model.state()) values_[at++] = array.value;
  }

  void restore(models::Model<T>& model) const {
    std::size_t at = 0;
    for (Parameter<T>* p : model.parameters()) p->value = values_[at++];
    for (models::StateArray<T>& array : model.state()) array.value = values_[at++];
  }

 private:
  std::vector<Matrix<T>> values_;
};

template <typename T>
class Fit {
 public:
  Fit(models::Model<T>& model, const Cohort<T>& cohort, const FitConfig& config,
      FitMonitor& monitor)
      : model_(model),
        cohort_(cohort),
        config_(config),
        monitor_(monitor),
        adam_(config.optimiser, config.decay),
        stopping_(config.patience),
        parameters_(model.parameters()) {}

  FitResult run() {
    const PassThreads threads(config_.threads);
    Split split = split_samples(cohort_.samples, config_.validation, config_.seed);
    training_ = std::move(split.training);
    result_.validation_samples = std::move(split.validation);
    for (long epoch = 1; epoch <= config_.epochs && goes_on(epoch); ++epoch) {
    }
    result_.best_epoch = stopping_.best_epoch();
    if (!result_.history.empty()) result_.kept_epoch = result_.history.back().epoch;
    if (!best_.empty()) {
      best_.restore(model_);
      result_.kept_epoch = result_.best_epoch;
    }
    return std::move(result_);
  }

 private:
  /// One epoch; false when it was the last.
  bool goes_on(long epoch) {
    FitEpoch record;
    record.epoch = epoch;
    if (!train(record)) return stops(Stopped::interrupted);
    record.validation = validation_loss();
    record.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    result_.history.push_back(record);
    monitor_.epoch_done(record);
    if (!std::isfinite(record.training)) return stops(Stopped::diverged);
    if (result_.validation_samples.empty()) return true;
    if (stopping_.improves(epoch, record.validation) && config_.keep_best) best_.take(model_);
    return stopping_.goes_on(epoch) || stops(Stopped::converged);
  }

  bool stops(Stopped why) {
    result_.stopped = why;
    return false;
  }

  /// False when interrupted.
  bool train(FitEpoch& record) {
    const std::vector<Index> samples = shuffled(training_, config_.seed, record.epoch);
    const auto n = static_cast<Index>(samples.size());
    for (Index begin = 0; begin < n; begin += config_.batch_size) {
      const std::vector<Index> batch = slice(samples, begin, config_.batch_size);
      const pieces::StreamDraws<T> draws(config_.seed, record.epoch, batch);
      pass(batch, draws);
      tape_.backward(terms_, parameters_);
      adam_.step(parameters_, config_.threads);
      model_.after_step(config_.threads);
      add_terms(static_cast<double>(batch.size()) / static_cast<double>(n), record);
      if (monitor_.interrupted()) return false;
    }
    return true;
  }

  /// All samples held out at once, since terms need not be means over samples; without dropout, at
  /// the latents' means.
  double validation_loss() {
    if (result_.validation_samples.empty()) return std::numeric_limits<double>::quiet_NaN();
    pass(result_.validation_samples, pieces::Draws<T>());
    return terms_.total();
  }

  /// Gradients are zeroed by Tape::backward().
  void pass(const std::vector<Index>& samples, const pieces::Draws<T>& draws) {
    batch_ = make_batch(cohort_, samples, config_.threads);
    tape_.reset();
    terms_.clear();
    model_.loss(tape_, batch_, draws, terms_);
  }

  /// By name: a batch lacks the terms of omics that none of its samples has.
  void add_terms(double share, FitEpoch& record) const {
    record.training += share * terms_.total();
    for (const Term<T>& term : terms_) {
      const double value = share * term.weight * static_cast<double>(term.value->scalar());
      auto known = std::find_if(record.terms.begin(), record.terms.end(),
                                [&](const auto& other) { return other.first == term.name; });
      if (known == record.terms.end())
        record.terms.push_back({term.name, value});
      else
        known->second += value;
    }
  }

  models::Model<T>& model_;
  const Cohort<T>& cohort_;
  const FitConfig config_;
  FitMonitor& monitor_;
  Adam<T> adam_;
  EarlyStopping stopping_;
  const std::vector<Parameter<T>*> parameters_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<Index> training_;
  FitResult result_;
  Snapshot<T> best_;
  Tape<T> tape_;
  Terms<T> terms_;
  Batch<T> batch_;
};

}  // namespace poems
