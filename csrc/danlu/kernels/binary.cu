// y = f(a, b).
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

template <class F, class Types>
void run(const char* name, const View& a, const View& b, const View& y, double parameter) {
  dispatch_all(a.dtype, [&]<class T>(T) {
    if constexpr (Types::template has<wide<T>>) {
      map<T, T, T>(name, formula::make<F>(parameter), y, a, b);
    }
  });
}

}  // namespace

void binary(Binary op, const View& a, const View& b, const View& y, double parameter) {
  switch (op) {
#define DL_CASE(name, functor, types) \
  case Binary::name:                  \
    return run<formula::functor, formula::types>(#name, a, b, y, parameter);
    DL_BINARY_LIST(DL_CASE)
    DL_GRADIENT_LIST(DL_CASE)
#undef DL_CASE
  }
}

}  // namespace danlu::cuda
