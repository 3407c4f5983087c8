// y = f(x).
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

void unary(Unary op, const View& x, const View& y, double parameter) {
  switch (op) {
#define DL_UNARY_CASE(name, functor, types)                           \
  case Unary::name:                                                   \
    return dispatch_all(x.dtype, [&]<class T>(T) {                    \
      if constexpr (formula::types::has<compute<T>>) {                \
        run_map<T>(formula::make<formula::functor>(parameter), x, y); \
      }                                                               \
    });
    DL_UNARY_LIST(DL_UNARY_CASE)
    DL_GELU_LIST(DL_UNARY_CASE)
    DL_UNARY_WITH_LIST(DL_UNARY_CASE)
  }
}

}  // namespace danlu::cuda
