// Experts that can speak alone. In training, some samples are encoded from one of their omics, and
// still reconstructed in all of them: an expert that has only ever spoken beside the others leaves
// to them what they know better, and is far off for samples that lack them.
#pragma once

#include "data/cohort.h"
#include "support/random.h"

namespace poems {

/// Hides all omics but one, drawn evenly, of a share of the batch's samples with several. Draws
/// depend on the stream and the sample alone.
template <typename T>
void hide_omics(const Stream& stream, Batch<T>& batch);

}  // namespace poems
