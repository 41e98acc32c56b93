// The terms of a loss by name, sum_t weight_t term_t: what is minimised, and what is reported.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/types.h"

namespace poems {

template <typename T>
struct Node;

/// A value on the tape. The tape owns it, until its next reset().
template <typename T>
using Var = Node<T>*;

template <typename T>
struct Term {
  std::string name;  ///< "reconstruction/mrna"
  Var<T> value;      ///< 1 x 1
  double weight;
};

template <typename T>
class Terms {
 public:
  void add(std::string name, Var<T> value, double weight = 1.0) {
    terms_.push_back({std::move(name), value, weight});
  }

  void clear() { terms_.clear(); }

  const Term<T>& at(const std::string& name) const {
    for (const Term<T>& term : terms_)
      if (term.name == name) return term;
    throw std::out_of_range("the loss has no term " + name);
  }

  double total() const {
    double sum = 0.0;
    for (const Term<T>& term : terms_)
      sum += term.weight * static_cast<double>(term.value->scalar());
    return sum;
  }

  auto begin() const { return terms_.begin(); }
  auto end() const { return terms_.end(); }
  std::size_t size() const { return terms_.size(); }

 private:
  std::vector<Term<T>> terms_;
};

}  // namespace poems
