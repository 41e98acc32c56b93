// Requests to end (SIGTERM, as a scheduler sends before it kills): a training that is under way
// stops as after an interrupt, so that what it has learnt is returned.
#pragma once

#include <csignal>

namespace bindings {

/// One for the process, whose signals are one thing. A second request ends it as usual.
class Termination {
 public:
  using Handler = void (*)(int);

  static void watch() {
    requested_ = 0;
    if (before_ == SIG_ERR) before_ = std::signal(SIGTERM, note);
  }

  static void unwatch() {
    if (before_ != SIG_ERR) std::signal(SIGTERM, before_);
    before_ = SIG_ERR;
  }

  static bool requested() { return requested_ != 0; }

 private:
  static void note(int) {
    requested_ = 1;
    std::signal(SIGTERM, before_);
  }

  static inline volatile std::sig_atomic_t requested_ = 0;
  static inline Handler before_ = SIG_ERR;
};

}  // namespace bindings
