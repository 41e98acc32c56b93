// What a factor does to a feature: the slope of the reconstruction, averaged over samples. Unlike a
// loading it has a sign, for the decoder's layers can turn the loading's.
#pragma once

#include <vector>

#include "models/poems.h"

namespace poems {

/// One omic's slopes d xhat_nj / d z_nk = m_kj sum_h v_hj A_hk [hidden unit h is on], factors x
/// features; 0 where the loading is 0.
struct Slopes {
  Matrix<double> mean;  ///< over the samples n
};

/// z: factors x samples.
template <typename T>
std::vector<Slopes> mean_slopes(const models::Poems<T>& model, const Matrix<T>& z, int threads);

}  // namespace poems
