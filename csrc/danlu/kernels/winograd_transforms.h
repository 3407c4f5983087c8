// The transforms of Winograd's algorithm (winograd.cpp) and the tiles that they work on.
#pragma once

#include "danlu/kernels/gemm.h"
#include "danlu/kernels/windows.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

using Vec = simd<float>;

// ---- the transforms along one axis --------------------------------------------------------------

template <int m>
struct Transform;

template <>
struct Transform<2> {
  static DL_INLINE void input(const Vec* d, Vec* v) {  // B^T d
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[1] - d[3];
  }
  static DL_INLINE void kernel(const Vec* g, Vec* u) {  // G g
    const Vec even = (g[0] + g[2]) * 0.5f, odd = g[1] * 0.5f;
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  }
  static DL_INLINE void output(const Vec* w, Vec* y) {  // A^T w
    y[0] = w[0] + w[1] + w[2];
    y[1] = w[1] - w[2] - w[3];
  }
  static DL_INLINE void output_gradient(const Vec* dy, Vec* w) {  // A dy
    w[0] = dy[0];
    w[1] = dy[0] + dy[1];
    w[2] = dy[0] - dy[1];
    w[3] = -dy[1];
  }
  static DL_INLINE void kernel_gradient(const Vec* u, Vec* g) {  // G^T u
    g[0] = u[0] + (u[1] + u[2]) * 0.5f;
    g[1] = (u[1] - u[2]) * 0.5f;
    g[2] = (u[1] + u[2]) * 0.5f + u[3];
  }
};

template <>
struct Transform<4> {
  static DL_INLINE void input(const Vec* d, Vec* v) {
    const Vec a = d[4] - 4.0f * d[2], b = d[3] - 4.0f * d[1];
    const Vec c = d[4] - d[2], e = 2.0f * (d[3] - d[1]);
    v[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
    v[1] = a + b;
    v[2] = a - b;
    v[3] = c + e;
    v[4] = c - e;
    v[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
  }
  static DL_INLINE void kernel(const Vec* g, Vec* u) {
    const Vec near = (g[0] + g[2]) * (-1.0f / 6), far = g[0] * (1.0f / 24) + g[2] * (1.0f / 6);
    u[0] = g[0] * 0.25f;
    u[1] = near - g[1] * (1.0f / 6);
    u[2] = near + g[1] * (1.0f / 6);
    u[3] = far + g[1] * (1.0f / 12);
    u[4] = far - g[1] * (1.0f / 12);
    u[5] = g[2];
  }
  static DL_INLINE void output(const Vec* w, Vec* y) {
    const Vec even = w[1] + w[2], odd = w[1] - w[2];
    const Vec far_even = w[3] + w[4], far_odd = w[3] - w[4];
    y[0] = w[0] + even + far_even;
    y[1] = odd + 2.0f * far_odd;
    y[2] = even + 4.0f * far_even;
    y[3] = odd + 8.0f * far_odd + w[5];
  }
  static DL_INLINE void output_gradient(const Vec* dy, Vec* w) {
    const Vec even = dy[0] + dy[2], odd = dy[1] + dy[3];
    const Vec far_even = dy[0] + 4.0f * dy[2], far_odd = 2.0f * dy[1] + 8.0f * dy[3];
    w[0] = dy[0];
    w[1] = even + odd;
    w[2] = even - odd;
    w[3] = far_even + far_odd;
    w[4] = far_even - far_odd;
    w[5] = dy[3];
  }
  static DL_INLINE void kernel_gradient(const Vec* u, Vec* g) {
    const Vec near = (u[1] + u[2]) * (-1.0f / 6), far = (u[3] + u[4]) * (1.0f / 24);
    g[0] = u[0] * 0.25f + near + far;
    g[1] = (u[2] - u[1]) * (1.0f / 6) + (u[3] - u[4]) * (1.0f / 12);
    g[2] = near + 4.0f * far + u[5];
  }
};

// load(i, j) of an (in, in) square through f along both axes, to store(i, j, value).
template <int in, int out, class F, class Load, class Store>
DL_INLINE void both_axes(F&& f, Load&& load, Store&& store) {
  Vec half[out][in];
#pragma GCC unroll 6
  for (int j = 0; j < in; ++j) {
    Vec column[in], done[out];
#pragma GCC unroll 6
    for (int i = 0; i < in; ++i) column[i] = load(i, j);
    f(column, done);
#pragma GCC unroll 6
    for (int i = 0; i < out; ++i) half[i][j] = done[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < out; ++i) {
    Vec done[out];
    f(half[i], done);
#pragma GCC unroll 6
    for (int j = 0; j < out; ++j) store(i, j, done[j]);
  }
}

// ---- images and their tiles ---------------------------------------------------------------------

// Images (count, height, width, channels) cut into squares, of which the first begins at `start`
// and the next `step` further.
struct Tiling {
  int64_t height, width, channels, start_y, start_x, step, rows, columns;

  struct Square {
    int64_t offset;                // of its first pixel, which may lie outside
    int top, bottom, left, right;  // rows [top, bottom) and columns [left, right) lie inside
  };
  template <int size>
  DL_INLINE Square square(int64_t tile) const {
    const int64_t x = start_x + tile % columns * step;
    const int64_t y = start_y + tile / columns % rows * step;
    const int64_t image = tile / columns / rows;
    Square s;
    s.offset = ((image * height + y) * width + x) * channels;
    s.top = static_cast<int>(y < 0 ? -y : 0);
    s.left = static_cast<int>(x < 0 ? -x : 0);
    s.bottom = static_cast<int>(height - y < size ? height - y : size);
    s.right = static_cast<int>(width - x < size ? width - x : size);
    return s;
  }
};

// What a tile of outputs reads, and the outputs themselves.
template <int m>
DL_INLINE Tiling tiles_read(const WinogradSizes& s) {
  return {s.in[0], s.in[1], s.channels, -s.before[0], -s.before[1], m, s.rows, s.columns};
}
template <int m>
DL_INLINE Tiling tiles_written(const WinogradSizes& s) {
  return {s.out[0], s.out[1], s.filters, 0, 0, m, s.rows, s.columns};
}

// f of the square that `from` and `s` describe, `lanes` channels of it, to store(i, j, value).
template <int size, int out, class F, class Store>
DL_INLINE void transform_square(const Tiling::Square& s, const float* from, int64_t line,
                                int64_t pixel, int64_t lanes, F&& f, Store&& store) {
  if (s.top == 0 && s.left == 0 && s.bottom == size && s.right == size) {
    both_axes<size, out>(
        f, [&](int i, int j) { return load_some(from + i * line + j * pixel, lanes); }, store);
  } else {
    both_axes<size, out>(
        f,
        [&](int i, int j) {
          return i >= s.top && i < s.bottom && j >= s.left && j < s.right
                     ? load_some(from + i * line + j * pixel, lanes)
                     : Vec{};
        },
        store);
  }
}

// y = A^T w A of tiles [first, first + n), and what follows the sum. load(position, tile, filter,
// lanes): what there is of w.
template <int m, class Load>
void store_outputs(const WinogradSizes& s, int64_t first, int64_t n, const Epilogue<float>& after,
                   float* y, Load&& load) {
  constexpr int size = m + 2;
  const Tiling tiling = tiles_written<m>(s);
  const int64_t pixel = s.filters, line = s.out[1] * pixel;
  for (int64_t t = 0; t < n; ++t) {
    const auto square = tiling.square<m>(first + t);
    float* to = y + square.offset;
    for_each_vector<float>(0, s.filters, [&](int64_t o, int64_t lanes) {
      const Epilogue<float> here = after.from(square.offset + o, o);
      const Vec b = here.bias ? load_some(here.bias, lanes) : Vec{};
      both_axes<size, m>(
          Transform<m>::output, [&](int i, int j) { return load(i * size + j, t, o, lanes); },
          [&](int i, int j, Vec value) {
            if (i >= square.bottom || j >= square.right) return;
            if (here.addend) value += load_some(here.addend + i * line + j * pixel, lanes);
            value += b;
            if (here.relu) value = value < 0 ? Vec{} : value;
            store_some(to + i * line + j * pixel + o, value, lanes);
          });
    });
  }
}

// dkernel = G^T du G, for du (positions, channels, filters).
template <int m>
void store_kernel_gradient(const WinogradSizes& s, const float* du, float* dkernel) {
  constexpr int size = m + 2;
  const int64_t tap = s.channels * s.filters;
  parallel_for(s.channels, grain_for(s.filters * 8), [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      for_each_vector<float>(0, s.filters, [&](int64_t o, int64_t lanes) {
        const int64_t at = c * s.filters + o;
        both_axes<size, 3>(
            Transform<m>::kernel_gradient,
            [&](int i, int j) { return load_some(du + (i * size + j) * tap + at, lanes); },
            [&](int i, int j, Vec value) {
              store_some(dkernel + (i * 3 + j) * tap + at, value, lanes);
            });
      });
    }
  });
}

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
