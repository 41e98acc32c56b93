// Eigen, whose own headers warn by the thousand under GCC: as a system header it is left alone, and
// so is every header that it includes.
#pragma once
#pragma GCC system_header

#include <Eigen/Dense>
