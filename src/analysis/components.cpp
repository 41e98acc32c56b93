#include "analysis/components.h"

#include <algorithm>
#include <cmath>

#include "analysis/gram.h"
#include "support/random.h"

namespace poems {

namespace {

constexpr Index smallest_block = 32, largest_block = 64;  // directions that are multiplied together
constexpr Index spare_directions = 96;
constexpr int most_cycles = 4;
constexpr double least_change = 1e-3;  // of an eigenvalue in a cycle, as a share

/// X X' v for the columns of v.
Matrix<float> apply(const Matrix<float>& x, const Matrix<float>& v, int threads) {
  const Matrix<float> of_features = products(v.transpose(), x, threads);
  return products(x, of_features.transpose().eval(), threads);
}

/// Orthonormal columns that span those of v, and are orthogonal to those of `others`.
Matrix<float> orthonormal(Matrix<float> v, const Matrix<float>& others) {
  for (int twice = 0; twice < 2; ++twice) {
    const Matrix<float> along = others.transpose() * v;
    v.noalias() -= others * along;
    const Eigen::HouseholderQR<Matrix<float>> qr(v);
    v = qr.householderQ() * Matrix<float>::Identity(v.rows(), v.cols());
  }
  return v;
}

/// A space of directions and what X X' makes of them.
struct Space {
  Matrix<float> directions, images;  ///< samples x directions
};

Space krylov_space(const Matrix<float>& x, Matrix<float> block, Index depth, int threads) {
  const Index size = block.cols();
  Space space{Matrix<float>(x.rows(), size * depth), Matrix<float>(x.rows(), size * depth)};
  for (Index d = 0; d < depth; ++d) {
    block = orthonormal(block, space.directions.leftCols(size * d));
    space.directions.middleCols(size * d, size) = block;
    block = apply(x, block, threads);
    space.images.middleCols(size * d, size) = block;
  }
  return space;
}

Matrix<float> random_directions(Index samples, Index count) {
  const Stream stream(0, Purpose::components, 0);
  Matrix<float> v(samples, count);
  for (Index i = 0; i < v.size(); ++i)
    v.data()[i] = static_cast<float>(stream.normal(static_cast<std::uint64_t>(i)));
  return v;
}

}  // namespace

Components leading_components(const Matrix<float>& x, Index most, int threads) {
  const Index samples = x.rows();
  most = std::min(most, samples);
  const Index size = std::min(std::clamp(most + most / 2, smallest_block, largest_block), samples);
  const Index depth = std::min((most + most / 2 + spare_directions) / size, samples / size);
  most = std::min(most, size * depth);
  Matrix<float> block = random_directions(samples, size);
  Components found;
  for (int cycle = 0; cycle < most_cycles; ++cycle) {
    const Space space = krylov_space(x, std::move(block), depth, threads);
    const Matrix<double> within =
        (space.directions.transpose() * space.images).template cast<double>();
    const Eigen::SelfAdjointEigenSolver<Matrix<double>> solved((within + within.transpose()) / 2.0);
    const Vector<double> values = solved.eigenvalues().reverse().head(most);
    const Matrix<float> turn =
        solved.eigenvectors().rowwise().reverse().leftCols(std::max(most, size)).cast<float>();
    const Matrix<float> vectors = space.directions * turn;
    const bool settled =
        found.values.size() > 0 &&
        ((values - found.values).array().abs() <= least_change * values.array().abs()).all();
    found.values = values;
    found.vectors = vectors.leftCols(most).template cast<double>();
    // A restart cannot hold more than a block: many components are what one space tells of them.
    if (settled || most > size) break;
    block = vectors.leftCols(size);
  }
  return found;
}

}  // namespace poems
