#include "layers/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace poems {

namespace {

/// Before anything is known of an omic, it is all but certain to belong.
constexpr double unknown_offset = -4.0;

/// Precision and mean of the product of a sample's other omics. Summed, not taken from a total: an
/// expert that is far surer than the others would leave nothing but rounding.
template <typename T>
struct Others {
  Vector<T> precision, mean;

  Others(const AgreementState<T>& state, std::size_t omic, Index b)
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
AgreementWeights<T>::AgreementWeights(Index factors)
    : own("agreement_own", factors, 1, false),
      others("agreement_others", factors, 1, false),
      product("agreement_product", factors, 1, false),
      offset("agreement_offset", 1, 1, false) {
  offset.value.setConstant(static_cast<T>(unknown_offset));
}

template <typename T>
Agreement<T>::Agreement(Index omics, Index factors) : omics(omics, AgreementWeights<T>(factors)) {}

template <typename T>
bool Agreement<T>::holds(const Parameter<T>* parameter) const {
  return std::any_of(omics.begin(), omics.end(), [&](const AgreementWeights<T>& w) {
    return parameter == &w.own || parameter == &w.others || parameter == &w.product ||
           parameter == &w.offset;
  });
}

template <typename T>
void Agreement<T>::forward(const Batch<T>& batch, const std::vector<Expert<T>>& experts,
                           AgreementState<T>& state, Matrix<T>& logits) const {
  const Index factors = experts[0].mean.rows();
  state.tau.assign(omics.size(), Matrix<T>::Zero(factors, batch.size()));
  state.weighted = state.tau;
  Matrix<T>& odds = state.odds;
  odds.setConstant(logits.rows(), logits.cols(), -std::numeric_limits<T>::infinity());
  for (std::size_t v = 0; v < omics.size(); ++v)
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      if (batch.omics[v].is_hidden(i)) continue;
      const Index b = batch.omics[v].members[i];
      state.tau[v].col(b) = (-experts[v].logvar.col(i).array()).exp().matrix();
      state.weighted[v].col(b) = state.tau[v].col(b).cwiseProduct(experts[v].mean.col(i));
    }
  const std::vector<Index> shown = count_shown(batch);
  for (std::size_t v = 0; v < omics.size(); ++v) {
    const AgreementWeights<T>& w = omics[v];
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      const Index b = batch.omics[v].members[i];
      if (batch.omics[v].is_hidden(i) || shown[b] < 2) continue;
      const Others<T> others(state, v, b);
      const auto m = experts[v].mean.col(i).array();
      const auto mu = others.mean.array();
      odds(v, b) = w.offset.value(0) + (w.own.value.col(0).array() * m.square() +
                                        w.others.value.col(0).array() * mu.square() -
                                        w.product.value.col(0).array() * m * mu)
                                           .sum();
    }
  }
  for (Index b = 0; b < odds.cols(); ++b)
    for (Index v = 0; v < odds.rows(); ++v)
      logits(v, b) += log_sum<T>(odds.col(b), v) - log_sum<T>(odds.col(b), -1);
}

template <typename T>
void Agreement<T>::backward(const Batch<T>& batch, const AgreementState<T>& state,
                            const Matrix<T>& d_logits, std::vector<Expert<T>>& experts) {
  const Index factors = experts[0].mean.rows();
  const std::vector<Index> shown = count_shown(batch);
  Matrix<T> d_odds(state.odds.rows(), state.odds.cols());
  for (Index b = 0; b < d_odds.cols(); ++b)
    d_odds.col(b) = odds_gradient<T>(state.odds.col(b), d_logits.col(b));
  // With t_v the gradient of mu_v over the others' precision, an expert u gets
  // sum_{v != u} t_v tau_u for its mean, and sum_{v != u} t_v (m_u - mu_v) for its tau.
  Matrix<T> sum_t = Matrix<T>::Zero(factors, batch.size());
  Matrix<T> sum_t_mu = sum_t;
  std::vector<Matrix<T>> own_t(omics.size()), own_t_mu(omics.size());
  for (std::size_t v = 0; v < omics.size(); ++v) {
    AgreementWeights<T>& w = omics[v];
    for (Parameter<T>* p : {&w.own, &w.others, &w.product, &w.offset}) p->zero_gradient();
    own_t[v].setZero(factors, experts[v].mean.cols());
    own_t_mu[v] = own_t[v];
    for (std::size_t i = 0; i < batch.omics[v].members.size(); ++i) {
      const Index b = batch.omics[v].members[i];
      if (batch.omics[v].is_hidden(i) || shown[b] < 2) continue;
      const Others<T> others(state, v, b);
      const auto m = experts[v].mean.col(i).array();
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
      experts[v].d_mean.col(i).array() += d_D * (T(2) * w.own.value.col(0).array() * m - c * mu);
    }
  }
  for (std::size_t u = 0; u < omics.size(); ++u)
    for (std::size_t i = 0; i < batch.omics[u].members.size(); ++i) {
      const Index b = batch.omics[u].members[i];
      if (batch.omics[u].is_hidden(i) || shown[b] < 2) continue;
      const auto tau = state.tau[u].col(b).array();
      const auto t = (sum_t.col(b) - own_t[u].col(i)).array().eval();
      const auto t_mu = (sum_t_mu.col(b) - own_t_mu[u].col(i)).array().eval();
      experts[u].d_mean.col(i).array() += t * tau;
      experts[u].d_logvar.col(i).array() -= (t * experts[u].mean.col(i).array() - t_mu) * tau;
    }
}

template struct AgreementWeights<float>;
template struct AgreementWeights<double>;
template struct Agreement<float>;
template struct Agreement<double>;

}  // namespace poems
