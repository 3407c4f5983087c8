// y = f(a, b).
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/loop.h"

namespace danlu::cpu::DL_LEVEL {
namespace {

template <class F, class T>
void binary_loop(char* const* p, int64_t n, double parameter) {
  const F f = formula::make<F>(parameter);
  const T* a = reinterpret_cast<const T*>(p[0]);
  const T* b = reinterpret_cast<const T*>(p[1]);
  T* y = reinterpret_cast<T*>(p[2]);
  if constexpr (std::is_same_v<F, formula::Power> && std::is_floating_point_v<T>) {
    const T power = b[0];  // of all, mostly: then there is no call in the loop
    std::conditional_t<sizeof(T) == 4, int32_t, int64_t> differ = F::is_product(power) ? 0 : 1;
    DL_VECTORIZE
    for (int64_t i = 0; i < n; ++i) differ |= b[i] == power ? 0 : 1;
    if (!differ) {
      DL_VECTORIZE
      for (int64_t i = 0; i < n; ++i) y[i] = F::product(a[i], power);
      return;
    }
  }
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
}

template <class F, class Types, class T>
constexpr Loop binary_entry() {
  if constexpr (Types::template has<T>)
    return &binary_loop<F, T>;
  else
    return nullptr;
}
#define DL_BINARY_ROW(name, functor, types) DL_LOOPS(binary_entry, formula::functor, formula::types)
constexpr LoopRow kBinaryLoops[] = {DL_BINARY_LIST(DL_BINARY_ROW) DL_GRADIENT_LIST(DL_BINARY_ROW)};

#define DL_EXACT(name, functor, types) std::is_base_of_v<formula::Exact, formula::functor>,
constexpr bool kExact[] = {DL_BINARY_LIST(DL_EXACT) DL_GRADIENT_LIST(DL_EXACT)};

}  // namespace

void binary(Binary op, const View& a, const View& b, const View& y, double parameter) {
  const int which = static_cast<int>(op);
  const DType compute = compute_dtype(a.dtype);
  const Formula f = {kBinaryLoops[which][static_cast<int>(compute)], parameter,
                     compute == DType::float32 && !kExact[which] ? 16 : 1};
  const View* const views[] = {&a, &b, &y};
  run(f, views, 3);
}

}  // namespace danlu::cpu::DL_LEVEL
