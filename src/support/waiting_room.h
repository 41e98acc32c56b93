// How a thread waits: it looks again and again for a moment, giving way to whoever else can use its
// core, and then sleeps.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace poems {

/// Where one thread waits for something that others bring about.
class WaitingRoom {
 public:
  /// Returns once holds() does. Who makes it hold calls wake() afterwards; what they share must be
  /// atomic and in sequential order.
  template <typename Condition>
  void wait_until(Condition holds) {
    while (!looks_for(holds)) sleep_unless(holds);
  }

  /// Of next to no cost when nobody sleeps.
  void wake() {
    if (!asleep_.exchange(false)) return;
    // The sleeper has the lock from before its last look until it sleeps: only then can it hear.
    std::lock_guard<std::mutex> lock(mutex_);
    bell_.notify_one();
  }

 private:
  /// About what waking a sleeper takes, so that waiting costs at most twice as much as it must.
  static constexpr std::chrono::microseconds longest_look{30};

  template <typename Condition>
  static bool looks_for(Condition holds) {
    if (holds()) return true;
    const auto end = std::chrono::steady_clock::now() + longest_look;
    do {
      std::this_thread::yield();
      if (holds()) return true;
    } while (std::chrono::steady_clock::now() < end);
    return false;
  }

  template <typename Condition>
  void sleep_unless(Condition holds) {
    std::unique_lock<std::mutex> lock(mutex_);
    asleep_ = true;
    if (holds())
      asleep_ = false;
    else
      bell_.wait(lock, [&] { return !asleep_; });
  }

  std::atomic<bool> asleep_{false};
  std::mutex mutex_;
  std::condition_variable bell_;
};

}  // namespace poems
