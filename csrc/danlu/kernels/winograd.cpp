// Winograd's minimal filtering: m x m outputs of a 3x3 window from (m + 2)^2 products instead of
// 9 m^2, as y = A^T [(G g G^T) * (B^T d B)] A for a tile d of the image and the kernel g (Lavin and
// Gray, 2016, arXiv:1509.09308). For many channels each of the (m + 2)^2 products is a matrix
// product: (tiles, channels) times (channels, filters).
//
// m = 4 takes a quarter of the multiplications, at an error of 1e-5 of the largest output; m = 2
// takes 4/9 of them and is as exact as the sum itself.
#include "danlu/kernels/winograd.h"

#include "danlu/kernels/gemm.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/windows.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

using Vec = simd<float>;
constexpr int64_t kL = kLanes<float>;
constexpr int64_t kP = kPanel<float>;
// The transforms amplify the rounding of the sums: sums of sums over so many channels have less.
constexpr int64_t kShortDepth = 128;

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

// f of the size x size squares of tiles [first, first + n), into v (positions, tiles, channels)
// with these strides.
template <int size, int out, class F>
void transform_tiles(const Tiling& tiling, const float* x, int64_t first, int64_t n, float* v,
                     int64_t position, int64_t row, F&& f) {
  const int64_t pixel = tiling.channels, line = tiling.width * pixel;
  for (int64_t t = 0; t < n; ++t) {
    const auto s = tiling.square<size>(first + t);
    const float* from = x + s.offset;
    float* to = v + t * row;
    const bool inside = s.top == 0 && s.left == 0 && s.bottom == size && s.right == size;
    for_each_vector<float>(0, tiling.channels, [&](int64_t c, int64_t lanes) {
      const auto store = [&](int i, int j, Vec value) {
        store_some(to + (i * out + j) * position + c, value, lanes);
      };
      if (inside) {
        both_axes<size, out>(
            f, [&](int i, int j) { return load_some(from + i * line + j * pixel + c, lanes); },
            store);
      } else {
        both_axes<size, out>(
            f,
            [&](int i, int j) {
              return i >= s.top && i < s.bottom && j >= s.left && j < s.right
                         ? load_some(from + i * line + j * pixel + c, lanes)
                         : Vec{};
            },
            store);
      }
    });
  }
}

// ---- forward and data gradient ------------------------------------------------------------------

// G g G^T into panels of filters: u (positions, panels, channels, kP).
template <int m>
void transform_kernel(const WinogradSizes& s, const float* g, float* u) {
  constexpr int size = m + 2;
  const int64_t tap = s.channels * s.filters, panels = panel_count<float>(s.filters);
  const int64_t position = panels * s.channels * kP;
  parallel_for(s.channels * panels, grain_for(size * size * 8), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t c = i / panels, panel = i % panels;
      for (int64_t part = 0; part < 2; ++part) {
        const int64_t o = panel * kP + part * kL;
        const int64_t lanes = s.filters - o < 0 ? 0 : s.filters - o < kL ? s.filters - o : kL;
        float* to = u + (panel * s.channels + c) * kP + part * kL;
        const float* from = g + c * s.filters + o;
        both_axes<3, size>(
            Transform<m>::kernel,
            [&](int y, int x) { return load_some(from + (y * 3 + x) * tap, lanes); },
            [&](int y, int x, Vec value) { store(to + (y * size + x) * position, value); });
      }
    }
  });
}

// The same of the kernel turned by half a turn, with channels and filters exchanged: `s` is the
// data gradient's, whose channels are the kernel's filters.
template <int m>
void transform_turned_kernel(const WinogradSizes& s, const float* g, float* u) {
  constexpr int size = m + 2;
  const int64_t tap = s.channels * s.filters, panels = panel_count<float>(s.filters);
  const int64_t position = panels * s.channels * kP;
  const int64_t strips = (s.channels + kL - 1) / kL;
  parallel_for(strips * panels, grain_for(size * size * 8 * kP), [&](int64_t begin, int64_t end) {
    float square[size * size][kP * kL];  // (positions, columns of the panel, channels)
    for (int64_t i = begin; i < end; ++i) {
      const int64_t panel = i / strips, c = i % strips * kL;
      const int64_t lanes = s.channels - c < kL ? s.channels - c : kL;
      const int64_t columns = s.filters - panel * kP < kP ? s.filters - panel * kP : kP;
      for (int64_t o = 0; o < columns; ++o) {
        const float* from = g + (panel * kP + o) * s.channels + c;
        both_axes<3, size>(
            Transform<m>::kernel,
            [&](int y, int x) { return load_some(from + (8 - y * 3 - x) * tap, lanes); },
            [&](int y, int x, Vec value) { store(square[y * size + x] + o * kL, value); });
      }
      for (int p = 0; p < size * size; ++p) {
        pack_panel(square[p], 1, kL, lanes, columns,
                   u + p * position + (panel * s.channels + c) * kP);
      }
    }
  });
}

// Adds A^T w A of tiles [first, first + n) to the bias and stores it.
template <int m>
void store_outputs(const WinogradSizes& s, const float* w, int64_t position, int64_t row,
                   int64_t first, int64_t n, const float* bias, bool relu, float* y) {
  constexpr int size = m + 2;
  const Tiling tiling = tiles_written<m>(s);
  const int64_t pixel = s.filters, line = s.out[1] * pixel;
  for (int64_t t = 0; t < n; ++t) {
    const auto square = tiling.square<m>(first + t);
    float* to = y + square.offset;
    for_each_vector<float>(0, s.filters, [&](int64_t o, int64_t lanes) {
      const Vec b = bias ? load_some(bias + o, lanes) : Vec{};
      both_axes<size, m>(
          Transform<m>::output,
          [&](int i, int j) {
            return load_some(w + (i * size + j) * position + t * row + o, lanes);
          },
          [&](int i, int j, Vec value) {
            if (i >= square.bottom || j >= square.right) return;
            value += b;
            if (relu) value = value < 0 ? Vec{} : value;
            store_some(to + i * line + j * pixel + o, value, lanes);
          });
    });
  }
}

// y = the convolution with the transformed kernel `u`. Each worker has a slot of scratch for the
// tiles it works on; which one it is changes nothing.
template <int m>
void multiply_tiles(const WinogradSizes& s, const float* x, const float* u, const float* bias,
                    float* y, bool relu, float* slots, int64_t workers) {
  constexpr int size = m + 2;
  const Tiling tiling = tiles_read<m>(s);
  const int64_t blocks = s.blocks(), panels = panel_count<float>(s.filters);
  const int64_t v_row = s.padded(s.channels), w_row = s.padded(s.filters);
  const int64_t v_position = s.block * v_row, w_position = s.block * w_row;
  int64_t next = 0;
  parallel_for(workers, 1, [&](int64_t worker, int64_t last) {
    for (; worker < last; ++worker) {
      float* v = slots + worker * s.slot_size();
      float* w = v + size * size * v_position;
      int64_t offsets[WinogradSizes::kMostTiles];
      for (int64_t i = 0; i < s.block; ++i) offsets[i] = i * w_row;
      for (;;) {
        const int64_t block = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
        if (block >= blocks) break;
        const int64_t first = s.tiles() * block / blocks;
        const int64_t n = s.tiles() * (block + 1) / blocks - first;
        transform_tiles<size, size>(tiling, x, first, n, v, v_position, v_row, Transform<m>::input);
        for (int p = 0; p < size * size; ++p) {
          for (int64_t k = 0; k < s.channels; k += kShortDepth) {
            const int64_t rest = s.channels - k;
            gemm_block({.m = n,
                        .n = s.filters,
                        .k = rest < kShortDepth ? rest : kShortDepth,
                        .a = v + p * v_position + k,
                        .a_row = v_row,
                        .a_col = 1,
                        .b = u + p * panels * s.channels * kP + k * kP,
                        .b_row = kP,
                        .b_panel = s.channels * kP,
                        .y = w + p * w_position,
                        .y_row = offsets,
                        .accumulate = k > 0,
                        .bias = nullptr,
                        .relu = false});
          }
        }
        store_outputs<m>(s, w, w_position, w_row, first, n, bias, relu, y);
      }
    }
  });
}

// ---- weight gradient ----------------------------------------------------------------------------

// dkernel = G^T [sum over tiles of (B^T x B) (A dy A^T)] G: the sum is a matrix product for each
// position, (channels, tiles) times (tiles, filters), taken over the tiles strip by strip.
template <int m>
void weight_gradient(const WinogradSizes& s, const float* x, const float* dy, float* dkernel,
                     float* scratch) {
  constexpr int size = m + 2, positions = size * size;
  const int64_t strip = s.strip(), v_row = s.padded(s.channels), w_row = s.padded(s.filters);
  const int64_t v_position = strip * v_row, w_position = strip * w_row;
  float* v = scratch;
  float* w = v + positions * v_position;
  float* du = w + positions * w_position;  // (positions, channels, filters)
  const Tiling read = tiles_read<m>(s), written = tiles_written<m>(s);
  const int64_t row_blocks = (s.channels + kBlockRows - 1) / kBlockRows;
  for (int64_t first = 0; first < s.tiles(); first += strip) {
    const int64_t n = s.tiles() - first < strip ? s.tiles() - first : strip;
    const int64_t grain = grain_for((s.channels + s.filters) * 8);
    parallel_for(n, grain, [&](int64_t begin, int64_t end) {
      transform_tiles<size, size>(read, x, first + begin, end - begin, v + begin * v_row,
                                  v_position, v_row, Transform<m>::input);
      transform_tiles<m, size>(written, dy, first + begin, end - begin, w + begin * w_row,
                               w_position, w_row, Transform<m>::output_gradient);
    });
    const int64_t work = n * s.filters * s.channels / row_blocks;
    parallel_for(positions * row_blocks, grain_for(work / 2), [&](int64_t begin, int64_t end) {
      int64_t offsets[kBlockRows];
      for (int64_t i = 0; i < kBlockRows; ++i) offsets[i] = i * s.filters;
      for (int64_t i = begin; i < end; ++i) {
        const int64_t p = i / row_blocks, block = i % row_blocks;
        const int64_t c = s.channels * block / row_blocks;
        gemm_block({.m = s.channels * (block + 1) / row_blocks - c,
                    .n = s.filters,
                    .k = n,
                    .a = v + p * v_position + c,
                    .a_row = 1,
                    .a_col = v_row,
                    .b = w + p * w_position,
                    .b_row = w_row,
                    .b_panel = 0,
                    .y = du + (p * s.channels + c) * s.filters,
                    .y_row = offsets,
                    .accumulate = first > 0,
                    .bias = nullptr,
                    .relu = false});
      }
    });
  }
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

// The workers that the scratch behind `u` has room for.
DL_INLINE int64_t workers_in(const WinogradSizes& s, int64_t scratch_size) {
  const int64_t room = (scratch_size - s.kernel_size()) / s.slot_size();
  return room < 1 ? 1 : room > s.blocks() ? s.blocks() : room;
}

template <int m>
void transform_kernel(const WinogradSizes& s, const float* kernel, bool turned, float* u) {
  if (turned) {
    transform_turned_kernel<m>(s, kernel, u);
  } else {
    transform_kernel<m>(s, kernel, u);
  }
}

template <int m>
void forward(const WinogradSizes& s, const float* x, const float* kernel, bool turned,
             const float* transformed, const float* bias, float* y, bool relu, float* scratch,
             int64_t scratch_size) {
  if (!transformed) transform_kernel<m>(s, kernel, turned, scratch);
  multiply_tiles<m>(s, x, transformed ? transformed : scratch, bias, y, relu,
                    scratch + s.kernel_size(), workers_in(s, scratch_size));
}

}  // namespace

void winograd_kernel(const WinogradSizes& s, bool turned, const View& kernel,
                     const View& transformed) {
  if (s.m == 4) {
    transform_kernel<4>(s, kernel.ptr<float>(), turned, transformed.ptr<float>());
  } else {
    transform_kernel<2>(s, kernel.ptr<float>(), turned, transformed.ptr<float>());
  }
}

void winograd_conv(const ConvSizes& sizes, const float* x, const float* kernel,
                   const float* transformed, const float* bias, float* y, bool relu, float* scratch,
                   int64_t scratch_size) {
  const WinogradSizes s = winograd_sizes(sizes);
  if (s.m == 4) {
    forward<4>(s, x, kernel, /*turned=*/false, transformed, bias, y, relu, scratch, scratch_size);
  } else {
    forward<2>(s, x, kernel, /*turned=*/false, transformed, bias, y, relu, scratch, scratch_size);
  }
}

void winograd_data_gradient(const ConvSizes& sizes, const float* dy, const float* kernel,
                            const float* transformed, float* dx, float* scratch,
                            int64_t scratch_size) {
  const WinogradSizes s = winograd_data_gradient_sizes(sizes);
  if (s.m == 4) {
    forward<4>(s, dy, kernel, /*turned=*/true, transformed, nullptr, dx, false, scratch,
               scratch_size);
  } else {
    forward<2>(s, dy, kernel, /*turned=*/true, transformed, nullptr, dx, false, scratch,
               scratch_size);
  }
}

void winograd_weight_gradient(const ConvSizes& sizes, const float* x, const float* dy,
                              float* dkernel, float* scratch) {
  const WinogradSizes s = winograd_sizes(sizes);
  if (s.m == 4) {
    weight_gradient<4>(s, x, dy, dkernel, scratch);
  } else {
    weight_gradient<2>(s, x, dy, dkernel, scratch);
  }
}

}  // namespace danlu::cpu::DL_LEVEL
