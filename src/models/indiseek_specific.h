// What IndiSeek learns of one omic besides the shared block: z, what this omic alone knows.
//
//   z = encoder(x),   x_hat = decoder([z; c])
//
//   loss = CLUB(z; c_other)  +  completeness |x_hat - x|^2 / (2 m n)
//
// c: the shared block as this omic has it, c_other: as the others have it, both constants here. z
// is kept independent of c_other, not of c: what c holds of this omic alone may stand in z as well.
// m: the mean squared length of a sample, n: samples. Those that no other omic has are left out of
// CLUB. x: features x n, z: private factors x n, c: shared factors x n
#pragma once

#include <algorithm>
#include <memory>

#include "models/model.h"
#include "pieces/club.h"
#include "pieces/columns.h"
#include "pieces/squared_error.h"

namespace poems::models {

struct IndiSeekOptions {
  std::vector<OmicShape> omics;
  Index shared_factors = 8;
  std::vector<Index> private_factors;  ///< per omic
  Index units = 50;           ///< of each of the two hidden layers of encoders and decoders
  double temperature = 0.2;   ///< of the contrast
  double completeness = 1.0;  ///< weight of the reconstruction against independence
  pieces::ClubKind club = pieces::ClubKind::gaussian;
  Index auxiliary_units = 32;   ///< of CLUB's net
  int auxiliary_steps = 2;      ///< of that net on a batch, before the model's own
  double auxiliary_rate = 3.0;  ///< its learning rate, in units of the model's
};

template <typename T>
class IndiSeekSpecific {
 public:
  Matrix<T> squared_length = Matrix<T>::Ones(1, 1);  ///< m

  /// factors: private ones.
  IndiSeekSpecific(const std::string& name, Index features, const IndiSeekOptions& o, Index factors)
      : encoder_(name + "/encoder", {features, o.units, o.units, factors}, pieces::Activation::relu,
                 pieces::Activation::identity),
        decoder_(name + "/decoder", {factors + o.shared_factors, o.units, o.units, features},
                 pieces::Activation::relu, pieces::Activation::identity),
        club_(pieces::make_club<T>(o.club, name + "/club", factors, o.shared_factors,
                                   o.auxiliary_units)) {}

  /// Of the model, and of CLUB's net.
  std::vector<Parameter<T>*> own_parameters() {
    return pieces::parameters_of<T>(encoder_, decoder_);
  }
  std::vector<Parameter<T>*> auxiliary_parameters() { return club_->parameters(); }

  void initialise(std::uint64_t seed, std::uint64_t& part) {
    initialise_all(pieces::Start::uniform, seed, part, encoder_, decoder_, *club_);
  }

  Var<T> encode(Tape<T>& tape, Var<T> x) { return encoder_(tape, x); }

  Var<T> decode(Tape<T>& tape, Var<T> z, Var<T> c) {
    return decoder_(tape, pieces::stack(tape, {z, c}));
  }

  Var<T> reconstruction(Tape<T>& tape, Var<T> x, Var<T> x_hat, Var<T> observed) const {
    const double n = static_cast<double>(std::max<Index>(x->value.cols(), 1));
    return pieces::squared_error(tape, x, x_hat, observed,
                                 0.5 / (static_cast<double>(squared_length(0)) * n));
  }

  /// CLUB of z at the columns `partnered`, whose samples c_other belongs to.
  Var<T> dependence(Tape<T>& tape, Var<T> z, Var<T> c_other, const std::vector<Index>& partnered) {
    if (partnered.empty()) return nothing(tape);
    return club_->bound(tape, pieces::gather(tape, z, partnered), c_other);
  }

  /// How badly CLUB's net fits: what it minimises. z: a constant.
  Var<T> auxiliary(Tape<T>& tape, Var<T> z, Var<T> c_other, const std::vector<Index>& partnered) {
    if (partnered.empty()) return nothing(tape);
    return club_->fit(tape, pieces::gather(tape, z, partnered), c_other);
  }

  pieces::Club<T>& club() { return *club_; }

 private:
  static Var<T> nothing(Tape<T>& tape) { return tape.constant(Matrix<T>::Zero(1, 1)); }

  pieces::Mlp<T> encoder_, decoder_;
  std::unique_ptr<pieces::Club<T>> club_;
};

}  // namespace poems::models
