// Whether sharing loops among threads saves time, going by the last loops. Beside another busy
// process it may not: a thread that has begun a block can lose its core for the other's turn, some
// milliseconds, and the loop waits.
#pragma once

#include <algorithm>
#include <chrono>

namespace poems {

/// An account of the seconds saved. When it is overdrawn, loops are not shared for a while, and for
/// longer each time that it happens again.
class Payoff {
 public:
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;

  bool is_worth_it(Clock::time_point now) const { return now >= resumes_; }

  /// saved: by a loop that was shared; negative if alone would have been quicker.
  void note(Seconds saved, Clock::time_point now) {
    balance_ = std::min(balance_ + saved, most);
    if (balance_ == most) pause_ = shortest_pause;
    if (balance_ >= Seconds(0)) return;
    balance_ = fresh;
    resumes_ = now + std::chrono::duration_cast<Clock::duration>(pause_);
    pause_ = std::min(2 * pause_, longest_pause);
  }

 private:
  // A turn of another process is about 3 ms.
  static constexpr Seconds most{0.004};   ///< saved, that counts
  static constexpr Seconds fresh{0.001};  ///< after a pause
  static constexpr Seconds shortest_pause{0.02}, longest_pause{1.0};

  Seconds balance_ = most;
  Seconds pause_ = shortest_pause;
  Clock::time_point resumes_ = Clock::time_point::min();
};

}  // namespace poems
