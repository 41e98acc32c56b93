// Who watches a training from R, and what R is told of it afterwards.
#pragma once

#include <Rcpp.h>

#include <utility>
#include <vector>

#include "bindings/termination.h"
#include "training/trainer.h"

namespace bindings {

inline void check_interrupt(void*) { R_CheckUserInterrupt(); }

/// Reports each epoch to an R function and notices interrupts and requests to end without leaving
/// the core.
class RMonitor : public poems::Monitor {
 public:
  explicit RMonitor(Rcpp::Function callback) : callback_(std::move(callback)) {}

  bool interrupted() override {
    return interrupted_ || Termination::requested() ||
           R_ToplevelExec(check_interrupt, nullptr) == FALSE;
  }

  /// The callback returns FALSE when it was interrupted itself.
  void epoch_done(const poems::EpochRecord& e) override {
    if (!Rcpp::as<bool>(callback_(static_cast<int>(e.epoch), e.training, e.validation)))
      interrupted_ = true;
  }

 private:
  Rcpp::Function callback_;
  bool interrupted_ = false;
};

inline const char* name_of(poems::Stopped stopped) {
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

/// One column per kind of term, or per figure; 0 in epochs that lack it.
inline void add_columns(const std::vector<poems::EpochRecord>& history,
                        std::vector<poems::models::Figure> poems::EpochRecord::*figures,
                        Rcpp::List& columns) {
  for (std::size_t i = 0; i < history.size(); ++i)
    for (const poems::models::Figure& figure : history[i].*figures) {
      if (!columns.containsElementNamed(figure.first.c_str()))
        columns[figure.first] = Rcpp::NumericVector(static_cast<R_xlen_t>(history.size()));
      Rcpp::NumericVector column = columns[figure.first];
      column[static_cast<R_xlen_t>(i)] = figure.second;
    }
}

/// Column by column: the losses, their terms by kind, the model's own figures.
inline Rcpp::List history_to_r(const std::vector<poems::EpochRecord>& history) {
  const auto n = static_cast<R_xlen_t>(history.size());
  Rcpp::IntegerVector epoch(n);
  Rcpp::NumericVector training(n), validation(n), seconds(n);
  for (R_xlen_t i = 0; i < n; ++i) {
    epoch[i] = static_cast<int>(history[i].epoch);
    training[i] = history[i].training;
    validation[i] = history[i].validation;
    seconds[i] = history[i].seconds;
  }
  Rcpp::List columns =
      Rcpp::List::create(Rcpp::Named("epoch") = epoch, Rcpp::Named("training") = training,
                         Rcpp::Named("validation") = validation, Rcpp::Named("seconds") = seconds);
  add_columns(history, &poems::EpochRecord::terms, columns);
  add_columns(history, &poems::EpochRecord::figures, columns);
  return columns;
}

/// Counted from 1.
inline Rcpp::IntegerVector positions_to_r(const std::vector<poems::Index>& positions) {
  Rcpp::IntegerVector result;
  for (poems::Index i : positions) result.push_back(static_cast<int>(i) + 1);
  return result;
}

}  // namespace bindings
