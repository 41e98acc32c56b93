// The machine.
#include "bindings/rcpp.h"
#include "kernel/kernel.h"
#include "kernel/kernel_target.h"
#include "support/parallel.h"

// What the core computes with.
// [[Rcpp::export]]
Rcpp::List core_cpu() {
#ifdef POEMS_HAS_X86_KERNELS
  const bool dispatch = true;
#else
  const bool dispatch = false;
#endif
  return Rcpp::List::create(Rcpp::Named("level") = poems::kernel().level,
                            Rcpp::Named("dispatch") = dispatch,
                            Rcpp::Named("most_threads") = poems::most_threads());
}

// Ends the threads, whose code goes with the library.
// [[Rcpp::export]]
void core_stop_threads() { poems::ThreadPool::shared().stop(); }
