// The cohort, read and scaled once for all that is asked of it.
#include "bindings/cohort.h"
#include "bindings/monitor.h"
#include "bindings/rcpp.h"
#include "training/schedule.h"

using namespace bindings;

// What core_train(), core_project() and the like take. omics: what core_omics() returns.
// [[Rcpp::export]]
SEXP core_cohort(const Rcpp::List& omics, int cohort_size, int threads) {
  return HeldCohort(new poems::Cohort<float>(read_cohort<float>(omics, cohort_size, threads)));
}

// Which of so many samples training with these settings holds out, counted from 1.
// [[Rcpp::export]]
Rcpp::IntegerVector core_held_out(int samples, double validation, int seed) {
  return positions_to_r(
      poems::split_samples(samples, validation, static_cast<std::uint64_t>(seed)).validation);
}
