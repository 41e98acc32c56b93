// Rcpp with Eigen, as a system header for the reason that support/eigen.h gives.
#pragma once
#pragma GCC system_header

#include <RcppEigen.h>
