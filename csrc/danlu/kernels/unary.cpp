// y = f(x).
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/loop.h"

namespace danlu::cpu::DL_LEVEL {
namespace {

template <class F, class T>
void unary_loop(char* const* p, int64_t n, double parameter) {
  const F f = formula::make<F>(parameter);
  const T* x = reinterpret_cast<const T*>(p[0]);
  T* y = reinterpret_cast<T*>(p[1]);
  if constexpr (std::is_same_v<T, float> && requires { F::hard(0.f); }) {
    int32_t hard = 0;  // a bool would keep the loop from vectors
    DL_VECTORIZE
    for (int64_t i = 0; i < n; ++i) hard |= F::hard(x[i]) ? 1 : 0;
    if (hard) {
      for (int64_t i = 0; i < n; ++i) y[i] = F::hard(x[i]) ? F::slow(x[i]) : f(x[i]);
      return;
    }
  }
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
}

template <class F, class Types, class T>
constexpr Loop unary_entry() {
  if constexpr (Types::template has<T>)
    return &unary_loop<F, T>;
  else
    return nullptr;
}
#define DL_UNARY_ROW(name, functor, types) DL_LOOPS(unary_entry, formula::functor, formula::types)
constexpr LoopRow kUnaryLoops[] = {DL_UNARY_LIST(DL_UNARY_ROW) DL_GELU_LIST(DL_UNARY_ROW)
                                       DL_UNARY_WITH_LIST(DL_UNARY_ROW)};

// Whole vectors for what float approximates; one exact operation needs none.
#define DL_EXACT(name, functor, types) std::is_base_of_v<formula::Exact, formula::functor>,
constexpr bool kExact[] = {DL_UNARY_LIST(DL_EXACT) DL_GELU_LIST(DL_EXACT)
                               DL_UNARY_WITH_LIST(DL_EXACT)};

}  // namespace

void unary(Unary op, const View& x, const View& y, double parameter) {
  const int which = static_cast<int>(op);
  const DType compute = compute_dtype(x.dtype);
  const Formula f = {kUnaryLoops[which][static_cast<int>(compute)], parameter,
                     compute == DType::float32 && !kExact[which] ? 16 : 1};
  const View* const views[] = {&x, &y};
  run(f, views, 2);
}

}  // namespace danlu::cpu::DL_LEVEL
