// y = f(a, b).
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

void binary(Binary op, const View& a, const View& b, const View& y, double parameter) {
  switch (op) {
#define DL_BINARY_CASE(name, functor, types)                             \
  case Binary::name:                                                     \
    return dispatch_all(a.dtype, [&]<class T>(T) {                       \
      if constexpr (formula::types::has<compute<T>>) {                   \
        run_map<T>(formula::make<formula::functor>(parameter), a, b, y); \
      }                                                                  \
    });
    DL_BINARY_LIST(DL_BINARY_CASE)
    DL_GRADIENT_LIST(DL_BINARY_CASE)
  }
}

}  // namespace danlu::cuda
