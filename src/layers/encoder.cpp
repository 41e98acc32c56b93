#include "layers/encoder.h"

#include <utility>

#include "layers/sample_blocks.h"

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
Encoder<T>::Encoder(const std::string& name, Index features, Index hidden, Index factors)
    : hidden1(name + "/encoder/hidden1", features, hidden),
      hidden2(name + "/encoder/hidden2", hidden, hidden),
      mean(name + "/encoder/mean", hidden, factors),
      logvar(name + "/encoder/logvar", hidden, factors) {}

template <typename T>
void Encoder<T>::initialise(std::uint64_t seed, std::uint64_t& part) {
  initialise_all(pieces::Start::uniform, seed, part, hidden1, hidden2, mean, logvar);
}

template <typename T>
EncoderPass<T> Encoder<T>::prepare(Tape<T>& tape, const OmicBatch<T>& batch) const {
  const Index units = hidden1.bias.value.rows(), factors = mean.bias.value.rows();
  const EncoderPass<T> pass{tape.node(), tape.node(), {tape.node(), tape.node()}};
  for (Var<T> y : {pass.hidden1, pass.hidden2}) y->value.resize(units, batch.x.rows());
  for (Var<T> y : {pass.expert.mean, pass.expert.logvar}) y->value.resize(factors, batch.x.rows());
  return pass;
}

template <typename T>
void Encoder<T>::forward(const OmicBatch<T>& batch, const Dropout& drop1, const Dropout& drop2,
                         Block samples, const EncoderPass<T>& pass) const {
  Matrix<T>&h1 = pass.hidden1->value, &h2 = pass.hidden2->value;
  hidden1.forward(batch.x.transpose(), samples, h1);
  relu_and_drop(batch.samples, drop1, samples, h1);
  hidden2.forward(h1, samples, h2);
  relu_and_drop(batch.samples, drop2, samples, h2);
  mean.forward(h2, samples, pass.expert.mean->value);
  logvar.forward(h2, samples, pass.expert.logvar->value);
}

template <typename T>
void Encoder<T>::backward(double keep_scale, Block samples, const EncoderPass<T>& pass) const {
  const auto part = [&](const Matrix<T>& m) -> Matrix<T> {
    return m.middleCols(samples.begin, samples.size);
  };
  const Matrix<T> d_hidden2 =
      relu_and_drop_backward<T>(pass.hidden2->value, keep_scale, samples,
                                mean.backward_input(part(pass.expert.mean->gradient)) +
                                    logvar.backward_input(part(pass.expert.logvar->gradient)));
  pass.hidden2->gradient.middleCols(samples.begin, samples.size) = d_hidden2;
  pass.hidden1->gradient.middleCols(samples.begin, samples.size) = relu_and_drop_backward<T>(
      pass.hidden1->value, keep_scale, samples, hidden2.backward_input(d_hidden2));
}

template <typename T>
Index Encoder<T>::gradient_blocks() const {
  return 4 + block_count(inputs_at_once, hidden1.weight.value.cols());
}

template <typename T>
void Encoder<T>::gradient(const OmicBatch<T>& batch, const EncoderPass<T>& pass,
                          Index block) const {
  switch (block) {
    case 0:
      mean.backward_parameters(pass.hidden2->value, pass.expert.mean->gradient);
      break;
    case 1:
      logvar.backward_parameters(pass.hidden2->value, pass.expert.logvar->gradient);
      break;
    case 2:
      hidden2.backward_parameters(pass.hidden1->value, pass.hidden2->gradient);
      break;
    case 3:
      hidden1.backward_bias(pass.hidden1->gradient);
      break;
    default:
      hidden1.backward_weight(batch.x.transpose(), pass.hidden1->gradient,
                              block_at(block - 4, inputs_at_once, hidden1.weight.value.cols()));
  }
}

template <typename T>
double Encoder<T>::work_per_sample() const {
  double work = 0.0;
  for (const pieces::Linear<T>* layer : {&hidden1, &hidden2, &mean, &logvar})
    work += static_cast<double>(layer->weight.value.size());
  return work;
}

namespace {

template <typename T>
void backward_omics(const std::vector<const Encoder<T>*>& encoders, const Batch<T>& batch,
                    const std::vector<EncoderPass<T>>& passes, double keep_scale, int threads) {
  const auto sample_work = [&](std::size_t v) { return encoders[v]->work_per_sample(); };
  for_sample_blocks(batch, sample_work, threads, [&](std::size_t v, Block samples) {
    encoders[v]->backward(keep_scale, samples, passes[v]);
  });
  std::vector<std::pair<std::size_t, Index>> blocks;
  double work = 0.0;
  for (std::size_t v = 0; v < encoders.size(); ++v) {
    for (Index i = 0; i < encoders[v]->gradient_blocks(); ++i) blocks.emplace_back(v, i);
    work += sample_work(v) * static_cast<double>(batch.omics[v].x.rows());
  }
  parallel_for(static_cast<Index>(blocks.size()), work, threads, [&](Index i, int) {
    const std::size_t v = blocks[i].first;
    encoders[v]->gradient(batch.omics[v], passes[v], blocks[i].second);
  });
}

}  // namespace

template <typename T>
std::vector<pieces::Gaussian<T>> encode_omics(Tape<T>& tape,
                                              const std::vector<const Encoder<T>*>& encoders,
                                              const Batch<T>& batch, const pieces::Draws<T>& draws,
                                              double rate, int threads) {
  std::vector<EncoderPass<T>> passes;
  std::vector<pieces::Gaussian<T>> experts;
  std::vector<Dropout> drop1, drop2;
  for (std::size_t v = 0; v < encoders.size(); ++v) {
    passes.push_back(encoders[v]->prepare(tape, batch.omics[v]));
    experts.push_back(passes[v].expert);
    drop1.push_back(draws.dropout(Purpose::encoder_dropout_1, v, rate));
    drop2.push_back(draws.dropout(Purpose::encoder_dropout_2, v, rate));
  }
  const auto sample_work = [&](std::size_t v) { return encoders[v]->work_per_sample(); };
  for_sample_blocks(batch, sample_work, threads, [&](std::size_t v, Block samples) {
    encoders[v]->forward(batch.omics[v], drop1[v], drop2[v], samples, passes[v]);
  });
  const double keep_scale = drop1[0].keep_scale();
  tape.on_backward([encoders, &batch, passes, keep_scale, threads] {
    backward_omics(encoders, batch, passes, keep_scale, threads);
  });
  return experts;
}

#define POEMS_INSTANTIATE(T)                                                                     \
  template struct Encoder<T>;                                                                    \
  template std::vector<pieces::Gaussian<T>> encode_omics<T>(                                     \
      Tape<T>&, const std::vector<const Encoder<T>*>&, const Batch<T>&, const pieces::Draws<T>&, \
      double, int);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
