// Parameters between R and the core.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "bindings/cohort.h"
#include "bindings/config.h"
#include "bindings/matrices.h"
#include "bindings/rcpp.h"
#include "models/poems.h"

namespace bindings {

using poems::Index;
using poems::Matrix;
using poems::Vector;

// Parameters as R sees them: list(omics = list(<per omic>), gate = list()), every entry a matrix,
// weights out x in, features in rows. In the core their names are "omics/1/encoder/mean/bias",
// which is encoder_mean_bias of the first omic here, and "gate/output/bias".

/// Which omic's list a parameter is in, from 0, or -1 for the gate's; and its name there.
struct PlaceInList {
  int omic = -1;
  std::string name;

  explicit PlaceInList(const std::string& full) {
    std::size_t end = full.find('/');
    if (full.substr(0, end) == "omics") {
      omic = std::stoi(full.substr(end + 1)) - 1;
      end = full.find('/', end + 1);
    }
    name = full.substr(end + 1);
    std::replace(name.begin(), name.end(), '/', '_');
  }
};

/// value(p): what R shall have of a parameter.
template <typename T, typename Value>
Rcpp::List list_parameters(poems::models::Poems<T>& model, Value value) {
  std::vector<Rcpp::List> omics(model.omics.size());
  Rcpp::List gate;
  for (const poems::Parameter<T>* p : model.parameters()) {
    const PlaceInList place(p->name);
    (place.omic < 0 ? gate : omics[place.omic])[place.name] = to_r(value(*p), p->transposed);
  }
  return Rcpp::List::create(Rcpp::Named("omics") = Rcpp::List(omics.begin(), omics.end()),
                            Rcpp::Named("gate") = gate);
}

template <typename T>
Rcpp::List write_gradients(poems::models::Poems<T>& model) {
  return list_parameters(model, [](const poems::Parameter<T>& p) { return p.gradient; });
}

template <typename T>
Rcpp::List write_parameters(poems::models::Poems<T>& model) {
  Rcpp::List list = list_parameters(model, [](const poems::Parameter<T>& p) { return p.value; });
  Rcpp::List omics = list["omics"];
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    Rcpp::List omic = omics[v];
    omic["inclusion_probability"] = to_r(model.omics[v].spike_slab.inclusion_probability, true);
    omic["inclusion_rate"] = to_r(model.omics[v].spike_slab.inclusion_rate);
    omics[v] = omic;
  }
  return list;
}

template <typename T>
void read_parameters(const Rcpp::List& list, poems::models::Poems<T>& model) {
  const Rcpp::List omics = list["omics"], gate = list["gate"];
  poems::check_size(omics.size(), static_cast<Index>(model.omics.size()), "Omics");
  for (poems::Parameter<T>* p : model.parameters()) {
    const PlaceInList place(p->name);
    const Rcpp::List part = place.omic < 0 ? gate : Rcpp::List(omics[place.omic]);
    from_r(matrix_in(part, place.name), p->transposed, p->value);
  }
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    poems::SpikeSlab<T>& slab = model.omics[v].spike_slab;
    from_r(matrix_in(omic, "inclusion_probability"), true, slab.inclusion_probability);
    from_r(matrix_in(omic, "inclusion_rate"), false, slab.inclusion_rate);
  }
}

/// The model of a fit.
inline poems::models::Poems<float> fitted_model(const Rcpp::List& parameters,
                                                const Rcpp::List& config) {
  poems::models::Poems<float> model(read_options(config));
  read_parameters(parameters, model);
  return model;
}

/// A cohort that R holds, if it has the omics of the model.
inline poems::Cohort<float>& cohort_of(SEXP held, const poems::models::Poems<float>& model) {
  std::vector<Index> features;
  for (const poems::models::SparseOmicShape& omic : model.options().omics)
    features.push_back(omic.features);
  poems::Cohort<float>& cohort = cohort_for(held, features, model.options().covariates);
  for (std::size_t v = 0; v < features.size(); ++v)
    if (model.options().omics[v].family != poems::Family::gaussian && !cohort.omics[v].link)
      Rcpp::stop("an omic that is not Gaussian lacks its link");
  return cohort;
}

/// Samples x factors in R, as the core has them.
inline Matrix<float> read_latent(const Rcpp::NumericMatrix& latent,
                                 const poems::models::Poems<float>& model) {
  poems::check_size(latent.ncol(), model.options().factors, "Factors of samples");
  Matrix<float> z(latent.ncol(), latent.nrow());
  from_r(latent, true, z);
  return z;
}

}  // namespace bindings
