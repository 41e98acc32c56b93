// What every training shares, whatever the model: which samples are held out, in which order an
// epoch takes the others, and when to stop.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/random.h"

namespace poems {

enum class Stopped { converged, epochs, interrupted, diverged };

struct Split {
  std::vector<Index> training, validation;
};

/// In cohort order, so that the shuffle of an epoch alone decides its batches.
inline Split split_samples(Index samples, double validation, std::uint64_t seed) {
  const std::vector<Index> order = Stream(seed, Purpose::split, 0).permutation(samples);
  const auto held_out = static_cast<Index>(std::lround(validation * static_cast<double>(samples)));
  Split split;
  split.validation.assign(order.begin(), order.begin() + held_out);
  split.training.assign(order.begin() + held_out, order.end());
  std::sort(split.validation.begin(), split.validation.end());
  std::sort(split.training.begin(), split.training.end());
  return split;
}

/// The training samples in the order of an epoch.
inline std::vector<Index> shuffled(const std::vector<Index>& samples, std::uint64_t seed,
                                   long epoch) {
  const auto n = static_cast<Index>(samples.size());
  const std::vector<Index> order = Stream(seed, Purpose::shuffle, epoch).permutation(n);
  std::vector<Index> result(n);
  for (Index i = 0; i < n; ++i) result[i] = samples[order[i]];
  return result;
}

/// The samples from `begin` on, `size` at most.
inline std::vector<Index> slice(const std::vector<Index>& x, Index begin, Index size) {
  return {x.begin() + begin, x.begin() + std::min<Index>(begin + size, x.size())};
}

/// Stops after `patience` epochs without a lower loss.
class EarlyStopping {
 public:
  explicit EarlyStopping(long patience) : patience_(patience) {}

  /// Whether the loss is the lowest so far.
  bool improves(long epoch, double loss) {
    if (best_epoch_ != 0 && !(loss < best_loss_)) return false;
    best_loss_ = loss;
    best_epoch_ = epoch;
    return true;
  }

  bool goes_on(long epoch) const { return epoch - best_epoch_ < patience_; }
  long best_epoch() const { return best_epoch_; }  ///< 0 before the first

 private:
  long patience_;
  long best_epoch_ = 0;
  double best_loss_ = 0.0;
};

}  // namespace poems
