// Where a sample lies according to the decoders. The product of experts is quick and knows samples
// that lack omics, but every expert has seen its own omic only; the decoders look at all values of
// a sample together. The mode over z of
//
//   -sum_v weight_v / (2 phi_v) sum_j D(x_j, eta_j(z)) - 1/2 |z|^2
//
// over the observed values x_j of the omics v that the sample has. D is the deviance of the omic's
// family and phi_v the mean of sigma_j^2 over features (1 where the family has no sigma). With each
// feature's own sigma_j, features that factors explain well would decide nearly alone: too bold
// where their noise is correlated, as it is in real omics.
#pragma once

#include "data/cohort.h"
#include "models/poems.h"

namespace poems {

/// Decoders have kinks, at which steps go too far, so that most samples take all passes. The last
/// ones gain little.
struct ModeSearch {
  int passes = 12;
  /// Steps no component of which is as long as this are not taken: where a sample lies is then
  /// known better than it matters.
  double shortest_step = 0.0;
};

/// start: factors x samples of the cohort, the posterior means. By Gauss-Newton steps, halved until
/// they gain: never worse than the start. The start itself where the objective says so.
template <typename T>
Matrix<T> latent_mode(const models::Poems<T>& model, const Cohort<T>& cohort,
                      const Matrix<T>& start, int threads, ModeSearch search = {});

}  // namespace poems
