// The terms of a loss by name, sum_t weight_t term_t: what is minimised, and what is reported.
#pragma once

#include <algorithm>
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

  double weighted() const { return weight * value->scalar(); }

  /// "reconstruction" and "mrna" of "reconstruction/mrna"; a term of all omics has no omic.
  std::string kind() const { return name.substr(0, name.find('/')); }
  std::string omic() const { return name.substr(std::min(name.find('/'), name.size())); }
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

  /// Terms of an omic that follow each other are added up first.
  double total() const {
    double sum = 0.0, part = 0.0;
    std::string omic;
    for (const Term<T>& term : terms_) {
      if (term.omic() != omic) {
        sum += part;
        part = 0.0;
        omic = term.omic();
      }
      part += term.weighted();
    }
    return sum + part;
  }

  /// The sum of the terms of one kind.
  double total(const std::string& kind) const {
    double sum = 0.0;
    for (const Term<T>& term : terms_)
      if (term.kind() == kind) sum += term.weighted();
    return sum;
  }

  /// In the order in which they were first added.
  std::vector<std::string> kinds() const {
    std::vector<std::string> list;
    for (const Term<T>& term : terms_)
      if (std::find(list.begin(), list.end(), term.kind()) == list.end())
        list.push_back(term.kind());
    return list;
  }

  auto begin() const { return terms_.begin(); }
  auto end() const { return terms_.end(); }
  std::size_t size() const { return terms_.size(); }

 private:
  std::vector<Term<T>> terms_;
};

}  // namespace poems
