// The machine.
#include "bindings/rcpp.h"
#include "kernel/kernel.h"
#include "support/parallel.h"

// What the core computes with.
// [[Rcpp::export]]
Rcpp::List core_cpu() {
#ifdef _OPENMP
  const bool openmp = true;
#else
  const bool openmp = false;
#endif
  return Rcpp::List::create(Rcpp::Named("level") = poems::kernel().level,
                            Rcpp::Named("openmp") = openmp,
                            Rcpp::Named("most_threads") = poems::most_threads());
}
