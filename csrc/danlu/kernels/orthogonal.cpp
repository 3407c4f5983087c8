// Orthonormal rows by Gram and Schmidt: the Q of a QR factorisation whose R has a positive
// diagonal, so it is unique, and the same bits on any number of threads.
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"
#include "danlu/kernels/rows.h"
#include "danlu/kernels/simd.h"

namespace danlu::cpu::DL_LEVEL {

// The rows of x (float64, dense, no more rows than columns) in place. Each row that is done is
// taken out of all later ones at once ("modified": errors do not add up).
void orthonormalize(const View& x) {
  const int64_t rows = x.shape[0], n = x.shape[1];
  double* data = x.ptr<double>();
  for (int64_t r = 0; r < rows; ++r) {
    double* row = data + r * n;
    const double norm = math::sqrt(sum_row<double>(n, [&](int64_t i) { return row[i] * row[i]; }));
    for (int64_t i = 0; i < n; ++i) row[i] /= norm;
    parallel_for(rows - r - 1, grain_for(4 * n), [&](int64_t begin, int64_t end) {
      for (int64_t later = r + 1 + begin; later < r + 1 + end; ++later) {
        double* other = data + later * n;
        const double dot = sum_row<double>(n, [&](int64_t i) { return row[i] * other[i]; });
        DL_VECTORIZE
        for (int64_t i = 0; i < n; ++i) other[i] -= dot * row[i];
      }
    });
  }
}

}  // namespace danlu::cpu::DL_LEVEL
