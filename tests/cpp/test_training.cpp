// The training loop: determinism, early stopping, warm-up, interrupts.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/projection.h"
#include "analysis/variance.h"
#include "random_problem.h"
#include "training/trainer.h"

using namespace poems_test;
using poems::Vector;

namespace {

class Silent : public poems::Monitor {
 public:
  long interrupt_after_batches = -1;
  bool interrupted() override { return ++batches_ == interrupt_after_batches; }
  void epoch_done(const poems::EpochRecord&) override {}

 private:
  long batches_ = 0;
};

constexpr long warmup = 5;

poems::TrainerConfig trainer_config() {
  poems::TrainerConfig config{};
  config.epochs = 30;
  config.batch_size = 16;
  config.optimiser = {5e-3, 1e-4};
  config.decay = poems::Decay::decoupled;
  config.validation = 0.25;
  config.patience = 30;
  config.validation_batch = 16;
  config.seed = 11;
  config.threads = 1;
  return config;
}

const std::vector<Index> features = {70, 30};

poems::models::PoemsOptions options_of(bool elbo) {
  poems::models::PoemsOptions options = small_options(features, elbo);
  options.warmup = warmup;
  options.revisit = 5;
  return options;
}

struct Fitted {
  poems::models::Poems<float> model;
  poems::TrainingResult result;
};

Fitted fit(poems::TrainerConfig config, const poems::models::PoemsOptions& options,
           long interrupt_after = -1) {
  const poems::Cohort<float> cohort = random_cohort<float>(60, features, true);
  poems::models::Poems<float> model = initialised_model<float>(options, config.seed);
  config.keeps_best = options.objective.keeps_best;
  config.hides_omics = options.objective.hides_omics;
  config.validates_at_mean = options.objective.validates_at_mean;
  Silent monitor;
  monitor.interrupt_after_batches = interrupt_after;
  poems::TrainingResult result = poems::train(model, cohort, config, monitor);
  return {std::move(model), std::move(result)};
}

Fitted fit(const poems::TrainerConfig& config, bool elbo = true, long interrupt_after = -1) {
  return fit(config, options_of(elbo), interrupt_after);
}

void expect_same_parameters(poems::models::Poems<float>& a, poems::models::Poems<float>& b) {
  poems::models::Snapshot<float> x, y;
  x.take(a);
  y.take(b);
  EXPECT_TRUE(x == y);
}

}  // namespace

TEST(Training, IsTheSameOnAnyNumberOfThreads) {
  for (bool elbo : {true, false}) {
    poems::TrainerConfig config = trainer_config();
    config.epochs = 8;
    Fitted one = fit(config, elbo);
    for (int threads : {2, 3}) {
      config.threads = threads;
      Fitted several = fit(config, elbo);
      expect_same_parameters(one.model, several.model);
      EXPECT_EQ(one.result.history.back().training, several.result.history.back().training);
    }
  }
}

TEST(Training, DependsOnTheSeed) {
  poems::TrainerConfig config = trainer_config();
  config.epochs = 2;
  Fitted a = fit(config);
  config.seed = 12;
  Fitted b = fit(config);
  EXPECT_NE(a.result.history.back().training, b.result.history.back().training);
}

TEST(Training, ElboRestoresTheBestEpoch) {
  // The data are noise, so validation soon gets worse.
  poems::TrainerConfig config = trainer_config();
  config.epochs = 200;
  config.patience = 10;
  Fitted stopped = fit(config);
  ASSERT_EQ(stopped.result.stopped, poems::Stopped::converged);
  const auto& history = stopped.result.history;
  const long best = stopped.result.best_epoch;
  EXPECT_EQ(static_cast<long>(history.size()), best + config.patience);
  for (const poems::EpochRecord& record : history) {
    if (record.epoch < warmup) continue;
    EXPECT_GE(record.validation, history[best - 1].validation);
  }

  config.epochs = best;  // training that ends at the best epoch has its parameters
  config.patience = 1000;
  Fitted to_best = fit(config);
  expect_same_parameters(stopped.model, to_best.model);
}

TEST(Training, PublishedKeepsTheLastEpoch) {
  poems::TrainerConfig config = trainer_config();
  config.epochs = 12;
  Fitted a = fit(config, false);
  EXPECT_EQ(a.result.best_epoch, 12);
}

TEST(Training, WarmsUpTheKl) {
  poems::TrainerConfig config = trainer_config();
  config.epochs = 7;
  poems::models::PoemsOptions options = options_of(true);
  options.kl_weight = 2.0;
  const Fitted a = fit(config, options);
  for (const poems::EpochRecord& record : a.result.history) {
    ASSERT_EQ(record.figures[0].first, "kl_weight");
    EXPECT_NEAR(record.figures[0].second, 2.0 * std::min(1.0, record.epoch / 5.0), 1e-12);
  }
}

TEST(Training, SplitsSamplesOnce) {
  poems::TrainerConfig config = trainer_config();
  config.epochs = 1;
  EXPECT_EQ(fit(config).result.validation_samples.size(), 15u);
  config.validation = 0.0;
  const Fitted none = fit(config);
  EXPECT_TRUE(none.result.validation_samples.empty());
  EXPECT_TRUE(std::isnan(none.result.history[0].validation));
}

TEST(Training, StopsAtAnInterruptAndKeepsWhatItHas) {
  const poems::TrainerConfig config = trainer_config();  // 45 samples in 3 batches per epoch
  Fitted a = fit(config, true, 3 * 9 + 2);
  EXPECT_EQ(a.result.stopped, poems::Stopped::interrupted);
  EXPECT_EQ(a.result.history.size(), 9u);
  EXPECT_GE(a.result.best_epoch, warmup);
  EXPECT_LE(a.result.best_epoch, 9);
}

TEST(Training, ReportsDivergence) {
  poems::TrainerConfig config = trainer_config();
  config.optimiser.learning_rate = 1e6;
  const Fitted a = fit(config);
  EXPECT_EQ(a.result.stopped, poems::Stopped::diverged);
}

// ---- Passes cut into epochs

namespace {

/// 45 samples to train on, in 3 epochs of a batch each, and 15 to validate on, of which 8 are.
poems::TrainerConfig cut_config() {
  poems::TrainerConfig config = trainer_config();
  config.epoch_cut = {20};
  config.most_validated = 8;
  return config;
}

}  // namespace

TEST(CutTraining, IsTheSameOnAnyNumberOfThreads) {
  poems::TrainerConfig config = cut_config();
  config.slow_after = 2;
  Fitted one = fit(config);
  config.threads = 3;
  Fitted several = fit(config);
  expect_same_parameters(one.model, several.model);
  ASSERT_EQ(one.result.history.size(), several.result.history.size());
  EXPECT_EQ(one.result.history.back().validation, several.result.history.back().validation);
}

TEST(CutTraining, LeavesCohortsAsTheyAreThatAreNotLarge) {
  poems::TrainerConfig config = cut_config();
  config.epoch_cut = {45};
  config.slow_after = 1;
  Fitted small = fit(config), as_ever = fit(trainer_config());
  expect_same_parameters(small.model, as_ever.model);
  EXPECT_EQ(small.result.history.back().validation, as_ever.result.history.back().validation);
}

TEST(CutTraining, HalvesTheRateOnceTheLossNoLongerFalls) {
  // The data are noise, so validation soon gets worse.
  poems::TrainerConfig config = cut_config();
  config.epochs = 60;
  config.patience = 60;
  const auto steady = fit(config).result.history;
  config.slow_after = 3;
  const auto slowed = fit(config).result.history;
  ASSERT_EQ(slowed.size(), steady.size());
  std::size_t first = warmup - 1, best = first;
  while (first - best < 3) {
    ++first;
    if (steady[first].validation < steady[best].validation) best = first;
    ASSERT_LT(first + 1, steady.size());
  }
  for (std::size_t e = 0; e <= first; ++e) EXPECT_EQ(slowed[e].validation, steady[e].validation);
  EXPECT_NE(slowed[first + 1].validation, steady[first + 1].validation);
}

TEST(CutTraining, HalvedRatesMakeHalfTheStep) {
  poems::Parameter<double> whole("a", 2, 3), half("a", 2, 3);
  for (poems::Parameter<double>* p : {&whole, &half}) {
    p->value.setZero();
    p->gradient = normal_matrix(2, 3, 1);
  }
  poems::AdamW<double> rule({0.1, 0.0}), slower({0.1, 0.0});
  slower.halve_rate();
  rule.next_step();
  slower.next_step();
  rule.update(whole, false, 1);
  slower.update(half, false, 1);
  EXPECT_GT(whole.value.cwiseAbs().minCoeff(), 0.05);
  EXPECT_TRUE((2.0 * half.value).isApprox(whole.value, 1e-12));
}

TEST(Schedule, CutsAPassIntoEpochsOfAllItsBatches) {
  std::vector<Index> samples(100);
  std::iota(samples.begin(), samples.end(), Index(0));
  EXPECT_EQ((poems::EpochCut{100}.per_pass(100)), 1);
  EXPECT_EQ((poems::EpochCut{99}.per_pass(100)), 2);
  EXPECT_EQ((poems::EpochCut{40}.per_pass(100)), 3);
  EXPECT_EQ(poems::EpochCut{}.per_pass(100), 1);
  for (long pass = 1; pass <= 2; ++pass) {
    const auto whole = poems::epoch_batches(samples, {}, 8, 1, pass);
    std::vector<std::vector<Index>> parts;
    for (long part = 1; part <= 3; ++part) {
      const auto batches = poems::epoch_batches(samples, {}, 8, 1, 3 * (pass - 1) + part, 3);
      EXPECT_NEAR(batches.size(), whole.size() / 3.0, 0.7);
      parts.insert(parts.end(), batches.begin(), batches.end());
    }
    EXPECT_EQ(parts, whole);
  }
}

TEST(Schedule, SpreadsSomeOverAll) {
  EXPECT_EQ(poems::spread({3, 5, 8}, 3), (std::vector<Index>{3, 5, 8}));
  EXPECT_EQ(poems::spread({0, 1, 2, 3, 4, 5, 6, 7, 8}, 3), (std::vector<Index>{0, 3, 6}));
}

TEST(Projection, VarianceExplainedCountsObservedValuesOfTheSamplesAskedFor) {
  const poems::Cohort<double> cohort = random_cohort<double>(20, {4, 3}, true);
  poems::models::Poems<double> model = initialised_model<double>(small_options({4, 3}, true), 1);
  const Matrix<double> mean = normal_matrix(3, 20, 2);
  std::vector<bool> asked(20, false);
  for (Index i = 0; i < 12; ++i) asked[i] = true;
  const Matrix<double> xhat = poems::reconstruct(model, 1, mean, 1);
  double residual = 0.0, total = 0.0;
  for (Index i = 0; i < 12; ++i) {
    const Index column = cohort.omics[1].column[i];
    if (column < 0) continue;
    for (Index j = 0; j < 3; ++j) {
      const double x = cohort.omics[1].values(j, column);
      if (std::isnan(x)) continue;
      residual += (x - xhat(j, i)) * (x - xhat(j, i));
      total += x * x;
    }
  }
  const auto explained = [&] {
    const auto of =
        poems::variance_sums(model, cohort, mean, Vector<double>::Zero(3).eval(), asked, 1);
    return 1.0 - of[1].residual.sum() / of[1].total.sum();
  };
  EXPECT_NEAR(explained(), 1.0 - residual / total, 1e-12);
  model.omics[1].decoder.W.value.setZero();  // the reconstruction is the bias, 0
  EXPECT_NEAR(explained(), 0.0, 1e-12);
}

namespace {

/// Storage that is in memory after all.
class Kept : public poems::Storage {
 public:
  explicit Kept(const Matrix<double>& values)
      : Storage(values.rows(), values.cols()), values_(values) {}
  void read(Index column, double* values) const override {
    std::copy_n(values_.col(column).data(), features(), values);
  }

 private:
  Matrix<double> values_;
};

/// The same cohort with its omics in storage, on another scale than that of training.
poems::Cohort<float> in_storage(const poems::Cohort<float>& cohort) {
  poems::Cohort<float> stored = cohort;
  for (poems::OmicData<float>& omic : stored.omics) {
    const Vector<double> one = Vector<double>::Ones(omic.features());
    const Matrix<double> raw = omic.values.cast<double>().array() * 4.0 + 8.0;
    omic = poems::stored_omic<float>(std::make_shared<Kept>(raw), omic.has_missing,
                                     {8.0 * one, 4.0 * one, 6.0}, 0.0 * one, {}, omic.column);
  }
  return stored;
}

}  // namespace

TEST(Storage, GivesWhatMemoryGives) {
  poems::Cohort<float> cohort = random_cohort<float>(1500, {6, 5}, true);
  // So that the values survive the way to the other scale and back.
  for (poems::OmicData<float>& omic : cohort.omics)
    omic.values = (omic.values.array() * 64.0f).round() / 64.0f;
  const poems::Cohort<float> stored = in_storage(cohort);
  poems::TrainerConfig config = trainer_config();
  config.epochs = 2;
  Silent monitor;
  poems::models::Poems<float> a = initialised_model<float>(small_options({6, 5}, true), 1);
  poems::models::Poems<float> b = initialised_model<float>(small_options({6, 5}, true), 1);
  const poems::TrainingResult result = poems::train(a, cohort, config, monitor);
  EXPECT_EQ(poems::train(b, stored, config, monitor).history.back().validation,
            result.history.back().validation);
  const Matrix<float> mean = poems::project(a, cohort, 2).mean;
  EXPECT_EQ(poems::project(b, stored, 2).mean, mean);
  const std::vector<bool> every(1500, true);
  const Vector<float> held = Vector<float>::Zero(3);
  const auto in_memory = poems::variance_sums(a, cohort, mean, held, every, 2);
  const auto from_storage = poems::variance_sums(b, stored, mean, held, every, 2);
  for (std::size_t v = 0; v < 2; ++v) {
    EXPECT_EQ(in_memory[v].gain, from_storage[v].gain);
    EXPECT_EQ(in_memory[v].largest_change, from_storage[v].largest_change);
  }
}

// ---- Batches of groups

TEST(Schedule, HoldsOutTheSameShareOfEveryGroup) {
  std::vector<int> groups(100, 0);
  std::fill(groups.begin() + 80, groups.end(), 1);
  const poems::Split split = poems::split_samples(100, groups, 0.1, 3);
  const auto of_first = [](const std::vector<Index>& samples) {
    return std::count_if(samples.begin(), samples.end(), [](Index i) { return i < 80; });
  };
  EXPECT_EQ(split.validation.size(), 10u);
  EXPECT_EQ(of_first(split.validation), 8);
  EXPECT_EQ(split.training.size(), 90u);
  EXPECT_EQ(of_first(split.training), 72);
}

TEST(Schedule, BatchesHaveAsManySamplesOfEveryGroup) {
  std::vector<int> groups(330, 0);
  std::fill(groups.begin() + 300, groups.end(), 1);
  std::vector<Index> samples(330);
  std::iota(samples.begin(), samples.end(), Index(0));
  const auto batches = poems::epoch_batches(samples, groups, 40, 1, 2);
  ASSERT_EQ(batches.size(), 15u);
  std::vector<int> times(330, 0);
  for (const std::vector<Index>& batch : batches) {
    std::vector<Index> sorted = batch;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_TRUE(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    EXPECT_EQ(std::count_if(batch.begin(), batch.end(), [](Index i) { return i < 300; }), 20);
    for (Index i : batch) ++times[i];
  }
  for (Index i = 0; i < 300; ++i) EXPECT_EQ(times[i], 1);
  // 15 batches take 20 and 10 of 30 in turn.
  for (Index i = 300; i < 330; ++i) EXPECT_NEAR(times[i], 7.5, 0.5);
  EXPECT_NE(batches, poems::epoch_batches(samples, groups, 40, 1, 3));
  EXPECT_EQ(batches, poems::epoch_batches(samples, groups, 40, 1, 2));
}

TEST(Schedule, AGroupSmallerThanItsPartIsInEveryBatch) {
  std::vector<int> groups(110, 0);
  std::fill(groups.begin() + 100, groups.end(), 1);
  std::vector<Index> samples(110);
  std::iota(samples.begin(), samples.end(), Index(0));
  for (const std::vector<Index>& batch : poems::epoch_batches(samples, groups, 50, 1, 1))
    EXPECT_EQ(std::count_if(batch.begin(), batch.end(), [](Index i) { return i >= 100; }), 10);
}
