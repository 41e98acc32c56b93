// Interrupts and requests to end, for R code around trainings.
#include "bindings/rcpp.h"
#include "bindings/termination.h"

// From now on SIGTERM is noted.
// [[Rcpp::export]]
void core_watch_termination() { bindings::Termination::watch(); }

// Until now.
// [[Rcpp::export]]
void core_unwatch_termination() { bindings::Termination::unwatch(); }

// Whether one has come since it is watched for.
// [[Rcpp::export]]
bool core_end_requested() { return bindings::Termination::requested(); }

// An interrupt, if one is pending.
// [[Rcpp::export]]
void core_check_interrupt() { Rcpp::checkUserInterrupt(); }
