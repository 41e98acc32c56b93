#include "training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "data/hide_omics.h"

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
        tape_(true, config.threads),
        values_(false, config.threads) {}

  TrainingResult run() {
    Split split = split_samples(cohort_.samples, cohort_.groups, config_.validation, config_.seed);
    training_samples_ = std::move(split.training);
    result_.validation_samples = std::move(split.validation);
    for (const models::Stage<T>& stage : model_.stages()) {
      if (result_.stopped == Stopped::interrupted || result_.stopped == Stopped::diverged) break;
      run_stage(stage);
    }
    return std::move(result_);
  }

 private:
  void run_stage(const models::Stage<T>& stage) {
    begin(stage);
    long epoch = 0;
    while (epoch < config_.epochs && goes_on(epoch + 1)) ++epoch;
    if (config_.keeps_best && !best_.empty())
      best_.restore(model_);
    else
      result_.best_epoch = result_.history.empty() ? 0 : result_.history.back().epoch;
    if (!all_finite()) stops(Stopped::diverged);  // the last step of all, after the last loss
  }

  bool all_finite() const {
    const std::vector<models::StateArray<T>> state = model_.state();
    return std::all_of(parameters_.begin(), parameters_.end(),
                       [](const Parameter<T>* p) { return p->value.allFinite(); }) &&
           std::all_of(state.begin(), state.end(),
                       [](const models::StateArray<T>& array) { return array.value.allFinite(); });
  }

  void begin(const models::Stage<T>& stage) {
    stage_ = &stage;
    adams_.clear();
    if (stage.moves.empty()) adams_.emplace_back(config_.optimiser, config_.decay);
    for (const models::Move<T>& move : stage.moves) {
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
    EpochRecord record;
    record.stage = stage_->name;
    record.epoch = epoch;
    if (!train_epoch(record)) return stops(Stopped::interrupted);
    record.figures = model_.figures();
    record.validation = validation_loss(epoch);
    record.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    result_.history.push_back(record);
    monitor_.epoch_done(record);
    if (!std::isfinite(record.training)) return stops(Stopped::diverged);
    return still_improving(record) || stops(Stopped::converged);
  }

  bool stops(Stopped why) {
    result_.stopped = why;
    return false;
  }

  void enter(long epoch, bool training) {
    model_.enter({training, epoch, config_.epochs, static_cast<Index>(training_samples_.size()),
                  config_.threads});
  }

  /// False when interrupted.
  bool train_epoch(EpochRecord& record) {
    const auto batches = epoch_batches(training_samples_, cohort_.groups, config_.batch_size,
                                       config_.seed, record.epoch);
    double n = 0.0;
    for (const std::vector<Index>& samples : batches) n += static_cast<double>(samples.size());
    const Stream hide_stream(config_.seed, Purpose::hide_omics, record.epoch);
    enter(record.epoch, true);
    for (std::size_t b = 0; b < batches.size(); ++b) {
      Batch<T> batch = make_batch(cohort_, batches[b], config_.threads);
      if (config_.hides_omics) hide_omics(hide_stream, batch);
      step(batch, pieces::StreamDraws<T>(config_.seed, draws_of(record.epoch, b, batches.size()),
                                         batch.samples, config_.threads));
      const double share = static_cast<double>(batch.size()) / n;
      record.training += share * terms_.total();
      add_terms(terms_, share, record.terms);
      if (monitor_.interrupted()) return false;
    }
    model_.after_epoch();
    return true;
  }

  /// The number of a batch's draws: the epoch's, in which no sample comes twice but with groups.
  long draws_of(long epoch, std::size_t batch, std::size_t batches) const {
    if (cohort_.groups.empty()) return epoch;
    return (epoch - 1) * static_cast<long>(batches) + static_cast<long>(batch) + 1;
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
    const std::vector<Index>& held_out = result_.validation_samples;
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
    return stopping_.goes_on(record.epoch);
  }

  models::Model<T>& model_;
  const Cohort<T>& cohort_;
  const TrainerConfig config_;
  Monitor& monitor_;
  const std::vector<Parameter<T>*> parameters_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::vector<Index> training_samples_;
  TrainingResult result_;
  Tape<T> tape_, values_;
  Terms<T> terms_;

  // Of the stage at hand.
  const models::Stage<T>* stage_ = nullptr;
  std::vector<Adam<T>> adams_;  ///< one per move, or that of the model's own steps
  EarlyStopping stopping_{0};
  models::Snapshot<T> best_;
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
