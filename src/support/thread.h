// A thread of the system, as the pool wants it: with a stack of known size (macOS gives 512 KiB,
// Linux what the shell's limit says), and left out of signals, which are the main thread's.
#pragma once

#ifdef _WIN32
#include <thread>
#else
#include <pthread.h>
#endif

#include <functional>
#include <memory>

namespace poems {

class Thread {
 public:
  /// Whether the system gave a thread. `main` is run on it.
  bool start(std::function<void()> main);

  /// Waits until it has ended.
  void join();

 private:
  std::function<void()> main_;
#ifdef _WIN32
  std::thread thread_;
#else
  static void* run(void* self);

  pthread_t thread_;
#endif
};

}  // namespace poems
