// A random model of any family is trained for an epoch or two on a random cohort and asked about
// its samples. Anything may be refused by an exception; what is answered has the right shape, and
// training on other numbers of threads, or interrupted and gone on with, gives the same bits.
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "analysis/comparison.h"
#include "analysis/latent_mode.h"
#include "analysis/projection.h"
#include "analysis/slopes.h"
#include "analysis/split.h"
#include "analysis/variance.h"
#include "cohorts.h"
#include "models/poems.h"
#include "training/baselines.h"
#include "training/splits.h"
#include "training/trainer.h"

namespace poems_fuzz {

using poems::models::Model;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  std::cerr << "does not hold: " << what << "\n";
  std::abort();
}

template <typename M>
void expect_shape(const M& m, Index rows, Index cols, const std::string& what) {
  expect(m.rows() == rows && m.cols() == cols, what);
}

class Impatient : public poems::Monitor {
 public:
  explicit Impatient(Index batches) : left_(batches) {}
  bool interrupted() override { return --left_ == 0; }
  void epoch_done(const poems::EpochRecord&) override {}

 private:
  Index left_;
};

poems::TrainerConfig choose_training(Choices& choose) {
  poems::TrainerConfig config{};
  config.epochs = choose.count(1, 2);
  config.batch_size = choose.count(1, 50);
  config.optimiser = {choose.one_of<double>({1e-3, 0.1, 1.0}),
                      choose.one_of<double>({1e-4, 0, 1e6})};
  config.decay = choose.one_of<poems::Decay>(
      {poems::Decay::decoupled, poems::Decay::in_gradient, poems::Decay::none});
  config.validation = choose.one_of<double>({0.0, 0.2, 0.5});
  config.patience = choose.count(1, 2);
  config.seed = static_cast<std::uint64_t>(choose.count(0, 5));
  config.threads = static_cast<int>(choose.count(1, 3));
  config.keeps_best = choose.coin();
  config.hides_omics = choose.coin();
  config.validates_at_mean = choose.coin();
  if (choose.coin()) config.validation_batch = choose.count(1, 50);
  return config;
}

std::vector<Vector<double>> choose_spread(Choices& choose, const Shape& shape) {
  std::vector<Vector<double>> spread;
  for (const Index features : shape.features) {
    Vector<double> sd = Vector<double>::Ones(features);
    if (choose.once_in(8)) sd(choose.count(0, features - 1)) = choose.odd_number();
    spread.push_back(sd);
  }
  return spread;
}

/// Of what has diverged, any NaN is as good as another: which one a sum of two of them gives, is
/// the processor's choice.
bool same_bits(const Matrix<float>& a, const Matrix<float>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  for (Index i = 0; i < a.size(); ++i) {
    const float x = a.data()[i], y = b.data()[i];
    if (std::memcmp(&x, &y, sizeof x) != 0 && !(std::isnan(x) && std::isnan(y))) return false;
  }
  return true;
}

/// Where one process keeps the checkpoint of its training.
std::string checkpoint_path() {
  static const std::string path = (std::filesystem::temp_directory_path() /
                                   ("fuzz_core_" + std::to_string(getpid()) + ".checkpoint"))
                                      .string();
  return path;
}

/// Inverts one byte, and says whether there was one.
bool damage(const std::string& path, Choices& choose) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary | std::ios::ate);
  const auto size = static_cast<Index>(file.tellg());
  if (!file || size <= 0) return false;
  const Index at = choose.count(0, size - 1);
  char byte = 0;
  file.seekg(at);
  file.read(&byte, 1);
  file.seekp(at);
  file.put(static_cast<char>(~byte));
  return true;
}

/// Trains with a checkpoint after every batch, is interrupted and goes on: to the bits of `whole`,
/// or, where the checkpoint is damaged in between, not at all.
template <typename MakeTrained>
void expect_goes_on(Choices& choose, poems::models::Model<float>& whole, MakeTrained train) {
  std::remove(checkpoint_path().c_str());
  train(choose.count(1, 6));
  if (choose.once_in(4) && damage(checkpoint_path(), choose)) {
    bool refused = false;
    try {
      train(-1);
    } catch (const std::exception&) {
      refused = true;
    }
    expect(refused, "a damaged checkpoint is refused");
    return;
  }
  const auto model = train(-1);
  for (std::size_t i = 0; i < whole.parameters().size(); ++i)
    expect(same_bits(whole.parameters()[i]->value, model->parameters()[i]->value),
           "the bits of an unbroken training, of " + whole.parameters()[i]->name);
}

/// make_model: one, as new.
template <typename MakeModel>
auto trained(Choices& choose, const Shape& shape, const Cohort<float>& cohort,
             MakeModel make_model) {
  poems::TrainerConfig config = choose_training(choose);
  const std::vector<Vector<double>> spread = choose_spread(choose, shape);
  const Index interrupt = choose.once_in(8) ? choose.count(1, 4) : -1;
  const auto train = [&](int threads, Index batches) {
    auto model = make_model();
    model->initialise(config.seed, spread);
    config.threads = threads;
    Impatient monitor(batches);
    const auto result = poems::train<float>(*model, cohort, config, monitor);
    expect(static_cast<long>(result.history.size()) <=
               config.epochs * static_cast<long>(model->stages().size()),
           "no more epochs than asked for");
    return model;
  };
  auto model = train(config.threads, interrupt);
  if (choose.once_in(4)) {
    auto other = train(config.threads % 3 + 1, interrupt);
    for (std::size_t i = 0; i < model->parameters().size(); ++i)
      expect(same_bits(model->parameters()[i]->value, other->parameters()[i]->value),
             "the same bits of " + model->parameters()[i]->name);
  }
  if (interrupt < 0 && choose.once_in(8)) {
    config.checkpoint = poems::CheckpointConfig{checkpoint_path(), 0.0, {{"of", "this"}}};
    expect_goes_on(choose, *model, [&](Index batches) { return train(1, batches); });
  }
  return model;
}

poems::models::PoemsOptions choose_poems(Choices& choose, const Shape& shape) {
  poems::models::PoemsOptions o{};
  for (std::size_t v = 0; v < shape.features.size(); ++v) {
    o.omics.push_back({shape.features[v], 0.3, 1.0 + static_cast<double>(shape.features[v]) / 10.0,
                       shape.families[v]});
    if (choose.once_in(8)) o.omics.back().weight = choose.between(0.0, 3.0);
  }
  o.factors = choose.count(1, 9);
  o.encoder_hidden = choose.count(1, 12);
  o.decoder_hidden = choose.count(1, 12);
  o.gate_hidden = choose.count(1, 6);
  o.dropout = choose.one_of<double>({0.0, 0.2, 0.99});
  o.lambda0 = choose.one_of<double>({10.0, 1.0, 1e4});
  o.lambda1 = choose.one_of<double>({0.1, 1e-7, 1.0});
  o.sigma_df = choose.one_of<double>({3.0, 10.0});
  o.row_normalize = choose.coin();
  o.kl_weight = choose.one_of<double>({1.0, 0.0, 100.0});
  o.warmup = choose.count(0, 2);
  o.revisit = choose.count(1, 3);
  o.covariates = shape.covariates;
  const bool published = std::all_of(shape.families.begin(), shape.families.end(),
                                     [](Family f) { return f == Family::gaussian; }) &&
                         shape.covariates == 0 && choose.coin();
  o.objective = published ? poems::Objective::published() : poems::Objective::elbo();
  return o;
}

void try_poems(Choices& choose) {
  const Shape shape = choose_shape(choose);
  const Cohort<float> cohort = make_cohort(choose, shape);
  const poems::models::PoemsOptions o = choose_poems(choose, shape);
  const auto model = trained(choose, shape, cohort,
                             [&] { return std::make_unique<poems::models::Poems<float>>(o); });
  const int threads = static_cast<int>(choose.count(1, 3));
  const auto omics = static_cast<Index>(o.omics.size());
  const auto projection = poems::project(*model, cohort, threads);
  expect_shape(projection.mean, o.factors, cohort.samples, "a mean of every sample");
  expect_shape(projection.logvar, o.factors, cohort.samples, "a variance of every sample");
  expect_shape(projection.gates, omics, cohort.samples, "a gate of every omic and sample");
  const Matrix<float> mode = poems::latent_mode(*model, cohort, projection.mean, threads);
  expect_shape(mode, o.factors, cohort.samples, "a mode of every sample");
  expect(static_cast<Index>(projection.expert_mean.size()) == omics, "experts of every omic");

  std::vector<bool> counted;
  for (Index i = 0; i < cohort.samples; ++i) counted.push_back(choose.coin());
  Vector<float> held = Vector<float>::Zero(o.factors);
  if (choose.once_in(8)) held(0) = static_cast<float>(choose.odd_number());
  const auto sums = poems::variance_sums(*model, cohort, mode, held, counted, threads);
  const auto slopes = poems::mean_slopes(*model, mode, threads);
  expect(static_cast<Index>(sums.size()) == omics, "sums of every omic");
  for (std::size_t v = 0; v < o.omics.size(); ++v) {
    const Index features = o.omics[v].features;
    expect_shape(sums[v].total, features, 1, "a sum of every feature");
    expect_shape(sums[v].gain, o.factors, 1, "a gain of every factor");
    expect_shape(slopes[v].mean, o.factors, features, "a slope of every loading");
    expect_shape(experts.mean[v], o.factors, cohort.samples, "an expert on every sample");
    expect_shape(poems::reconstruct(*model, v, mode, threads), features, cohort.samples,
                 "a reconstruction of every value");
  }
}

std::vector<poems::models::OmicShape> named(const Shape& shape) {
  std::vector<poems::models::OmicShape> omics;
  for (const Index features : shape.features)
    omics.push_back({std::string(1, static_cast<char>('a' + omics.size())), features});
  return omics;
}

void expect_samples(const std::vector<poems::CohortValues<float>>& blocks, Index samples) {
  for (const auto& block : blocks) expect(block.values.cols() == samples, block.name);
}

void try_baseline(Choices& choose) {
  const Shape shape = only_gaussian(choose_shape(choose));
  const Cohort<float> cohort = make_cohort(choose, shape);
  const auto kind = choose.one_of(poems::baselines()).kind;
  const auto form =
      shape.complete && choose.coin() ? poems::Form::published : poems::Form::corrected;
  const poems::BaselineData data{named(shape), std::vector<double>(shape.features.size(), 0.1), 5.0,
                                 shape.samples};
  const auto model = trained(choose, shape, cohort, [&] {
    return poems::make_baseline<float>(kind, form, data, [](std::string name, double, double) {
      return name == "dropout" ? 0.2 : 3.0;
    });
  });
  const int threads = static_cast<int>(choose.count(1, 3));
  expect_samples(poems::embed(*model, cohort, threads), cohort.samples);
  expect_samples(poems::reconstruct(*model, cohort, threads), cohort.samples);
}

void try_split(Choices& choose) {
  const Shape shape = only_gaussian(choose_shape(choose));
  const Cohort<float> cohort = make_cohort(choose, shape);
  const auto kind = choose.one_of<poems::SplitKind>(
      {poems::SplitKind::mvae, poems::SplitKind::mopoe, poems::SplitKind::mmvae,
       poems::SplitKind::mmvaepp, poems::SplitKind::indiseek});
  poems::SplitOptions options;
  options.completeness = choose.between(0.0, 2.0);
  poems::models::SharedPrivateOptions& o = options.mixture;
  o.omics = named(shape);
  o.shared_factors = choose.count(1, 4);
  for (std::size_t v = 0; v < shape.features.size(); ++v)
    o.private_factors.push_back(choose.count(1, 3));
  o.encoder_units = choose.count(1, 8);
  o.decoder_units = choose.count(1, 8);
  o.sparse = choose.coin();
  o.fixed_encoders = o.sparse && choose.coin();
  if (choose.coin()) {
    o.labels = Vector<double>(shape.samples);
    for (Index i = 0; i < shape.samples; ++i)
      o.labels(i) = choose.one_of<double>({0.0, 1.0, std::numeric_limits<double>::quiet_NaN()});
  }
  o.sparse_settings.decoder_hidden = o.decoder_units;
  for (const Index features : shape.features)
    o.sparse_omics.push_back({features, 0.3, 2.0, Family::gaussian});
  const auto model =
      trained(choose, shape, cohort, [&] { return poems::make_split<float>(kind, options); });
  const int threads = static_cast<int>(choose.count(1, 3));
  for (const auto& block : poems::posterior(*model, cohort, threads))
    expect_shape(block.sd, block.mean.rows(), cohort.samples, block.name);
  const auto omics = static_cast<Index>(shape.features.size());
  const auto to = static_cast<std::size_t>(choose.count(0, omics - 1));
  const auto from = static_cast<std::size_t>(choose.count(0, omics - 1));
  expect_shape(poems::predict(*model, cohort, {from}, to, threads), shape.features[to],
               cohort.samples, "a prediction of every value");
}

void try_comparison(Choices& choose) {
  const Shape shape = choose_shape(choose);
  Cohort<float> cohort = make_cohort(choose, shape);
  for (Index i = 0; i < cohort.samples; ++i)
    cohort.groups.push_back(choose.coin() ? poems::models::target : poems::models::background);
  poems::models::ComparativeOptions o;
  o.omics = named(shape);
  o.families = shape.families;
  o.noise_prior.assign(shape.features.size(), 0.1);
  o.shared = choose.count(1, 4);
  o.salient = choose.count(1, 4);
  o.inference.encoder_units = choose.count(1, 8);
  o.generation.decoder_units = choose.count(1, 8);
  o.generation.sparse = choose.coin();
  o.generation.exact_zeros = o.generation.sparse;
  o.balance = choose.one_of<poems::models::Balance>(
      {poems::models::Balance::pooled, poems::models::Balance::pareto});
  o.independence = choose.one_of<double>({3.0, 0.0});
  o.independent_from = choose.one_of<double>({0.4, 0.0});
  o.training_samples = shape.samples;
  const auto model = trained(choose, shape, cohort, [&] {
    return std::make_unique<poems::models::Comparative<float>>(o);
  });
  expect_samples(poems::factors_of(*model, cohort, static_cast<int>(choose.count(1, 3))),
                 cohort.samples);
}

}  // namespace poems_fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  poems_fuzz::Choices choose(data, size);
  try {
    switch (choose.count(0, 4)) {
      case 0:
        poems_fuzz::try_baseline(choose);
        break;
      case 1:
        poems_fuzz::try_split(choose);
        break;
      case 2:
        poems_fuzz::try_comparison(choose);
        break;
      default:
        poems_fuzz::try_poems(choose);
    }
  } catch (const std::exception&) {
    // Refused.
  }
  return 0;
}
