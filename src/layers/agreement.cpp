#include "layers/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace poems {

namespace {

/// Before anything is known of an omic, it is all but certain to belong.
constexpr double unknown_offset = -4.0;

/// Precision and mean of the product of a sample's other omics. Summed, not taken from a total: an
/// expert that is far surer than the others would leave nothing but rounding.
template <typename T>
struct Others {
  Vector<T> precision, mean;

  Others(const typename Agreement<T>::State& state, std::size_t omic, Index b)
      : precision(Vector<T>::Zero(state.tau[0].rows())), mean(precision) {
    for (std::size_t u = 0; u < state.tau.size(); ++u) {
      if (u == omic) continue;
      precision += state.tau[u].col(b);
      mean += state.weighted[u].col(b);
    }
    mean = mean.cwiseQuotient(precision);
  }
};

/// How many omics every sample of the batch shows.
template <typename T>
std::vector<Index> count_shown(const Batch<T>& batch) {
  std::vector<Index> shown(batch.size(), 0);
  for (const OmicBatch<T>& omic : batch.omics)
    for (std::size_t i = 0; i < omic.members.size(); ++i)
      if (!omic.is_hidden(i)) ++shown[omic.members[i]];
  return shown;
}

/// log(1 + sum_{u != v} exp(odds_u)), whatever their size.
template <typename T>
T log_sum(const Vector<T>& odds, Index v) {
  T largest = 0;
  for (Index u = 0; u < odds.size(); ++u)
    if (u != v) largest = std::max(largest, odds(u));
  T sum = std::exp(-largest);
  for (Index u = 0; u < odds.size(); ++u)
    if (u != v) sum += std::exp(odds(u) - largest);
  return largest + std::log(sum);
}

/// Gradient of the odds of sample b, from that of its logits: with q_vu = E_u / (1 + sum_{w != v}
/// E_w) and p_u = E_u / (1 + sum_w E_w), that of log P(belongs)_v is [u != v] q_vu - p_u.
template <typename T>
Vector<T> odds_gradient(const Vector<T>& odds, const Vector<T>& d_logits) {
  Vector<T> d_odds = -d_logits.sum() * (odds.array() - log_sum<T>(odds, -1)).exp().matrix();
  for (Index v = 0; v < odds.size(); ++v) {
    Vector<T> q = (odds.array() - log_sum<T>(odds, v)).exp().matrix();
    q(v) = 0;
    d_odds += d_logits(v) * q;
  }
  return d_odds;
}

}  // namespace

template <typename T>
AgreementWeights<T>::AgreementWeights(const std::string& name, Index factors)
    : own(name + "/agreement_own", factors, 1, false),
      others(name + "/agreement_others", factors, 1, false),
      product(name + "/agreement_product", factors, 1, false),
      offset(name + "/agreement_offset", 1, 1, false) {
  offset.value.setConstant(static_cast<T>(unknown_offset));
}

template <typename T>
Agreement<T>::Agreement(const std::vector<std::string>& names, Index factors) {
  for (const std::string& name : names) omics.emplace_back(name, factors);
}

template <typename T>
bool Agreement<T>::holds(const Parameter<T>* parameter) const {
  return std::any_of(omics.begin(), omics.end(), [&](const AgreementWeights<T>& w) {
    return parameter == &w.own || parameter == &w.others || parameter == &w.product ||
           parameter == &w.offset;
  });
}

template <typename T>
typename Agreement<T>::State Agreement<T>::odds_of(
    const Batch<T>& batch, const std::vector<pieces::Gaussian<T>>& experts) const {
  const Index factors = experts[0].mean->value.rows();
  State state;
  state.tau.assign(omics.size(), Matrix<T>::Zero(factors, batch.size()));
  state.weighted = state.tau;
  state.odds.setConstant(static_cast<Index>(omics.size()), batch.size(),
                         -std::numeric_limits<T>::infinity());
  for (std::size_t v = 0; v < omics.size(); ++v)
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      if (batch.omics[v].is_hidden(i)) continue;
      const Index b = batch.omics[v].members[i];
      state.tau[v].col(b) = (-experts[v].logvar->value.col(i).array()).exp().matrix();
      state.weighted[v].col(b) = state.tau[v].col(b).cwiseProduct(experts[v].mean->value.col(i));
    }
  state.shown = count_shown(batch);
  for (std::size_t v = 0; v < omics.size(); ++v) {
    const AgreementWeights<T>& w = omics[v];
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      const Index b = batch.omics[v].members[i];
      if (batch.omics[v].is_hidden(i) || state.shown[b] < 2) continue;
      const Others<T> others(state, v, b);
      const auto m = experts[v].mean->value.col(i).array();
      const auto mu = others.mean.array();
      state.odds(v, b) = w.offset.value(0) + (w.own.value.col(0).array() * m.square() +
                                              w.others.value.col(0).array() * mu.square() -
                                              w.product.value.col(0).array() * m * mu)
                                                 .sum();
    }
  }
  return state;
}

template <typename T>
Var<T> Agreement<T>::operator()(Tape<T>& tape, const Batch<T>& batch,
                                const std::vector<pieces::Gaussian<T>>& experts,
                                Var<T> logits) const {
  State state = odds_of(batch, experts);
  Var<T> y = tape.node();
  y->value = logits->value;
  for (Index b = 0; b < batch.size(); ++b)
    for (Index v = 0; v < state.odds.rows(); ++v)
      y->value(v, b) += log_sum<T>(state.odds.col(b), v) - log_sum<T>(state.odds.col(b), -1);
  tape.on_backward(y, [this, &batch, experts, logits, y, state = std::move(state)] {
    backward(batch, state, y->gradient, experts);
    logits->add_gradient(y->gradient);
  });
  return y;
}

/// Adds to the gradients of the weights and of the experts.
template <typename T>
void Agreement<T>::backward(const Batch<T>& batch, const State& state, const Matrix<T>& d_logits,
                            const std::vector<pieces::Gaussian<T>>& experts) const {
  const Index factors = experts[0].mean->value.rows();
  Matrix<T> d_odds(state.odds.rows(), state.odds.cols());
  for (Index b = 0; b < d_odds.cols(); ++b)
    d_odds.col(b) = odds_gradient<T>(state.odds.col(b), d_logits.col(b));
  // With t_v the gradient of mu_v over the others' precision, an expert u gets
  // sum_{v != u} t_v tau_u for its mean, and sum_{v != u} t_v (m_u - mu_v) for its tau.
  Matrix<T> sum_t = Matrix<T>::Zero(factors, batch.size());
  Matrix<T> sum_t_mu = sum_t;
  std::vector<Matrix<T>> own_t(omics.size()), own_t_mu(omics.size());
  for (std::size_t v = 0; v < omics.size(); ++v) {
    const AgreementWeights<T>& w = omics[v];
    own_t[v].setZero(factors, experts[v].mean->value.cols());
    own_t_mu[v] = own_t[v];
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      const Index b = batch.omics[v].members[i];
      if (batch.omics[v].is_hidden(i) || state.shown[b] < 2) continue;
      const Others<T> others(state, v, b);
      const auto m = experts[v].mean->value.col(i).array();
      const auto mu = others.mean.array();
      const T d_D = d_odds(v, b);
      w.offset.gradient(0) += d_D;
      w.own.gradient.col(0).array() += d_D * m.square();
      w.others.gradient.col(0).array() += d_D * mu.square();
      w.product.gradient.col(0).array() -= d_D * m * mu;
      const auto c = w.product.value.col(0).array();
      own_t[v].col(i) =
          (d_D * (T(2) * w.others.value.col(0).array() * mu - c * m) / others.precision.array())
              .matrix();
      own_t_mu[v].col(i) = own_t[v].col(i).cwiseProduct(others.mean);
      sum_t.col(b) += own_t[v].col(i);
      sum_t_mu.col(b) += own_t_mu[v].col(i);
      experts[v].mean->gradient.col(i).array() +=
          d_D * (T(2) * w.own.value.col(0).array() * m - c * mu);
    }
  }
  for (std::size_t u = 0; u < omics.size(); ++u)
    for (std::size_t i = 0; i < batch.omics[u].members.size(); ++i) {
      const Index b = batch.omics[u].members[i];
      if (batch.omics[u].is_hidden(i) || state.shown[b] < 2) continue;
      const auto tau = state.tau[u].col(b).array();
      const auto t = (sum_t.col(b) - own_t[u].col(i)).array().eval();
      const auto t_mu = (sum_t_mu.col(b) - own_t_mu[u].col(i)).array().eval();
      experts[u].mean->gradient.col(i).array() += t * tau;
      experts[u].logvar->gradient.col(i).array() -=
          (t * experts[u].mean->value.col(i).array() - t_mu) * tau;
    }
}

template struct AgreementWeights<float>;
template struct AgreementWeights<double>;
template struct Agreement<float>;
template struct Agreement<double>;

}  // namespace poems
