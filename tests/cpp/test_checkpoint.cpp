// Checkpoints: whatever the model, a training that is interrupted goes on to the bits of one that
// is not.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "models/comparative.h"
#include "random_problem.h"
#include "training/baselines.h"
#include "training/splits.h"
#include "training/trainer.h"

using namespace poems_test;
using poems::models::Model;
using poems::models::Snapshot;

namespace {

constexpr Index samples = 40;
const std::vector<Index> features = {9, 7};
const std::vector<poems::models::OmicShape> omics = {{"a", 9}, {"b", 7}};
const std::vector<poems::Vector<double>> spread = {poems::Vector<double>::Ones(9),
                                                   poems::Vector<double>::Ones(7)};

using MakeModel = std::function<std::unique_ptr<Model<float>>()>;

class InterruptAfter : public poems::Monitor {
 public:
  explicit InterruptAfter(long batches) : left_(batches) {}
  bool interrupted() override { return --left_ == 0; }
  void epoch_done(const poems::EpochRecord&) override {}

 private:
  long left_;
};

std::string path() {
  return testing::TempDir() + "core_tests_" + std::to_string(getpid()) + ".checkpoint";
}

poems::TrainerConfig settings() {
  poems::TrainerConfig config{};
  config.epochs = 3;
  config.batch_size = 9;
  config.optimiser = {3e-3, 1e-4};
  config.decay = poems::Decay::decoupled;
  config.validation = 0.2;
  config.patience = 10;
  config.validation_batch = 16;
  config.seed = 5;
  config.threads = 1;
  config.keeps_best = true;
  return config;
}

struct Trained {
  Snapshot<float> model;
  poems::TrainingResult result;
};

Trained train(const MakeModel& make, const poems::TrainerConfig& config, bool grouped,
              long interrupt_after) {
  poems::Cohort<float> cohort = random_cohort<float>(samples, features, true);
  if (grouped)
    for (Index i = 0; i < samples; ++i)
      cohort.groups.push_back(i % 3 == 0 ? poems::models::target : poems::models::background);
  const auto model = make();
  model->initialise(config.seed, spread);
  InterruptAfter monitor(interrupt_after);
  Trained trained;
  trained.result = poems::train<float>(*model, cohort, config, monitor);
  trained.model.take(*model);
  return trained;
}

/// Interrupted after one batch or another of every epoch and stage.
void expect_goes_on(const MakeModel& make, const std::string& what, bool grouped = false) {
  poems::TrainerConfig config = settings();
  const Trained whole = train(make, config, grouped, -1);
  ASSERT_EQ(whole.result.stopped, poems::Stopped::epochs) << what;
  config.checkpoint = poems::CheckpointConfig{path(), 0.0, {{"of", what}}};
  const auto batches = static_cast<long>(5 * whole.result.history.size());
  for (long after = 1; after < batches; after += 3) {
    std::remove(path().c_str());
    train(make, config, grouped, after);
    const Trained gone_on = train(make, config, grouped, -1);
    EXPECT_TRUE(whole.model == gone_on.model) << what << " after batch " << after;
    ASSERT_EQ(whole.result.history.size(), gone_on.result.history.size()) << what;
    for (std::size_t e = 0; e < whole.result.history.size(); ++e) {
      const poems::EpochRecord &a = whole.result.history[e], &b = gone_on.result.history[e];
      EXPECT_EQ(a.training, b.training) << what << " after batch " << after;
      EXPECT_EQ(a.validation, b.validation) << what << " after batch " << after;
    }
  }
  std::remove(path().c_str());
}

poems::SplitOptions split_options(bool sparse, bool labels) {
  poems::SplitOptions options;
  poems::models::SharedPrivateOptions& o = options.mixture;
  o.omics = omics;
  o.shared_factors = 2;
  o.private_factors = {1, 2};
  o.encoder_units = o.decoder_units = 6;
  o.sparse = sparse;
  if (labels) {
    o.labels = poems::Vector<double>(samples);
    for (Index i = 0; i < samples; ++i) o.labels(i) = static_cast<double>(i % 2);
  }
  o.sparse_settings.decoder_hidden = o.decoder_units;
  o.sparse_settings.objective = poems::Objective::elbo();
  for (const Index size : features)
    o.sparse_omics.push_back({size, 0.3, 2.0, poems::Family::gaussian});
  return options;
}

}  // namespace

TEST(Checkpoint, PoemsGoesOn) {
  for (bool elbo : {true, false}) {
    poems::models::PoemsOptions options = small_options(features, elbo);
    options.warmup = 2;
    options.revisit = 2;
    expect_goes_on([&] { return std::make_unique<poems::models::Poems<float>>(options); },
                   elbo ? "elbo" : "published");
  }
}

TEST(Checkpoint, SplitsGoOn) {
  using poems::SplitKind;
  for (SplitKind kind : {SplitKind::mvae, SplitKind::mopoe, SplitKind::mmvae, SplitKind::mmvaepp,
                         SplitKind::indiseek})
    for (bool sparse : {true, false})
      expect_goes_on(
          [&] { return poems::make_split<float>(kind, split_options(sparse, !sparse)); },
          "split " + std::to_string(static_cast<int>(kind)) + (sparse ? ", sparse" : ", dense"));
}

TEST(Checkpoint, BaselinesGoOn) {
  const poems::BaselineData data{omics, {0.1, 0.1}, 5.0, samples};
  for (const poems::BaselineEntry& entry : poems::baselines())
    expect_goes_on(
        [&] {
          return poems::make_baseline<float>(entry.kind, poems::Form::corrected, data,
                                             [](const std::string& name, double, double) {
                                               return name == "dropout" ? 0.2 : 3.0;
                                             });
        },
        entry.name);
}

TEST(Checkpoint, ComparisonsGoOn) {
  for (bool sparse : {true, false}) {
    poems::models::ComparativeOptions o;
    o.omics = omics;
    o.families = {poems::Family::gaussian, poems::Family::gaussian};
    o.noise_prior = {0.1, 0.1};
    o.shared = o.salient = 2;
    o.inference.encoder_units = o.generation.decoder_units = 6;
    o.generation.sparse = o.generation.exact_zeros = sparse;
    o.independence = 3.0;
    o.independent_from = 0.4;
    o.training_samples = samples;
    expect_goes_on([&] { return std::make_unique<poems::models::Comparative<float>>(o); },
                   sparse ? "comparison, sparse" : "comparison, dense", true);
  }
}
