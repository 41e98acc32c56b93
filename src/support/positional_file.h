// A file that several threads read at once, each where it wants.
#pragma once

#include <cstdint>
#include <string>

#ifdef _WIN32
#include <fstream>
#include <mutex>
#endif

namespace poems {

class PositionalFile {
 public:
  /// One that cannot be opened can be read nowhere.
  explicit PositionalFile(const std::string& path);
  ~PositionalFile();
  PositionalFile(const PositionalFile&) = delete;
  PositionalFile& operator=(const PositionalFile&) = delete;

  /// False where the file is gone or too short.
  bool read(std::uint64_t at, void* bytes, std::uint64_t count) const;

  /// Says that these bytes are read soon: the system brings them from the disk meanwhile, where it
  /// can be told so.
  void will_read(std::uint64_t at, std::uint64_t count) const;

 private:
#ifdef _WIN32
  mutable std::mutex mutex_;
  mutable std::ifstream file_;
#else
  int descriptor_;
#endif
};

}  // namespace poems
