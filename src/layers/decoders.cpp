#include "layers/decoders.h"

#include <limits>
#include <utility>

namespace poems {

namespace {

/// The part of z that belongs to the samples having an omic: factors x members.
template <typename T>
Matrix<T> members_of(const Matrix<T>& z, const std::vector<Index>& members) {
  Matrix<T> part(z.rows(), static_cast<Index>(members.size()));
  for (std::size_t i = 0; i < members.size(); ++i) part.col(i) = z.col(members[i]);
  return part;
}

/// Sets the terms; with gradients, adds to those of masks and z.
template <typename T>
void run(const std::vector<DecodedOmic<T>>& omics, DecoderTask task, const Batch<T>& batch,
         const DecoderSettings& settings, std::vector<DecoderWorkspace<T>>& workspaces,
         const std::vector<Var<T>>& terms) {
  const bool gradients = task == DecoderTask::gradients;
  std::vector<Matrix<T>> members_z;
  std::vector<DecoderPass<T>> passes;
  members_z.reserve(omics.size());
  passes.reserve(omics.size());
  for (std::size_t v = 0; v < omics.size(); ++v) {
    const double scale = gradients ? static_cast<double>(terms[v]->gradient(0)) : 1.0;
    members_z.push_back(members_of(omics[v].z->value, batch.omics[v].members));
    passes.emplace_back(*omics[v].decoder, task, *omics[v].mask, members_z[v], &batch.omics[v],
                        scale * omics[v].weight, omics[v].likelihood, omics[v].dropout,
                        settings.skip_zeros || !gradients);
    if (gradients) passes[v].add_mask_gradient_to(*omics[v].d_mask);
  }
  run_passes(passes, workspaces, settings.threads);
  for (std::size_t v = 0; v < omics.size(); ++v) {
    const double scale = gradients ? static_cast<double>(terms[v]->gradient(0)) : 1.0;
    terms[v]->set_scalar(passes[v].finish() / scale);
    if (!gradients) continue;
    const std::vector<Index>& members = batch.omics[v].members;
    const Var<T> z = omics[v].z;
    for (std::size_t i = 0; i < members.size() && !z->constant; ++i)
      z->gradient.col(members[i]) += passes[v].d_z.col(static_cast<Index>(i));
  }
}

}  // namespace

template <typename T>
std::vector<Var<T>> decode_omics(Tape<T>& tape, const std::vector<DecodedOmic<T>>& omics,
                                 const Batch<T>& batch, const DecoderSettings& settings,
                                 std::vector<DecoderWorkspace<T>>& workspaces) {
  std::vector<Var<T>> terms;
  for (std::size_t v = 0; v < omics.size(); ++v) {
    terms.push_back(tape.node());
    terms[v]->set_scalar(std::numeric_limits<double>::quiet_NaN());
  }
  if (!tape.records()) {
    run(omics, DecoderTask::loss, batch, settings, workspaces, terms);
    return terms;
  }
  tape.on_backward([omics, &batch, settings, &workspaces, terms] {
    run(omics, DecoderTask::gradients, batch, settings, workspaces, terms);
  });
  return terms;
}

template <typename T>
Matrix<T> decode(const SparseDecoder<T>& decoder, const Matrix<T>& mask, const Matrix<T>& z,
                 int threads) {
  std::vector<DecoderWorkspace<T>> workspaces;
  std::vector<DecoderPass<T>> pass;
  pass.emplace_back(decoder, DecoderTask::reconstruct, mask, z, nullptr, 1.0, nullptr,
                    Dropout(Stream(0, Purpose::decoder_dropout, 0), 0.0), true);
  run_passes(pass, workspaces, threads);
  return std::move(pass[0].xhat);
}

#define POEMS_INSTANTIATE(T)                                                                 \
  template std::vector<Var<T>> decode_omics<T>(Tape<T>&, const std::vector<DecodedOmic<T>>&, \
                                               const Batch<T>&, const DecoderSettings&,      \
                                               std::vector<DecoderWorkspace<T>>&);           \
  template Matrix<T> decode<T>(const SparseDecoder<T>&, const Matrix<T>&, const Matrix<T>&, int);
POEMS_INSTANTIATE(float)
POEMS_INSTANTIATE(double)
#undef POEMS_INSTANTIATE

}  // namespace poems
