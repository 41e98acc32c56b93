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

// R calls this before it lets go of the library, whose code the threads run.
extern "C" attribute_visible void R_unload_omicpoems(DllInfo*) {
  poems::ThreadPool::shared().stop();
}
