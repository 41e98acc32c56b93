// An upper bound of the mutual information of two embeddings z and c of the same B samples (CLUB),
// by an auxiliary net of its own, and the loss that fits that net.
//
//   bound = mean_i F(z_i, c_i) - mean_ij F(z_j, c_i)
//
// over all pairs of samples. It can be negative. It is a bound if the net is a good fit, so the net
// takes steps of its own, in which z is a constant; it takes none on the bound.
//
//   GaussianClub   F = log q(z | c),   q = N(mean(c), v(c)),   log v = tanh(net(c))
//                  fit = -mean_i log q(z_i | c_i), without its constant
//   CriticClub     F = a net of [z; c]
//                  fit = -mean_i F(z_i, c_i) + mean_i log mean_j e^F(z_j, c_i)
//
// z: e x B, c: d x B
#pragma once

#include <memory>

#include "pieces/arithmetic.h"
#include "pieces/latent.h"
#include "pieces/mlp.h"
#include "pieces/pairs.h"

namespace poems::pieces {

template <typename T>
class Club {
 public:
  virtual ~Club() = default;
  virtual std::vector<Parameter<T>*> parameters() = 0;
  virtual void initialise(Start start, std::uint64_t seed, std::uint64_t& part) = 0;
  virtual Var<T> fit(Tape<T>& tape, Var<T> z, Var<T> c) = 0;
  virtual Var<T> bound(Tape<T>& tape, Var<T> z, Var<T> c) = 0;
};

/// mean_i sum_k 1/2 [ (z_ik - mean_ik)^2 / v_ik + log v_ik ]
template <typename T>
Var<T> gaussian_fit(Tape<T>& tape, Var<T> z, Gaussian<T> q) {
  const T share = T(0.5) / static_cast<T>(z->value.cols());
  Var<T> y = tape.node({z, q.mean, q.logvar});
  const Matrix<T> precision = (-q.logvar->value.array()).exp();
  const Matrix<T> r = z->value - q.mean->value;
  y->value.setConstant(
      1, 1, share * (r.array().square() * precision.array() + q.logvar->value.array()).sum());
  tape.on_backward(y, [z, q, y, share, precision, r] {
    const T d = share * y->gradient(0);
    z->add_gradient(T(2) * d * r.cwiseProduct(precision));
    q.mean->add_gradient(T(-2) * d * r.cwiseProduct(precision));
    q.logvar->add_gradient((d * (T(1) - r.array().square() * precision.array())).matrix());
  });
  return y;
}

/// mean_i log q(z_i | c_i) - mean_ij log q(z_j | c_i), in which log v cancels. With m1 and m2 the
/// means of z_j and z_j^2 over the samples it is
///
///   mean_i sum_k 1/2 [ m2_k - 2 m1_k mean_ik + mean_ik^2 - (z_ik - mean_ik)^2 ] / v_ik
template <typename T>
Var<T> gaussian_club(Tape<T>& tape, Var<T> z, Gaussian<T> q) {
  const T share = T(1) / static_cast<T>(z->value.cols());
  Var<T> y = tape.node({z, q.mean, q.logvar});
  const Matrix<T> precision = (-q.logvar->value.array()).exp();
  const Vector<T> m1 = z->value.rowwise().mean();
  const Vector<T> m2 = z->value.array().square().rowwise().mean();
  const auto& mean = q.mean->value;
  Matrix<T> half = mean.cwiseProduct(mean) - T(2) * m1.asDiagonal() * mean;
  half.colwise() += m2;
  half.array() -= (z->value - mean).array().square();
  half.array() *= T(0.5) * precision.array();
  y->value.setConstant(1, 1, share * half.sum());
  tape.on_backward(y, [z, q, y, share, precision, m1, half] {
    const T d = share * y->gradient(0);
    const auto& mean = q.mean->value;
    const Vector<T> a = precision.rowwise().mean();
    const Vector<T> b = precision.cwiseProduct(mean).rowwise().mean();
    Matrix<T> d_z = a.asDiagonal() * z->value - (z->value - mean).cwiseProduct(precision);
    d_z.colwise() -= b;
    z->add_gradient(d * d_z);
    q.mean->add_gradient(d * (z->value.colwise() - m1).cwiseProduct(precision));
    q.logvar->add_gradient(-d * half);
  });
  return y;
}

template <typename T>
class GaussianClub : public Club<T> {
 public:
  GaussianClub(const std::string& name, Index z, Index c, Index units)
      : mean_(name + "/mean", {c, units, z}, Activation::relu, Activation::identity),
        logvar_(name + "/logvar", {c, units, z}, Activation::relu, Activation::tanh) {}

  std::vector<Parameter<T>*> parameters() override { return parameters_of<T>(mean_, logvar_); }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) override {
    initialise_all(start, seed, part, mean_, logvar_);
  }

  Gaussian<T> q(Tape<T>& tape, Var<T> c) { return {mean_(tape, c), logvar_(tape, c)}; }

  Var<T> fit(Tape<T>& tape, Var<T> z, Var<T> c) override {
    return gaussian_fit(tape, z, q(tape, c));
  }

  Var<T> bound(Tape<T>& tape, Var<T> z, Var<T> c) override {
    return gaussian_club(tape, z, q(tape, c));
  }

 private:
  Mlp<T> mean_, logvar_;
};

template <typename T>
class CriticClub : public Club<T> {
 public:
  CriticClub(const std::string& name, Index z, Index c, Index units)
      : critic_(name + "/critic", {z + c, units, units, 1}, Activation::relu,
                Activation::identity) {}

  std::vector<Parameter<T>*> parameters() override { return critic_.parameters(); }

  void initialise(Start start, std::uint64_t seed, std::uint64_t& part) override {
    critic_.initialise(start, seed, part);
  }

  /// F(z_j, c_i) in column i B + j: 1 x B^2.
  Var<T> critic(Tape<T>& tape, Var<T> z, Var<T> c) { return critic_(tape, pairs(tape, z, c)); }

  Var<T> fit(Tape<T>& tape, Var<T> z, Var<T> c) override {
    return critic_fit(tape, critic(tape, z, c));
  }

  Var<T> bound(Tape<T>& tape, Var<T> z, Var<T> c) override {
    return critic_club(tape, critic(tape, z, c));
  }

 private:
  Mlp<T> critic_;
};

enum class ClubKind { gaussian, critic };

/// z, c: rows of these.
template <typename T>
std::unique_ptr<Club<T>> make_club(ClubKind kind, const std::string& name, Index z, Index c,
                                   Index units) {
  if (kind == ClubKind::critic) return std::make_unique<CriticClub<T>>(name, z, c, units);
  return std::make_unique<GaussianClub<T>>(name, z, c, units);
}

}  // namespace poems::pieces
