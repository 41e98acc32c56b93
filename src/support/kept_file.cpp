#include "support/kept_file.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#ifdef _WIN32
#include <io.h>
#include <windows.h>
#else
#include <fcntl.h>
#include <unistd.h>
#endif

namespace poems {

namespace {

#ifdef _WIN32
bool to_disk(std::FILE* file) { return _commit(_fileno(file)) == 0; }

bool replace(const std::string& path, const std::string& by) {
  return MoveFileExA(by.c_str(), path.c_str(),
                     MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) != 0;
}
#else
bool to_disk(std::FILE* file) { return fsync(fileno(file)) == 0; }

/// The folder's entry has to reach the disk, too, where the system can be asked for that.
bool replace(const std::string& path, const std::string& by) {
  if (std::rename(by.c_str(), path.c_str()) != 0) return false;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int entry = open(folder.c_str(), O_RDONLY);
  if (entry < 0) return true;
  fsync(entry);
  close(entry);
  return true;
}
#endif

}  // namespace

void PieceSum::add(const void* bytes, std::size_t count) {
  const auto mix = [this](std::uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15ULL;
    state_ ^= state_ >> 29;
  };
  mix(count);
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    std::uint64_t word = 0;
    const std::size_t taken = count < sizeof word ? count : sizeof word;
    std::memcpy(&word, at, taken);
    mix(word);
    at += taken;
    count -= taken;
  }
}

KeptFileWriter::KeptFileWriter(std::string path) : path_(std::move(path)), part_(path_ + ".part") {
  file_.reset(std::fopen(part_.c_str(), "wb"));
  if (!file_) fail();
}

KeptFileWriter::~KeptFileWriter() {
  if (!file_) return;
  file_.reset();
  std::remove(part_.c_str());
}

void KeptFileWriter::put_bytes(const void* bytes, std::size_t count) {
  sum_.add(bytes, count);
  if (count > 0 && std::fwrite(bytes, 1, count, file_.get()) != count) fail();
}

void KeptFileWriter::finish() {
  put(sum_.value());
  if (std::fflush(file_.get()) != 0 || !to_disk(file_.get())) fail();
  if (std::fclose(file_.release()) != 0 || !replace(path_, part_)) {
    const int why = errno;
    std::remove(part_.c_str());
    errno = why;
    fail();
  }
}

void KeptFileWriter::fail() const {
  throw std::runtime_error("\"" + path_ + "\" cannot be written: " + std::strerror(errno) + ".");
}

KeptFileReader::KeptFileReader(const std::string& path) : path_(path) {
  file_.reset(std::fopen(path.c_str(), "rb"));
  if (!file_)
    throw std::runtime_error("\"" + path + "\" cannot be read: " + std::strerror(errno) + ".");
  std::fseek(file_.get(), 0, SEEK_END);
#ifdef _WIN32
  left_ = static_cast<std::uint64_t>(_ftelli64(file_.get()));
#else
  left_ = static_cast<std::uint64_t>(ftello(file_.get()));
#endif
  std::rewind(file_.get());
}

void KeptFileReader::get_bytes(void* bytes, std::size_t count) {
  if (count > left_ || (count > 0 && std::fread(bytes, 1, count, file_.get()) != count)) damaged();
  left_ -= count;
  sum_.add(bytes, count);
}

std::uint64_t KeptFileReader::expect(std::uint64_t count, std::uint64_t bytes) const {
  if (bytes > 0 && count > left_ / bytes) damaged();
  return count;
}

void KeptFileReader::finish() {
  const std::uint64_t sum = sum_.value();
  if (get<std::uint64_t>() != sum || left_ != 0) damaged();
}

void KeptFileReader::damaged() const {
  throw std::runtime_error("\"" + path_ + "\" is damaged, or is no checkpoint.");
}

}  // namespace poems
