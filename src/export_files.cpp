// Temporary files that go with the process, however it ends.
#include <Rcpp.h>

#include <string>

#ifdef __linux__
#include <fcntl.h>
#include <unistd.h>
#endif

namespace {

/// A file that is open as long as R holds this.
struct OpenFile {
  int descriptor;

  ~OpenFile() {
#ifdef __linux__
    close(descriptor);
#endif
  }
};

}  // namespace

// Opens a file and takes its name away, so that the system frees it with the last use, even if the
// process is killed. Returns `path`, by which this process and others can still open it, and
// `holder`, without which it is gone; NULL where the system has no such path.
// [[Rcpp::export]]
Rcpp::RObject core_unlinked_file(const std::string& path) {
#ifdef __linux__
  const int descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return R_NilValue;
  const std::string open_path =
      "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(descriptor);
  if (access(open_path.c_str(), R_OK | W_OK) != 0 || unlink(path.c_str()) != 0) {
    close(descriptor);
    return R_NilValue;
  }
  return Rcpp::List::create(
      Rcpp::Named("path") = open_path,
      Rcpp::Named("holder") = Rcpp::XPtr<OpenFile>(new OpenFile{descriptor}, true));
#else
  return R_NilValue;
#endif
}
