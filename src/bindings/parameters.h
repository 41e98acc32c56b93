// Parameters between R and the core.
#pragma once

#include <RcppEigen.h>

#include <vector>

#include "bindings/config.h"
#include "bindings/matrices.h"
#include "models/poems.h"

namespace bindings {

using poems::Index;
using poems::Matrix;
using poems::Vector;

// Parameters as R sees them: list(omics = list(<per omic>), gate = list()), every entry a matrix,
// weights out x in, features in rows.

template <typename T>
Rcpp::List values_to_r(const std::vector<poems::Parameter<T>*>& parameters) {
  Rcpp::List list;
  for (const poems::Parameter<T>* p : parameters) list[p->name] = to_r(p->value, p->transposed);
  return list;
}

template <typename T>
Rcpp::List gradients_to_r(const std::vector<poems::Parameter<T>*>& parameters) {
  Rcpp::List list;
  for (const poems::Parameter<T>* p : parameters) list[p->name] = to_r(p->gradient, p->transposed);
  return list;
}

template <typename T>
Rcpp::List write_parameters(poems::Model<T>& model) {
  Rcpp::List omics(model.omics.size());
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    Rcpp::List omic = values_to_r(model.omic_parameters(v));
    omic["inclusion_probability"] = to_r(model.omics[v].spike_slab.inclusion_probability, true);
    omic["inclusion_rate"] = to_r(Matrix<T>(model.omics[v].spike_slab.inclusion_rate));
    omics[v] = omic;
  }
  return Rcpp::List::create(Rcpp::Named("omics") = omics,
                            Rcpp::Named("gate") = values_to_r(model.gate_parameters()));
}

template <typename T>
void read_parameters(const Rcpp::List& list, poems::Model<T>& model) {
  const Rcpp::List omics = list["omics"];
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    for (poems::Parameter<T>* p : model.omic_parameters(v))
      from_r(omic[p->name], p->transposed, p->value);
    from_r(omic["inclusion_probability"], true, model.omics[v].spike_slab.inclusion_probability);
    Matrix<T> rate = model.omics[v].spike_slab.inclusion_rate;
    from_r(omic["inclusion_rate"], false, rate);
    model.omics[v].spike_slab.inclusion_rate = rate;
  }
  const Rcpp::List gate = list["gate"];
  for (poems::Parameter<T>* p : model.gate_parameters())
    from_r(gate[p->name], p->transposed, p->value);
}

/// The model of a fit.
inline poems::Model<float> fitted_model(const Rcpp::List& parameters, const Rcpp::List& config) {
  poems::Model<float> model(read_model_config(config));
  read_parameters(parameters, model);
  return model;
}

/// Samples x factors in R, as the core has them.
inline Matrix<float> read_latent(const Rcpp::NumericMatrix& latent) {
  Matrix<float> z(latent.ncol(), latent.nrow());
  from_r(latent, true, z);
  return z;
}

}  // namespace bindings
