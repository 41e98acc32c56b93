// Runs a model on the tape as a fixture has it run, and compares.
#pragma once

#include "fixture.h"
#include "models/model.h"
#include "tape/adam.h"

namespace poems_test {

using poems::Batch;
using poems::Tape;
using poems::Terms;
using poems::Var;

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

inline poems::AdamWConfig adam_config(const json& optimizer) {
  return {optimizer.at("lr").get<double>(), optimizer.at("weight_decay").get<double>()};
}

/// One pass, forward and backward; the total.
inline double pass(Model& model, const Batch<double>& x, const RecordedDraws& draws,
                   Terms<double>& terms, Tape<double>& tape) {
  tape.reset();
  terms.clear();
  model.loss(tape, x, draws, terms);
  tape.backward(terms, model.parameters());
  return terms.total();
}

/// Three steps, comparing the losses, and the parameters after the first and the last.
/// also: what else a fixture records after a step; before: what is to be set before one, from 0.
inline void expect_steps(
    Comparison& compare, Model& model, const Batch<double>& x,
    const std::vector<RecordedDraws>& draws, poems::Adam<double> adam, const json& recorded,
    const std::function<Arrays(const json&)>& arrays,
    const std::function<void(const Arrays&)>& also = [](const Arrays&) {},
    const std::function<void(std::size_t)>& before = [](std::size_t) {}) {
  Tape<double> tape;
  Terms<double> terms;
  for (std::size_t step = 0; step < 3; ++step) {
    before(step);
    const double total = pass(model, x, draws[step], terms, tape);
    compare.expect("training loss", "step " + std::to_string(step + 1), total,
                   recorded.at("training_loss")[step].get<double>(),
                   step == 0 ? exact : after_steps);
    model.step(adam, 1);
    if (step == 1) continue;
    const std::string key = step == 0 ? "after_1_step" : "after_3_steps";
    const Arrays expected = arrays(recorded.at(key));
    expect_values(compare, key, expected, model);
    also(expected);
  }
}

}  // namespace poems_test
