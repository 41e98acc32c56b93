#include "layers/encoder.h"

namespace poems {

namespace {

constexpr Index inputs_at_once = 128;

/// Of some samples' columns.
template <typename T>
void relu_and_drop(const std::vector<Index>& samples, const Dropout& drop, Block columns,
                   Matrix<T>& activation) {
  auto part = activation.middleCols(columns.begin, columns.size);
  part = part.cwiseMax(T(0));
  if (!drop.active()) return;
  const DropoutDraws draws = drop.draws(0);
  for (Index i = columns.begin; i < columns.begin + columns.size; ++i)
    drop.apply(draws, samples[i], activation.col(i).data(), activation.rows());
}

/// Gradient through dropout and relu: a unit that came out positive was kept and scaled.
template <typename T>
Matrix<T> relu_and_drop_backward(const Matrix<T>& activation, double keep_scale, Block columns,
                                 const Matrix<T>& d) {
  return (activation.middleCols(columns.begin, columns.size).array() > T(0))
      .select(d * static_cast<T>(keep_scale), T(0));
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
void Encoder<T>::prepare(const OmicBatch<T>& batch, Expert<T>& expert) const {
  const Index units = hidden1.bias.value.rows(), factors = mean.bias.value.rows();
  const Index members = batch.x.rows();
  for (Matrix<T>* m : {&expert.hidden1, &expert.hidden2, &expert.d_hidden1, &expert.d_hidden2})
    m->resize(units, members);
  for (Matrix<T>* m : {&expert.mean, &expert.logvar, &expert.d_mean, &expert.d_logvar})
    m->resize(factors, members);
}

template <typename T>
void Encoder<T>::forward(const OmicBatch<T>& batch, const Dropout& drop1, const Dropout& drop2,
                         Block samples, Expert<T>& expert) const {
  hidden1.forward(batch.x.transpose(), samples, expert.hidden1);
  relu_and_drop(batch.samples, drop1, samples, expert.hidden1);
  hidden2.forward(expert.hidden1, samples, expert.hidden2);
  relu_and_drop(batch.samples, drop2, samples, expert.hidden2);
  mean.forward(expert.hidden2, samples, expert.mean);
  logvar.forward(expert.hidden2, samples, expert.logvar);
}

template <typename T>
void Encoder<T>::backward(double keep_scale, Block samples, Expert<T>& expert) const {
  const auto part = [&](const Matrix<T>& m) -> Matrix<T> {
    return m.middleCols(samples.begin, samples.size);
  };
  const Matrix<T> d_hidden2 = relu_and_drop_backward<T>(
      expert.hidden2, keep_scale, samples,
      mean.backward_input(part(expert.d_mean)) + logvar.backward_input(part(expert.d_logvar)));
  expert.d_hidden2.middleCols(samples.begin, samples.size) = d_hidden2;
  expert.d_hidden1.middleCols(samples.begin, samples.size) = relu_and_drop_backward<T>(
      expert.hidden1, keep_scale, samples, hidden2.backward_input(d_hidden2));
}

template <typename T>
void Encoder<T>::prepare_gradients() {
  hidden1.prepare_gradient();  // in many parts, the others in one
}

template <typename T>
Index Encoder<T>::gradient_blocks() const {
  return 4 + block_count(inputs_at_once, hidden1.weight.value.cols());
}

template <typename T>
void Encoder<T>::gradient(const OmicBatch<T>& batch, const Expert<T>& expert, Index block) {
  switch (block) {
    case 0:
      mean.backward_parameters(expert.hidden2, expert.d_mean);
      break;
    case 1:
      logvar.backward_parameters(expert.hidden2, expert.d_logvar);
      break;
    case 2:
      hidden2.backward_parameters(expert.hidden1, expert.d_hidden2);
      break;
    case 3:
      hidden1.backward_bias(expert.d_hidden1);
      break;
    default:
      hidden1.backward_weight(batch.x.transpose(), expert.d_hidden1,
                              block_at(block - 4, inputs_at_once, hidden1.weight.value.cols()));
  }
}

template <typename T>
double Encoder<T>::work_per_sample() const {
  double work = 0.0;
  for (const Linear<T>* layer : {&hidden1, &hidden2, &mean, &logvar})
    work += static_cast<double>(layer->weight.value.size());
  return work;
}

template struct Encoder<float>;
template struct Encoder<double>;

}  // namespace poems
