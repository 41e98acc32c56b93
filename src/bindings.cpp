// The only file that knows R: turns R lists into the core's types and back. Arguments have been
// checked by the R functions that call these.
#include <RcppEigen.h>

#include <fstream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "data/cohort.h"
#include "analysis/slopes.h"
#include "analysis/factor_model.h"
#include "analysis/gram.h"
#include "kernel/kernel.h"
#include "analysis/latent_mode.h"
#include "models/poems.h"
#include "analysis/projection.h"
#include "training/trainer.h"
#include "analysis/variance.h"

using poems::Index;
using poems::Matrix;
using poems::Vector;

namespace {

poems::Family family_of(const std::string& name) {
  if (name == "bernoulli") return poems::Family::bernoulli;
  if (name == "poisson") return poems::Family::poisson;
  if (name == "negative_binomial") return poems::Family::negative_binomial;
  return poems::Family::gaussian;
}

poems::ModelConfig read_model_config(const Rcpp::List& list) {
  poems::ModelConfig config;
  config.factors = Rcpp::as<int>(list["factors"]);
  config.encoder_hidden = Rcpp::as<int>(list["encoder_hidden"]);
  config.decoder_hidden = Rcpp::as<int>(list["decoder_hidden"]);
  config.gate_hidden = Rcpp::as<int>(list["gate_hidden"]);
  config.dropout = list["dropout"];
  config.lambda0 = list["lambda0"];
  config.lambda1 = list["lambda1"];
  config.inclusion_a = list["inclusion_a"];
  config.sigma_df = list["sigma_df"];
  config.row_normalize = list["row_normalize"];
  config.objective.elbo = Rcpp::as<std::string>(list["objective"]) == "elbo";
  config.covariates = Rcpp::as<int>(list["covariates"]);
  const Rcpp::List omics = list["omics"];
  for (R_xlen_t v = 0; v < omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    config.omics.push_back({Rcpp::as<int>(omic["features"]), omic["noise_prior"],
                            omic["inclusion_b"], family_of(Rcpp::as<std::string>(omic["family"]))});
  }
  return config;
}

poems::TrainerConfig read_trainer_config(const Rcpp::List& list) {
  poems::TrainerConfig config;
  config.epochs = Rcpp::as<int>(list["epochs"]);
  config.batch_size = Rcpp::as<int>(list["batch_size"]);
  config.learning_rate = list["learning_rate"];
  config.weight_decay = list["weight_decay"];
  config.validation = list["validation"];
  config.patience = Rcpp::as<int>(list["patience"]);
  config.warmup = Rcpp::as<int>(list["warmup"]);
  config.kl_weight = list["kl_weight"];
  config.revisit = Rcpp::as<int>(list["revisit"]);
  config.seed = static_cast<std::uint64_t>(Rcpp::as<int>(list["seed"]));
  config.threads = Rcpp::as<int>(list["threads"]);
  return config;
}

/// What a raw value is adjusted for before it is centred and scaled, and how the omic is predicted
/// if it is not Gaussian. R leaves out what an omic does not have.
poems::Adjustment read_adjustment(const Rcpp::List& omic) {
  poems::Adjustment adjustment;
  if (omic.containsElementNamed("offset"))
    adjustment.offset = Rcpp::as<Vector<double>>(omic["offset"]);
  if (omic.containsElementNamed("covariates")) {
    adjustment.covariates = Rcpp::as<Matrix<double>>(omic["covariates"]);
    adjustment.effects = Rcpp::as<Matrix<double>>(omic["effects"]).transpose();
  }
  return adjustment;
}

template <typename T>
poems::LinkScale<T> read_link(const Rcpp::List& list) {
  poems::LinkScale<T> link;
  link.intercept = Rcpp::as<Vector<double>>(list["intercept"]).cast<T>();
  link.unit = Rcpp::as<Vector<double>>(list["unit"]).cast<T>();
  if (list.containsElementNamed("effects"))
    link.effects = Rcpp::as<Matrix<double>>(list["effects"]).transpose().cast<T>();
  return link;
}

/// An omic in a file of raw doubles, one column after the other, as R/disk-matrix.R writes it. Rows
/// are those of the file that the features are, counted from 1, or NA.
class ColumnFile : public poems::Storage {
 public:
  explicit ColumnFile(const Rcpp::List& list)
      : file_(Rcpp::as<std::string>(list["path"]), std::ios::binary),
        column_(Rcpp::as<int>(list["height"])) {
    for (int i : Rcpp::as<Rcpp::IntegerVector>(list["rows"]))
      rows_.push_back(i == NA_INTEGER ? -1 : i - 1);
    for (int i : Rcpp::as<Rcpp::IntegerVector>(list["columns"])) columns_.push_back(i - 1);
  }

  void read(Index column, Eigen::Ref<Vector<double>> values) override {
    const std::streamsize bytes = sizeof(double) * column_.size();
    file_.seekg(static_cast<std::streamoff>(bytes) * columns_[column]);
    file_.read(reinterpret_cast<char*>(column_.data()), bytes);
    if (!file_) throw std::runtime_error("The temporary file of an omic could not be read.");
    for (std::size_t j = 0; j < rows_.size(); ++j)
      values(j) = rows_[j] < 0 ? std::numeric_limits<double>::quiet_NaN() : column_[rows_[j]];
  }

 private:
  std::ifstream file_;
  std::vector<double> column_;
  std::vector<Index> rows_, columns_;
};

/// `samples` of each omic: which samples of the cohort its columns are, counted from 1. `x`: its
/// values, or what ColumnFile reads.
template <typename T>
poems::Cohort<T> read_cohort(const Rcpp::List& omics, int cohort_size, int threads) {
  poems::Cohort<T> cohort;
  cohort.samples = cohort_size;
  for (R_xlen_t v = 0; v < omics.size(); ++v) {
    const Rcpp::List omic = omics[v];
    const Rcpp::IntegerVector samples = omic["samples"];
    std::vector<Index> column(cohort_size, -1);
    for (R_xlen_t i = 0; i < samples.size(); ++i) column[samples[i] - 1] = i;
    poems::Scaling scaling{Rcpp::as<Vector<double>>(omic["center"]),
                           Rcpp::as<Vector<double>>(omic["scale"]), omic["clip"]};
    const auto fill = Rcpp::as<Vector<double>>(omic["fill"]);
    const Rcpp::RObject x = omic["x"];
    if (Rcpp::is<Rcpp::List>(x)) {
      const Rcpp::List file(x);
      cohort.omics.push_back(poems::stored_omic<T>(std::make_shared<ColumnFile>(file),
                                                   file["has_missing"], std::move(scaling), fill,
                                                   std::move(column)));
      continue;
    }
    const auto raw = Rcpp::as<Eigen::Map<Eigen::MatrixXd>>(x);
    cohort.omics.push_back(poems::scale_omic<T>(raw, scaling, fill, read_adjustment(omic),
                                                std::move(column), threads));
    if (omic.containsElementNamed("link"))
      poems::set_targets<T>(raw, read_link<T>(omic["link"]), cohort.omics.back());
  }
  return cohort;
}

/// Takes samples out of omics, per omic by number from 1: they count as lacking them. Returns the
/// columns of all omics as they were, to put them back.
template <typename T>
std::vector<std::vector<Index>> take_out(const Rcpp::List& misplaced, poems::Cohort<T>& cohort) {
  std::vector<std::vector<Index>> columns;
  for (R_xlen_t v = 0; v < misplaced.size(); ++v) {
    columns.push_back(cohort.omics[v].column);
    for (int i : Rcpp::as<Rcpp::IntegerVector>(misplaced[v])) cohort.omics[v].column[i - 1] = -1;
  }
  return columns;
}

template <typename T>
Rcpp::NumericMatrix to_r(const Matrix<T>& x, bool transposed = false) {
  Rcpp::NumericMatrix result(transposed ? x.cols() : x.rows(), transposed ? x.rows() : x.cols());
  for (Index j = 0; j < result.ncol(); ++j)
    for (Index i = 0; i < result.nrow(); ++i)
      result(i, j) = static_cast<double>(transposed ? x(j, i) : x(i, j));
  return result;
}

template <typename T>
void from_r(const Rcpp::NumericMatrix& x, bool transposed, Matrix<T>& result) {
  const Index rows = transposed ? x.ncol() : x.nrow(), cols = transposed ? x.nrow() : x.ncol();
  if (rows != result.rows() || cols != result.cols())
    Rcpp::stop("parameters do not have the model's shape");
  for (Index j = 0; j < cols; ++j)
    for (Index i = 0; i < rows; ++i) result(i, j) = static_cast<T>(transposed ? x(j, i) : x(i, j));
}

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

std::vector<int> counted_from_0(const Rcpp::IntegerVector& numbers) {
  std::vector<int> result;
  for (int i : numbers) result.push_back(i - 1);
  return result;
}

void check_interrupt(void*) { R_CheckUserInterrupt(); }

/// Reports each epoch to an R function and notices interrupts without leaving the core.
class RMonitor : public poems::Monitor {
 public:
  explicit RMonitor(Rcpp::Function callback) : callback_(std::move(callback)) {}

  bool interrupted() override {
    return interrupted_ || R_ToplevelExec(check_interrupt, nullptr) == FALSE;
  }

  /// The callback returns FALSE when it was interrupted itself.
  void epoch_done(const poems::EpochRecord& r) override {
    if (!Rcpp::as<bool>(callback_(static_cast<int>(r.epoch), r.training, r.validation)))
      interrupted_ = true;
  }

 private:
  Rcpp::Function callback_;
  bool interrupted_ = false;
};

const char* name_of(poems::Stopped stopped) {
  switch (stopped) {
    case poems::Stopped::converged:
      return "converged";
    case poems::Stopped::epochs:
      return "epochs";
    case poems::Stopped::interrupted:
      return "interrupted";
    case poems::Stopped::diverged:
      break;
  }
  return "diverged";
}

Rcpp::List history_to_r(const std::vector<poems::EpochRecord>& history) {
  const auto column = [&](double poems::EpochRecord::*member) {
    Rcpp::NumericVector x;
    for (const poems::EpochRecord& record : history) x.push_back(record.*member);
    return x;
  };
  Rcpp::IntegerVector epoch;
  for (const poems::EpochRecord& record : history) epoch.push_back(record.epoch);
  using Record = poems::EpochRecord;
  return Rcpp::List::create(
      Rcpp::Named("epoch") = epoch, Rcpp::Named("training") = column(&Record::training),
      Rcpp::Named("validation") = column(&Record::validation),
      Rcpp::Named("reconstruction") = column(&Record::reconstruction),
      Rcpp::Named("kl") = column(&Record::kl), Rcpp::Named("penalty") = column(&Record::penalty),
      Rcpp::Named("noise") = column(&Record::noise),
      Rcpp::Named("kl_weight") = column(&Record::kl_weight),
      Rcpp::Named("nonzero") = column(&Record::nonzero),
      Rcpp::Named("seconds") = column(&Record::seconds),
      Rcpp::Named("encoder_seconds") = column(&Record::encoder_seconds),
      Rcpp::Named("decoder_seconds") = column(&Record::decoder_seconds),
      Rcpp::Named("optimiser_seconds") = column(&Record::optimiser_seconds));
}

/// Variance explained, omics x (training, validation).
template <typename T>
Rcpp::NumericMatrix variance_to_r(poems::Model<T>& model, const poems::Cohort<T>& cohort,
                                  const Matrix<T>& mean,
                                  const std::vector<Index>& validation_samples, int threads) {
  std::vector<bool> validation(cohort.samples, false), training(cohort.samples, true);
  for (Index i : validation_samples) {
    validation[i] = true;
    training[i] = false;
  }
  Rcpp::NumericMatrix variance(model.omics.size(), 2);
  for (std::size_t v = 0; v < model.omics.size(); ++v) {
    variance(v, 0) = poems::variance_explained(model, v, cohort, mean, training, threads);
    variance(v, 1) = poems::variance_explained(model, v, cohort, mean, validation, threads);
  }
  return variance;
}

/// A batch of the whole cohort, for the functions that tests call.
template <typename T>
poems::Batch<T> whole_cohort(const poems::Cohort<T>& cohort) {
  std::vector<Index> samples(cohort.samples);
  for (Index i = 0; i < cohort.samples; ++i) samples[i] = i;
  return poems::make_batch(cohort, std::move(samples), 1);
}

template <typename T>
Rcpp::List evaluate(const Rcpp::List& parameters, const Rcpp::List& config, const Rcpp::List& omics,
                    const Rcpp::NumericMatrix& noise) {
  poems::Model<T> model(read_model_config(config));
  read_parameters(parameters, model);
  const poems::Batch<T> batch = whole_cohort(read_cohort<T>(omics, noise.ncol(), 1));
  Matrix<T> eps(noise.nrow(), noise.ncol());
  from_r(noise, false, eps);
  poems::Pass<T> pass;
  pass.noise = &eps;
  pass.training_samples = batch.size();
  const poems::LossTerms without_gradients = model.loss(batch, pass);
  const poems::LossTerms terms = model.loss_and_gradients(batch, pass);

  const std::size_t n = model.omics.size();
  Rcpp::List mean(n), logvar(n), gate_input(n), mask(n), reconstruction(n), gradients(n);
  const Index factors = model.config().factors;
  for (std::size_t v = 0; v < n; ++v) {
    mean[v] = to_r(model.experts[v].mean);
    logvar[v] = to_r(model.experts[v].logvar);
    gate_input[v] = to_r(Matrix<T>(model.gate_state.input.middleRows(v * factors, factors)));
    mask[v] = to_r(model.mask(v), true);
    reconstruction[v] = to_r(poems::reconstruct(model, v, model.posterior.z, 1));
    gradients[v] = gradients_to_r(model.omic_parameters(v));
  }
  return Rcpp::List::create(
      Rcpp::Named("forward") = Rcpp::List::create(
          Rcpp::Named("expert_mean") = mean, Rcpp::Named("expert_logvar") = logvar,
          Rcpp::Named("gate_input") = gate_input,
          Rcpp::Named("gates") = to_r(model.gate_state.alpha),
          Rcpp::Named("posterior_mean") = to_r(model.posterior.mean),
          Rcpp::Named("posterior_logvar") = to_r(model.posterior.logvar),
          Rcpp::Named("z") = to_r(model.posterior.z), Rcpp::Named("decoder_mask") = mask,
          Rcpp::Named("reconstruction") = reconstruction),
      Rcpp::Named("loss") = Rcpp::List::create(
          Rcpp::Named("reconstruction") = terms.reconstruction, Rcpp::Named("kl") = terms.kl,
          Rcpp::Named("mask") = terms.penalty, Rcpp::Named("sigma") = terms.noise,
          Rcpp::Named("total") = terms.total),
      Rcpp::Named("loss_without_gradients") = without_gradients.total,
      Rcpp::Named("gradients") =
          Rcpp::List::create(Rcpp::Named("omics") = gradients,
                             Rcpp::Named("gate") = gradients_to_r(model.gate_parameters())));
}

}  // namespace

// Fits a model. The callback is told epoch, training and validation loss, and returns FALSE to
// stop. `noise`: per omic, the initial noise of every feature; `start`: parameters to start from,
// or NULL for random ones.
// [[Rcpp::export]]
Rcpp::List core_train(const Rcpp::List& omics, int cohort_size, const Rcpp::List& model_config,
                      const Rcpp::List& noise, const Rcpp::List& trainer_config,
                      const Rcpp::Function& callback, const Rcpp::RObject& start,
                      const Rcpp::List& misplaced) {
  const poems::TrainerConfig trainer = read_trainer_config(trainer_config);
  poems::Cohort<float> cohort = read_cohort<float>(omics, cohort_size, trainer.threads);
  poems::Model<float> model(read_model_config(model_config));
  std::vector<Vector<double>> initial_noise;
  for (R_xlen_t v = 0; v < noise.size(); ++v)
    initial_noise.push_back(Rcpp::as<Vector<double>>(noise[v]));
  model.initialise(trainer.seed, initial_noise);
  if (!start.isNULL()) read_parameters(Rcpp::List(start), model);

  RMonitor monitor(callback);
  const std::vector<std::vector<Index>> columns = take_out(misplaced, cohort);
  const poems::TrainingResult result = poems::train(model, cohort, trainer, monitor);
  for (std::size_t v = 0; v < columns.size(); ++v) cohort.omics[v].column = columns[v];
  const poems::Projection<float> projection = poems::project(model, cohort, trainer.threads);
  // Without epochs, what is asked for is what training starts from.
  const Matrix<float> mode =
      trainer.epochs == 0 ? projection.mean
                          : poems::latent_mode(model, cohort, projection.mean, trainer.threads);
  Rcpp::IntegerVector validation;
  for (Index i : result.validation_samples) validation.push_back(i + 1);
  return Rcpp::List::create(
      Rcpp::Named("parameters") = write_parameters(model),
      Rcpp::Named("history") = history_to_r(result.history), Rcpp::Named("validation") = validation,
      Rcpp::Named("best_epoch") = static_cast<int>(result.best_epoch),
      Rcpp::Named("stopped") = name_of(result.stopped),
      Rcpp::Named("latent") = to_r(projection.mean, true), Rcpp::Named("mode") = to_r(mode, true),
      Rcpp::Named("gates") = to_r(projection.gates, true),
      Rcpp::Named("variance") =
          variance_to_r(model, cohort, mode, result.validation_samples, trainer.threads));
}

// Inner products of the columns of x, features x samples, in single precision.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_inner_products(const Eigen::Map<Eigen::MatrixXd>& x, int threads) {
  const Matrix<float> samples = x.transpose().cast<float>();
  return Rcpp::wrap(Matrix<double>(poems::inner_products(samples, threads).cast<double>()));
}

// The sparse linear factor model of factor_model.h. x: features x samples, NA where unknown; omic:
// of every feature, from 1 and ascending; scores: samples x factors, where the factors start.
// [[Rcpp::export]]
Rcpp::List core_factor_model(const Eigen::Map<Eigen::MatrixXd>& x, const Rcpp::IntegerVector& omic,
                             const Eigen::Map<Eigen::MatrixXd>& scores, int rounds, int threads) {
  const poems::FactorModel model =
      poems::fit_factor_model(x, counted_from_0(omic), scores.transpose(), rounds, threads);
  return Rcpp::List::create(
      Rcpp::Named("loadings") = to_r(model.loadings, true),
      Rcpp::Named("inclusion") = to_r(model.inclusion, true),
      Rcpp::Named("mean") = to_r(model.mean), Rcpp::Named("variance") = to_r(model.variance),
      Rcpp::Named("intercept") = model.intercept, Rcpp::Named("noise") = model.noise,
      Rcpp::Named("uncertainty") = to_r(model.uncertainty));
}

// Means of the factors (samples x factors) given what is known of x, for loadings (features x
// factors), noise (of every feature) and uncertainty (factors x omics) that are known. See
// factor_model.h.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_factor_scores(const Eigen::Map<Eigen::MatrixXd>& x,
                                       const Rcpp::IntegerVector& omic,
                                       const Eigen::Map<Eigen::MatrixXd>& loadings,
                                       const Eigen::Map<Eigen::VectorXd>& noise,
                                       const Eigen::Map<Eigen::MatrixXd>& uncertainty,
                                       int threads) {
  return to_r(poems::factor_scores(x, counted_from_0(omic), loadings.transpose(), noise,
                                   uncertainty, threads),
              true);
}

// Variances that not knowing the factors adds to unknown values of x: features x samples.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_factor_uncertainty(const Eigen::Map<Eigen::MatrixXd>& x,
                                            const Rcpp::IntegerVector& omic,
                                            const Eigen::Map<Eigen::MatrixXd>& loadings,
                                            const Eigen::Map<Eigen::VectorXd>& noise,
                                            const Eigen::Map<Eigen::MatrixXd>& uncertainty,
                                            int threads) {
  return to_r(poems::factor_uncertainty(x, counted_from_0(omic), loadings.transpose(), noise,
                                        uncertainty, threads));
}

// What the core computes with.
// [[Rcpp::export]]
Rcpp::List core_cpu() {
#ifdef _OPENMP
  const bool openmp = true;
#else
  const bool openmp = false;
#endif
  return Rcpp::List::create(Rcpp::Named("level") = poems::kernel().level,
                            Rcpp::Named("openmp") = openmp);
}

// Projects samples: posterior mean and log-variance (samples x factors), gates (samples x omics).
// [[Rcpp::export]]
Rcpp::List core_project(const Rcpp::List& parameters, const Rcpp::List& model_config,
                        const Rcpp::List& omics, int cohort_size, int threads) {
  poems::Model<float> model(read_model_config(model_config));
  read_parameters(parameters, model);
  const poems::Projection<float> projection =
      poems::project(model, read_cohort<float>(omics, cohort_size, threads), threads);
  return Rcpp::List::create(Rcpp::Named("latent") = to_r(projection.mean, true),
                            Rcpp::Named("logvar") = to_r(projection.logvar, true),
                            Rcpp::Named("gates") = to_r(projection.gates, true));
}

// What every omic's expert says of samples: per omic, mean and log-variance (samples x factors), NaN
// where a sample lacks the omic.
// [[Rcpp::export]]
Rcpp::List core_experts(const Rcpp::List& parameters, const Rcpp::List& model_config,
                        const Rcpp::List& omics, int cohort_size, int threads) {
  poems::Model<float> model(read_model_config(model_config));
  read_parameters(parameters, model);
  const poems::ExpertsOfSamples<float> experts =
      poems::experts_of(model, read_cohort<float>(omics, cohort_size, threads), threads);
  Rcpp::List all;
  for (std::size_t v = 0; v < experts.mean.size(); ++v)
    all.push_back(Rcpp::List::create(Rcpp::Named("mean") = to_r(experts.mean[v], true),
                                     Rcpp::Named("logvar") = to_r(experts.logvar[v], true)));
  return all;
}

// Where samples lie according to the decoders, sought from latent; both samples x factors. See
// mode.h.
// [[Rcpp::export]]
Rcpp::NumericMatrix core_mode(const Rcpp::List& parameters, const Rcpp::List& model_config,
                              const Rcpp::List& omics, const Rcpp::NumericMatrix& latent,
                              int threads) {
  poems::Model<float> model(read_model_config(model_config));
  read_parameters(parameters, model);
  Matrix<float> z(latent.ncol(), latent.nrow());
  from_r(latent, true, z);
  return to_r(
      poems::latent_mode(model, read_cohort<float>(omics, latent.nrow(), threads), z, threads),
      true);
}

// Every omic (features x samples, on the scale of training, without covariates) decoded from latent
// (samples x factors).
// [[Rcpp::export]]
Rcpp::List core_reconstruct(const Rcpp::List& parameters, const Rcpp::List& model_config,
                            const Rcpp::NumericMatrix& latent, int threads) {
  poems::Model<float> model(read_model_config(model_config));
  read_parameters(parameters, model);
  Matrix<float> z(latent.ncol(), latent.nrow());
  from_r(latent, true, z);
  Rcpp::List omics;
  for (std::size_t v = 0; v < model.omics.size(); ++v)
    omics.push_back(to_r(poems::reconstruct(model, v, z, threads)));
  return omics;
}

// Per omic, sums of deviances: total and residual of every feature, gain and largest change of
// every factor when it is held at the value given, the others staying as latent (samples x factors)
// has them. See variance.h.
// [[Rcpp::export]]
Rcpp::List core_variance(const Rcpp::List& parameters, const Rcpp::List& model_config,
                         const Rcpp::List& omics, const Rcpp::NumericMatrix& latent,
                         const Rcpp::NumericVector& held, int threads) {
  poems::Model<float> model(read_model_config(model_config));
  read_parameters(parameters, model);
  Matrix<float> z(latent.ncol(), latent.nrow());
  from_r(latent, true, z);
  const Vector<float> held_at = Rcpp::as<Vector<double>>(held).cast<float>();
  Rcpp::List list;
  for (const poems::VarianceSums& sums : poems::variance_sums(
           model, read_cohort<float>(omics, latent.nrow(), threads), z, held_at, threads))
    list.push_back(Rcpp::List::create(
        Rcpp::Named("total") = sums.total, Rcpp::Named("residual") = sums.residual,
        Rcpp::Named("gain") = sums.gain, Rcpp::Named("change") = sums.change,
        Rcpp::Named("largest_change") = sums.largest_change));
  return list;
}

// Per omic, the mean slope of every feature in every factor over samples of the latent space
// (samples x factors): features x factors.
// [[Rcpp::export]]
Rcpp::List core_slopes(const Rcpp::List& parameters, const Rcpp::List& model_config,
                       const Rcpp::NumericMatrix& latent, int threads) {
  poems::Model<float> model(read_model_config(model_config));
  read_parameters(parameters, model);
  Matrix<float> z(latent.ncol(), latent.nrow());
  from_r(latent, true, z);
  Rcpp::List list;
  for (const poems::Slopes& slopes : poems::mean_slopes(model, z, threads))
    list.push_back(Rcpp::List::create(Rcpp::Named("mean") = to_r(slopes.mean, true)));
  return list;
}

// For tests: every quantity of one pass over the whole cohort with given noise (factors x
// samples), without dropout, in double or single precision.
// [[Rcpp::export]]
Rcpp::List core_evaluate(const Rcpp::List& parameters, const Rcpp::List& model_config,
                         const Rcpp::List& omics, const Rcpp::NumericMatrix& noise,
                         bool single_precision) {
  return single_precision ? evaluate<float>(parameters, model_config, omics, noise)
                          : evaluate<double>(parameters, model_config, omics, noise);
}

// For tests: full-batch steps of the optimiser with the same noise each time, without dropout, in
// double precision. Returns the parameters and the loss before each step.
// [[Rcpp::export]]
Rcpp::List core_steps(const Rcpp::List& parameters, const Rcpp::List& model_config,
                      const Rcpp::List& omics, const Rcpp::NumericMatrix& noise, int steps,
                      double learning_rate, double weight_decay) {
  poems::Model<double> model(read_model_config(model_config));
  read_parameters(parameters, model);
  const poems::Batch<double> batch = whole_cohort(read_cohort<double>(omics, noise.ncol(), 1));
  Matrix<double> eps(noise.nrow(), noise.ncol());
  from_r(noise, false, eps);
  poems::Pass<double> pass;
  pass.noise = &eps;
  pass.training_samples = batch.size();
  poems::AdamW<double> optimizer({learning_rate, weight_decay});
  Rcpp::NumericVector losses;
  for (int step = 0; step < steps; ++step) {
    losses.push_back(model.loss_and_gradients(batch, pass).total);
    model.step(optimizer, pass, batch.size());
  }
  return Rcpp::List::create(Rcpp::Named("parameters") = write_parameters(model),
                            Rcpp::Named("losses") = losses);
}
