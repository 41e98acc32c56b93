// Omics that some samples are encoded without.
#include <gtest/gtest.h>

#include "data/hide_omics.h"
#include "random_problem.h"

using namespace poems_test;

namespace {

constexpr Index samples = 4000;
const std::vector<Index> features = {3, 4, 2};

poems::Batch<double> hidden_batch(const poems::Cohort<double>& cohort, std::vector<Index> which) {
  poems::Batch<double> batch = poems::make_batch(cohort, std::move(which), 1);
  poems::hide_omics(poems::Stream(1, poems::Purpose::hide_omics, 1), batch);
  return batch;
}

}  // namespace

TEST(Hide, LeavesOneOmicOrAll) {
  const poems::Cohort<double> cohort = random_cohort<double>(samples, features, true);
  const poems::Batch<double> batch = hidden_batch(cohort, all_samples(samples));
  std::vector<Index> has(samples, 0), shows(samples, 0);
  Matrix<double> alone = Matrix<double>::Zero(3, 1);
  for (const auto& omic : batch.omics)
    for (std::size_t m = 0; m < omic.members.size(); ++m) {
      ++has[omic.members[m]];
      if (!omic.hidden[m]) ++shows[omic.members[m]];
    }
  for (Index v = 0; v < 3; ++v)
    for (std::size_t m = 0; m < batch.omics[v].members.size(); ++m) {
      const Index i = batch.omics[v].members[m];
      if (has[i] == 3 && shows[i] == 1 && !batch.omics[v].hidden[m]) alone(v) += 1.0;
    }
  Index hiding = 0;
  for (Index i = 0; i < samples; ++i) {
    EXPECT_TRUE(shows[i] == has[i] || shows[i] == 1);
    hiding += shows[i] < has[i];
  }
  EXPECT_NEAR(static_cast<double>(hiding) / samples, 0.1, 0.02);
  // Every fourth sample has all three.
  EXPECT_NEAR(alone.sum(), 0.1 * samples / 4, 40);
  for (Index v = 0; v < 3; ++v) EXPECT_NEAR(alone(v) / alone.sum(), 1.0 / 3.0, 0.15);
}

TEST(Hide, DependsOnTheSampleAlone) {
  const poems::Cohort<double> cohort = random_cohort<double>(40, features, false);
  const poems::Batch<double> all = hidden_batch(cohort, all_samples(40));
  const poems::Batch<double> some = hidden_batch(cohort, {31, 2, 17});
  for (std::size_t v = 0; v < features.size(); ++v) {
    EXPECT_EQ(some.omics[v].hidden[0], all.omics[v].hidden[31]);
    EXPECT_EQ(some.omics[v].hidden[1], all.omics[v].hidden[2]);
    EXPECT_EQ(some.omics[v].hidden[2], all.omics[v].hidden[17]);
  }
}

TEST(Hide, IsEncodedAsIfLacking) {
  const poems::Cohort<double> cohort = random_cohort<double>(30, features, false);
  poems::models::Poems<double> model = initialised_model<double>(small_options(features, true), 3);
  const poems::Batch<double> batch = hidden_batch(cohort, all_samples(30));
  poems::Cohort<double> lacking = cohort;
  for (std::size_t v = 0; v < features.size(); ++v)
    for (Index i = 0; i < 30; ++i)
      if (batch.omics[v].hidden[i]) lacking.omics[v].column[i] = -1;
  const poems::Batch<double> without = poems::make_batch(lacking, all_samples(30), 1);
  poems::Tape<double> tape(false);
  const poems::pieces::Draws<double> none;
  const auto hidden = model.encode(tape, batch, none, 1);
  const auto lacks = model.encode(tape, without, none, 1);
  const Matrix<double>& alpha = hidden.alpha->value;
  EXPECT_TRUE(hidden.posterior.mean->value.isApprox(lacks.posterior.mean->value, 1e-12));
  EXPECT_TRUE(alpha.isApprox(lacks.alpha->value, 1e-12));
  EXPECT_EQ((alpha.array() == 0.0).count(), (lacks.alpha->value.array() == 0.0).count());
  EXPECT_GT((alpha.array() == 0.0).count(), 0);
}
