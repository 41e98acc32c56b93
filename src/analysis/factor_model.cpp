#include "analysis/factor_model.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/gram.h"
#include "support/parallel.h"

namespace poems {

namespace {

constexpr Index features_at_once = 32;
constexpr Index samples_at_once = 32;
constexpr std::size_t gaps_taken_together = 16;
constexpr double weak_prior = 1e-3;  // shape and rate of the gamma priors
// Of a feature's variance of 1. Features that are nearly the same would otherwise decide alone
// where samples lie.
constexpr double smallest_noise = 0.1;
constexpr double least_change = 1e-3;  // of z in a round, as a share

/// Which values are known.
struct Known {
  std::vector<int> omic;                 ///< of every feature
  std::vector<Block> features;           ///< per omic
  std::vector<std::vector<bool>> lacks;  ///< per omic and sample
  /// Values that are unknown in an omic that the sample has.
  std::vector<std::vector<Index>> gaps_in_sample, gaps_in_feature;
  /// A sample of every set of omics that samples have, and per sample which of them has its set.
  std::vector<Index> examples;
  std::vector<std::size_t> example;

  Known(const Matrix<double>& x, const std::vector<int>& of_feature)
      : omic(of_feature),
        lacks(omic.back() + 1, std::vector<bool>(x.cols(), false)),
        gaps_in_sample(x.cols()),
        gaps_in_feature(x.rows()) {
    for (int v = 0; v <= omic.back(); ++v) {
      const auto range = std::equal_range(omic.begin(), omic.end(), v);
      features.push_back({range.first - omic.begin(), range.second - range.first});
      for (Index n = 0; n < x.cols(); ++n) find_gaps(x, v, n);
    }
    find_examples(x.cols());
  }

  Index omics() const { return static_cast<Index>(lacks.size()); }

 private:
  void find_gaps(const Matrix<double>& x, Index v, Index n) {
    const Block here = features[v];
    const auto missing = x.col(n).segment(here.begin, here.size).array().isNaN().eval();
    lacks[v][n] = missing.all();
    if (lacks[v][n]) return;
    for (Index j = 0; j < here.size; ++j) {
      if (!missing(j)) continue;
      gaps_in_sample[n].push_back(here.begin + j);
      gaps_in_feature[here.begin + j].push_back(n);
    }
  }

  void find_examples(Index samples) {
    std::map<std::vector<bool>, std::size_t> found;
    for (Index n = 0; n < samples; ++n) {
      std::vector<bool> set;
      for (const std::vector<bool>& omic : lacks) set.push_back(omic[n]);
      const auto at = found.emplace(set, examples.size());
      if (at.second) examples.push_back(n);
      example.push_back(at.first->second);
    }
  }
};

/// The values, 0 where unknown, and their products with what factors say. Those of more samples
/// than `most_in_double` are taken in single precision, which is many times as fast.
class Values {
 public:
  static constexpr Index most_in_double = 512;

  Vector<double> total, squares;  ///< of every feature

  explicit Values(const Matrix<double>& x)
      : total(x.rows()), squares(x.rows()), exact_(x.array().isNaN().select(0.0, x)) {
    for (Index j = 0; j < x.rows(); ++j) {
      total(j) = exact_.row(j).sum();
      squares(j) = exact_.row(j).squaredNorm();
    }
    if (exact_.cols() <= most_in_double) return;
    rounded_ = exact_.transpose().cast<float>();
    exact_.resize(0, 0);
  }

  Index samples() const { return is_exact() ? exact_.cols() : rounded_.rows(); }

  /// Factors x some features, from factors x samples.
  Matrix<double> of_features(Block features, const Matrix<double>& z, int threads) const {
    const Index first = features.begin;
    if (is_exact())
      return in_blocks(features_at_once, features.size, z, threads, [&](Block b) {
        return exact_.middleRows(first + b.begin, b.size).transpose();
      });
    return products(z.cast<float>(), rounded_.middleCols(first, features.size), threads)
        .cast<double>();
  }

  /// Factors x samples, from factors x features.
  Matrix<double> of_samples(const Matrix<double>& w, int threads) const {
    if (is_exact())
      return in_blocks(samples_at_once, exact_.cols(), w, threads,
                       [&](Block b) { return exact_.middleCols(b.begin, b.size); });
    return products(rounded_, Matrix<float>(w.transpose().cast<float>()), threads)
        .transpose()
        .cast<double>();
  }

 private:
  bool is_exact() const { return rounded_.size() == 0; }

  template <typename Right>
  Matrix<double> in_blocks(Index size, Index total, const Matrix<double>& left, int threads,
                           Right right) const {
    Matrix<double> out(left.rows(), total);
    const double work = static_cast<double>(left.rows()) * static_cast<double>(exact_.size());
    parallel_for(block_count(size, total), work, threads, [&](Index i, int) {
      const Block b = block_at(i, size, total);
      const Matrix<double> part = left * right(b);
      out.middleCols(b.begin, b.size) = part;
    });
    return out;
  }

  Matrix<double> exact_;   ///< features x samples, or none
  Matrix<float> rounded_;  ///< samples x features, in its place
};

/// The linear Gaussian model as samples see it: loadings, factors x features, and per feature
/// intercept and noise; uncertainty, factors x omics, is that of FactorModel.
struct Decoding {
  const Matrix<double>& loadings;
  const Matrix<double>& uncertainty;
  const Vector<double>& intercept;
  const Vector<double>& noise;
};

Matrix<double> columns_of(const Matrix<double>& x, const std::vector<Index>& which) {
  Matrix<double> some(x.rows(), static_cast<Index>(which.size()));
  for (std::size_t i = 0; i < which.size(); ++i) some.col(static_cast<Index>(i)) = x.col(which[i]);
  return some;
}

using Solver = Eigen::LLT<Matrix<double>>;

/// What is known of z, sample by sample: it has mean precision^-1 right. The precision is that of
/// all samples with the same omics, but for those with gaps in these.
class Posteriors {
 public:
  Posteriors(const Values& values, const Known& known, const Decoding& model, int threads)
      : values_(values),
        known_(known),
        model_(model),
        threads_(threads),
        weights_(model.loadings * model.noise.cwiseInverse().asDiagonal()) {
    for (Index v = 0; v < known.omics(); ++v) {
      const Block here = known.features[v];
      const auto weighted = weights_.middleCols(here.begin, here.size);
      of_omic_.push_back(weighted * model.loadings.middleCols(here.begin, here.size).transpose());
      of_omic_[v].diagonal() += model.uncertainty.col(v);
      offset_.push_back(weighted * model.intercept.segment(here.begin, here.size));
    }
    for (Index n : known.examples) solvers_.emplace_back(precision_of_omics(n));
  }

  /// Of samples without gaps, in the order of Known::examples.
  const std::vector<Solver>& solvers() const { return solvers_; }

  /// Calls use(n, solver of the precision matrix, right side) for every sample.
  template <typename Use>
  void for_each(Use use) const {
    const Index factors = model_.loadings.rows();
    const Matrix<double> explained = values_.of_samples(weights_, threads_);
    const double work =
        static_cast<double>(factors * factors * factors) * static_cast<double>(values_.samples());
    parallel_for(block_count(samples_at_once, values_.samples()), work, threads_,
                 [&](Index i, int) {
                   const Block block = block_at(i, samples_at_once, values_.samples());
                   for (Index n = block.begin; n < block.begin + block.size; ++n) {
                     Vector<double> right = explained.col(n);
                     for (Index v = 0; v < known_.omics(); ++v)
                       if (!known_.lacks[v][n]) right -= offset_[v];
                     if (known_.gaps_in_sample[n].empty())
                       use(n, solvers_[known_.example[n]], right);
                     else
                       use(n, Solver(with_gaps(n, right)), right);
                   }
                 });
  }

 private:
  Matrix<double> precision_of_omics(Index n) const {
    Matrix<double> precision =
        Matrix<double>::Identity(model_.loadings.rows(), model_.loadings.rows());
    for (Index v = 0; v < known_.omics(); ++v)
      if (!known_.lacks[v][n]) precision += of_omic_[v];
    return precision;
  }

  /// The precision, of which the lower half counts, and the right side without what is unknown.
  Matrix<double> with_gaps(Index n, Vector<double>& right) const {
    Matrix<double> precision = precision_of_omics(n);
    const std::vector<Index>& gaps = known_.gaps_in_sample[n];
    const bool together = gaps.size() >= gaps_taken_together;
    if (together)
      precision.template triangularView<Eigen::Lower>() -=
          columns_of(weights_, gaps) * columns_of(model_.loadings, gaps).transpose();
    for (Index j : gaps) {
      const int v = known_.omic[j];
      if (!together) precision.noalias() -= weights_.col(j) * model_.loadings.col(j).transpose();
      precision.diagonal() -=
          model_.uncertainty.col(v) / static_cast<double>(known_.features[v].size);
      right += weights_.col(j) * model_.intercept(j);
    }
    return precision;
  }

  const Values& values_;
  const Known& known_;
  const Decoding model_;
  const int threads_;
  const Matrix<double> weights_;         ///< loadings over noise, factors x features
  std::vector<Matrix<double>> of_omic_;  ///< precision of z that an omic gives
  std::vector<Vector<double>> offset_;
  std::vector<Solver> solvers_;
};

class Fitter {
 public:
  Fitter(const Matrix<double>& x, const std::vector<int>& omic, const Matrix<double>& start,
         const SetMembers& sets, int threads)
      : threads_(threads),
        sets_(sets),
        factors_(start.rows()),
        values_(x),
        known_(x, omic),
        covariance_(x.cols(), Matrix<double>::Zero(factors_, factors_)),
        loading_variance_(Matrix<double>::Zero(factors_, x.rows())),
        slab_precision_(Matrix<double>::Ones(factors_, known_.omics())),
        rate_(Matrix<double>::Constant(factors_, known_.omics(), 0.5)) {
    model_.mean = start;
    model_.loadings = Matrix<double>::Zero(factors_, x.rows());
    model_.inclusion = Matrix<double>::Ones(factors_, x.rows());
    model_.intercept = Vector<double>::Zero(x.rows());
    model_.noise = Vector<double>::Ones(x.rows());
  }

  FactorModel run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      update_loadings();
      update_priors();
      const Matrix<double> before = model_.mean;
      update_samples();
      if (round > 0 && (model_.mean - before).norm() < least_change * before.norm()) break;
      unit_factors();
    }
    model_.variance.resize(factors_, model_.mean.cols());
    for (Index n = 0; n < model_.mean.cols(); ++n)
      model_.variance.col(n) = covariance_[n].diagonal();
    return std::move(model_);
  }

 private:
  Index samples() const { return values_.samples(); }

  Matrix<double> uncertainty() const {
    Matrix<double> sum(factors_, known_.omics());
    for (Index v = 0; v < known_.omics(); ++v) {
      const Block here = known_.features[v];
      sum.col(v) = loading_variance_.middleCols(here.begin, here.size) *
                   model_.noise.segment(here.begin, here.size).cwiseInverse();
    }
    return sum;
  }

  /// Factors of variance 1 over the samples, by which rounds get on faster.
  void unit_factors() {
    Vector<double> power = model_.mean.rowwise().squaredNorm();
    for (const Matrix<double>& covariance : covariance_) power += covariance.diagonal();
    const Vector<double> scale =
        (power / static_cast<double>(samples())).cwiseMax(1e-12).cwiseSqrt();
    const Vector<double> inverse = scale.cwiseInverse();
    model_.mean = inverse.asDiagonal() * model_.mean;
    for (Matrix<double>& covariance : covariance_)
      covariance = inverse.asDiagonal() * covariance * inverse.asDiagonal();
    model_.loadings = scale.asDiagonal() * model_.loadings;
    model_.uncertainty = scale.cwiseAbs2().asDiagonal() * model_.uncertainty;
    loading_variance_ = scale.cwiseAbs2().asDiagonal() * loading_variance_;
    slab_precision_.array().colwise() /= scale.array().square();
  }

  /// Loadings one after the other, then the intercept and noise of every feature.
  void update_loadings() {
    std::vector<Matrix<double>> power(samples());  // E z z'
    const double work = static_cast<double>(samples() * factors_ * factors_);
    parallel_for(samples(), work, threads_, [&](Index n, int) {
      power[n] = covariance_[n] + model_.mean.col(n) * model_.mean.col(n).transpose();
    });
    for (Index v = 0; v < known_.omics(); ++v) {
      Matrix<double> all = Matrix<double>::Zero(factors_, factors_);
      Vector<double> sum = Vector<double>::Zero(factors_);
      Index count = 0;
      for (Index n = 0; n < samples(); ++n) {
        if (known_.lacks[v][n]) continue;
        all += power[n];
        sum += model_.mean.col(n);
        ++count;
      }
      const Block here = known_.features[v];
      const Matrix<double> explained = values_.of_features(here, model_.mean, threads_);
      const double feature_work = static_cast<double>(here.size * factors_ * factors_ * 4);
      parallel_for(
          block_count(features_at_once, here.size), feature_work, threads_, [&](Index i, int) {
            const Block block = block_at(i, features_at_once, here.size);
            for (Index b = 0; b < block.size; ++b) {
              const Index j = here.begin + block.begin + b;
              Matrix<double> own = all;
              Vector<double> own_sum = sum;
              for (Index n : known_.gaps_in_feature[j]) {
                own -= power[n];
                own_sum -= model_.mean.col(n);
              }
              const auto observed =
                  static_cast<double>(count - static_cast<Index>(known_.gaps_in_feature[j].size()));
              update_feature(j, v, own, own_sum, explained.col(j - here.begin), observed);
            }
          });
    }
  }

  /// power, sum: of E z z' and E z over the samples in which feature j is observed; product: of z
  /// with its values.
  void update_feature(Index j, Index v, const Matrix<double>& power, const Vector<double>& sum,
                      const Vector<double>& product, double observed) {
    const double precision = 1.0 / model_.noise(j);
    auto w = model_.loadings.col(j);
    Vector<double> centred = product - model_.intercept(j) * sum;
    for (Index k = 0; k < factors_; ++k) {
      const double own = precision * power(k, k) + slab_precision_(k, v);
      const double others = power.col(k).dot(w) - power(k, k) * w(k);
      const double slab = precision * (centred(k) - others) / own;
      const double log_odds = std::log(rate_(k, v) / (1.0 - rate_(k, v))) +
                              0.5 * std::log(slab_precision_(k, v) / own) +
                              0.5 * own * slab * slab + sets_.log_odds(k, j);
      const double p = 1.0 / (1.0 + std::exp(-log_odds));
      model_.inclusion(k, j) = p;
      w(k) = p * slab;
      loading_variance_(k, j) = p * (slab * slab + 1.0 / own) - w(k) * w(k);
    }
    const double total = values_.total(j);
    const double c = model_.intercept(j) = (total - w.dot(sum)) / observed;
    centred = product - c * sum;
    const double residual = values_.squares(j) - 2.0 * c * total + observed * c * c -
                            2.0 * w.dot(centred) + w.dot(power * w) +
                            loading_variance_.col(j).dot(power.diagonal());
    model_.noise(j) = std::max(residual / observed, smallest_noise);
  }

  void update_priors() {
    for (Index v = 0; v < known_.omics(); ++v) {
      const Block here = known_.features[v];
      for (Index k = 0; k < factors_; ++k) {
        const auto w = model_.loadings.row(k).segment(here.begin, here.size);
        const double included = model_.inclusion.row(k).segment(here.begin, here.size).sum();
        const double squares =
            w.squaredNorm() + loading_variance_.row(k).segment(here.begin, here.size).sum();
        slab_precision_(k, v) = (weak_prior + included / 2.0) / (weak_prior + squares / 2.0);
        rate_(k, v) =
            inclusion_rate(included, 2.0, 2.0, here.size, sets_.count(k, here), sets_.odds);
      }
    }
  }

  void update_samples() {
    model_.uncertainty = uncertainty();
    const Decoding model{model_.loadings, model_.uncertainty, model_.intercept, model_.noise};
    const Matrix<double> identity = Matrix<double>::Identity(factors_, factors_);
    const Posteriors posteriors(values_, known_, model, threads_);
    std::vector<Matrix<double>> of_example;
    for (const Solver& solver : posteriors.solvers()) of_example.push_back(solver.solve(identity));
    posteriors.for_each([&](Index n, const Solver& solver, const Vector<double>& right) {
      if (known_.gaps_in_sample[n].empty())
        covariance_[n] = of_example[known_.example[n]];
      else
        covariance_[n] = solver.solve(identity);
      model_.mean.col(n) = covariance_[n] * right;
    });
  }

  const int threads_;
  const SetMembers& sets_;
  const Index factors_;
  const Values values_;
  const Known known_;
  std::vector<Matrix<double>> covariance_;  ///< of z, per sample
  Matrix<double> loading_variance_;         ///< factors x features
  Matrix<double> slab_precision_, rate_;    ///< p and r, factors x omics
  FactorModel model_;
};

}  // namespace

FactorModel fit_factor_model(const Matrix<double>& x, const std::vector<int>& omic,
                             const Matrix<double>& start, int rounds, int threads,
                             const SetMembers& sets) {
  return Fitter(x, omic, start, sets, threads).run(rounds);
}

Matrix<double> factor_scores(const Matrix<double>& x, const std::vector<int>& omic,
                             const Matrix<double>& loadings, const Vector<double>& noise,
                             const Matrix<double>& uncertainty, int threads) {
  const Values values(x);
  const Vector<double> intercept = Vector<double>::Zero(x.rows());
  Matrix<double> scores(loadings.rows(), x.cols());
  const Known known(x, omic);
  const Posteriors posteriors(values, known, {loadings, uncertainty, intercept, noise}, threads);
  posteriors.for_each([&](Index n, const Solver& solver, const Vector<double>& right) {
    scores.col(n) = solver.solve(right);
  });
  return scores;
}

FactorPosterior factor_posterior(const Matrix<double>& x, const std::vector<int>& omic,
                                 const Matrix<double>& loadings, const Vector<double>& noise,
                                 const Matrix<double>& uncertainty, int threads) {
  const Values values(x);
  const Known known(x, omic);
  const Vector<double> intercept = Vector<double>::Zero(x.rows());
  FactorPosterior of{Matrix<double>(loadings.rows(), x.cols()),
                     Matrix<double>::Zero(x.rows(), x.cols())};
  const Posteriors posteriors(values, known, {loadings, uncertainty, intercept, noise}, threads);
  posteriors.for_each([&](Index n, const Solver& solver, const Vector<double>& right) {
    of.scores.col(n) = solver.solve(right);
    const std::vector<Index>& gaps = known.gaps_in_sample[n];
    if (gaps.empty()) return;
    Matrix<double> w = columns_of(loadings, gaps);
    solver.matrixL().solveInPlace(w);
    for (std::size_t i = 0; i < gaps.size(); ++i) of.variances(gaps[i], n) = w.col(i).squaredNorm();
  });
  return of;
}

}  // namespace poems
