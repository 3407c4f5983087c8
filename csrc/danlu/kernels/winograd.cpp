// Winograd's minimal filtering: m x m outputs of a 3x3 window from (m + 2)^2 products instead of
// 9 m^2, as y = A^T [(G g G^T) * (B^T d B)] A for a tile d of the image and the kernel g (Lavin and
// Gray, 2016, arXiv:1509.09308). For many channels each of the (m + 2)^2 products is a matrix
// product: (tiles, channels) times (channels, filters).
//
// m = 4 takes a quarter of the multiplications, at an error of 1e-5 of the largest output; m = 2
// takes 4/9 of them and is as exact as the sum itself.
#include "danlu/kernels/winograd.h"

#include "danlu/kernels/amx_gemm.h"
#include "danlu/kernels/gemm.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/winograd_amx.h"
#include "danlu/kernels/winograd_transforms.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

constexpr int64_t kL = kLanes<float>;
constexpr int64_t kP = kPanel<float>;
// The transforms amplify the rounding of the sums: sums of sums over so many channels have less.
constexpr int64_t kShortDepth = 128;

// f of the size x size squares of tiles [first, first + n), into v (positions, tiles, channels)
// with these strides.
// (`f` in the template: through a reference it was called and not inlined.)
template <int size, int out, auto f>
void transform_tiles(const Tiling& tiling, const float* x, int64_t first, int64_t n, float* v,
                     int64_t position, int64_t row) {
  const int64_t pixel = tiling.channels, line = tiling.width * pixel;
  for (int64_t t = 0; t < n; ++t) {
    const auto s = tiling.square<size>(first + t);
    const float* from = x + s.offset;
    float* to = v + t * row;
    for_each_vector<float>(0, tiling.channels, [&](int64_t c, int64_t lanes) {
      transform_square<size, out>(s, from + c, line, pixel, lanes, f, [&](int i, int j, Vec value) {
        store_some(to + (i * out + j) * position + c, value, lanes);
      });
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

// y = the convolution with the transformed kernel `u`. Each worker has a slot of scratch for the
// tiles it works on; which one it is changes nothing.
template <int m>
void multiply_tiles(const WinogradSizes& s, const float* x, const float* u,
                    const Epilogue<float>& after, float* y, float* slots, int64_t workers) {
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
        transform_tiles<size, size, Transform<m>::input>(tiling, x, first, n, v, v_position, v_row);
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
                        .addend = k > 0 ? w + p * w_position : nullptr,
                        .bias = nullptr,
                        .relu = false});
          }
        }
        store_outputs<m>(s, first, n, after, y, [&](int p, int64_t t, int64_t o, int64_t lanes) {
          return load_some(w + p * w_position + t * w_row + o, lanes);
        });
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
      transform_tiles<size, size, Transform<m>::input>(read, x, first + begin, end - begin,
                                                       v + begin * v_row, v_position, v_row);
      transform_tiles<m, size, Transform<m>::output_gradient>(
          written, dy, first + begin, end - begin, w + begin * w_row, w_position, w_row);
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
                    .addend = first > 0 ? du + (p * s.channels + c) * s.filters : nullptr,
                    .bias = nullptr,
                    .relu = false});
      }
    });
  }
  store_kernel_gradient<m>(s, du, dkernel);
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
             const float* transformed, const Epilogue<float>& after, float* y, float* scratch,
             int64_t scratch_size) {
  if constexpr (kMayUseAmx<float>) {
    if (s.amx) {
      auto* u = reinterpret_cast<amx::Packed*>(scratch);
      if (!transformed) winograd_amx_kernel(s, turned, kernel, u);
      return winograd_amx_conv(s, x,
                               transformed ? reinterpret_cast<const amx::Packed*>(transformed) : u,
                               after, y, scratch + s.kernel_size(), workers_in(s, scratch_size));
    }
  }
  if (!transformed) transform_kernel<m>(s, kernel, turned, scratch);
  multiply_tiles<m>(s, x, transformed ? transformed : scratch, after, y, scratch + s.kernel_size(),
                    workers_in(s, scratch_size));
}

}  // namespace

void winograd_kernel(const WinogradSizes& s, bool turned, const View& kernel,
                     const View& transformed) {
  if constexpr (kMayUseAmx<float>) {
    if (s.amx) {
      return winograd_amx_kernel(s, turned, kernel.ptr<float>(), transformed.ptr<amx::Packed>());
    }
  }
  if (s.m == 4) {
    transform_kernel<4>(s, kernel.ptr<float>(), turned, transformed.ptr<float>());
  } else {
    transform_kernel<2>(s, kernel.ptr<float>(), turned, transformed.ptr<float>());
  }
}

void winograd_conv(const ConvSizes& sizes, const float* x, const float* kernel,
                   const float* transformed, const Epilogue<float>& after, float* y, float* scratch,
                   int64_t scratch_size) {
  const WinogradSizes s = winograd_sizes(sizes);
  if (s.m == 4) {
    forward<4>(s, x, kernel, /*turned=*/false, transformed, after, y, scratch, scratch_size);
  } else {
    forward<2>(s, x, kernel, /*turned=*/false, transformed, after, y, scratch, scratch_size);
  }
}

void winograd_data_gradient(const ConvSizes& sizes, const float* dy, const float* kernel,
                            const float* transformed, float* dx, float* scratch,
                            int64_t scratch_size) {
  const WinogradSizes s = winograd_data_gradient_sizes(sizes);
  if (s.m == 4) {
    forward<4>(s, dy, kernel, /*turned=*/true, transformed, Epilogue<float>{}, dx, scratch,
               scratch_size);
  } else {
    forward<2>(s, dy, kernel, /*turned=*/true, transformed, Epilogue<float>{}, dx, scratch,
               scratch_size);
  }
}

void winograd_weight_gradient(const ConvSizes& sizes, const float* x, const float* dy,
                              float* dkernel, float* scratch) {
  const WinogradSizes s = winograd_weight_gradient_sizes(sizes);
  if constexpr (kMayUseAmx<float>) {
    if (s.amx) return winograd_amx_weight_gradient(s, x, dy, dkernel, scratch);
  }
  if (s.m == 4) {
    weight_gradient<4>(s, x, dy, dkernel, scratch);
  } else {
    weight_gradient<2>(s, x, dy, dkernel, scratch);
  }
}

}  // namespace danlu::cpu::DL_LEVEL
