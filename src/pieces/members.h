// Omics that some samples of a batch lack. A node of omic v has a column per member, a sample that
// has the omic; these lead from there to columns per sample of the batch and back.
//
//   spread    y_n = x_i for the i-th member n, 0 for the other samples    x: K x members, y: K x B
//   pick      y_i = x_p(i)                                                x: K x B, y: K x
//   positions average   y_n = mean over the omics v that sample n has of x_v,n      x_v: K x
//   members of v
#pragma once

#include <utility>
#include <vector>

#include "pieces/columns.h"

namespace poems::pieces {

/// Which samples of a batch have each omic.
struct Members {
  Index samples = 0;                      ///< B
  std::vector<std::vector<Index>> omics;  ///< per omic, positions in the batch, in order

  bool complete(std::size_t omic) const {
    return static_cast<Index>(omics[omic].size()) == samples;
  }

  /// Positions among the members of each of two omics of the samples that have both.
  std::pair<std::vector<Index>, std::vector<Index>> common(std::size_t a, std::size_t b) const {
    std::pair<std::vector<Index>, std::vector<Index>> both;
    std::size_t j = 0;
    for (std::size_t i = 0; i < omics[a].size(); ++i) {
      while (j < omics[b].size() && omics[b][j] < omics[a][i]) ++j;
      if (j == omics[b].size() || omics[b][j] != omics[a][i]) continue;
      both.first.push_back(static_cast<Index>(i));
      both.second.push_back(static_cast<Index>(j));
    }
    return both;
  }

  /// Omics x samples: 1 where the sample has the omic, else 0.
  template <typename T>
  Matrix<T> indicator() const {
    Matrix<T> has = Matrix<T>::Zero(static_cast<Index>(omics.size()), samples);
    for (std::size_t v = 0; v < omics.size(); ++v)
      for (Index n : omics[v]) has(static_cast<Index>(v), n) = T(1);
    return has;
  }
};

/// x itself where every sample is a member.
template <typename T>
Var<T> spread(Tape<T>& tape, Var<T> x, const std::vector<Index>& members, Index samples) {
  if (static_cast<Index>(members.size()) == samples) return x;
  return scatter(tape, x, members, samples);
}

/// x itself where all are picked. positions: in increasing order.
template <typename T>
Var<T> pick(Tape<T>& tape, Var<T> x, const std::vector<Index>& positions) {
  if (static_cast<Index>(positions.size()) == x->value.cols()) return x;
  return gather(tape, x, positions);
}

template <typename T>
Var<T> average(Tape<T>& tape, const std::vector<Var<T>>& xs, const Members& members) {
  const Matrix<T> count = members.indicator<T>().colwise().sum();
  const Vector<T> share = count.row(0).cwiseMax(T(1)).cwiseInverse();
  Var<T> y = tape.node(xs);
  y->value.setZero(xs[0]->value.rows(), members.samples);
  for (std::size_t v = 0; v < xs.size(); ++v)
    for (Index i = 0; i < xs[v]->value.cols(); ++i) {
      const Index n = members.omics[v][i];
      y->value.col(n) += share(n) * xs[v]->value.col(i);
    }
  tape.on_backward(y, [xs, y, share, omics = members.omics] {
    for (std::size_t v = 0; v < xs.size(); ++v) {
      if (xs[v]->constant) continue;
      for (Index i = 0; i < xs[v]->value.cols(); ++i) {
        const Index n = omics[v][i];
        xs[v]->gradient.col(i) += share(n) * y->gradient.col(n);
      }
    }
  });
  return y;
}

}  // namespace poems::pieces
