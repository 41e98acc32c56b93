#include "support/thread_pool.h"

#ifndef _WIN32
#include <unistd.h>
#endif

#include <algorithm>
#include <new>
#include <thread>
#include <utility>

#include "support/thread.h"

namespace poems {

namespace {

#ifdef _WIN32
bool is_forked() { return false; }
#else
const pid_t loading_process = getpid();

/// Whether this process was forked from the one that loaded the library, as by
/// parallel::mclapply().
bool is_forked() { return getpid() != loading_process; }
#endif

// The parts of ThreadPool::open_.
constexpr int block_bits = 48;
constexpr std::uint64_t blocks_of(std::uint64_t open) {
  return open & ((std::uint64_t{1} << block_bits) - 1);
}
constexpr int threads_of(std::uint64_t open) { return static_cast<int>(open >> block_bits); }

}  // namespace

int most_threads() {
  constexpr unsigned enough = 64;
  // To ask takes longer than a small loop.
  static const int most = static_cast<int>(std::max(enough, std::thread::hardware_concurrency()));
  return most;
}

struct ThreadPool::Worker {
  explicit Worker(int i) : index(i) {}

  const int index;  ///< of the thread in loops; 0 is the caller's
  WaitingRoom room;
  Thread thread;
};

ThreadPool& ThreadPool::shared() {
  static ThreadPool* const pool = new ThreadPool;
  return *pool;
}

ThreadPool::ThreadPool() = default;
ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::start(int workers) {
  try {
    while (this->workers() < workers && !refused_) {
      workers_.reserve(workers_.size() + 1);
      auto worker = std::make_unique<Worker>(this->workers() + 1);
      refused_ = !worker->thread.start([this, me = worker.get()] { serve(*me); });
      if (!refused_) workers_.push_back(std::move(worker));
    }
  } catch (const std::bad_alloc&) {
    refused_ = true;
  }
}

void ThreadPool::stop() {
  stopping_ = true;
  for (auto& worker : workers_) {
    if (is_forked()) {
      worker.release();  // its thread is the parent's, and so is who sleeps in its room
    } else {
      worker->room.wake();
      worker->thread.join();
    }
  }
  workers_.clear();
  stopping_ = false;
  refused_ = false;
}

void ThreadPool::serve(Worker& me) {
  while (!stopping_) {
    while (take_block(me.index)) continue;
    me.room.wait_until([&] { return has_block(me.index) || stopping_; });
  }
}

bool ThreadPool::has_block(int thread) const {
  const std::uint64_t open = open_;
  return blocks_of(open) > 0 && thread < threads_of(open);
}

/// Computes a block that nobody has begun, if there is one.
bool ThreadPool::take_block(int thread) {
  std::uint64_t open = open_;
  do {
    if (blocks_of(open) == 0 || thread >= threads_of(open)) return false;
  } while (!open_.compare_exchange_weak(open, open - 1));
  compute(count_ - static_cast<Index>(blocks_of(open)), thread);
  if (--unfinished_ == 0 && thread > 0) caller_.wake();
  return true;
}

void ThreadPool::compute(Index i, int thread) {
  try {
    (*body_)(i, thread);
  } catch (...) {
    std::lock_guard<std::mutex> lock(failing_);
    if (!failure_ || i < failed_) {
      failure_ = std::current_exception();
      failed_ = i;
    }
  }
}

void ThreadPool::run(Index count, int threads, const Body& body) {
  if (is_forked() || busy_.exchange(true)) {
    for (Index i = 0; i < count; ++i) body(i, 0);
    return;
  }
  start(threads - 1);
  body_ = &body;
  share(count, std::min(threads, workers() + 1));
  const std::exception_ptr failure = std::exchange(failure_, nullptr);
  busy_ = false;
  if (failure) std::rethrow_exception(failure);
}

void ThreadPool::share(Index count, int threads) {
  const auto begin = Payoff::Clock::now();
  if (!payoff_.is_worth_it(begin)) threads = 1;
  count_ = count;
  unfinished_ = count;
  open_ = static_cast<std::uint64_t>(threads) << block_bits | static_cast<std::uint64_t>(count);
  for (int thread = 1; thread < threads && has_block(0); ++thread)
    workers_[static_cast<std::size_t>(thread - 1)]->room.wake();
  const auto awake = Payoff::Clock::now();
  Index own = 0;
  while (take_block(0)) ++own;
  const auto done = Payoff::Clock::now();
  caller_.wait_until([&] { return unfinished_ == 0; });
  if (threads == 1 || own == 0) return;
  // What the others' blocks would have taken here, less what it took to have them done.
  const auto end = Payoff::Clock::now();
  const double others = static_cast<double>(count - own) / static_cast<double>(own);
  payoff_.note(others * Payoff::Seconds(done - awake) - (end - done) - (awake - begin), end);
}

}  // namespace poems
