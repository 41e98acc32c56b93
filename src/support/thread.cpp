#include "support/thread.h"

#ifdef _WIN32
#include <system_error>
#else
#include <signal.h>
#endif

#include <utility>

namespace poems {

#ifdef _WIN32

bool Thread::start(std::function<void()> main) {
  main_ = std::move(main);
  try {
    thread_ = std::thread(main_);
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

void Thread::join() { thread_.join(); }

#else

namespace {

/// Products of matrices take hundreds of KiB.
constexpr std::size_t stack_size = std::size_t{4} << 20;

/// The signals that are not about what the thread itself has just done.
sigset_t others_signals() {
  sigset_t signals;
  sigfillset(&signals);
  for (int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) sigdelset(&signals, own);
  return signals;
}

}  // namespace

void* Thread::run(void* self) {
  static_cast<Thread*>(self)->main_();
  return nullptr;
}

bool Thread::start(std::function<void()> main) {
  main_ = std::move(main);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  pthread_attr_setstacksize(&attributes, stack_size);
  // A thread has the mask of the one that starts it.
  const sigset_t blocked = others_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const int error = pthread_create(&thread_, &attributes, run, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error == 0;
}

void Thread::join() { pthread_join(thread_, nullptr); }

#endif

}  // namespace poems
