// Gradients on the tape against central finite differences, in double.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "pieces/arithmetic.h"
#include "tape/tape.h"

namespace poems_test {

using poems::Index;
using poems::Matrix;
using poems::Parameter;
using poems::Tape;
using poems::Terms;
using poems::Var;

inline Matrix<double> normals(Index rows, Index cols, std::uint64_t seed) {
  const poems::Stream stream(seed, poems::Purpose::latent_normals, 0);
  Matrix<double> x(rows, cols);
  for (Index i = 0; i < x.size(); ++i) x.data()[i] = stream.normal(static_cast<std::uint64_t>(i));
  return x;
}

inline Parameter<double> random_parameter(const std::string& name, Index rows, Index cols,
                                          std::uint64_t seed) {
  Parameter<double> p(name, rows, cols);
  p.value = normals(rows, cols, seed);
  return p;
}

/// Puts a loss on an empty tape.
using Loss = std::function<void(Tape<double>&, Terms<double>&)>;

/// Every entry of every parameter, each of which must matter.
inline void expect_gradients_of(const Loss& loss,
                                const std::vector<Parameter<double>*>& parameters) {
  Tape<double> values(false);
  Terms<double> terms;
  const auto total = [&] {
    values.reset();
    terms.clear();
    loss(values, terms);
    return terms.total();
  };
  Tape<double> tape;
  loss(tape, terms);
  tape.backward(terms, parameters);
  std::vector<Matrix<double>> gradients;  // a loss may leave others
  for (const Parameter<double>* p : parameters) gradients.push_back(p->gradient);
  constexpr double h = 1e-6;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Parameter<double>* p = parameters[i];
    double largest = 0.0;
    for (Index e = 0; e < p->value.size(); ++e) {
      double& entry = p->value.data()[e];
      const double value = entry;
      entry = value + h;
      const double above = total();
      entry = value - h;
      const double below = total();
      entry = value;
      const double expected = (above - below) / (2.0 * h);
      EXPECT_NEAR(gradients[i].data()[e], expected, 1e-7 + 1e-6 * std::abs(expected))
          << p->name << ", entry " << e;
      largest = std::max(largest, std::abs(expected));
    }
    EXPECT_GT(largest, 1e-5) << p->name << " has no gradient to test";
  }
}

using Inputs = std::vector<Parameter<double>>;

inline Inputs random_inputs(const std::vector<std::pair<Index, Index>>& shapes) {
  Inputs inputs;
  for (const auto& shape : shapes)
    inputs.push_back(random_parameter("input " + std::to_string(inputs.size()), shape.first,
                                      shape.second, 20 + inputs.size()));
  return inputs;
}

/// Random values for all parameters of a piece, those that start at 0 or 1 too.
template <typename P>
std::vector<Parameter<double>*> randomise(P& piece) {
  std::vector<Parameter<double>*> list = piece.parameters();
  for (std::size_t i = 0; i < list.size(); ++i)
    list[i]->value = 0.7 * normals(list[i]->value.rows(), list[i]->value.cols(), 60 + i);
  return list;
}

/// What a piece makes of its inputs.
using Piece = std::function<Var<double>(Tape<double>&, const std::vector<Var<double>>&)>;

/// A piece used once, then twice in one pass: on the same inputs, both results counting with
/// weights of their own, so that whatever assigns a gradient instead of adding to it is found out.
/// `inputs` become nodes; `own` are the parameters of the piece.
inline void expect_gradients(const Piece& piece, std::vector<Parameter<double>> inputs,
                             std::vector<Parameter<double>*> own = {}) {
  std::vector<Parameter<double>*> all = std::move(own);
  for (Parameter<double>& p : inputs) all.push_back(&p);
  for (std::uint64_t uses = 1; uses <= 2; ++uses) {
    SCOPED_TRACE(uses == 1 ? "used once" : "used twice");
    const Loss loss = [&](Tape<double>& tape, Terms<double>& terms) {
      std::vector<Var<double>> nodes;
      for (Parameter<double>& p : inputs) nodes.push_back(tape.parameter(p));
      for (std::uint64_t use = 0; use < uses; ++use) {
        Var<double> y = piece(tape, nodes);
        Var<double> weights = tape.constant(normals(y->value.rows(), y->value.cols(), 900 + use));
        const double weight = use == 0 ? 1.0 : -1.7;
        terms.add("use", poems::pieces::sum(tape, poems::pieces::times(tape, y, weights)), weight);
      }
    };
    expect_gradients_of(loss, all);
  }
}

}  // namespace poems_test
