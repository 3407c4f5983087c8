// y = f(x).
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

template <class F, class Types>
void run(const char* name, const View& x, const View& y, double parameter) {
  dispatch_all(x.dtype, [&]<class T>(T) {
    if constexpr (Types::template has<wide<T>>) map<T, T>(name, formula::make<F>(parameter), y, x);
  });
}

}  // namespace

void unary(Unary op, const View& x, const View& y, double parameter) {
  switch (op) {
#define DL_CASE(name, functor, types) \
  case Unary::name:                   \
    return run<formula::functor, formula::types>(#name, x, y, parameter);
    DL_UNARY_LIST(DL_CASE)
    DL_GELU_LIST(DL_CASE)
    DL_UNARY_WITH_LIST(DL_CASE)
#undef DL_CASE
  }
}

}  // namespace danlu::cuda
