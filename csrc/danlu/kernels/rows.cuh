// What softmax and cross-entropy share: sums and maxima over one contiguous row, which a row of the
// block's threads works on together.
#pragma once

#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"

namespace danlu::cuda {

// term(0) + ... + term(n - 1), to all threads of the row.
template <class A, class Term>
__device__ A sum_row(int64_t n, A* room, Term term) {
  A sum = A(0);
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) sum += term(i);
  return reduce_block_row(formula::Add{}, sum, room);
}

template <class A, class T>
__device__ A max_row(const T* x, int64_t n, A* room) {
  A top = -A(__builtin_inff());
  for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
    top = formula::Maximum{}(top, static_cast<A>(x[i]));
  }
  return reduce_block_row(formula::Maximum{}, top, room);
}

// body(r, inside) for every row r of a dense (rows, n) array. All threads of a block take part in
// the sums, also those beyond the last row: these see row 0 and must not write (`inside` is false).
template <class Body>
__device__ void for_rows(int64_t rows, Body body) {
  for (int64_t first = int64_t{blockIdx.x} * blockDim.y; first < rows;
       first += int64_t{gridDim.x} * blockDim.y) {
    const int64_t row = first + threadIdx.y;
    body(row < rows ? row : 0, row < rows);
  }
}

// kernel<<<...>>>(rows, n, arguments...) for the rows of x.
template <class... Parameters, class... Arguments>
void launch_rows(const char* name, const View& x, void (*kernel)(Parameters...),
                 Arguments... arguments) {
  if (x.numel() == 0) return;
  const int64_t n = x.shape.back(), rows = x.numel() / n;
  const dim3 block = rows_block(n);
  launch(name, x.device, grid_for((rows + block.y - 1) / block.y), block, kernel, rows, n,
         arguments...);
}

}  // namespace danlu::cuda
