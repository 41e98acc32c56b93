// Parameters of a model, and their gradients, by their names in fixtures.
#pragma once

#include "fixture.h"
#include "models/model.h"

namespace poems_test {

constexpr double exact = 1e-9, after_steps = 1e-7;

using Model = poems::models::Model<double>;
using Arrays = std::map<std::string, Matrix<double>>;

/// Moves the names of one piece to where a model has it.
inline void rename(Arrays& arrays, const std::string& from, const std::string& to) {
  for (auto item = arrays.begin(); item != arrays.end();) {
    const std::size_t at = item->first.find(from);
    if (at == std::string::npos) {
      ++item;
      continue;
    }
    std::string name = item->first;
    arrays[name.replace(at, from.size(), to)] = item->second;
    item = arrays.erase(item);
  }
}

inline Matrix<double> reported(const Parameter<double>& p, const Matrix<double>& values) {
  return p.transposed ? Matrix<double>(values.transpose()) : values;
}

inline void set_parameters(const Arrays& arrays, Model& model) {
  for (Parameter<double>* p : model.parameters()) {
    const Matrix<double> value = reported(*p, arrays.at(p->name));
    ASSERT_EQ(value.rows(), p->value.rows()) << p->name;
    ASSERT_EQ(value.cols(), p->value.cols()) << p->name;
    p->value = value;
  }
}

inline void expect_values(Comparison& compare, const std::string& kind, const Arrays& arrays,
                          Model& model) {
  for (Parameter<double>* p : model.parameters())
    compare.expect(kind, p->name, reported(*p, p->value), arrays.at(p->name), after_steps);
}

inline void expect_gradients_as(Comparison& compare, const Arrays& arrays, Model& model,
                                const std::string& kind = "gradients") {
  EXPECT_EQ(model.parameters().size(), arrays.size());
  for (Parameter<double>* p : model.parameters())
    compare.expect(kind, p->name, reported(*p, p->gradient), arrays.at(p->name), exact);
}

}  // namespace poems_test
