#include "support/positional_file.h"

#ifndef _WIN32
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#endif

namespace poems {

#ifdef _WIN32

PositionalFile::PositionalFile(const std::string& path) : file_(path, std::ios::binary) {}

PositionalFile::~PositionalFile() = default;

bool PositionalFile::read(std::uint64_t at, void* bytes, std::uint64_t count) const {
  const std::lock_guard<std::mutex> one_reader(mutex_);
  file_.seekg(static_cast<std::streamoff>(at));
  file_.read(static_cast<char*>(bytes), static_cast<std::streamsize>(count));
  return static_cast<bool>(file_);
}

void PositionalFile::will_read(std::uint64_t, std::uint64_t) const {}

#else

PositionalFile::PositionalFile(const std::string& path)
    : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}

PositionalFile::~PositionalFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool PositionalFile::read(std::uint64_t at, void* bytes, std::uint64_t count) const {
  char* to = static_cast<char*>(bytes);
  while (count > 0) {
    const ssize_t got = pread(descriptor_, to, count, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    at += static_cast<std::uint64_t>(got);
    count -= static_cast<std::uint64_t>(got);
  }
  return true;
}

void PositionalFile::will_read(std::uint64_t at, std::uint64_t count) const {
#ifdef POSIX_FADV_WILLNEED
  posix_fadvise(descriptor_, static_cast<off_t>(at), static_cast<off_t>(count),
                POSIX_FADV_WILLNEED);
#else
  static_cast<void>(at);
  static_cast<void>(count);
#endif
}

#endif

}  // namespace poems
