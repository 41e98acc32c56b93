// Where a model's chance comes from. A piece asks by name for what it needs; whoever asks twice
// for the same gets the same, so that a backward may ask again instead of keeping it. A Draws must
// outlive the backward pass of what it was given to.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pieces/arithmetic.h"
#include "support/dropout.h"
#include "support/parallel.h"
#include "support/random.h"
#include "tape/tape.h"

namespace poems::pieces {

/// No chance: every latent is at its mean and no unit is dropped. Normals are empty then, and so is
/// what dropout multiplies by.
template <typename T>
class Draws {
 public:
  Draws() = default;
  Draws(const Draws&) {}  // without the parts, which are of the other
  Draws& operator=(const Draws&) = delete;
  virtual ~Draws() = default;

  /// The draws of some samples of the batch alone. They live as long as these.
  const Draws& of(const std::vector<Index>& members, Index samples) const;

  /// Standard normals, rows x samples. A model's only latent needs no name.
  virtual Matrix<T> normals(const std::string&, Index /*rows*/, Index /*samples*/) const {
    return Matrix<T>();
  }

  /// What dropout multiplies by, 0 or 1 / (1 - rate), rows x samples; empty where it is off.
  virtual Matrix<T> kept(const std::string&, double /*rate*/, Index /*rows*/,
                         Index /*samples*/) const {
    return Matrix<T>();
  }

  /// For pieces that drop units themselves. part: the omic.
  virtual Dropout dropout(Purpose purpose, std::size_t part, double /*rate*/) const {
    return Dropout(Stream(0, purpose, 0, part), 0.0);
  }

 private:
  mutable std::vector<std::shared_ptr<const Draws>> parts_;
};

/// Of what is drawn for a batch, the columns of its members.
template <typename T>
class MemberDraws : public Draws<T> {
 public:
  MemberDraws(const Draws<T>& all, std::vector<Index> members, Index samples)
      : all_(all), members_(std::move(members)), samples_(samples) {}

  Matrix<T> normals(const std::string& name, Index rows, Index) const override {
    return columns(all_.normals(name, rows, samples_));
  }

  Dropout dropout(Purpose purpose, std::size_t part, double rate) const override {
    return all_.dropout(purpose, part, rate);
  }

  Matrix<T> kept(const std::string& name, double rate, Index rows, Index) const override {
    return columns(all_.kept(name, rate, rows, samples_));
  }

 private:
  Matrix<T> columns(const Matrix<T>& all) const {
    if (all.size() == 0) return all;
    Matrix<T> some(all.rows(), static_cast<Index>(members_.size()));
    for (Index i = 0; i < some.cols(); ++i) some.col(i) = all.col(members_[i]);
    return some;
  }

  const Draws<T>& all_;
  const std::vector<Index> members_;
  const Index samples_;
};

template <typename T>
const Draws<T>& Draws<T>::of(const std::vector<Index>& members, Index samples) const {
  if (static_cast<Index>(members.size()) == samples) return *this;
  parts_.push_back(std::make_shared<MemberDraws<T>>(*this, members, samples));
  return *parts_.back();
}

/// The draws of one epoch. What a sample gets depends on the seed, the epoch, the name and the
/// sample alone, not on the batch that it is in.
template <typename T>
class StreamDraws : public Draws<T> {
 public:
  StreamDraws(std::uint64_t seed, std::uint64_t epoch, std::vector<Index> samples, int threads = 1)
      : seed_(seed), epoch_(epoch), samples_(std::move(samples)), threads_(threads) {}

  Matrix<T> normals(const std::string& name, Index rows, Index samples) const override {
    const Stream stream(seed_, normals_, epoch_, part(name));
    return fill(rows, samples, [&](std::uint64_t at) { return stream.normal(at); });
  }

  Matrix<T> kept(const std::string& name, double rate, Index rows, Index samples) const override {
    if (rate <= 0.0) return Matrix<T>();
    const Stream stream(seed_, Purpose::decoder_dropout, epoch_, part(name));
    return fill(rows, samples, [&](std::uint64_t at) {
      return stream.uniform(at) < rate ? 0.0 : 1.0 / (1.0 - rate);
    });
  }

  Dropout dropout(Purpose purpose, std::size_t part, double rate) const override {
    return Dropout(Stream(seed_, purpose, epoch_, part), rate);
  }

 protected:
  Purpose normals_ = Purpose::latent_normals;

 private:
  template <typename At>
  Matrix<T> fill(Index rows, Index samples, At at) const {
    constexpr double work = 100.0;  // multiplications that a draw takes
    Matrix<T> y(rows, samples);
    parallel_for(samples, work * static_cast<double>(y.size()), threads_, [&](Index i, int) {
      for (Index k = 0; k < rows; ++k)
        y(k, i) = static_cast<T>(at(static_cast<std::uint64_t>(samples_[i] * rows + k)));
    });
    return y;
  }

  /// A number for a name (FNV-1a, from 0), the same on every machine.
  static std::uint64_t part(const std::string& name) {
    constexpr std::uint64_t basis = 0xCBF29CE484222325ULL;
    std::uint64_t hash = basis;
    for (unsigned char c : name) hash = (hash ^ c) * 0x100000001B3ULL;
    return hash ^ basis;
  }

  std::uint64_t seed_, epoch_;
  std::vector<Index> samples_;
  int threads_;
};

/// Those of an epoch's validation: latents are drawn, no unit is dropped.
template <typename T>
class ValidationDraws : public StreamDraws<T> {
 public:
  ValidationDraws(std::uint64_t seed, std::uint64_t epoch, std::vector<Index> samples, int threads)
      : StreamDraws<T>(seed, epoch, std::move(samples), threads) {
    this->normals_ = Purpose::validation_normals;
  }

  Matrix<T> kept(const std::string&, double, Index, Index) const override { return Matrix<T>(); }

  Dropout dropout(Purpose purpose, std::size_t part, double rate) const override {
    return Draws<T>().dropout(purpose, part, rate);
  }
};

/// eps for a latent like `mean`; 0 at the mean.
template <typename T>
Var<T> normals(Tape<T>& tape, const Draws<T>& draws, const std::string& name, Var<T> mean) {
  const Matrix<T> eps = draws.normals(name, mean->value.rows(), mean->value.cols());
  if (eps.size() > 0) return tape.constant(eps);
  return tape.constant(Matrix<T>::Zero(mean->value.rows(), mean->value.cols()));
}

/// y = x o kept, or x itself where dropout is off.
template <typename T>
Var<T> dropout(Tape<T>& tape, Var<T> x, const Draws<T>& draws, const std::string& name,
               double rate) {
  const Matrix<T> kept = draws.kept(name, rate, x->value.rows(), x->value.cols());
  if (kept.size() == 0) return x;
  return times(tape, x, tape.constant(kept));
}

}  // namespace poems::pieces
