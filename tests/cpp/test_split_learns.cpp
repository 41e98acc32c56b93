// The models that split what omics share from what is private to each find planted blocks.
#include <gtest/gtest.h>

#include "complete_batch.h"
#include "gradient_check.h"
#include "models/indiseek.h"
#include "models/mmvae.h"
#include "training/trainer.h"

using namespace poems_test;
using poems::models::IndiSeek;
using poems::models::IndiSeekOptions;
using poems::models::Mmvae;
using poems::models::MmvaeKind;
using poems::models::SharedPrivateOptions;

namespace {

constexpr Index training = 400, held_out = 400;
const std::vector<std::string> names = {"mrna", "mirna"};

/// x_v = A_v [s; p_v] + noise: two shared factors, two private ones per omic, all on one scale.
struct Planted {
  Matrix<double> s = normals(2, training + held_out, 1);
  std::vector<Matrix<double>> own, x;
  std::vector<Index> test;
  poems::Cohort<double> cohort, train;

  Planted() {
    for (std::size_t v = 0; v < 2; ++v) {
      own.push_back(normals(2, s.cols(), 10 + v));
      Matrix<double> z(4, s.cols());
      z << s, own[v];
      Matrix<double> y = normals(12, 4, 20 + v) * z + 0.3 * normals(12, s.cols(), 30 + v);
      for (Index j = 0; j < y.rows(); ++j)
        y.row(j) =
            (y.row(j).array() - y.row(j).mean()) / std::sqrt(y.row(j).array().square().mean());
      x.push_back(y);
    }
    for (Index i = training; i < s.cols(); ++i) test.push_back(i);
    cohort = complete_cohort(x);
    train = complete_cohort<double>({x[0].leftCols(training), x[1].leftCols(training)});
  }
};

class Silent : public poems::Monitor {
 public:
  bool interrupted() override { return false; }
  void epoch_done(const poems::EpochRecord&) override {}
};

/// Trains every stage for so many epochs, in batches of 64.
poems::TrainingResult train(poems::models::Model<double>& model, const Planted& planted,
                            long epochs) {
  poems::TrainerConfig config{};
  config.epochs = epochs;
  config.batch_size = 64;
  config.optimiser = {3e-3, 0.0};
  config.decay = poems::Decay::none;
  config.seed = 1;
  config.threads = 1;
  Silent monitor;
  return poems::train<double>(model, planted.train, config, monitor);
}

double r_squared(const Matrix<double>& truth, const Matrix<double>& prediction) {
  const Matrix<double> centred = truth.colwise() - truth.rowwise().mean();
  return 1.0 - (truth - prediction).squaredNorm() / centred.squaredNorm();
}

/// Of the truth in held-out samples from a block, by least squares on training samples.
double recovered(const Matrix<double>& truth, const Matrix<double>& block) {
  Matrix<double> X(block.rows() + 1, block.cols());
  X << block, Matrix<double>::Ones(1, block.cols());
  const Matrix<double> fitted = X.leftCols(training);
  const Matrix<double> effects =
      (fitted * fitted.transpose()).ldlt().solve(fitted * truth.leftCols(training).transpose());
  return r_squared(truth.rightCols(held_out), effects.transpose() * X.rightCols(held_out));
}

/// Of every block of a trained model, by name.
std::map<std::string, Matrix<double>> blocks(poems::models::Model<double>& model,
                                             const Planted& planted) {
  Tape<double> tape;
  std::map<std::string, Matrix<double>> list;
  const auto batch = complete_batch(planted.x);
  for (const auto& block : model.embedding(tape, batch, poems::pieces::Draws<double>()))
    list[block.name] = block.value->value;
  return list;
}

}  // namespace

TEST(SplitLearns, Mmvaepp) {
  const Planted planted;
  SharedPrivateOptions options;
  options.omics = {{names[0], 12}, {names[1], 12}};
  options.private_factors = {2, 2};
  options.encoder_units = options.decoder_units = 32;
  Mmvae<double> model(options, MmvaeKind::mmvaepp);
  model.initialise(2, {});
  train(model, planted, 100);
  const auto found = blocks(model, planted);
  EXPECT_GT(recovered(planted.s, found.at("shared")), 0.9);
  Tape<double> tape;
  const auto test = poems::make_batch(planted.cohort, planted.test, 1);
  for (std::size_t v = 0; v < 2; ++v) {
    const Matrix<double>& own = found.at("private/" + names[v]);
    EXPECT_GT(recovered(planted.own[v], own), 0.9);
    EXPECT_LT(recovered(planted.s, own), 0.05);
    EXPECT_LT(recovered(planted.own[v], found.at("shared")), 0.05);
    // As good from the other omic as from the true shared factors, and better from its own.
    const Matrix<double> truth = planted.x[v].rightCols(held_out);
    EXPECT_GT(r_squared(truth, model.predict(tape, test, {1 - v}, v)->value),
              recovered(planted.x[v], planted.s) - 0.03);
    EXPECT_GT(r_squared(truth, model.predict(tape, test, {v}, v)->value), 0.9);
  }
}

TEST(SplitLearns, IndiSeek) {
  const Planted planted;
  IndiSeekOptions options;
  options.omics = {{names[0], 12}, {names[1], 12}};
  options.shared_factors = 4;
  options.private_factors = {4, 4};
  options.units = 32;
  IndiSeek<double> model(options);
  model.initialise(1, std::vector<poems::Vector<double>>(2, poems::Vector<double>::Ones(12)));
  const poems::TrainingResult result = train(model, planted, 60);
  ASSERT_EQ(result.history.size(), 120u);
  EXPECT_NE(result.history[0].stage, result.history[60].stage);
  const auto found = blocks(model, planted);
  EXPECT_GT(recovered(planted.s, found.at("shared")), 0.5) << "unit vectors are curved";
  Tape<double> tape;
  const auto test = poems::make_batch(planted.cohort, planted.test, 1);
  for (std::size_t v = 0; v < 2; ++v) {
    const Matrix<double>& own = found.at("private/" + names[v]);
    EXPECT_GT(recovered(planted.own[v], own), 0.85);
    EXPECT_LT(recovered(planted.s, own), 0.3);
    EXPECT_LT(recovered(planted.own[v], found.at("shared")), 0.05);
    EXPECT_GT(r_squared(planted.x[v].rightCols(held_out), model.reconstruct(tape, test, v)->value),
              0.85);
  }
}
