// The pool of threads: every block is computed once, whatever the threads do meanwhile.
#include <gtest/gtest.h>

#ifndef _WIN32
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/parallel.h"

namespace {

using poems::Index;
using poems::ThreadPool;

constexpr double enough_work = 1e9;

/// How often each block was computed, and by which threads.
class Tally {
 public:
  Tally(Index count, int threads)
      : times_(static_cast<std::size_t>(count)), computing_(static_cast<std::size_t>(threads)) {}

  void compute(Index i, int thread) {
    ASSERT_GE(thread, 0);
    ASSERT_LT(thread, static_cast<int>(computing_.size()));
    // A thread's scratch is its own while it computes a block.
    auto& computing = computing_[static_cast<std::size_t>(thread)];
    EXPECT_FALSE(computing.exchange(true));
    ++times_[static_cast<std::size_t>(i)];
    computing = false;
  }

  void expect_once() const {
    for (const auto& times : times_) ASSERT_EQ(times, 1);
  }

 private:
  std::vector<std::atomic<int>> times_;
  std::vector<std::atomic<bool>> computing_;
};

void expect_every_block_once(ThreadPool& pool, Index count, int threads) {
  Tally tally(count, threads);
  pool.run(count, threads, [&](Index i, int thread) { tally.compute(i, thread); });
  tally.expect_once();
}

TEST(ThreadPool, ComputesEveryBlockOnce) {
  ThreadPool pool;
  for (const Index count : {0, 1, 2, 3, 64, 1000, 20000})
    for (const int threads : {1, 2, 3, 8}) expect_every_block_once(pool, count, threads);
}

TEST(ThreadPool, GrowsAndServesLoopsOfFewerThreads) {
  ThreadPool pool;
  EXPECT_EQ(pool.workers(), 0);
  for (const int threads : {2, 16, 3, 64, 1, 2, 64}) expect_every_block_once(pool, 500, threads);
  EXPECT_EQ(pool.workers(), 63);
  pool.stop();
  EXPECT_EQ(pool.workers(), 0);
  expect_every_block_once(pool, 500, 4);
  EXPECT_EQ(pool.workers(), 3);
}

TEST(ThreadPool, EndsWhetherItsThreadsLookOrSleep) {
  for (int i = 0; i < 200; ++i) {
    ThreadPool pool;
    expect_every_block_once(pool, 8, 4);
    if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i));
  }
}

TEST(ThreadPool, RunsManySmallLoops) {
  constexpr Index loops = 20000;
  ThreadPool pool;
  std::vector<Index> sums(7);
  for (Index loop = 0; loop < loops; ++loop) {
    pool.run(7, 3, [&](Index i, int) { sums[static_cast<std::size_t>(i)] += loop; });
    // Long enough, at times, for threads to fall asleep.
    if (loop % 500 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  for (const Index sum : sums) EXPECT_EQ(sum, loops * (loops - 1) / 2);
}

TEST(ThreadPool, SharesTheWork) {
  ThreadPool pool;
  std::atomic<int> begun{0};
  // Each block waits for the other: one thread could not end this.
  pool.run(2, 2, [&](Index, int) {
    ++begun;
    while (begun < 2) std::this_thread::yield();
  });
  EXPECT_EQ(begun, 2);
}

TEST(ThreadPool, RethrowsTheFirstBlocksException) {
  ThreadPool pool;
  for (int loop = 0; loop < 100; ++loop) {
    std::atomic<int> computed{0};
    try {
      pool.run(50, 4, [&](Index i, int) {
        ++computed;
        if (i % 10 == 7) throw std::runtime_error(std::to_string(i));
      });
      FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "7");
    }
    EXPECT_EQ(computed, 50);
    expect_every_block_once(pool, 50, 4);
  }
}

TEST(ThreadPool, ComputesLoopsWithinLoopsOnTheirThread) {
  ThreadPool pool;
  std::vector<std::vector<int>> times(20, std::vector<int>(30));
  pool.run(20, 3, [&](Index i, int) {
    const auto own = std::this_thread::get_id();
    pool.run(30, 3, [&](Index j, int thread) {
      EXPECT_EQ(thread, 0);
      EXPECT_EQ(std::this_thread::get_id(), own);
      ++times[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
    });
  });
  for (const auto& row : times) EXPECT_EQ(row, std::vector<int>(30, 1));
}

TEST(ThreadPool, ServesSeveralCallers) {
  ThreadPool pool;
  std::vector<std::thread> callers;
  for (int c = 0; c < 3; ++c)
    callers.emplace_back([&] {
      for (int loop = 0; loop < 300; ++loop) expect_every_block_once(pool, 40, 3);
    });
  for (std::thread& caller : callers) caller.join();
}

using Clock = poems::Payoff::Clock;
using std::chrono::milliseconds;

/// How long loops are not shared after `now`.
milliseconds pause_after(const poems::Payoff& payoff, Clock::time_point now) {
  milliseconds pause{0};
  while (!payoff.is_worth_it(now + pause)) ++pause;
  return pause;
}

TEST(Payoff, PausesWhenMoreIsLostThanSaved) {
  const Clock::time_point now = Clock::now();
  poems::Payoff payoff;
  EXPECT_TRUE(payoff.is_worth_it(now));
  payoff.note(milliseconds(-3), now);  // once may be chance
  EXPECT_TRUE(payoff.is_worth_it(now));
  payoff.note(milliseconds(-3), now);
  EXPECT_EQ(pause_after(payoff, now), milliseconds(20));
}

TEST(Payoff, PausesForLongerWhileItGoesOnUpToASecond) {
  const Clock::time_point now = Clock::now();
  poems::Payoff payoff;
  payoff.note(milliseconds(-10), now);
  milliseconds last = pause_after(payoff, now);
  for (int i = 0; i < 8; ++i) {
    payoff.note(milliseconds(1), now);
    payoff.note(milliseconds(-3), now);
    const milliseconds pause = pause_after(payoff, now);
    EXPECT_EQ(pause, std::min(2 * last, milliseconds(1000)));
    last = pause;
  }
}

TEST(Payoff, ForgetsOnceMuchIsSaved) {
  const Clock::time_point now = Clock::now();
  poems::Payoff payoff;
  for (int i = 0; i < 4; ++i) payoff.note(milliseconds(-10), now);
  EXPECT_GT(pause_after(payoff, now), milliseconds(20));
  payoff.note(milliseconds(10), now);
  payoff.note(milliseconds(-10), now);
  EXPECT_EQ(pause_after(payoff, now), milliseconds(20));
}

TEST(ParallelFor, GivesTheSameSumsOnAnyNumberOfThreads) {
  constexpr Index count = 300, size = 1000;
  const auto sum_on = [](int threads) {
    std::vector<float> parts(count);
    poems::parallel_for(count, enough_work, threads, [&](Index i, int) {
      float sum = 0.0f;
      for (Index j = 0; j < size; ++j) sum += 1.0f / static_cast<float>(i * size + j + 1);
      parts[static_cast<std::size_t>(i)] = sum;
    });
    return std::accumulate(parts.begin(), parts.end(), 0.0f);
  };
  const float one = sum_on(1);
  for (const int threads : {2, 3, 5, 20000}) EXPECT_EQ(sum_on(threads), one);
}

TEST(ParallelFor, TakesNoMoreThreadsThanItSays) {
  const int most = poems::most_threads();
  EXPECT_GE(most, 64);
  Tally tally(100000, most);
  poems::parallel_for(100000, enough_work, 20000,
                      [&](Index i, int thread) { tally.compute(i, thread); });
  tally.expect_once();
  EXPECT_EQ(ThreadPool::shared().workers(), most - 1);
  ThreadPool::shared().stop();
}

#ifndef _WIN32

/// What `body` returns in a forked process; -1 if it has not ended after 20 seconds.
template <typename Body>
int in_forked_process(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ThreadPool, ComputesOnOneThreadInAForkedProcess) {
  auto pool = std::make_unique<ThreadPool>();
  expect_every_block_once(*pool, 100, 4);
  const int ended = in_forked_process([&] {
    std::vector<int> times(100);
    bool one_thread = true;
    pool->run(100, 4, [&](Index i, int thread) {
      ++times[static_cast<std::size_t>(i)];
      one_thread = one_thread && thread == 0;
    });
    pool.reset();  // must not wait for threads that are not there
    return one_thread && times == std::vector<int>(100, 1) ? 7 : 8;
  });
  EXPECT_EQ(ended, 7);
  expect_every_block_once(*pool, 100, 4);
}

TEST(ThreadPool, LeavesSignalsToTheMainThread) {
  ThreadPool pool;
  std::atomic<int> begun{0};
  std::vector<int> interrupted(2, -1);  // whether SIGINT would be handled on the thread
  pool.run(2, 2, [&](Index, int thread) {
    ++begun;
    while (begun < 2) std::this_thread::yield();
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    interrupted[static_cast<std::size_t>(thread)] = sigismember(&blocked, SIGINT) == 0;
  });
  EXPECT_EQ(interrupted, (std::vector<int>{1, 0}));
}

#endif

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

/// Leaves this process that much more memory than it has.
void leave_memory(rlim_t bytes) {
  rlim_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const rlim_t most = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + bytes;
  const rlimit limit{most, most};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
}

TEST(ThreadPool, MakesDoWithTheThreadsThereAre) {
  // In a process of its own, with memory for the stacks of a few threads.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto run_with_little_memory = [] {
    ThreadPool pool;
    leave_memory(rlim_t{20} << 20);
    expect_every_block_once(pool, 1000, 64);
    std::fprintf(stderr, "%d threads\n", pool.workers());
    _exit(testing::Test::HasFailure() ? 8 : 7);
  };
  EXPECT_EXIT(run_with_little_memory(), testing::ExitedWithCode(7), "^[1-5] threads");
}

#endif

}  // namespace
