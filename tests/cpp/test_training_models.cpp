// Training of models on the tape: they learn, alike on every run, and stop when they should.
#include <gtest/gtest.h>

#include <algorithm>

#include "complete_batch.h"
#include "gradient_check.h"
#include "models/mocss.h"
#include "models/poem.h"
#include "training/trainer.h"

using namespace poems_test;
using poems::Decay;
using poems::EpochRecord;
using poems::Stopped;
using poems::TrainerConfig;
using poems::TrainingResult;
using poems::models::Mocss;
using poems::models::MocssKind;
using poems::models::MocssOptions;
using poems::models::Poem;
using poems::models::PoemOptions;

namespace {

constexpr Index samples = 60;

const std::vector<poems::models::OmicShape> omics = {{"a", 9}, {"b", 8}, {"c", 7}};

PoemOptions small(PoemOptions options) {
  options.omics = omics;
  options.settings.factors = 3;
  options.settings.encoder_units = options.settings.decoder_units = 12;
  options.settings.gate_units = 12;
  options.prior_variance = {0.05, 0.05, 0.05};
  options.samples = samples;
  return options;
}

PoemOptions poem_options() { return small(PoemOptions::published()); }

MocssOptions small(MocssOptions options) {
  options.omics = omics;
  options.settings.embedding = 3;
  options.units = {{12, 8}, {12, 8}, {12, 8}};
  options.settings.projection = 2;
  options.sparse_settings.encoder_units = options.sparse_settings.decoder_units = 12;
  options.prior_variance = {0.05, 0.05, 0.05};
  options.sparse.samples = samples;
  return options;
}

/// Two factors behind three omics, in [0, 1] as MOCSS's sigmoids need; and their spread.
struct Cohort {
  std::vector<Matrix<float>> x;
  std::vector<poems::Vector<double>> spread;

  Cohort() {
    const Matrix<double> z = normals(2, samples, 11);
    for (const auto& omic : omics) {
      const Matrix<double> score = normals(omic.features, 2, 12 + x.size()) * z +
                                   0.3 * normals(omic.features, samples, 22 + x.size());
      const Matrix<double> values = (1.0 + (-score.array()).exp()).inverse();
      const Matrix<double> centred = values.colwise() - values.rowwise().mean();
      spread.push_back((centred.rowwise().squaredNorm() / samples).cwiseSqrt());
      x.push_back(values.cast<float>());
    }
  }
};

class Watcher : public poems::Monitor {
 public:
  explicit Watcher(int batches = -1) : left_(batches) {}
  bool interrupted() override { return left_ > 0 && --left_ == 0; }
  void epoch_done(const EpochRecord& epoch) override { epochs.push_back(epoch.epoch); }
  std::vector<long> epochs;

 private:
  int left_;
};

const TrainerConfig quick{60, 16, {3e-3, 1e-4}, Decay::decoupled, 0.2, 1000, 5, 1};

template <typename M>
TrainingResult fit(M& model, const TrainerConfig& config, Watcher&& watcher = Watcher()) {
  static const Cohort cohort;
  model.initialise(config.seed, cohort.spread);
  return poems::train<float>(model, complete_cohort(cohort.x), config, watcher);
}

template <typename M>
void expect_learns(M&& model) {
  const TrainingResult result = fit(model, quick);
  ASSERT_EQ(result.history.size(), 60u);
  EXPECT_EQ(result.stopped, Stopped::epochs);
  EXPECT_EQ(result.validation_samples.size(), 12u);
  const EpochRecord &first = result.history.front(), &last = result.history.back();
  EXPECT_LT(last.training, first.training - 0.1 * std::abs(first.training));
  EXPECT_LT(last.validation, first.validation);
  // The terms make up the loss, and keep their names.
  double sum = 0.0;
  for (const auto& term : last.terms) sum += term.second;
  EXPECT_NEAR(sum, last.training, 1e-5 * std::abs(last.training));
  EXPECT_EQ(first.terms.size(), last.terms.size());
}

}  // namespace

TEST(TrainingOnTheTape, PoemLearns) {
  expect_learns(Poem<float>(poem_options()));
  expect_learns(Poem<float>(small(PoemOptions::corrected())));
}

TEST(TrainingOnTheTape, MocssLearns) {
  for (MocssKind kind : {MocssKind::ae, MocssKind::vae, MocssKind::sparse_vae}) {
    expect_learns(Mocss<float>(small(MocssOptions::published(kind))));
    expect_learns(Mocss<float>(small(MocssOptions::corrected(kind))));
  }
}

TEST(TrainingOnTheTape, IsTheSameOnEveryRunAndDiffersWithTheSeed) {
  TrainerConfig config = quick;
  config.epochs = 5;
  Poem<float> one(poem_options()), two(poem_options()), other(poem_options());
  fit(one, config);
  config.threads = 2;
  fit(two, config);
  config.seed = 6;
  fit(other, config);
  const auto p = one.parameters(), q = two.parameters(), r = other.parameters();
  bool differs = false;
  for (std::size_t i = 0; i < p.size(); ++i) {
    EXPECT_TRUE(p[i]->value == q[i]->value) << p[i]->name;
    differs = differs || p[i]->value != r[i]->value;
  }
  EXPECT_TRUE(differs);
}

TEST(TrainingOnTheTape, StopsWhenTheValidationLossNoLongerFalls) {
  TrainerConfig config = quick;
  config.epochs = 400;
  config.patience = 3;
  config.keeps_best = true;
  config.optimiser.learning_rate = 3e-2;
  Poem<float> model(poem_options());
  const TrainingResult result = fit(model, config);
  ASSERT_EQ(result.stopped, Stopped::converged);
  const long last = result.history.back().epoch;
  EXPECT_EQ(last, result.best_epoch + 3);
  const double best = result.history[result.best_epoch - 1].validation;
  for (const EpochRecord& epoch : result.history) EXPECT_GE(epoch.validation, best);
}

namespace {

/// Parameters and state, as copies.
std::vector<Matrix<float>> all_of(poems::models::Model<float>& model) {
  std::vector<Matrix<float>> values;
  for (const auto* p : model.parameters()) values.push_back(p->value);
  for (const auto& array : model.state()) values.push_back(array.value);
  return values;
}

}  // namespace

TEST(TrainingOnTheTape, EndsWithTheBestEpochWhereAsked) {
  TrainerConfig config = quick;
  config.epochs = 400;
  config.patience = 3;
  config.optimiser.learning_rate = 3e-2;
  config.keeps_best = true;
  const MocssOptions options = small(MocssOptions::corrected(MocssKind::sparse_vae));
  Mocss<float> model(options), until_then(options), last(options);
  const TrainingResult result = fit(model, config);
  ASSERT_EQ(result.stopped, Stopped::converged);
  config.epochs = result.best_epoch;
  config.keeps_best = false;
  EXPECT_EQ(fit(until_then, config).best_epoch, result.best_epoch);
  config.epochs = result.history.back().epoch;
  fit(last, config);
  EXPECT_EQ(all_of(model).size(), model.parameters().size() + 6u) << "p and eta of three omics";
  EXPECT_TRUE(all_of(model) == all_of(until_then));
  EXPECT_FALSE(all_of(model) == all_of(last));
}

TEST(TrainingOnTheTape, TermsOfABatchWithoutAnOmicKeepTheirNames) {
  static const Cohort cohort;
  poems::Cohort<float> some = complete_cohort(cohort.x);
  for (Index n = 3; n < samples; ++n) some.omics[1].column[n] = -1;
  TrainerConfig config = quick;
  config.epochs = 2;
  config.batch_size = 4;
  Mocss<float> model(small(MocssOptions::corrected(MocssKind::ae)));
  model.initialise(1, cohort.spread);
  Watcher watcher;
  const TrainingResult result = poems::train<float>(model, some, config, watcher);
  ASSERT_EQ(result.stopped, Stopped::epochs);
  double sum = 0.0;
  std::vector<std::string> names;
  for (const auto& term : result.history.back().terms) {
    sum += term.second;
    EXPECT_EQ(std::count(names.begin(), names.end(), term.first), 0) << term.first;
    names.push_back(term.first);
  }
  EXPECT_NEAR(sum, result.history.back().training, 1e-4 * std::abs(sum));
}

TEST(TrainingOnTheTape, NothingHeldOutMeansNoValidationLoss) {
  TrainerConfig config = quick;
  config.epochs = 2;
  config.validation = 0.0;
  Poem<float> model(poem_options());
  const TrainingResult result = fit(model, config);
  EXPECT_TRUE(result.validation_samples.empty());
  EXPECT_TRUE(std::isnan(result.history.back().validation));
  EXPECT_EQ(result.best_epoch, 2);
}

TEST(TrainingOnTheTape, AnInterruptEndsItWithinTheEpoch) {
  Poem<float> model(poem_options());
  const TrainingResult result = fit(model, quick, Watcher(7));  // 3 batches an epoch
  EXPECT_EQ(result.stopped, Stopped::interrupted);
  EXPECT_EQ(result.history.size(), 2u);
}
