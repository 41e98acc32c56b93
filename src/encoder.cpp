#include "encoder.h"

namespace poems {

namespace {

template <typename T>
void relu_and_drop(Matrix<T>& activation, const std::vector<Index>& samples, const Dropout& drop) {
  activation = activation.cwiseMax(T(0));
  if (!drop.active()) return;
  const DropoutDraws draws = drop.draws(0, activation.rows());
  for (Index i = 0; i < activation.cols(); ++i)
    drop.apply(draws, samples[i], activation.col(i).data(), activation.rows());
}

/// Gradient through dropout and relu: a unit that came out positive was kept and scaled.
template <typename T>
void relu_and_drop_backward(const Matrix<T>& activation, double keep_scale, Matrix<T>& d) {
  d = (activation.array() > T(0)).select(d * static_cast<T>(keep_scale), T(0));
}

}  // namespace

template <typename T>
Encoder<T>::Encoder(Index features, Index hidden, Index factors)
    : hidden1("encoder_hidden1", features, hidden),
      hidden2("encoder_hidden2", hidden, hidden),
      mean("encoder_mean", hidden, factors),
      logvar("encoder_logvar", hidden, factors) {}

template <typename T>
void Encoder<T>::initialise(std::uint64_t seed, std::uint64_t& part) {
  for (Linear<T>* layer : {&hidden1, &hidden2, &mean, &logvar}) layer->initialise(seed, part);
}

template <typename T>
void Encoder<T>::forward(const OmicBatch<T>& batch, const Dropout& drop1, const Dropout& drop2,
                         Expert<T>& expert, int threads) const {
  hidden1.forward(batch.x.transpose(), expert.hidden1, threads);
  relu_and_drop(expert.hidden1, batch.samples, drop1);
  hidden2.forward(expert.hidden1, expert.hidden2, threads);
  relu_and_drop(expert.hidden2, batch.samples, drop2);
  mean.forward(expert.hidden2, expert.mean, threads);
  logvar.forward(expert.hidden2, expert.logvar, threads);
}

template <typename T>
void Encoder<T>::backward(const OmicBatch<T>& batch, double keep_scale, Expert<T>& expert,
                          int threads) {
  mean.backward_parameters(expert.hidden2, expert.d_mean, threads);
  logvar.backward_parameters(expert.hidden2, expert.d_logvar, threads);
  Matrix<T> d_hidden2 = mean.backward_input(expert.d_mean) + logvar.backward_input(expert.d_logvar);
  relu_and_drop_backward(expert.hidden2, keep_scale, d_hidden2);
  hidden2.backward_parameters(expert.hidden1, d_hidden2, threads);
  Matrix<T> d_hidden1 = hidden2.backward_input(d_hidden2);
  relu_and_drop_backward(expert.hidden1, keep_scale, d_hidden1);
  hidden1.backward_parameters(batch.x.transpose(), d_hidden1, threads);
}

template struct Encoder<float>;
template struct Encoder<double>;

}  // namespace poems
