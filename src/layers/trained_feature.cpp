#include "layers/trained_feature.h"

#include <algorithm>

namespace poems {

template <typename T>
void TrainedFeature<T>::set(Index j) {
  j_ = j;
  active.clear();
  for (Index k = 0; k < mask_.rows(); ++k)
    if (mask_(k, j) != T(0)) active.push_back(static_cast<int>(k));
  loadings_.resize(static_cast<Index>(active.size()));
  for (std::size_t a = 0; a < active.size(); ++a) loadings_(a) = mask_(active[a], j);
  if (active.size() == 1) set_line();
}

template <typename T>
void TrainedFeature<T>::set_line() {
  const auto column = decoder_.hidden.value.col(active[0]);
  slope_above_ = slope_below_ = T(0);
  for (Index h = 0; h < column.size(); ++h) {
    const T weight = column(h) * loadings_(0), slope = decoder_.output.value(h, j_) * weight;
    if (weight > T(0)) slope_above_ += slope;
    if (weight < T(0)) slope_below_ += slope;
  }
}

template <typename T>
void TrainedFeature<T>::xhat_of_line(Block samples) {
  const auto z = z_.col(active[0]).segment(samples.begin, xhat.size());
  for (Index i = 0; i < xhat.size(); ++i)
    xhat(i) = decoder_.bias.value(j_) + line_slope(z(i)) * z(i);
}

template <typename T>
void TrainedFeature<T>::set_xhat(Block samples) {
  xhat.resize(padded(samples.size));
  if (active.size() > 1) {
    xhat_of_hidden_layer(samples);
  } else if (active.size() == 1) {
    xhat_of_line(samples);
  } else {
    xhat.setConstant(decoder_.bias.value(j_));
  }
}

template <typename T>
void TrainedFeature<T>::set_slopes(Block samples) {
  set_xhat(samples);
  slopes.resize(xhat.size(), mask_.rows());
  if (active.size() > 1) {
    slopes_of_hidden_layer(samples);
  } else if (active.size() == 1) {
    const Index k = active[0];
    for (Index i = 0; i < slopes.rows(); ++i) slopes(i, k) = line_slope(z_(samples.begin + i, k));
  }
}

template <typename T>
void TrainedFeature<T>::set_held(Block samples, const Vector<T>& values) {
  const T bias = decoder_.bias.value(j_);
  xhat.resize(padded(samples.size));
  held.resize(xhat.size(), loadings_.size());
  if (active.size() > 1) {
    held_of_hidden_layer(samples, values);
  } else if (active.size() == 1) {
    const Index k = active[0];
    xhat_of_line(samples);
    held.setConstant(bias + line_slope(values(k)) * values(k));
  } else {
    xhat.setConstant(bias);
  }
}

// ---- in double, as written in the header --------------------------------------------------------

namespace {

/// The active columns of a matrix.
Matrix<double> columns_of(const Eigen::Ref<const Matrix<double>>& m,
                          const std::vector<int>& active) {
  Matrix<double> columns(m.rows(), static_cast<Index>(active.size()));
  for (std::size_t a = 0; a < active.size(); ++a) columns.col(a) = m.col(active[a]);
  return columns;
}

}  // namespace

template <>
void TrainedFeature<double>::xhat_of_hidden_layer(Block samples) {
  const Matrix<double> W = columns_of(decoder_.hidden.value, active) * loadings_.asDiagonal();
  const Matrix<double> u =
      columns_of(z_.middleRows(samples.begin, xhat.size()), active) * W.transpose();
  xhat = (u.cwiseMax(0.0) * decoder_.output.value.col(j_)).array() + decoder_.bias.value(j_);
}

template <>
void TrainedFeature<double>::slopes_of_hidden_layer(Block samples) {
  const Matrix<double> W = columns_of(decoder_.hidden.value, active) * loadings_.asDiagonal();
  const Matrix<double> u =
      columns_of(z_.middleRows(samples.begin, slopes.rows()), active) * W.transpose();
  const Matrix<double> on = (u.array() > 0.0).cast<double>();
  const Matrix<double> all = on * decoder_.output.value.col(j_).asDiagonal() * W;
  for (std::size_t a = 0; a < active.size(); ++a) slopes.col(active[a]) = all.col(a);
}

template <>
void TrainedFeature<double>::held_of_hidden_layer(Block samples, const Vector<double>& values) {
  const Matrix<double> W = columns_of(decoder_.hidden.value, active) * loadings_.asDiagonal();
  const Matrix<double> z = columns_of(z_.middleRows(samples.begin, xhat.size()), active);
  const Matrix<double> u = z * W.transpose();
  const auto v = decoder_.output.value.col(j_);
  xhat = (u.cwiseMax(0.0) * v).array() + decoder_.bias.value(j_);
  for (Index a = 0; a < held.cols(); ++a) {
    const Vector<double> distance = z.col(a).array() - values(active[a]);
    held.col(a) =
        ((u - distance * W.col(a).transpose()).cwiseMax(0.0) * v).array() + decoder_.bias.value(j_);
  }
}

// ---- in float, on the kernel --------------------------------------------------------------------

template <>
FeatureTile TrainedFeature<float>::tile(Block samples) {
  FeatureTile tile{};
  tile.samples = padded(samples.size);
  tile.units = decoder_.hidden.value.rows();
  tile.A = decoder_.hidden.value.data();
  tile.active = active.data();
  tile.n_active = static_cast<long>(active.size());
  tile.mask = loadings_.data();
  tile.output = decoder_.output.value.col(j_).data();
  tile.bias = decoder_.bias.value(j_);
  tile.z = z_.data() + samples.begin;
  tile.z_stride = z_.rows();
  tile.row_stride = padded(mask_.rows());
  tile.keep_scale = 1.0f;
  scratch_.resize(std::max<std::size_t>(scratch_.size(),
                                        kernel().scratch(tile.units, mask_.rows(), tile.samples)));
  tile.scratch = scratch_.data();
  return tile;
}

template <>
void TrainedFeature<float>::xhat_of_hidden_layer(Block samples) {
  FeatureTile t = tile(samples);
  t.xhat = xhat.data();
  kernel().forward(t);
}

// After the above for the same samples.
template <>
void TrainedFeature<float>::slopes_of_hidden_layer(Block samples) {
  FeatureTile t = tile(samples);
  for (int k : active) slopes.col(k).setZero();
  unused_.setZero(t.n_active + t.units);
  t.d_z = slopes.data();
  t.d_z_stride = slopes.rows();
  t.d_mask = unused_.data();
  t.d_output = unused_.data() + t.n_active;
  ones_.setOnes(t.samples);
  t.xhat = ones_.data();  // as a gradient
  kernel().backward_to_z(t);
}

template <>
void TrainedFeature<float>::held_of_hidden_layer(Block samples, const Vector<float>& values) {
  FeatureTile t = tile(samples);
  t.xhat = xhat.data();
  kernel().hold(t, values.data(), held.data());
}

template class TrainedFeature<float>;
template class TrainedFeature<double>;

}  // namespace poems
