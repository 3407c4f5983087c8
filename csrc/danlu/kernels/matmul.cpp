#include "danlu/kernels/amx_gemm.h"
#include "danlu/kernels/gemm.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

template <class T>
struct Matrix {
  const T* data;
  int64_t row, col;  // strides
};

// y[n] = sum_k a[k] b[k, n] where memory runs along k: one dot product for each column. Four at a
// time share the loads of `a`.
template <class T>
void dot_columns(int64_t n, int64_t k, const T* a, const Matrix<T>& b, T* y, const Epilogue<T>& e) {
  constexpr int64_t kL = kLanes<T>;
  const auto finish = [&](int64_t j, simd<T> sum, int64_t from) {
    T total = 0;
    for (int i = 0; i < kL; ++i) total += sum[i];
    const T* x = b.data + j * b.col;
    for (int64_t i = from; i < k; ++i) total += a[i] * x[i];
    if (e.bias) total += e.bias[j];
    y[j] = e.relu && total < 0 ? T(0) : total;
  };
  const int64_t whole = k / kL * kL;
  int64_t j = 0;
  for (; j + 4 <= n; j += 4) {
    const T* x = b.data + j * b.col;
    simd<T> s0 = {}, s1 = {}, s2 = {}, s3 = {};
    for (int64_t i = 0; i < whole; i += kL) {
      const simd<T> v = load(a + i);
      s0 += v * load(x + i);
      s1 += v * load(x + i + b.col);
      s2 += v * load(x + i + 2 * b.col);
      s3 += v * load(x + i + 3 * b.col);
    }
    finish(j, s0, whole);
    finish(j + 1, s1, whole);
    finish(j + 2, s2, whole);
    finish(j + 3, s3, whole);
  }
  for (; j < n; ++j) {
    simd<T> s = {};
    for (int64_t i = 0; i < whole; i += kL) s += load(a + i) * load(b.data + j * b.col + i);
    finish(j, s, whole);
  }
}

// sum[n] [+]= the rows of b, as they lie in memory, times a[0], a[a_col], ...; kRows of them.
template <int kRows, class T>
DL_INLINE void add_rows(int64_t n, bool first, const T* a, int64_t a_col, const T* b, int64_t b_row,
                        T* sum) {
  constexpr int64_t kL = kLanes<T>;
  simd<T> x[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) x[r] = a[r * a_col] - simd<T>{};  // (x + 0 would lose -0)
  const auto columns = [&](int64_t j, auto&& read) {
    simd<T> s = {};
    if (!first) s = read(sum + j);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) s += x[r] * read(b + r * b_row + j);
    return s;
  };
  int64_t j = 0;
  for (; j + kL <= n; j += kL) store(sum + j, columns(j, [](const T* p) { return load(p); }));
  const int64_t left = n - j;
  if (left) store_first(sum + j, columns(j, [&](const T* p) { return load_first(p, left); }), left);
}
// y[n] = sum_k a[k] b[k, n] where memory runs along n: the rows of each stretch of k are added up
// in its row of `sums`, eight at a time, and these in their order.
template <class T>
void multiply_row(int64_t n, int64_t k, int64_t stretches, const Matrix<T>& a, const Matrix<T>& b,
                  T* y, const Epilogue<T>& e, T* sums) {
  parallel_for(stretches, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = k * i / stretches, rows = k * (i + 1) / stretches - first;
      const T *x = a.data + first * a.col, *from = b.data + first * b.row;
      int64_t r = 0;
      for (; r + 8 <= rows; r += 8) {
        add_rows<8>(n, r == 0, x + r * a.col, a.col, from + r * b.row, b.row, sums + i * n);
      }
      for (; r < rows; ++r) {
        add_rows<1>(n, r == 0, x + r * a.col, a.col, from + r * b.row, b.row, sums + i * n);
      }
    }
  });
  DL_VECTORIZE
  for (int64_t j = 0; j < n; ++j) {
    T total = sums[j];
    for (int64_t i = 1; i < stretches; ++i) total += sums[i * n + j];
    if (e.bias) total += e.bias[j];
    y[j] = e.relu && total < 0 ? T(0) : total;
  }
}

// The same by units of bfloat16: `a` and `b` of float32 or bfloat16, y of float32.
template <class T>
void multiply_on_amx(const ProductPlan& plan, int64_t m, int64_t n, int64_t k, const Matrix<T>& a,
                     const Matrix<T>& b, float* y, const Epilogue<float>& epilogue,
                     float* scratch) {
  constexpr int parts = sizeof(T) == 2 ? 1 : amx::kFloatParts;
  const AmxLeft<T> left{a.data, a.row, a.col};
  AmxRight<T> right(b.data, b.row, b.col);
  if (plan.amx_right) {
    float* room = scratch + (plan.amx_left ? amx_packed_size(m, k) : 0);
    amx_pack_right(n, k, parts, right, reinterpret_cast<amx::Packed*>(room));
  }
  const MatrixTarget<float> target{y, n};
  if (!plan.amx_left) return amx_gemm(m, n, k, parts, left, right, target, epilogue);
  auto* strips = reinterpret_cast<amx::Packed*>(scratch);
  amx_pack_left(m, k, parts, left, strips);
  amx_gemm(m, n, k, parts, AmxStrips{strips, k, parts}, right, target, epilogue);
}

// y (m, n) row-major = a b.
template <class T>
void multiply(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T* y,
              const Epilogue<T>& epilogue, T* scratch) {
  const ProductPlan plan = plan_product(m, n, k, a.row, a.col, b.row, b.col, epilogue.bias);
  if (plan.transposed) {
    const Matrix<T> a_t{a.data, a.col, a.row};
    a = {b.data, b.col, b.row};
    b = a_t;
    n = m;
    m = 1;
  }
  if (plan.stretches) {
    return multiply_row(n, k, plan.stretches, a, b, y, epilogue, scratch);
  }
  if (plan.dots) {
    parallel_for(n, grain_for(m * k), [&](int64_t begin, int64_t end) {
      for (int64_t i = 0; i < m; ++i) {
        dot_columns(end - begin, k, a.data + i * a.row, {b.data + begin * b.col, b.row, b.col},
                    y + i * n + begin, epilogue.from(i * n + begin, begin));
      }
    });
    return;
  }
  if constexpr (kMayUseAmx<T>) {
    if (plan.amx) return multiply_on_amx(plan, m, n, k, a, b, y, epilogue, scratch);
  }
  Panels<T> panels = Panels<T>::in_place(b.data, b.row);
  if (plan.packed) {
    pack_panels(b.data, b.row, b.col, k, n, scratch);
    panels = Panels<T>::packed(scratch, k);
  }
  // Rows of `a` that lie a multiple of 4 KiB apart fall into one cache set.
  const bool crowded = a.row * static_cast<int64_t>(sizeof(T)) % 4096 == 0;
  const bool pack_a = n > 4 * kPanel<T> && m > kTileRows && (a.col != 1 || crowded);
  gemm(m, n, k, MatrixSource<T>{a.data, a.row, a.col, pack_a}, panels, MatrixTarget<T>{y, n},
       epilogue);
}

template <class T>
void multiply_integers(int64_t m, int64_t n, int64_t k, const Matrix<T>& a, const Matrix<T>& b,
                       T* y) {
  parallel_for(m, grain_for(n * k), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      T* row = y + i * n;
      for (int64_t j = 0; j < n; ++j) row[j] = 0;
      for (int64_t l = 0; l < k; ++l) {
        const auto x = static_cast<uint64_t>(a.data[i * a.row + l * a.col]);  // wraps, as sums do
        const T* from = b.data + l * b.row;
        for (int64_t j = 0; j < n; ++j) {
          const uint64_t product = x * static_cast<uint64_t>(from[j * b.col]);
          row[j] = static_cast<T>(static_cast<uint64_t>(row[j]) + product);
        }
      }
    }
  });
}

// f(a, b, y) for each matrix of the batch [begin, end), in row-major order of the batch axes.
template <class T, class Y = T, class F>
DL_INLINE void for_each_matrix(const View& a, const View& b, const View& y, int64_t begin,
                               int64_t end, F&& f) {
  const int axes = y.ndim() - 2;
  const int64_t size = y.shape[axes] * y.shape[axes + 1];
  for (int64_t i = begin; i < end; ++i) {
    int64_t rest = i, a_at = 0, b_at = 0;
    for (int axis = axes - 1; axis >= 0; --axis) {
      const int64_t at = rest % y.shape[axis];
      rest /= y.shape[axis];
      a_at += at * a.strides[axis];
      b_at += at * b.strides[axis];
    }
    f(Matrix<T>{a.ptr<T>() + a_at, a.strides[axes], a.strides[axes + 1]},
      Matrix<T>{b.ptr<T>() + b_at, b.strides[axes], b.strides[axes + 1]}, y.ptr<Y>() + i * size);
  }
}

}  // namespace

// y (..., m, n) = a (..., m, k) b (..., k, n) [+ bias (n)], with relu where asked; y is dense. Of
// bfloat16 a and b, y is float32.
void matmul(const View& a, const View& b, const View& bias, const View& y, bool relu,
            const View& scratch) {
  const int axes = y.ndim() - 2;
  const int64_t m = y.shape[axes], n = y.shape[axes + 1], k = a.shape[axes + 1];
  int64_t batch = 1;
  for (int axis = 0; axis < axes; ++axis) batch *= y.shape[axis];
  if (batch == 0 || m == 0 || n == 0) return;
  if (!is_floating(y.dtype)) {
    dispatch_integer(y.dtype, [&]<class T>(T) {
      for_each_matrix<T>(a, b, y, 0, batch, [&](const Matrix<T>& x, const Matrix<T>& w, T* out) {
        multiply_integers(m, n, k, x, w, out);
      });
    });
    return;
  }
  const int64_t pieces = batch_pieces(batch, m, n, k);
  // f(a, b, y, scratch) for every matrix.
  const auto each = [&]<class T, class Y, class F>(T, Y, F&& f) {
    const int64_t packed = scratch.numel() / static_cast<int64_t>(sizeof(Y)) / pieces;
    parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        for_each_matrix<T, Y>(a, b, y, batch * piece / pieces, batch * (piece + 1) / pieces,
                              [&](const Matrix<T>& x, const Matrix<T>& w, Y* out) {
                                f(x, w, out, scratch.ptr<Y>() + piece * packed);
                              });
      }
    });
  };
  if (a.dtype == DType::bfloat16) {  // only where the plan is `amx`
    if constexpr (kMayUseAmx<bfloat16>) {
      const Epilogue<float> epilogue{.bias = bias.ptr<float>(), .relu = relu};
      each(bfloat16{}, float{}, [&](const auto& x, const auto& w, float* out, float* room) {
        const ProductPlan plan = plan_product(m, n, k, x.row, x.col, w.row, w.col, false, true);
        multiply_on_amx(plan, m, n, k, x, w, out, epilogue, room);
      });
    }
    return;
  }
  for_type(y.dtype, [&]<class T>(T) {
    const Epilogue<T> epilogue{.bias = bias.ptr<T>(), .relu = relu};
    each(T{}, T{}, [&](const auto& x, const auto& w, T* out, T* room) {
      multiply(m, n, k, x, w, out, epilogue, room);
    });
  });
}

}  // namespace danlu::cpu::DL_LEVEL
