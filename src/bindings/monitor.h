// Who watches a training from R.
#pragma once

#include <Rcpp.h>

#include <utility>

#include "training/schedule.h"

namespace bindings {

inline void check_interrupt(void*) { R_CheckUserInterrupt(); }

/// Reports each epoch to an R function and notices interrupts without leaving the core. Watches
/// whatever has epochs with a number, a training and a validation loss.
template <typename Monitor, typename Epoch>
class RMonitor : public Monitor {
 public:
  explicit RMonitor(Rcpp::Function callback) : callback_(std::move(callback)) {}

  bool interrupted() override {
    return interrupted_ || R_ToplevelExec(check_interrupt, nullptr) == FALSE;
  }

  /// The callback returns FALSE when it was interrupted itself.
  void epoch_done(const Epoch& e) override {
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

}  // namespace bindings
