// Rcpp::compileAttributes() has RcppExports.cpp include this, by its name, before all else.
#pragma once

#include "bindings/rcpp.h"
