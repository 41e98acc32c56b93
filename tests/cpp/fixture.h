// Reads the JSON fixtures and compares with them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pieces/draws.h"
#include "tape/parameter.h"

namespace poems_test {

using nlohmann::json;
using poems::Index;
using poems::Matrix;
using poems::Parameter;

inline json read_fixture(const std::string& name) {
  std::ifstream file(std::string(FIXTURES) + "/" + name + ".json");
  if (!file) throw std::runtime_error("no fixture " + name);
  return json::parse(file);
}

/// As it is written: nested lists by rows; a flat list is a column.
inline Matrix<double> as_matrix(const json& list) {
  const bool nested = list.at(0).is_array();
  Matrix<double> y(list.size(), nested ? list[0].size() : 1);
  for (Index i = 0; i < y.rows(); ++i)
    for (Index j = 0; j < y.cols(); ++j)
      y(i, j) = nested ? list[i].at(j).get<double>() : list[i].get<double>();
  return y;
}

/// Samples x coordinates as it is written, coordinates x samples as the core has it.
inline Matrix<double> columns(const json& list) { return as_matrix(list).transpose(); }

/// Every array in a tree of objects and lists, by its path: "omics/0/encoder/1/weight".
inline void flatten(const json& tree, const std::string& path,
                    std::map<std::string, Matrix<double>>& arrays) {
  if (tree.is_array() && !tree.at(0).is_object()) {
    arrays[path] = as_matrix(tree);
    return;
  }
  for (const auto& item : tree.items())
    flatten(item.value(), path.empty() ? item.key() : path + "/" + item.key(), arrays);
}

/// The largest error, each entry's relative to its own size or, if that is larger, to `least`.
/// Without one, an entry that is 0 has to be 0.
inline double relative_error(const Matrix<double>& got, const Matrix<double>& expected,
                             double least = 1e-300) {
  if (got.rows() != expected.rows() || got.cols() != expected.cols()) return INFINITY;
  if (!got.allFinite()) return INFINITY;
  return ((got - expected).array().abs() / expected.array().abs().max(least)).maxCoeff();
}

/// Compares, and remembers the worst error of each kind, which a test prints at its end.
class Comparison {
 public:
  ~Comparison() {
    for (const auto& kind : worst_)
      std::cout << "  worst relative error of " << kind.first << ": " << kind.second << "\n";
  }

  void expect(const std::string& kind, const std::string& what, const Matrix<double>& got,
              const Matrix<double>& expected, double tolerance, double least = 1e-300) {
    const double error = relative_error(got, expected, least);
    worst_[kind] = std::max(worst_[kind], error);
    EXPECT_LE(error, tolerance) << kind << ", " << what << "\n"
                                << got << "\nbut expected\n"
                                << expected;
  }

  void expect(const std::string& kind, const std::string& what, double got, double expected,
              double tolerance) {
    expect(kind, what, Matrix<double>::Constant(1, 1, got),
           Matrix<double>::Constant(1, 1, expected), tolerance);
  }

 private:
  std::map<std::string, double> worst_;
};

/// Draws that were recorded, by the names that a model asks for. Noise must be there; where there
/// are no multipliers, dropout is off.
class RecordedDraws : public poems::pieces::Draws<double> {
 public:
  std::map<std::string, Matrix<double>> normals_of, multipliers;

  Matrix<double> normals(const std::string& name, Index rows, Index samples) const override {
    return of_shape(normals_of.at(name), rows, samples);
  }

  Matrix<double> kept(const std::string& name, double, Index rows, Index samples) const override {
    if (multipliers.empty()) return Matrix<double>();
    return of_shape(multipliers.at(name), rows, samples);
  }

 private:
  static Matrix<double> of_shape(const Matrix<double>& x, Index rows, Index samples) {
    if (x.rows() != rows || x.cols() != samples) throw std::runtime_error("draws of another shape");
    return x;
  }
};

}  // namespace poems_test
