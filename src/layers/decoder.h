// Sparse decoder of one omic:
//
//   xhat_nj = c_j + v_j' drop(relu( A (m_j * z_n) )) + b_j' y_n
//
// A: hidden x factors, shared by all features; v_j: hidden; m_j: the mask's column j, factors;
// y_n: the sample's covariates, if any, whose coefficients b_j are learned beside the rest so that
// z need not hold what covariates explain. decoder_pass.h runs it on a batch.
#pragma once

#include <string>

#include "support/parallel.h"
#include "tape/parameter.h"

namespace poems {

template <typename T>
struct SparseDecoder {
  Parameter<T> hidden;   ///< A: hidden x factors
  Parameter<T> W;        ///< loadings: factors x features
  Parameter<T> output;   ///< v: hidden x features
  Parameter<T> bias;     ///< c: features x 1
  Parameter<T> effects;  ///< b: covariates x features

  /// name: the omic's, with which its parameters' names start.
  SparseDecoder(const std::string& name, Index features, Index factors, Index hidden_units,
                Index covariates = 0);

  void initialise(std::uint64_t seed, std::uint64_t& part, bool unit_norm);

  /// Gives every column of A and every v_j length 1, moving their lengths into W. Because relu is
  /// positively homogeneous the decoder's output does not change, and |w| comes to be in units of
  /// the feature.
  void normalise_to_unit();

  /// The same in two steps: the columns of A, returning their lengths (factors), then some v_j,
  /// which several threads may do at once.
  Vector<T> normalise_hidden();
  void normalise_outputs(const Vector<T>& lengths, Block features);
};

}  // namespace poems
