// What every training shares, whatever the model: which samples are held out, in which order an
// epoch takes the others, and when to stop.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <limits>
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

/// The same, of every group by itself, so that both parts have samples of each. groups: per sample,
/// see Cohort; empty: one group.
inline Split split_samples(Index samples, const std::vector<int>& groups, double validation,
                           std::uint64_t seed) {
  if (groups.empty()) return split_samples(samples, validation, seed);
  Split split;
  for (int group = 0; group <= *std::max_element(groups.begin(), groups.end()); ++group) {
    std::vector<Index> members;
    for (Index i = 0; i < samples; ++i)
      if (groups[i] == group) members.push_back(i);
    const Split part = split_samples(static_cast<Index>(members.size()), validation,
                                     seed + static_cast<std::uint64_t>(group));
    for (Index i : part.validation) split.validation.push_back(members[i]);
    for (Index i : part.training) split.training.push_back(members[i]);
  }
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

/// The batches of an epoch. Of several groups every batch has as many samples of each, size /
/// groups about: an epoch goes once through the largest group, and through the others again and
/// again, each time in another order. What is left at its end goes without if it is less than half
/// a part, since what is asked of a batch can depend on its size; a group smaller than its part of
/// a batch is in it as a whole.
inline std::vector<std::vector<Index>> epoch_batches(const std::vector<Index>& samples,
                                                     const std::vector<int>& groups, Index size,
                                                     std::uint64_t seed, long epoch) {
  std::vector<std::vector<Index>> batches;
  if (groups.empty()) {
    const std::vector<Index> order = shuffled(samples, seed, epoch);
    for (Index begin = 0; begin < static_cast<Index>(order.size()); begin += size)
      batches.push_back(slice(order, begin, size));
    return batches;
  }
  std::vector<std::vector<Index>> members(*std::max_element(groups.begin(), groups.end()) + 1);
  for (Index i : samples) members[groups[i]].push_back(i);
  Index largest = 0;
  for (const auto& group : members) largest = std::max<Index>(largest, group.size());
  const Index part = std::max<Index>(size / static_cast<Index>(members.size()), 1);
  const Index steps = std::max<Index>((largest + part / 2) / part, 1);
  const Index each = (largest + steps - 1) / steps;
  batches.resize(steps);
  for (const std::vector<Index>& group : members) {
    const auto n = static_cast<Index>(group.size());
    std::vector<Index> order;
    Index at = n, round = 0;
    for (Index b = 0; n > 0 && b < steps; ++b, at += each) {
      if (2 * (n - at) < std::min(each, n)) {  // used up
        order = shuffled(group, seed, epoch * 4096 + round++);
        at = 0;
      }
      for (Index i : slice(order, at, each)) batches[b].push_back(i);
    }
  }
  return batches;
}

/// At most so many of x, evenly spread.
inline std::vector<Index> spread(const std::vector<Index>& x, Index most) {
  const auto n = static_cast<Index>(x.size());
  if (n <= most) return x;
  std::vector<Index> some(most);
  for (Index i = 0; i < most; ++i) some[i] = x[i * n / most];
  return some;
}

/// How a pass over many training samples is cut into epochs: what was counted and what has been
/// learnt of so many samples is worth a look, however many there are.
struct EpochCut {
  Index largest = std::numeric_limits<Index>::max();  ///< samples of an epoch, at most

  /// Epochs of a pass over so many samples.
  long per_pass(Index samples) const { return static_cast<long>((samples - 1) / largest + 1); }
};

/// The batches of an epoch of which `per_pass` make a pass: its part of the pass's, in order.
inline std::vector<std::vector<Index>> epoch_batches(const std::vector<Index>& samples,
                                                     const std::vector<int>& groups, Index size,
                                                     std::uint64_t seed, long epoch,
                                                     long per_pass) {
  const long pass = (epoch - 1) / per_pass, part = (epoch - 1) % per_pass;
  auto batches = epoch_batches(samples, groups, size, seed, pass + 1);
  const auto n = static_cast<long>(batches.size());
  return {std::make_move_iterator(batches.begin() + part * n / per_pass),
          std::make_move_iterator(batches.begin() + (part + 1) * n / per_pass)};
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
  double best_loss() const { return best_loss_; }
  void go_on_after(long best_epoch, double best_loss) {
    best_epoch_ = best_epoch;
    best_loss_ = best_loss;
  }

 private:
  long patience_;
  long best_epoch_ = 0;
  double best_loss_ = 0.0;
};

}  // namespace poems
