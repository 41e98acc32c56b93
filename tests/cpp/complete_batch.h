// Batches and cohorts without gaps, from matrices.
#pragma once

#include <numeric>
#include <vector>

#include "data/cohort.h"

namespace poems_test {

/// omics: each features x samples.
template <typename T>
poems::Batch<T> complete_batch(const std::vector<poems::Matrix<T>>& omics) {
  poems::Batch<T> batch;
  batch.samples.resize(omics[0].cols());
  std::iota(batch.samples.begin(), batch.samples.end(), poems::Index(0));
  for (const poems::Matrix<T>& x : omics) {
    poems::OmicBatch<T> omic;
    omic.members = omic.samples = batch.samples;
    omic.x = x.transpose();
    batch.omics.push_back(omic);
  }
  return batch;
}

/// Leaves an omic to some samples of the batch.
template <typename T>
void keep_members(poems::OmicBatch<T>& omic, const std::vector<poems::Index>& members) {
  const poems::Matrix<T> x = omic.x;
  omic.x.resize(members.size(), x.cols());
  for (std::size_t i = 0; i < members.size(); ++i) omic.x.row(i) = x.row(members[i]);
  omic.members = omic.samples = members;
}

template <typename T>
poems::Cohort<T> complete_cohort(const std::vector<poems::Matrix<T>>& omics) {
  poems::Cohort<T> cohort;
  cohort.samples = omics[0].cols();
  for (const poems::Matrix<T>& x : omics) {
    poems::OmicData<T> omic;
    omic.values = x;
    omic.fill = poems::Vector<T>::Zero(x.rows());
    omic.column.resize(x.cols());
    std::iota(omic.column.begin(), omic.column.end(), poems::Index(0));
    cohort.omics.push_back(omic);
  }
  return cohort;
}

}  // namespace poems_test
