// Temporary files that go with the process, however it ends, and what is written to them.
#include <Rcpp.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "support/kept_file.h"

#ifdef __linux__
#include <fcntl.h>
#include <unistd.h>
#endif

namespace {

/// A file that is open as long as R holds this.
struct HeldFile {
  int descriptor;

  ~HeldFile() {
#ifdef __linux__
    close(descriptor);
#endif
  }
};

/// Values of one column, as they are written, and what that loses of every feature.
template <typename Value>
void write_column(const double* x, std::vector<Value>& written, double* lost, std::FILE* file) {
  for (std::size_t j = 0; j < written.size(); ++j) {
    written[j] = static_cast<Value>(x[j]);
    const double off = std::fabs(x[j] - static_cast<double>(written[j]));
    lost[j] = off > lost[j] ? off : lost[j];  // NaN is not larger
  }
  std::fwrite(written.data(), sizeof(Value), written.size(), file);
}

}  // namespace

// Appends the columns of x to a file, 4 or 8 bytes per value; whether all are written, the file's
// size tells. Returns of every feature its `lowest` and `highest` value, Inf and -Inf without any,
// and by how much any of them is `lost`.
// [[Rcpp::export]]
Rcpp::List core_append_columns(const std::string& path, const Rcpp::NumericMatrix& x, int bytes) {
  const std::size_t features = x.nrow();
  Rcpp::NumericVector lowest(features, R_PosInf), highest(features, R_NegInf), lost(features);
  const poems::OpenFile file(std::fopen(path.c_str(), "ab"));
  std::vector<float> single(bytes == 4 ? features : 0);
  std::vector<double> whole(bytes == 4 ? 0 : features);
  double *low = lowest.begin(), *high = highest.begin();
  for (int i = 0; i < x.ncol(); ++i) {
    const double* column = x.begin() + static_cast<R_xlen_t>(i) * x.nrow();
    for (std::size_t j = 0; j < features; ++j) {
      low[j] = column[j] < low[j] ? column[j] : low[j];
      high[j] = column[j] > high[j] ? column[j] : high[j];
    }
    if (!file) continue;
    if (bytes == 4)
      write_column(column, single, lost.begin(), file.get());
    else
      write_column(column, whole, lost.begin(), file.get());
  }
  return Rcpp::List::create(Rcpp::Named("lowest") = lowest, Rcpp::Named("highest") = highest,
                            Rcpp::Named("lost") = lost);
}

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
      Rcpp::Named("holder") = Rcpp::XPtr<HeldFile>(new HeldFile{descriptor}, true));
#else
  return R_NilValue;
#endif
}
