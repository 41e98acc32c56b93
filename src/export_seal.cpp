// By what a fit that was changed is told from one that was not.
#include <Rcpp.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

namespace {

/// A checksum of R's values: their types, lengths, names, dimensions and contents. The same
/// wherever they are read again, and whatever R keeps them in. Knows nothing of functions and
/// environments.
class Checksum {
 public:
  void add(SEXP x) {
    add_number(static_cast<std::uint64_t>(TYPEOF(x)));
    if (TYPEOF(x) == S4SXP) {
      for (const char* slot : {"Dim", "i", "p", "x"}) add(Rf_getAttrib(x, Rf_install(slot)));
      return;
    }
    if (!Rf_isVector(x)) return;
    const R_xlen_t n = Rf_xlength(x);
    add_number(static_cast<std::uint64_t>(n));
    switch (TYPEOF(x)) {
      case REALSXP:
        for (R_xlen_t i = 0; i < n; ++i) add_real(REAL(x)[i]);
        break;
      case INTSXP:
        for (R_xlen_t i = 0; i < n; ++i) add_number(static_cast<std::uint32_t>(INTEGER(x)[i]));
        break;
      case LGLSXP:
        for (R_xlen_t i = 0; i < n; ++i) add_number(static_cast<std::uint32_t>(LOGICAL(x)[i]));
        break;
      case STRSXP:
        for (R_xlen_t i = 0; i < n; ++i) add_text(STRING_ELT(x, i));
        break;
      case VECSXP:
        for (R_xlen_t i = 0; i < n; ++i) add(VECTOR_ELT(x, i));
        break;
      default:
        break;
    }
    for (SEXP of : {R_NamesSymbol, R_DimSymbol, R_DimNamesSymbol}) add(Rf_getAttrib(x, of));
  }

  std::string text() const {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(state_));
    return digits;
  }

 private:
  void add_number(std::uint64_t number) {
    state_ = (state_ ^ number) * 0x9e3779b97f4a7c15ULL;
    state_ ^= state_ >> 29;
  }

  void add_real(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    if (value != value) bits = R_IsNA(value) ? 1 : 2;
    add_number(bits);
  }

  void add_text(SEXP text) {
    if (text == NA_STRING) return add_number(3);
    for (const char* c = Rf_translateCharUTF8(text); *c != '\0'; ++c)
      add_number(static_cast<unsigned char>(*c));
    add_number(4);
  }

  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

}  // namespace

// A checksum of x, in 16 digits.
// [[Rcpp::export]]
std::string core_checksum(SEXP x) {
  Checksum sum;
  sum.add(x);
  return sum.text();
}
