// Every gradient of both objectives against central finite differences, in double, with samples
// that lack omics and with missing values.
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "data/hide_omics.h"
#include "random_problem.h"

using namespace poems_test;
using poems::Tape;
using poems::Terms;

namespace {

using Draws = poems::pieces::Draws<double>;

struct Case {
  std::string name;
  bool elbo, row_normalize, dropout, gaps;
  poems::Family family = poems::Family::gaussian;  // of the first two omics
  Index covariates = 0;
  bool hides = false;
  double weight = 1.0;  // of the second omic's log-likelihood
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

class Gradients : public testing::TestWithParam<Case> {};

/// What the gradients are those of: the loss, without the penalty where a proximal step stands in
/// for its gradient.
double smooth_loss(poems::models::Poems<double>& model, const Terms<double>& terms) {
  const bool smooth = !model.options().objective.penalty_by_proximal_step;
  return terms.total() - (smooth ? 0.0 : terms.total("penalty"));
}

/// The loss of a batch, without gradients or with.
double value(poems::models::Poems<double>& model, const poems::Batch<double>& batch,
             const Draws& draws) {
  Tape<double> tape(false);
  Terms<double> terms;
  model.loss(tape, batch, draws, terms);
  return smooth_loss(model, terms);
}

double value_and_gradients(poems::models::Poems<double>& model, const poems::Batch<double>& batch,
                           const Draws& draws) {
  Tape<double> tape;
  Terms<double> terms;
  model.loss(tape, batch, draws, terms);
  tape.backward(terms, model.parameters());
  return smooth_loss(model, terms);
}

/// Latents drawn, units dropped or not.
std::unique_ptr<Draws> draws_of(bool dropout) {
  using poems::pieces::StreamDraws, poems::pieces::ValidationDraws;
  if (dropout) return std::make_unique<StreamDraws<double>>(3, 2, all_samples(9));
  return std::make_unique<ValidationDraws<double>>(3, 2, all_samples(9), 1);
}

}  // namespace

TEST_P(Gradients, AgreeWithFiniteDifferences) {
  const Case& c = GetParam();
  const std::vector<Index> features = {5, 4, 6};
  poems::Cohort<double> cohort = random_cohort<double>(9, features, c.gaps);
  poems::models::PoemsOptions options = small_options(features, c.elbo, c.row_normalize);
  options.covariates = c.covariates;
  options.kl_weight = 0.7;
  options.omics[1].weight = c.weight;
  if (c.covariates > 0) add_covariates(c.covariates, cohort);
  for (std::size_t v = 0; v < 2 && c.family != poems::Family::gaussian; ++v) {
    options.omics[v].family = c.family;
    change_family(c.family, cohort.omics[v]);
  }
  poems::models::Poems<double> model = initialised_model<double>(options, 7);
  for (std::size_t v = 0; v < features.size(); ++v) {
    // As initialised, the gate does not notice any expert.
    poems::AgreementWeights<double>& agreement = model.gate.agreement.omics[v];
    agreement.own.value = 0.8 * normal_matrix(3, 1, 41 + v);
    agreement.others.value = 0.8 * normal_matrix(3, 1, 51 + v);
    agreement.product.value = 0.8 * normal_matrix(3, 1, 61 + v);
    agreement.offset.value.setConstant(0.3 - static_cast<double>(v));
  }
  poems::Batch<double> batch = poems::make_batch(cohort, all_samples(9), 1);
  if (c.hides) poems::hide_omics(poems::Stream(1, poems::Purpose::hide_omics, 1), batch);
  if (c.gaps) {
    ASSERT_LT(batch.omics[0].members.size(), 9u);
    ASSERT_GT(batch.omics[1].observed.size(), 0);
  }
  const std::unique_ptr<Draws> draws = draws_of(c.dropout);
  model.enter({false, 2, 2, 40, 1});

  const std::vector<poems::Parameter<double>*> parameters = model.parameters();
  const bool has_noise =
      c.family == poems::Family::gaussian || c.family == poems::Family::negative_binomial;
  ASSERT_EQ(parameters.size(),
            4u + 3u * (c.elbo ? 19u : 15u) + (c.covariates > 0 ? 3u : 0u) - (has_noise ? 0u : 2u));

  EXPECT_NEAR(value_and_gradients(model, batch, *draws), value(model, batch, *draws), 1e-12);
  std::vector<Matrix<double>> gradients;
  for (poems::Parameter<double>* p : parameters) gradients.push_back(p->gradient);

  constexpr double h = 1e-6;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    double largest = 0.0;
    for (Index e = 0; e < parameters[i]->value.size(); ++e) {
      double& entry = parameters[i]->value.data()[e];
      const double at = entry;
      entry = at + h;
      const double above = value(model, batch, *draws);
      entry = at - h;
      const double below = value(model, batch, *draws);
      entry = at;
      const double expected = (above - below) / (2.0 * h);
      EXPECT_NEAR(gradients[i].data()[e], expected, 1e-7 + 1e-6 * std::abs(expected))
          << parameters[i]->name << " of parameter set " << i << ", entry " << e;
      largest = std::max(largest, std::abs(expected));
    }
    EXPECT_GT(largest, 0.0) << parameters[i]->name << " has no gradient to test";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Objectives, Gradients,
    testing::Values(
        Case{"elbo_complete", true, false, false, false},
        Case{"elbo_with_gaps", true, false, false, true},
        Case{"elbo_with_gaps_and_dropout", true, false, true, true},
        Case{"published", false, false, false, false},
        Case{"published_with_gaps_and_dropout", false, false, true, true},
        Case{"published_row_normalised", false, true, false, true},
        Case{"bernoulli", true, false, true, true, poems::Family::bernoulli},
        Case{"poisson", true, false, true, true, poems::Family::poisson},
        Case{"negative_binomial", true, false, true, true, poems::Family::negative_binomial},
        Case{"gaussian_with_covariates", true, false, true, true, poems::Family::gaussian, 2},
        Case{"negative_binomial_with_covariates", true, false, false, true,
             poems::Family::negative_binomial, 2},
        Case{"hidden_omics", true, false, true, true, poems::Family::gaussian, 0, true},
        Case{"weighted_omics", true, false, true, true, poems::Family::gaussian, 0, false, 2.5}),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(Weights, MultiplyTheLikelihoodOfTheirOmicAlone) {
  const std::vector<Index> features = {5, 4};
  const poems::Cohort<double> cohort = random_cohort<double>(9, features, true);
  const poems::Batch<double> batch = poems::make_batch(cohort, all_samples(9), 1);
  const Draws at_mean;
  const auto terms_with = [&](double weight) {
    poems::models::PoemsOptions options = small_options(features, true);
    options.omics[1].weight = weight;
    poems::models::Poems<double> model = initialised_model<double>(options, 7);
    model.enter({false, 2, 2, 9, 1});
    Tape<double> tape;
    Terms<double> terms;
    model.loss(tape, batch, at_mean, terms);
    tape.backward(terms, model.parameters());
    std::vector<double> values;
    for (const char* name : {"reconstruction/2", "reconstruction/1", "kl", "penalty/2", "noise/2"})
      values.push_back(terms.at(name).weighted());
    return values;
  };
  const std::vector<double> one = terms_with(1.0), three = terms_with(3.0);
  EXPECT_NEAR(three[0], 3.0 * one[0], 1e-12 * std::abs(one[0]));
  for (std::size_t i = 1; i < one.size(); ++i) EXPECT_EQ(three[i], one[i]);
}

TEST(SkipZeros, LeavesTheLossAndTheOtherGradientsAsTheyAre) {
  const std::vector<Index> features = {20, 4};
  const poems::Cohort<double> cohort = random_cohort<double>(9, features, true);
  poems::models::PoemsOptions options = small_options(features, true);
  options.revisit = 2;  // in epoch 1 zeros are skipped, in 2 they are not
  poems::models::Poems<double> model = initialised_model<double>(options, 7);
  Matrix<double>& W = model.omics[0].decoder.W.value;
  for (Index i = 0; i < W.size(); i += 2) W.data()[i] = 0.0;
  W.col(3).setZero();  // a feature that no factor drives
  const poems::Batch<double> batch = poems::make_batch(cohort, all_samples(9), 1);
  const Draws at_mean;
  model.enter({true, 2, 2, 9, 1});
  const double dense = value_and_gradients(model, batch, at_mean);
  const Matrix<double> d_W = model.omics[0].decoder.W.gradient;
  const Matrix<double> d_A = model.omics[0].decoder.hidden.gradient;
  const Matrix<double> d_encoder = model.omics[0].encoder.hidden1.weight.gradient;
  model.enter({true, 1, 2, 9, 1});
  EXPECT_NEAR(value_and_gradients(model, batch, at_mean), dense, 1e-12 * std::abs(dense));
  EXPECT_TRUE(model.omics[0].decoder.hidden.gradient.isApprox(d_A, 1e-12));
  EXPECT_TRUE(model.omics[0].encoder.hidden1.weight.gradient.isApprox(d_encoder, 1e-12));
  for (Index i = 0; i < W.size(); ++i)
    EXPECT_NEAR(model.omics[0].decoder.W.gradient.data()[i],
                W.data()[i] == 0.0 ? 0.0 : d_W.data()[i], 1e-12);
  const Matrix<double> skipping = model.omics[0].decoder.W.gradient;
  model.enter({true, 2, 2, 9, 1});  // whose second half skips them again
  model.reach(0.5);
  value_and_gradients(model, batch, at_mean);
  EXPECT_EQ(model.omics[0].decoder.W.gradient, skipping);
  model.reach(0.25);
  value_and_gradients(model, batch, at_mean);
  EXPECT_EQ(model.omics[0].decoder.W.gradient, d_W);
}
