// Adds the time that pieces take, forward and backward, to a sum of seconds: of those that are put
// on the tape between its making and its end.
#pragma once

#include <chrono>
#include <memory>

#include "tape/tape.h"

namespace poems {

template <typename T>
class TapeStopwatch {
 public:
  TapeStopwatch(Tape<T>& tape, double& seconds)
      : tape_(tape), seconds_(seconds), started_(std::make_shared<Clock::time_point>()) {
    tape.on_backward([started = started_, &seconds] { seconds += since(*started); });
    *started_ = Clock::now();
  }

  ~TapeStopwatch() {
    seconds_ += since(*started_);
    tape_.on_backward([started = started_] { *started = Clock::now(); });
  }

  TapeStopwatch(const TapeStopwatch&) = delete;
  TapeStopwatch& operator=(const TapeStopwatch&) = delete;

 private:
  using Clock = std::chrono::steady_clock;

  static double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  Tape<T>& tape_;
  double& seconds_;
  std::shared_ptr<Clock::time_point> started_;
};

}  // namespace poems
