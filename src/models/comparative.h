// Comparative VAEs: what target samples have that background samples have not. Unpaired samples of
// the same features, in two groups; shared factors z explain both, salient factors t the target
// alone (Severson et al. 2019, Abid and Zou 2019; two losses and the constraint after Lopez et al.
// 2024).
//
//   z ~ q(z | x);   t ~ q(t | x) in the target, 0 in the background
//   x_hat_v = decoder_v([z; t]), one for both groups, and so is the noise
//
//   L_t = mean over target samples of      -sum_v log p(x_v | x_hat_v) + b KL(z) + b KL(t)
//   L_b = mean over background samples of  -sum_v log p(x_v | x_hat_v) + b KL(z)
//
//   loss of a step = w L_t + (1 - w) L_b  [ + l (HSIC(z, t) / e - 1) over target samples ]
//                  + priors of loadings and noise, divided by the number of training samples
//
// cVAE     w: the share of target samples in the cohort ("pooled")
// MO-cVAE  w: of the shortest mixture of the gradients of L_t and L_b over all that both groups
//          train, that is all but what infers t ("pareto"); a constant in differentiation
// CO-cVAE  the bracket, which keeps z and t independent: e is kappa times the HSIC that independent
//          latents of this batch show by chance, and l grows while the bound is exceeded
//
// b rises from 0 to its full value first; the bound comes later, since from the start it is met by
// a t that says nothing. Sums are over features and factors. A training batch holds samples of both
// groups.
#pragma once

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/generation.h"
#include "models/inference.h"
#include "pieces/columns.h"
#include "pieces/dual.h"
#include "pieces/independence.h"
#include "pieces/min_norm.h"

namespace poems::models {

enum class Balance { pooled, pareto };

/// What Batch::groups says of a sample; without groups all are background.
enum Group : int { background = 0, target = 1 };

struct ComparativeOptions {
  std::vector<OmicShape> omics;
  std::vector<Family> families;     ///< per omic
  std::vector<double> noise_prior;  ///< per omic: what its noise's prior is centred on
  Index shared = 16;                ///< p: factors of z
  Index salient = 8;                ///< q: factors of t
  InferenceOptions inference;
  GenerationOptions generation;
  double target_share = 0.5;  ///< w of the pooled loss
  Balance balance = Balance::pooled;
  double kl_weight = 1.0;         ///< b
  double warmup = 0.2;            ///< share of the epochs in which b rises
  double independence = 3.0;      ///< kappa; 0: no bound
  double independent_from = 0.4;  ///< share of the epochs after which the bound holds
  pieces::DualOptions dual;       ///< of l
  Index training_samples = 0;     ///< N, of the priors; 0: without priors
};

template <typename T>
class Comparative : public Model<T> {
 public:
  explicit Comparative(const ComparativeOptions& o)
      : o_(o),
        infer_z_("shared", o.omics, o.shared, o.inference),
        infer_t_("salient", o.omics, o.salient, o.inference) {
    for (std::size_t v = 0; v < o.omics.size(); ++v)
      generate_.emplace_back(o.omics[v], o.families.at(v), o.noise_prior.at(v),
                             o.shared + o.salient, o.generation);
    set_dual({o.dual.start});
    enter({true, 1, 1, 1, 1});
  }

  /// What a pass computes. Columns are the batch's samples.
  struct Pass {
    pieces::Gaussian<T> q_z, q_t;  ///< q_t means nothing in the background
    Var<T> z, t;
    std::vector<Var<T>> x_hat;  ///< per omic
  };

  Pass encode(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws) {
    using pieces::normals, pieces::sample;
    const std::vector<Var<T>> x = constants(tape, batch);
    const pieces::Members members = members_of(batch);
    Pass pass;
    pass.q_z = infer_z_(tape, x, members, draws);
    pass.q_t = infer_t_(tape, x, members, draws);
    pass.z = sample(tape, pass.q_z, normals(tape, draws, "z", pass.q_z.mean));
    Matrix<T> in_target = Matrix<T>::Zero(o_.salient, batch.size());
    for (Index i : samples_of(batch, target)) in_target.col(i).setOnes();
    Var<T> t = sample(tape, pass.q_t, normals(tape, draws, "t", pass.q_t.mean));
    pass.t = pieces::times(tape, t, tape.constant(in_target));
    return pass;
  }

  Pass forward(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws) {
    Pass pass = encode(tape, batch, draws);
    Var<T> u = pieces::stack(tape, std::vector<Var<T>>{pass.z, pass.t});
    for (Generation<T>& omic : generate_) pass.x_hat.push_back(omic(tape, u, draws));
    return pass;
  }

  /// L_t or L_b; of no samples 0.
  Terms<T> group_loss(Tape<T>& tape, const Batch<T>& batch, const Pass& pass, Group group,
                      double kl_weight) {
    const std::string name = group == target ? "target/" : "background/";
    const std::vector<Index> samples = samples_of(batch, group);
    const Index n = std::max<Index>(static_cast<Index>(samples.size()), 1);
    const auto kl = [&](const pieces::Gaussian<T>& q) {
      return pieces::weighted_sum(tape, pieces::gather(tape, pieces::kl(tape, q), samples),
                                  T(1) / static_cast<T>(n));
    };
    Terms<T> terms;
    for (std::size_t v = 0; v < generate_.size(); ++v)
      terms.add(name + "reconstruction/" + o_.omics[v].name,
                reconstruction(tape, batch, pass, group, v, n));
    terms.add(name + "kl_shared", kl(pass.q_z), kl_weight);
    if (group == target) terms.add(name + "kl_salient", kl(pass.q_t), kl_weight);
    return terms;
  }

  /// Pooled, at the full weight of the KL divergences, without bound and priors: how epochs are
  /// compared.
  void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
            Terms<T>& terms) override {
    const Pass pass = forward(tape, batch, draws);
    add(group_loss(tape, batch, pass, target, o_.kl_weight), o_.target_share, terms);
    add(group_loss(tape, batch, pass, background, o_.kl_weight), 1.0 - o_.target_share, terms);
  }

  void gradients(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>& draws,
                 Terms<T>& terms) override {
    const Pass pass = forward(tape, batch, draws);
    const Terms<T> L_t = group_loss(tape, batch, pass, target, kl_weight_);
    const Terms<T> L_b = group_loss(tape, batch, pass, background, kl_weight_);
    target_weight_ = o_.balance == Balance::pooled ? o_.target_share : pareto(tape, L_t, L_b);
    add(L_t, target_weight_, terms);
    add(L_b, 1.0 - target_weight_, terms);
    if (o_.training_samples > 0)
      for (Generation<T>& omic : generate_) omic.add_priors(tape, o_.training_samples, terms);
    if (bounded_) add_bound(tape, batch, pass, terms);
    tape.backward(terms, parameters());
  }

  /// t is 0 in the background.
  std::vector<LatentBlock<T>> embedding(Tape<T>& tape, const Batch<T>& batch,
                                        const pieces::Draws<T>& draws) override {
    const Pass pass = encode(tape, batch, draws);
    return {of_all("shared", pass.z), of_all("salient", pass.t)};
  }

  std::vector<Parameter<T>*> parameters() override {
    std::vector<Parameter<T>*> list = trained_by_both();
    pieces::append(infer_t_, list);
    return list;
  }

  /// spread: per omic what its noise starts at; of counts the dispersions.
  void initialise(std::uint64_t seed, const std::vector<Vector<double>>& spread) override {
    std::uint64_t part = 0;
    initialise_all(pieces::Start::uniform, seed, part, infer_z_, infer_t_);
    for (std::size_t v = 0; v < generate_.size(); ++v)
      generate_[v].initialise(pieces::Start::uniform, seed, part, spread[v]);
  }

  void enter(const Phase& phase) override {
    if (!phase.training) return;
    const double share = static_cast<double>(phase.epoch) / static_cast<double>(phase.epochs);
    kl_weight_ = o_.kl_weight * (share < o_.warmup ? share / o_.warmup : 1.0);
    bounded_ = o_.independence > 0.0 && share > o_.independent_from;
  }

  void step(Adam<T>& adam, int threads) override {
    adam.step(parameters(), threads);
    if (o_.training_samples > 0)
      for (Generation<T>& omic : generate_) omic.shrink_loadings(adam.rule(), o_.training_samples);
    after_step(threads);
  }

  void after_step(int threads) override {
    if (bounded_) set_dual(pieces::updated(dual(), excess_, o_.dual));
    if (o_.training_samples > 0)
      for (Generation<T>& omic : generate_) omic.update_inclusion(threads);
  }

  bool may_be_best() const override {
    constexpr double tolerance = 0.1;  // by which the running mean of the HSIC may be too large
    if (o_.independence == 0.0) return kl_weight_ == o_.kl_weight;
    return bounded_ && dual().started && dual().mean <= tolerance;
  }

  std::vector<StateArray<T>> state() override {
    std::vector<StateArray<T>> list = {{"dual", dual_}};
    for (Generation<T>& omic : generate_)
      for (const StateArray<T>& array : omic.state()) list.push_back(array);
    return list;
  }

  /// Weight of the target, what of the bound is exceeded, and its multiplier.
  std::vector<Figure> figures() override {
    const double none = std::numeric_limits<double>::quiet_NaN();
    return {{"target_weight", target_weight_},
            {"excess", dual().started ? dual().mean : none},
            {"multiplier", dual().multiplier}};
  }

  /// Omic v, features x samples, at [z; t], factors x samples.
  Matrix<T> decoded(std::size_t v, const Matrix<T>& u) {
    Tape<T> tape(false, 1);
    return generate_[v](tape, tape.constant(u), pieces::Draws<T>())->value;
  }

  // Of the last step.
  double target_weight() const { return target_weight_; }  ///< w
  double excess() const { return excess_; }                ///< HSIC / e - 1
  pieces::Dual dual() const {
    return {static_cast<double>(dual_(0)), static_cast<double>(dual_(1)), dual_(2) > T(0)};
  }

 private:
  static bool is_in(const Batch<T>& batch, Index sample, Group group) {
    return (batch.groups.empty() ? background : batch.groups[sample]) == group;
  }

  static std::vector<Index> samples_of(const Batch<T>& batch, Group group) {
    std::vector<Index> list;
    for (Index i = 0; i < batch.size(); ++i)
      if (is_in(batch, i, group)) list.push_back(i);
    return list;
  }

  /// Of the group's samples that have omic v, divided by n.
  Var<T> reconstruction(Tape<T>& tape, const Batch<T>& batch, const Pass& pass, Group group,
                        std::size_t v, Index n) {
    std::vector<Index> members, samples;  // by their places in the omic and in the batch
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      const Index sample = batch.omics[v].members[i];
      if (!is_in(batch, sample, group)) continue;
      members.push_back(static_cast<Index>(i));
      samples.push_back(sample);
    }
    return pieces::negative_log_likelihood(tape, generate_[v].likelihood(),
                                           some_members(batch.omics[v], members),
                                           pieces::gather(tape, pass.x_hat[v], samples), n);
  }

  static void add(const Terms<T>& part, double weight, Terms<T>& terms) {
    for (const Term<T>& term : part) terms.add(term.name, term.value, weight * term.weight);
  }

  std::vector<Parameter<T>*> trained_by_both() {
    return pieces::parameters_of<T>(infer_z_, generate_);
  }

  /// w of the shortest mixture of gradients.
  double pareto(Tape<T>& tape, const Terms<T>& L_t, const Terms<T>& L_b) {
    const auto gradient = [&](const Terms<T>& L) {
      tape.backward(L, parameters());
      std::vector<Matrix<T>> list;
      for (const Parameter<T>* p : trained_by_both()) list.push_back(p->gradient);
      return list;
    };
    const std::vector<Matrix<T>> g_t = gradient(L_t), g_b = gradient(L_b);
    return pieces::min_norm_weight(g_t, g_b);
  }

  void add_bound(Tape<T>& tape, const Batch<T>& batch, const Pass& pass, Terms<T>& terms) {
    const std::vector<Index> samples = samples_of(batch, target);
    if (samples.empty()) throw std::invalid_argument("A batch has no samples of the target.");
    const double chance =
        pieces::expected_hsic(static_cast<Index>(samples.size()), o_.shared, o_.salient);
    Var<T> hsic = pieces::hsic(tape, pieces::gather(tape, pass.z, samples),
                               pieces::gather(tape, pass.t, samples));
    Var<T> excess = pieces::excess(tape, hsic, o_.independence * chance);
    excess_ = static_cast<double>(excess->scalar());
    terms.add("dependence", excess, dual().multiplier);
  }

  void set_dual(const pieces::Dual& dual) {
    dual_ << static_cast<T>(dual.multiplier), static_cast<T>(dual.mean), T(dual.started);
  }

  ComparativeOptions o_;
  Inference<T> infer_z_, infer_t_;
  std::vector<Generation<T>> generate_;  ///< per omic
  double kl_weight_ = 0.0;               ///< b of this epoch
  bool bounded_ = false;                 ///< whether the bound holds in this epoch
  double target_weight_ = 0.0, excess_ = 0.0;
  Matrix<T> dual_{3, 1};  ///< a pieces::Dual
};

}  // namespace poems::models
