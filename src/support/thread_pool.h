// Threads that share the blocks of a loop. The caller takes blocks as the pool's threads do, and
// waits only for blocks that another thread has begun: one that the system does not run holds up
// nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "support/payoff.h"
#include "support/types.h"
#include "support/waiting_room.h"

namespace poems {

/// As many threads as loops take, whatever is asked for.
int most_threads();

class ThreadPool {
 public:
  using Body = std::function<void(Index, int)>;

  /// The one that all loops use. It is never destroyed: a process that ends must not wait for
  /// threads.
  static ThreadPool& shared();

  ThreadPool();
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Calls body(i, thread) for i in [0, count), with thread in [0, threads). Once all is done, the
  /// exception of the first i that threw is rethrown. The calling thread computes everything where
  /// the system gives no threads, in a process forked from the one that loaded the library (which
  /// has none of its threads), and while another loop is running, of another caller or around it.
  void run(Index count, int threads, const Body& body);

  /// Ends the threads; the next loop starts new ones. Not while a loop is running.
  void stop();

  /// Threads besides the caller's.
  int workers() const { return static_cast<int>(workers_.size()); }

 private:
  struct Worker;

  void start(int workers);
  void serve(Worker& me);
  bool has_block(int thread) const;
  bool take_block(int thread);
  void compute(Index i, int thread);
  void share(Index count, int threads);

  std::vector<std::unique_ptr<Worker>> workers_;
  bool refused_ = false;  ///< whether the system gave no more
  Payoff payoff_;
  std::atomic<bool> busy_{false};  ///< whether a loop is running
  std::atomic<bool> stopping_{false};

  // The loop.
  const Body* body_ = nullptr;
  Index count_ = 0;
  /// Blocks that nobody has begun, and above them, in the same word, how many threads may begin
  /// one. Who takes a block from it knows that the loop is running, and will be until that is done.
  std::atomic<std::uint64_t> open_{0};
  std::atomic<Index> unfinished_{0};
  WaitingRoom caller_;

  std::mutex failing_;
  Index failed_ = 0;  ///< the first block that threw
  std::exception_ptr failure_;
};

}  // namespace poems
