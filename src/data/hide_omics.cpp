#include "data/hide_omics.h"

#include <algorithm>

namespace poems {

namespace {
constexpr double share_hidden = 0.1;  // more costs decoders more than it helps experts
}

template <typename T>
void hide_omics(const Stream& stream, Batch<T>& batch) {
  std::vector<Index> count(batch.size(), 0), seen(batch.size(), 0);
  for (const OmicBatch<T>& omic : batch.omics)
    for (Index i : omic.members) ++count[i];
  for (OmicBatch<T>& omic : batch.omics) {
    omic.hidden.assign(omic.members.size(), false);
    for (std::size_t m = 0; m < omic.members.size(); ++m) {
      const Index i = omic.members[m], place = seen[i]++;
      const auto draw = 2 * static_cast<std::uint64_t>(batch.samples[i]);
      if (count[i] < 2 || stream.uniform(draw) >= share_hidden) continue;
      const auto kept =
          static_cast<Index>(stream.uniform(draw + 1) * static_cast<double>(count[i]));
      omic.hidden[m] = place != std::min(kept, count[i] - 1);
    }
  }
}

template void hide_omics<float>(const Stream&, Batch<float>&);
template void hide_omics<double>(const Stream&, Batch<double>&);

}  // namespace poems
