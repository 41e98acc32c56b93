// Models on the tape between R and the core. R has their parameters, and what else training
// changes, as one flat list of matrices by the core's names.
#pragma once

#include <string>
#include <vector>

#include "bindings/matrices.h"
#include "bindings/rcpp.h"
#include "models/model.h"
#include "models/settings.h"
#include "training/trainer.h"

namespace bindings {

template <typename T>
Rcpp::List write_model(poems::models::Model<T>& model) {
  Rcpp::List list;
  std::vector<std::string> names;
  for (const poems::Parameter<T>* p : model.parameters()) {
    list.push_back(to_r(p->value, p->transposed));
    names.push_back(p->name);
  }
  for (const poems::models::StateArray<T>& array : model.state()) {
    list.push_back(to_r(Matrix<T>(array.value), array.transposed));
    names.push_back(array.name);
  }
  list.names() = Rcpp::wrap(names);
  return list;
}

template <typename T>
void read_model(const Rcpp::List& list, poems::models::Model<T>& model) {
  for (poems::Parameter<T>* p : model.parameters())
    from_r(matrix_in(list, p->name), p->transposed, p->value);
  for (poems::models::StateArray<T>& array : model.state()) {
    Matrix<T> value = array.value;
    from_r(matrix_in(list, array.name), array.transposed, value);
    array.value = value;
  }
}

/// Reads settings from a list by their names; the defaults are R's to fill in.
inline auto value_in(const Rcpp::List& list) {
  return [list](const char* name, double, double) { return Rcpp::as<double>(list[name]); };
}

/// What settings of training have in common.
template <typename Settings>
poems::TrainerConfig trainer_with(const Settings& settings, const Rcpp::List& control) {
  poems::TrainerConfig trainer{};
  trainer.epochs = settings.epochs;
  trainer.batch_size = settings.batch_size;
  trainer.optimiser = {settings.learning_rate, settings.weight_decay};
  trainer.validation = settings.validation;
  trainer.patience = settings.patience;
  trainer.seed = static_cast<std::uint64_t>(Rcpp::as<int>(control["seed"]));
  trainer.threads = Rcpp::as<int>(control["threads"]);
  return trainer;
}

/// A data frame with a row per setting.
inline Rcpp::DataFrame settings_to_r(const std::vector<poems::Setting>& settings) {
  Rcpp::CharacterVector name, wanted, meaning;
  Rcpp::NumericVector corrected, published, least, most;
  Rcpp::LogicalVector whole;
  for (const poems::Setting& s : settings) {
    name.push_back(s.name);
    corrected.push_back(s.corrected);
    published.push_back(s.published);
    wanted.push_back(s.range.wanted);
    whole.push_back(s.range.whole);
    least.push_back(s.range.least);
    most.push_back(s.range.most);
    meaning.push_back(s.meaning);
  }
  return Rcpp::DataFrame::create(
      Rcpp::Named("setting") = name, Rcpp::Named("corrected") = corrected,
      Rcpp::Named("published") = published, Rcpp::Named("wanted") = wanted,
      Rcpp::Named("whole") = whole, Rcpp::Named("least") = least, Rcpp::Named("most") = most,
      Rcpp::Named("meaning") = meaning, Rcpp::Named("stringsAsFactors") = false);
}

}  // namespace bindings
