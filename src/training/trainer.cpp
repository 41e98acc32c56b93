#include "training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "data/hide_omics.h"
#include "support/sizes.h"

namespace poems {

namespace {

/// Adds share times the terms, by kind.
template <typename T>
void add_terms(const Terms<T>& terms, double share, std::vector<models::Figure>& sums) {
  for (const std::string& kind : terms.kinds()) {
    auto sum = std::find_if(sums.begin(), sums.end(),
                            [&](const models::Figure& figure) { return figure.first == kind; });
    if (sum == sums.end()) sum = sums.insert(sum, {kind, 0.0});
    sum->second += share * terms.total(kind);
  }
}

template <typename T>
class Trainer {
 public:
  Trainer(models::Model<T>& model, const Cohort<T>& cohort, const TrainerConfig& config,
          Monitor& monitor)
      : model_(model),
        cohort_(cohort),
        config_(config),
        monitor_(monitor),
        parameters_(model.parameters()),
        stages_(model.stages()),
        tape_(true, config.threads),
        values_(false, config.threads) {}

  TrainingResult run() {
    Split split = split_samples(cohort_.samples, cohort_.groups, config_.validation, config_.seed);
    training_samples_ = std::move(split.training);
    result_.validation_samples = std::move(split.validation);
    per_pass_ = config_.epoch_cut.per_pass(static_cast<Index>(training_samples_.size()));
    validated_ = is_cut() ? spread(result_.validation_samples, config_.most_validated)
                          : result_.validation_samples;
    begin(0);
    if (config_.checkpoint) {
      if (file_exists(config_.checkpoint->path))
        read_checkpoint();
      else
        write_checkpoint();  // where that cannot be done, nothing is lost yet
    }
    while (!at_.done && run_stage()) begin(at_.stage + 1);
    return std::move(result_);
  }

 private:
  /// Whether a pass over the training samples takes several epochs.
  bool is_cut() const { return per_pass_ > 1; }

  /// False when there is no other stage to come.
  bool run_stage() {
    while (at_.epoch < config_.epochs && goes_on(at_.epoch + 1)) {
    }
    if (config_.keeps_best && !best_.empty())
      best_.restore(model_);
    else
      result_.best_epoch = result_.history.empty() ? 0 : result_.history.back().epoch;
    if (!all_finite()) stops(Stopped::diverged);  // the last step of all, after the last loss
    if (result_.stopped == Stopped::interrupted) return false;  // its checkpoint is written
    at_.done = result_.stopped == Stopped::diverged || at_.stage + 1 == stages_.size();
    if (at_.done && config_.checkpoint) keep_end();
    return !at_.done;
  }

  bool all_finite() const {
    const std::vector<models::StateArray<T>> state = model_.state();
    return std::all_of(parameters_.begin(), parameters_.end(),
                       [](const Parameter<T>* p) { return p->value.allFinite(); }) &&
           std::all_of(state.begin(), state.end(),
                       [](const models::StateArray<T>& array) { return array.value.allFinite(); });
  }

  void begin(std::size_t stage) {
    at_ = {};
    at_.stage = stage;
    stage_ = &stages_[stage];
    adams_.clear();
    if (stage_->moves.empty()) adams_.emplace_back(config_.optimiser, config_.decay);
    for (const models::Move<T>& move : stage_->moves) {
      AdamWConfig optimiser = config_.optimiser;
      optimiser.learning_rate *= move.rate;
      adams_.emplace_back(optimiser, config_.decay);
    }
    stopping_ = EarlyStopping(config_.patience);
    best_ = {};
    result_.stopped = Stopped::epochs;
  }

  /// One epoch; false when it was the last.
  bool goes_on(long epoch) {
    at_.record.stage = stage_->name;
    at_.record.epoch = epoch;
    if (!train_epoch()) return stops(Stopped::interrupted);
    EpochRecord record = std::move(at_.record);
    record.figures = model_.figures();
    record.validation = validation_loss(epoch);
    record.seconds = seconds();
    result_.history.push_back(record);
    at_.epoch = epoch;
    at_.batches = 0;
    at_.record = {};
    monitor_.epoch_done(record);
    if (!std::isfinite(record.training)) return stops(Stopped::diverged);
    return still_improving(record) || stops(Stopped::converged);
  }

  /// Since the start of training, in whichever process.
  double seconds() const { return seconds_before_ + since(start_); }

  bool stops(Stopped why) {
    result_.stopped = why;
    return false;
  }

  void enter(long epoch, bool training) {
    model_.enter({training, epoch, config_.epochs, static_cast<Index>(training_samples_.size()),
                  config_.threads});
  }

  /// False when interrupted.
  bool train_epoch() {
    EpochRecord& record = at_.record;
    const auto batches = epoch_batches(training_samples_, cohort_.groups, config_.batch_size,
                                       config_.seed, record.epoch, per_pass_);
    double n = 0.0;
    for (const std::vector<Index>& samples : batches) n += static_cast<double>(samples.size());
    const Stream hide_stream(config_.seed, Purpose::hide_omics, record.epoch);
    enter(record.epoch, true);
    take_up_counts();
    while (at_.batches < batches.size()) {
      const std::size_t b = at_.batches++;
      Batch<T> batch = make_batch(cohort_, batches[b], config_.threads);
      if (b + 1 < batches.size()) will_make_batch(cohort_, batches[b + 1]);
      if (config_.hides_omics) hide_omics(hide_stream, batch);
      model_.reach(static_cast<double>(b) / static_cast<double>(batches.size()));
      step(batch, pieces::StreamDraws<T>(config_.seed, draws_of(record.epoch, b, batches.size()),
                                         batch.samples, config_.threads));
      const double share = static_cast<double>(batch.size()) / n;
      record.training += share * terms_.total();
      add_terms(terms_, share, record.terms);
      const bool interrupted = monitor_.interrupted();
      if (config_.checkpoint && (interrupted || checkpoint_is_due())) keep();
      if (interrupted) return false;
    }
    model_.after_epoch();
    return true;
  }

  /// The number of a batch's draws: the epoch's, in which no sample comes twice but with groups.
  long draws_of(long epoch, std::size_t batch, std::size_t batches) const {
    if (cohort_.groups.empty()) return epoch;
    const long most = is_cut() ? 1L << 20 : static_cast<long>(batches);  // of any epoch
    return (epoch - 1) * most + static_cast<long>(batch) + 1;
  }

  /// The model's own step, or the stage's moves. `terms_` are those of the last pass.
  void step(const Batch<T>& batch, const pieces::Draws<T>& draws) {
    if (stage_->moves.empty()) {
      forget_pass(tape_);
      model_.gradients(tape_, batch, draws, terms_);
      model_.step(adams_[0], config_.threads);
      return;
    }
    for (std::size_t m = 0; m < stage_->moves.size(); ++m)
      for (int repeat = 0; repeat < stage_->moves[m].repeats; ++repeat) {
        forget_pass(tape_);
        stage_->moves[m].loss(tape_, batch, draws, terms_);
        tape_.backward(terms_, parameters_);
        adams_[m].step(stage_->moves[m].parameters, config_.threads);
      }
    model_.after_step(config_.threads);
  }

  double validation_loss(long epoch) {
    const std::vector<Index>& held_out = validated_;
    const auto n = static_cast<Index>(held_out.size());
    if (n == 0) return std::numeric_limits<double>::quiet_NaN();
    const Index size = std::min(config_.validation_batch, n);
    enter(epoch, false);
    double loss = 0.0;
    for (Index begin = 0; begin < n; begin += size) {
      const Batch<T> batch = make_batch(cohort_, slice(held_out, begin, size), config_.threads);
      if (config_.validates_at_mean)
        evaluate(batch, pieces::Draws<T>());
      else
        evaluate(batch,
                 pieces::ValidationDraws<T>(config_.seed, epoch, batch.samples, config_.threads));
      loss += static_cast<double>(batch.size()) / static_cast<double>(n) *
              model_.validation_loss(terms_);
    }
    return loss;
  }

  void evaluate(const Batch<T>& batch, const pieces::Draws<T>& draws) {
    forget_pass(values_);
    if (stage_->moves.empty())
      model_.loss(values_, batch, draws, terms_);
    else
      stage_->moves.back().loss(values_, batch, draws, terms_);
  }

  void forget_pass(Tape<T>& tape) {
    tape.reset();
    terms_.clear();
  }

  /// Keeps the best parameters; false when patience has run out.
  bool still_improving(const EpochRecord& record) {
    if (result_.validation_samples.empty() || !model_.may_be_best()) return true;
    if (stopping_.improves(record.epoch, record.validation) && config_.keeps_best)
      best_.take(model_);
    result_.best_epoch = stopping_.best_epoch();
    slow_down_if_stuck(record.epoch);
    return stopping_.goes_on(record.epoch);
  }

  /// Halves the learning rate: steps that no longer gain are too long for what is left to learn.
  void slow_down_if_stuck(long epoch) {
    if (!is_cut() || config_.slow_after == 0) return;
    if (epoch - std::max(stopping_.best_epoch(), at_.slowed) < config_.slow_after) return;
    for (Adam<T>& adam : adams_) adam.rule().halve_rate();
    ++at_.halvings;
    at_.slowed = epoch;
  }

  // Checkpoints.

  static double since(std::chrono::steady_clock::time_point then) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
  }

  /// Writing may take a twentieth of the time, but where every batch is to be kept.
  bool checkpoint_is_due() const {
    const double seconds = config_.checkpoint->seconds;
    return seconds == 0.0 || since(written_) >= std::max(seconds, 20.0 * writing_took_);
  }

  /// A training goes on without its checkpoint, on a full disk, say.
  void keep() {
    try {
      write_checkpoint();
      result_.not_kept.clear();
    } catch (const std::runtime_error& error) {
      result_.not_kept = error.what();
      written_ = std::chrono::steady_clock::now();
    }
  }

  /// Nobody wants to go on from what diverged.
  void keep_end() {
    if (result_.stopped == Stopped::diverged)
      std::remove(config_.checkpoint->path.c_str());
    else
      keep();
  }

  void write_checkpoint() {
    const auto begun = std::chrono::steady_clock::now();
    KeptTraining<T> training;
    training.at = at_;
    training.seconds = seconds();
    training.best_epoch = result_.best_epoch;
    training.stopped = result_.stopped;
    training.history = result_.history;
    for (Adam<T>& adam : adams_) training.steps.push_back(adam.rule().steps());
    training.lowest_epoch = stopping_.best_epoch();
    training.lowest_loss = stopping_.best_loss();
    if (!at_.done) training.best = best_;
    poems::write_checkpoint(*config_.checkpoint, training, model_);
    written_ = std::chrono::steady_clock::now();
    writing_took_ = since(begun);
  }

  void read_checkpoint() {
    KeptTraining<T> training = poems::read_checkpoint(config_.checkpoint->path, model_);
    check_position(static_cast<Index>(training.at.stage), static_cast<Index>(stages_.size()),
                   "Stages");
    begin(training.at.stage);
    check_size(static_cast<Index>(training.steps.size()), static_cast<Index>(adams_.size()),
               "Optimisers");
    at_ = std::move(training.at);
    seconds_before_ = training.seconds;
    result_.best_epoch = training.best_epoch;
    if (at_.done) result_.stopped = training.stopped;
    result_.history = std::move(training.history);
    for (std::size_t i = 0; i < adams_.size(); ++i) {
      adams_[i].rule().go_on_after(training.steps[i]);
      for (long k = 0; k < at_.halvings; ++k) adams_[i].rule().halve_rate();
    }
    stopping_.go_on_after(training.lowest_epoch, training.lowest_loss);
    counts_ = std::move(training.counts);
    best_ = std::move(training.best);
  }

  /// What the batches of this epoch counted before the checkpoint.
  void take_up_counts() {
    if (counts_.empty()) return;
    const std::vector<Vector<double>*> counts = model_.counts();
    check_size(static_cast<Index>(counts_.size()), static_cast<Index>(counts.size()), "Counts");
    for (std::size_t i = 0; i < counts.size(); ++i) *counts[i] = counts_[i];
    counts_.clear();
  }

  models::Model<T>& model_;
  const Cohort<T>& cohort_;
  const TrainerConfig config_;
  Monitor& monitor_;
  const std::vector<Parameter<T>*> parameters_;
  const std::vector<models::Stage<T>> stages_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<Index> training_samples_, validated_;
  long per_pass_ = 1;  ///< epochs
  TrainingResult result_;
  Tape<T> tape_, values_;
  Terms<T> terms_;

  // Of the stage at hand.
  const models::Stage<T>* stage_ = nullptr;
  std::vector<Adam<T>> adams_;  ///< one per move, or that of the model's own steps
  EarlyStopping stopping_{0};
  models::Snapshot<T> best_;
  TrainingPlace at_;

  // Of checkpoints.
  std::vector<Matrix<double>> counts_;
  double seconds_before_ = 0.0, writing_took_ = 0.0;
  std::chrono::steady_clock::time_point written_;
};

}  // namespace

template <typename T>
TrainingResult train(models::Model<T>& model, const Cohort<T>& cohort, const TrainerConfig& config,
                     Monitor& monitor) {
  return Trainer<T>(model, cohort, config, monitor).run();
}

template TrainingResult train<float>(models::Model<float>&, const Cohort<float>&,
                                     const TrainerConfig&, Monitor&);
template TrainingResult train<double>(models::Model<double>&, const Cohort<double>&,
                                      const TrainerConfig&, Monitor&);

}  // namespace poems
