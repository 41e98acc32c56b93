#include "training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "data/hide_omics.h"
#include "support/parallel.h"

namespace poems {

namespace {

/// The noise starts from its initial value and is first re-estimated after this many epochs, when
/// residuals have begun to mean something.
constexpr long first_noise_epoch = 5;

/// Validation in batches no larger than this, to bound memory.
constexpr Index largest_evaluation_batch = 512;

double sum(const std::vector<double>& x) { return std::accumulate(x.begin(), x.end(), 0.0); }

/// Standard normal noise, factors x batch; each sample draws its own, whatever batch it is in.
template <typename T>
Matrix<T> draw_noise(const Stream& stream, Index factors, const std::vector<Index>& samples,
                     int threads) {
  Matrix<T> noise(factors, static_cast<Index>(samples.size()));
  const double work = 100.0 * static_cast<double>(noise.size());
  parallel_for(noise.cols(), work, threads, [&](Index i, int) {
    for (Index k = 0; k < factors; ++k)
      noise(k, i) =
          static_cast<T>(stream.normal(static_cast<std::uint64_t>(samples[i] * factors + k)));
  });
  return noise;
}

template <typename T>
class Trainer {
 public:
  Trainer(Model<T>& model, const Cohort<T>& cohort, const TrainerConfig& config, Monitor& monitor)
      : model_(model),
        cohort_(cohort),
        config_(config),
        monitor_(monitor),
        optimizer_({config.learning_rate, config.weight_decay}),
        stopping_(config.patience),
        start_(std::chrono::steady_clock::now()) {}

  TrainingResult run() {
    Split split = split_samples(cohort_.samples, config_.validation, config_.seed);
    training_samples_ = std::move(split.training);
    result_.validation_samples = std::move(split.validation);
    result_.stopped = Stopped::epochs;
    result_.best_epoch = 0;
    for (long epoch = 1; epoch <= config_.epochs; ++epoch) {
      EpochRecord record{};
      record.epoch = epoch;
      if (!train_epoch(record)) break;
      record.validation = validation_loss(epoch);
      record.nonzero = model_.share_nonzero();
      record.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
      result_.history.push_back(record);
      monitor_.epoch_done(record);
      if (!std::isfinite(record.training)) {
        result_.stopped = Stopped::diverged;
        break;
      }
      if (!still_improving(record)) {
        result_.stopped = Stopped::converged;
        break;
      }
    }
    if (model_.config().objective.keeps_best() && !best_.empty())
      model_.restore(best_);
    else
      result_.best_epoch = result_.history.empty() ? 0 : result_.history.back().epoch;
    return result_;
  }

 private:
  Pass<T> pass_of(long epoch) const {
    Pass<T> pass;
    pass.training_samples = static_cast<Index>(training_samples_.size());
    pass.seed = config_.seed;
    pass.epoch = static_cast<std::uint64_t>(epoch);
    pass.threads = config_.threads;
    return pass;
  }

  /// False when interrupted.
  bool train_epoch(EpochRecord& record) {
    const auto n = static_cast<Index>(training_samples_.size());
    const std::vector<Index> samples = shuffled(training_samples_, config_.seed, record.epoch);
    const Stream noise_stream(config_.seed, Purpose::latent_noise, record.epoch);
    const Stream hide_stream(config_.seed, Purpose::hide_omics, record.epoch);
    Pass<T> pass = pass_of(record.epoch);
    pass.dropout = true;
    pass.skip_zeros =
        model_.config().objective.penalty_by_proximal_step() && record.epoch % config_.revisit != 0;
    pass.kl_weight = record.kl_weight =
        config_.kl_weight *
        (record.epoch < config_.warmup ? static_cast<double>(record.epoch) / config_.warmup : 1.0);
    model_.begin_epoch();
    for (Index begin = 0; begin < n; begin += config_.batch_size) {
      Batch<T> batch =
          make_batch(cohort_, slice(samples, begin, config_.batch_size), config_.threads);
      if (model_.config().objective.hides_omics()) hide_omics(hide_stream, batch);
      const Matrix<T> noise =
          draw_noise<T>(noise_stream, model_.config().factors, batch.samples, config_.threads);
      pass.noise = &noise;
      const LossTerms terms = model_.loss_and_gradients(batch, pass);
      model_.step(optimizer_, pass, batch.size());
      const double share = static_cast<double>(batch.size()) / static_cast<double>(n);
      record.training += share * terms.total;
      record.reconstruction += share * sum(terms.reconstruction);
      record.kl += share * terms.kl;
      record.penalty += share * sum(terms.penalty);
      record.noise += share * sum(terms.noise);
      if (monitor_.interrupted()) {
        result_.stopped = Stopped::interrupted;
        return false;
      }
    }
    record.encoder_seconds = model_.times.encoders;
    record.decoder_seconds = model_.times.decoders;
    record.optimiser_seconds = model_.times.optimiser;
    model_.end_epoch(record.epoch >= first_noise_epoch, config_.threads);
    return true;
  }

  /// At the full weight of the KL divergence whatever the warm-up, so that epochs compare.
  double validation_loss(long epoch) {
    const std::vector<Index>& held_out = result_.validation_samples;
    const auto n = static_cast<Index>(held_out.size());
    if (n == 0) return std::numeric_limits<double>::quiet_NaN();
    const Objective& objective = model_.config().objective;
    const Stream noise_stream(config_.seed, Purpose::validation_noise, epoch);
    const Index size = std::min(largest_evaluation_batch, config_.batch_size);
    Pass<T> pass = pass_of(epoch);
    pass.kl_weight = config_.kl_weight;
    double loss = 0.0;
    for (Index begin = 0; begin < n; begin += size) {
      const Batch<T> batch = make_batch(cohort_, slice(held_out, begin, size), config_.threads);
      const Matrix<T> noise =
          draw_noise<T>(noise_stream, model_.config().factors, batch.samples, config_.threads);
      pass.noise = objective.validates_at_mean() ? nullptr : &noise;
      const LossTerms terms = model_.loss(batch, pass);
      loss += static_cast<double>(batch.size()) / static_cast<double>(n) *
              (objective.validates_priors() ? terms.total : sum(terms.reconstruction) + terms.kl);
    }
    return loss;
  }

  /// Keeps the best parameters; false when patience has run out. Epochs of the warm-up do not
  /// count: their posteriors have not yet felt the whole KL divergence.
  bool still_improving(const EpochRecord& record) {
    if (result_.validation_samples.empty() || record.epoch < config_.warmup) return true;
    if (stopping_.improves(record.epoch, record.validation) &&
        model_.config().objective.keeps_best())
      best_ = model_.snapshot();
    result_.best_epoch = stopping_.best_epoch();
    return stopping_.goes_on(record.epoch);
  }

  Model<T>& model_;
  const Cohort<T>& cohort_;
  const TrainerConfig config_;
  Monitor& monitor_;
  AdamW<T> optimizer_;
  EarlyStopping stopping_;
  std::chrono::steady_clock::time_point start_;
  std::vector<Index> training_samples_;
  TrainingResult result_;
  std::vector<Matrix<T>> best_;
};

}  // namespace

template <typename T>
TrainingResult train(Model<T>& model, const Cohort<T>& cohort, const TrainerConfig& config,
                     Monitor& monitor) {
  return Trainer<T>(model, cohort, config, monitor).run();
}

template TrainingResult train<float>(Model<float>&, const Cohort<float>&, const TrainerConfig&,
                                     Monitor&);
template TrainingResult train<double>(Model<double>&, const Cohort<double>&, const TrainerConfig&,
                                      Monitor&);

}  // namespace poems
