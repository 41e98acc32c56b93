// IndiSeek (Gui, Ma and Ma, arXiv 2509.21584): what omics share by contrast, then of each omic what
// it needs besides, kept independent of what the others have of the shared part.
//
//   c_v = f_v(x_v) / |f_v(x_v)|
//
//   stage "shared":     sum_v<w info_nce(c_v, c_w)            over the samples that have both
//   stage "specific":   sum_v the loss of indiseek_specific.h, the c_v constants
//
// In the second stage the nets of CLUB take steps of their own before each of the model's. For more
// than two omics, which the paper has not, c_other of v is the mean of the other omics' c_w that a
// sample has. Its shared block is their mean over all omics that it has, of unit length.
#pragma once

#include <algorithm>
#include <iterator>
#include <numeric>

#include "models/indiseek_specific.h"
#include "models/split.h"
#include "pieces/info_nce.h"
#include "pieces/unit.h"

namespace poems::models {

template <typename T>
class IndiSeek : public Split<T> {
 public:
  explicit IndiSeek(const IndiSeekOptions& options) : o_(options) {
    for (std::size_t v = 0; v < o_.omics.size(); ++v) {
      const OmicShape& omic = o_.omics[v];
      const std::string name = "omics/" + omic.name;
      omics_.push_back({{name + "/shared",
                         {omic.features, o_.units, o_.units, o_.shared_factors},
                         pieces::Activation::relu,
                         pieces::Activation::identity},
                        {name + "/specific", omic.features, o_, o_.private_factors.at(v)},
                        Matrix<T>::Zero(o_.private_factors[v], 1)});
    }
  }

  /// Both stages' terms, to look at: it is trained by its stages, since CLUB's nets do not go down
  /// the bound.
  void loss(Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>&,
            Terms<T>& terms) override {
    shared_loss(tape, batch, terms);
    specific_loss(tape, batch, terms);
  }

  std::vector<Stage<T>> stages() override {
    std::vector<Parameter<T>*> shared, own, auxiliary;
    for (Omic& omic : omics_) {
      pieces::append(omic.shared, shared);
      for (Parameter<T>* p : omic.specific.own_parameters()) own.push_back(p);
      for (Parameter<T>* p : omic.specific.auxiliary_parameters()) auxiliary.push_back(p);
    }
    const auto of = [this](auto member) {
      return [this, member](Tape<T>& tape, const Batch<T>& batch, const pieces::Draws<T>&,
                            Terms<T>& terms) { (this->*member)(tape, batch, terms); };
    };
    return {{"shared", {{of(&IndiSeek::shared_loss), shared}}},
            {"specific",
             {{of(&IndiSeek::auxiliary_loss), auxiliary, o_.auxiliary_rate, o_.auxiliary_steps},
              {of(&IndiSeek::specific_loss), own}}}};
  }

  /// The blocks; samples that lack an omic have no private one of it.
  std::vector<PosteriorBlock<T>> posterior(Tape<T>& tape, const Batch<T>& batch) override {
    const std::vector<Var<T>> x = constants(tape, batch);
    std::vector<PosteriorBlock<T>> blocks = {
        {"shared", {shared_given(tape, batch, every_omic())}, {}}};
    for (Index i = 0; i < batch.size(); ++i) blocks[0].members.push_back(i);
    for (std::size_t v = 0; v < omics_.size(); ++v)
      blocks.push_back({"private/" + o_.omics[v].name,
                        {omics_[v].specific.encode(tape, x[v])},
                        batch.omics[v].members});
    return blocks;
  }

  /// From the shared block as `from` have it, and the private one if omic `to` is among them, else
  /// the mean that training samples have of it.
  Var<T> predict(Tape<T>& tape, const Batch<T>& batch, const std::vector<std::size_t>& from,
                 std::size_t to) override {
    Matrix<T> own = omics_[to].own_mean.col(0).replicate(1, batch.size());
    if (std::find(from.begin(), from.end(), to) != from.end()) {
      Var<T> x = tape.constant(batch.omics[to].x.transpose());
      const Matrix<T> z = omics_[to].specific.encode(tape, x)->value;
      for (std::size_t i = 0; i < batch.omics[to].members.size(); ++i)
        own.col(batch.omics[to].members[i]) = z.col(static_cast<Index>(i));
    }
    return tape.constant(decoded(to, shared_given(tape, batch, from)->value, own));
  }

  Matrix<T> decoded(std::size_t v, const Matrix<T>& shared, const Matrix<T>& own) override {
    Tape<T> tape(false, 1);
    return omics_[v].specific.decode(tape, tape.constant(own), tape.constant(shared))->value;
  }

  /// Of every omic the mean squared length of its samples, and the mean of its private block, which
  /// whoever has trained the model is to set.
  std::vector<StateArray<T>> state() override {
    std::vector<StateArray<T>> all;
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      const std::string name = "omics/" + o_.omics[v].name + "/specific/";
      all.push_back({name + "squared_length", omics_[v].specific.squared_length});
      all.push_back({name + "mean", omics_[v].own_mean});
    }
    return all;
  }

  /// Of an omic from its own z and c, features x the samples that have it.
  Var<T> reconstruct(Tape<T>& tape, const Batch<T>& batch, std::size_t v) {
    Var<T> x = tape.constant(batch.omics[v].x.transpose());
    return omics_[v].specific.decode(tape, omics_[v].specific.encode(tape, x), shared(tape, v, x));
  }

  std::vector<Parameter<T>*> parameters() override { return pieces::parameters_of<T>(omics_); }

  /// The mean squared length of an omic's samples is the sum of its features' variances: features
  /// are taken to be centred.
  void initialise(std::uint64_t seed, const std::vector<Vector<double>>& spread) override {
    std::uint64_t part = 0;
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      omics_[v].shared.initialise(pieces::Start::uniform, seed, part);
      omics_[v].specific.initialise(seed, part);
      omics_[v].specific.squared_length.setConstant(static_cast<T>(spread[v].squaredNorm()));
    }
  }

  IndiSeekSpecific<T>& specific(std::size_t v) { return omics_[v].specific; }

 private:
  struct Omic {
    pieces::Mlp<T> shared;  ///< f
    IndiSeekSpecific<T> specific;
    Matrix<T> own_mean;  ///< of z

    std::vector<Parameter<T>*> parameters() {
      std::vector<Parameter<T>*> list = shared.parameters();
      for (Parameter<T>* p : specific.own_parameters()) list.push_back(p);
      for (Parameter<T>* p : specific.auxiliary_parameters()) list.push_back(p);
      return list;
    }
  };

  /// What a batch's omics have of the shared block, as constants.
  struct Frozen {
    std::vector<Matrix<T>> own;                 ///< c_v, of the samples that have the omic
    std::vector<Matrix<T>> other;               ///< c_other, of those of them that have another
    std::vector<std::vector<Index>> partnered;  ///< these, as positions among the former
  };

  std::vector<std::size_t> every_omic() const {
    std::vector<std::size_t> all(omics_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
  }

  /// The mean over the omics of `from` that a sample has, of unit length.
  Var<T> shared_given(Tape<T>& tape, const Batch<T>& batch, const std::vector<std::size_t>& from) {
    std::vector<Var<T>> c;
    for (std::size_t v : from) {
      Var<T> x = tape.constant(batch.omics[v].x.transpose());
      c.push_back(pieces::scatter(tape, shared(tape, v, x), batch.omics[v].members, batch.size()));
    }
    return pieces::unit_length(tape, pieces::average(tape, c));
  }

  Var<T> shared(Tape<T>& tape, std::size_t v, Var<T> x) {
    return pieces::unit_length(tape, omics_[v].shared(tape, x));
  }

  void shared_loss(Tape<T>& tape, const Batch<T>& batch, Terms<T>& terms) {
    std::vector<Var<T>> c;
    const std::vector<Var<T>> x = constants(tape, batch);
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      c.push_back(
          pieces::scatter(tape, shared(tape, v, x[v]), batch.omics[v].members, batch.size()));
      for (std::size_t u = 0; u < v; ++u) {
        const std::vector<Index> both = common(batch.omics[u].members, batch.omics[v].members);
        Var<T> contrast = both.empty()
                              ? tape.constant(Matrix<T>::Zero(1, 1))
                              : pieces::info_nce(tape, pieces::gather(tape, c[u], both),
                                                 pieces::gather(tape, c[v], both), o_.temperature);
        terms.add("contrast/" + o_.omics[u].name + "-" + o_.omics[v].name, contrast);
      }
    }
  }

  void specific_loss(Tape<T>& tape, const Batch<T>& batch, Terms<T>& terms) {
    const Frozen c = frozen(batch);
    const std::vector<Var<T>> x = constants(tape, batch);
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      const std::string& name = o_.omics[v].name;
      IndiSeekSpecific<T>& specific = omics_[v].specific;
      const Matrix<T>& values = batch.omics[v].observed;
      Var<T> observed = values.size() > 0 ? tape.constant(values.transpose()) : nullptr;
      Var<T> z = specific.encode(tape, x[v]);
      Var<T> x_hat = specific.decode(tape, z, tape.constant(c.own[v]));
      terms.add("dependence/" + name,
                specific.dependence(tape, z, tape.constant(c.other[v]), c.partnered[v]));
      terms.add("reconstruction/" + name, specific.reconstruction(tape, x[v], x_hat, observed),
                o_.completeness);
    }
  }

  void auxiliary_loss(Tape<T>& tape, const Batch<T>& batch, Terms<T>& terms) {
    const Frozen c = frozen(batch);
    for (std::size_t v = 0; v < omics_.size(); ++v) {
      IndiSeekSpecific<T>& specific = omics_[v].specific;
      aside_.reset();
      const Var<T> z = specific.encode(aside_, aside_.constant(batch.omics[v].x.transpose()));
      terms.add("auxiliary/" + o_.omics[v].name,
                specific.auxiliary(tape, pieces::detach(tape, z), tape.constant(c.other[v]),
                                   c.partnered[v]));
    }
  }

  Frozen frozen(const Batch<T>& batch) {
    const std::size_t V = omics_.size();
    Frozen c;
    Matrix<T> sum = Matrix<T>::Zero(o_.shared_factors, batch.size());
    Vector<T> omics = Vector<T>::Zero(batch.size());
    for (std::size_t v = 0; v < V; ++v) {
      const std::vector<Index>& members = batch.omics[v].members;
      aside_.reset();
      c.own.push_back(shared(aside_, v, aside_.constant(batch.omics[v].x.transpose()))->value);
      pieces::add_columns(c.own[v], members, sum);
      for (Index i : members) omics(i) += T(1);
    }
    for (std::size_t v = 0; v < V; ++v) {
      const std::vector<Index>& members = batch.omics[v].members;
      std::vector<Index> partnered;
      for (std::size_t i = 0; i < members.size(); ++i)
        if (omics(members[i]) > T(1)) partnered.push_back(static_cast<Index>(i));
      Matrix<T> other(o_.shared_factors, static_cast<Index>(partnered.size()));
      for (Index i = 0; i < other.cols(); ++i) {
        const Index n = members[static_cast<std::size_t>(partnered[static_cast<std::size_t>(i)])];
        other.col(i) =
            (sum.col(n) - c.own[v].col(partnered[static_cast<std::size_t>(i)])) / (omics(n) - T(1));
      }
      c.other.push_back(other);
      c.partnered.push_back(partnered);
    }
    return c;
  }

  static std::vector<Index> common(const std::vector<Index>& a, const std::vector<Index>& b) {
    std::vector<Index> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    return both;
  }

  IndiSeekOptions o_;
  std::vector<Omic> omics_;
  Tape<T> aside_;  ///< for what takes no gradient
};

}  // namespace poems::models
