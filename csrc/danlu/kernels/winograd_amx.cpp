// The transforms leave their results as the tile unit wants them: strips of tiles, panels of
// filters.
#include "danlu/kernels/winograd_amx.h"

#include "danlu/kernels/winograd_transforms.h"

#if defined(DL_AMX)
#include "danlu/kernels/amx_split.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

using amx::kSquare;
using amx::kStep;
using amx::kStrip;
using amx::kTile;
using amx::Packed;
constexpr int64_t kHalf = 16;  // lines of a tile of the unit
constexpr int64_t kStepSize = amx::kFloatParts * kSquare;

DL_INLINE int64_t lanes_of(int64_t n) { return n < 0 ? 0 : n < kHalf ? n : kHalf; }
DL_INLINE void split(Vec low, Vec high, Packed* to) {
  amx::split<amx::kFloatParts>((__m512)low, (__m512)high, to);
}

// ---- kernels ------------------------------------------------------------------------------------

// How a transformed kernel lies: u (positions, panels of filters, steps of channels).
struct KernelPanels {
  int64_t panels, steps, panel, position;  // counts; elements of a panel, of all at a position
  explicit KernelPanels(const WinogradSizes& s)
      : panels(amx::strips_of(s.filters)),
        steps(amx::steps_of(s.channels)),
        panel(amx::packed_size(s.channels)),
        position(panels * panel) {}
};

// G g G^T.
template <int m>
void transform_kernel(const WinogradSizes& s, const float* g, Packed* u) {
  constexpr int size = m + 2;
  const int64_t tap = s.channels * s.filters;
  const KernelPanels to_u(s);
  parallel_for(to_u.panels * to_u.steps, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t panel = i / to_u.steps, step = i % to_u.steps;
      for (int64_t line = 0; line < kHalf; ++line) {
        const int64_t c = step * kStep + line;
        for (int64_t half = 0; half < 2; ++half) {
          const int64_t o = panel * kStrip + half * kHalf;
          Packed* to = u + panel * to_u.panel + step * kStepSize + half * kTile + line * kStep;
          Vec low[size * size];
          const auto transform = [&](int64_t channel, auto&& store) {
            const int64_t lanes = channel < s.channels ? lanes_of(s.filters - o) : 0;
            const float* from = g + channel * s.filters + o;
            both_axes<3, size>(
                Transform<m>::kernel,
                [&](int y, int x) { return load_some(from + (y * 3 + x) * tap, lanes); }, store);
          };
          transform(c, [&](int y, int x, Vec value) { low[y * size + x] = value; });
          transform(c + kHalf, [&](int y, int x, Vec value) {
            const int p = y * size + x;
            split(low[p], value, to + p * to_u.position);
          });
        }
      }
    }
  });
}

// 32 x 32 elements at each position, of which one axis is adjacent and the other is what the
// vectors were computed for.
template <int m>
using Squares = float[(m + 2) * (m + 2)][kSquare];

// The same of the kernel turned by half a turn, with channels and filters exchanged.
template <int m>
void transform_turned_kernel(const WinogradSizes& s, const float* g, Packed* u) {
  constexpr int size = m + 2;
  const int64_t tap = s.channels * s.filters;
  const KernelPanels to_u(s);
  parallel_for(to_u.panels * to_u.steps, 1, [&](int64_t begin, int64_t end) {
    alignas(64) Squares<m> squares;  // (positions, filters, channels)
    for (int64_t i = begin; i < end; ++i) {
      const int64_t panel = i / to_u.steps, step = i % to_u.steps;
      const int64_t columns =
          s.filters - panel * kStrip < kStrip ? s.filters - panel * kStrip : kStrip;
      const int64_t depth = s.channels - step * kStep < kStep ? s.channels - step * kStep : kStep;
      for (int64_t o = 0; o < columns; ++o) {
        for (int64_t c = 0; c < depth; c += kHalf) {
          const float* from = g + (panel * kStrip + o) * s.channels + step * kStep + c;
          const int64_t lanes = lanes_of(depth - c);
          both_axes<3, size>(
              Transform<m>::kernel,
              [&](int y, int x) { return load_some(from + (8 - y * 3 - x) * tap, lanes); },
              [&](int y, int x, Vec value) {
                store(squares[y * size + x] + o * kStep + c, value);
              });
        }
      }
      for (int p = 0; p < size * size; ++p) {
        amx::Job job =
            amx::pack_right(squares[p], 1, kStep, depth, columns, amx::kFloatParts,
                            u + p * to_u.position + panel * to_u.panel + step * kStepSize);
        amx::complete(job);
      }
    }
  });
}

// ---- forward and data gradient ------------------------------------------------------------------

// Known when this is compiled, so that the transforms need one address.
constexpr int64_t kStripPosition = WinogradSizes::kStripPosition;
constexpr int64_t kPanelPosition = WinogradSizes::kPanelPosition;
constexpr int64_t kSumPosition = WinogradSizes::kSumPosition;

// B^T d B of tiles [first, first + n): v (steps of channels, positions).
template <int m>
void transform_tiles(const Tiling& tiling, const float* x, int64_t first, int64_t n, Packed* v) {
  constexpr int size = m + 2;
  const int64_t pixel = tiling.channels, line = tiling.width * pixel;
  for (int64_t t = 0; t < n; ++t) {
    const auto s = tiling.square<size>(first + t);
    const float* from = x + s.offset;
    Packed* to = v + t * kStep;
    for (int64_t c = 0; c < pixel; c += kStep, from += kStep, to += size * size * kStripPosition) {
      Vec low[size * size];
      transform_square<size, size>(s, from, line, pixel, lanes_of(pixel - c), Transform<m>::input,
                                   [&](int i, int j, Vec value) { low[i * size + j] = value; });
      transform_square<size, size>(s, from + kHalf, line, pixel, lanes_of(pixel - c - kHalf),
                                   Transform<m>::input, [&](int i, int j, Vec value) {
                                     const int p = i * size + j;
                                     split(low[p], value, to + p * kStripPosition);
                                   });
    }
  }
}

// w (panels of filters, positions, tiles, 32) = v u at position p. `running`: see amx.h.
template <int m>
void multiply_position(const WinogradSizes& s, amx::Unit& unit, int p, const Packed* v,
                       int64_t tiles, const Packed* u, float* w, const int64_t* offsets,
                       float* running) {
  constexpr int64_t positions = (m + 2) * (m + 2);
  const int64_t steps = amx::steps_of(s.channels), size = amx::packed_size(s.channels);
  w += p * kSumPosition;
  for (int64_t o = 0; o < s.filters; o += kStrip, u += size, w += positions * kSumPosition) {
    for (int64_t step = 0; step < steps; step += amx::kMostSteps) {
      const int64_t count = steps - step < amx::kMostSteps ? steps - step : amx::kMostSteps;
      amx::Strip strip{{}, kStep, kSquare};
      for (int64_t i = 0; i < count; ++i) {
        strip.step[i] = v + ((step + i) * positions + p) * kStripPosition;
      }
      amx::multiply(unit, strip, u + step * kStepSize, count,
                    {.y = w,
                     .y_row = offsets,
                     .rows = tiles,
                     .columns = s.filters - o < kStrip ? s.filters - o : kStrip,
                     .running = running,
                     .first = step == 0,
                     .last = step + count == steps,
                     .addend = nullptr,
                     .bias = nullptr,
                     .relu = false});
    }
  }
}

template <int m>
void multiply_tiles(const WinogradSizes& s, const float* x, const Packed* u,
                    const Epilogue<float>& after, float* y, float* slots, int64_t workers) {
  constexpr int positions = (m + 2) * (m + 2);
  const Tiling tiling = tiles_read<m>(s);
  const int64_t blocks = s.blocks(), u_position = KernelPanels(s).position;
  int64_t next = 0;
  parallel_for(workers, 1, [&](int64_t worker, int64_t last) {
    int64_t offsets[kStrip];
    for (int64_t i = 0; i < kStrip; ++i) offsets[i] = i * kStrip;
    alignas(64) float running[kSquare];
    amx::Unit unit;
    amx::begin(unit, amx::kFloatParts);
    for (; worker < last; ++worker) {
      float* w = slots + worker * s.slot_size();
      auto* v = reinterpret_cast<Packed*>(w + s.sums_size());
      for (;;) {
        const int64_t block = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
        if (block >= blocks) break;
        const int64_t first = s.tiles() * block / blocks;
        const int64_t n = s.tiles() * (block + 1) / blocks - first;
        transform_tiles<m>(tiling, x, first, n, v);
        for (int p = 0; p < positions; ++p) {
          multiply_position<m>(s, unit, p, v, n, u + p * u_position, w, offsets, running);
        }
        amx::flush(unit);
        store_outputs<m>(s, first, n, after, y, [&](int p, int64_t t, int64_t o, int64_t lanes) {
          const float* from = w + o / kStrip * positions * kSumPosition + p * kSumPosition;
          return load_some(from + t * kStrip + o % kStrip, lanes);
        });
      }
    }
    amx::end(unit);
  });
}

// ---- weight gradient ----------------------------------------------------------------------------

// A dy A^T of the 32 tiles of a step: w (steps of tiles by kMostSteps, panels of filters,
// positions, kMostSteps).
template <int m>
void transform_gradients(const Tiling& tiling, const float* dy, int64_t first, int64_t step,
                         int64_t n, Packed* w) {
  constexpr int size = m + 2;
  const int64_t pixel = tiling.channels, line = tiling.width * pixel;
  constexpr int64_t panel_size = size * size * kPanelPosition;
  w += step / amx::kMostSteps * amx::strips_of(pixel) * panel_size;
  w += step % amx::kMostSteps * kStepSize;
  for (int64_t i = 0; i < kHalf; ++i) {
    const int64_t t = step * kStep + i;
    const bool has_low = t < n, has_high = t + kHalf < n;
    const auto low_square = tiling.square<m>(first + (has_low ? t : 0));
    const auto high_square = tiling.square<m>(first + (has_high ? t + kHalf : 0));
    for (int64_t o = 0; o < pixel; o += kHalf) {
      const int64_t lanes = lanes_of(pixel - o);
      Packed* to = w + o / kStrip * panel_size + o % kStrip / kHalf * kTile + i * kStep;
      Vec low[size * size];
      transform_square<m, size>(low_square, dy + low_square.offset + o, line, pixel,
                                has_low ? lanes : 0, Transform<m>::output_gradient,
                                [&](int y, int x, Vec value) { low[y * size + x] = value; });
      transform_square<m, size>(high_square, dy + high_square.offset + o, line, pixel,
                                has_high ? lanes : 0, Transform<m>::output_gradient,
                                [&](int y, int x, Vec value) {
                                  const int p = y * size + x;
                                  split(low[p], value, to + p * kPanelPosition);
                                });
    }
  }
}

// B^T x B of the same: v (positions, strips of channels, steps of tiles).
template <int m>
void transform_inputs(const Tiling& tiling, const float* x, int64_t first, int64_t step, int64_t n,
                      Packed* v, int64_t strip_size, int64_t position) {
  constexpr int size = m + 2;
  const int64_t pixel = tiling.channels, line = tiling.width * pixel;
  const int64_t tiles = n - step * kStep < kStep ? n - step * kStep : kStep;
  alignas(64) Squares<m> squares;  // (positions, tiles, channels)
  for (int64_t c = 0; c < pixel; c += kStrip) {
    const int64_t rows = pixel - c < kStrip ? pixel - c : kStrip;
    for (int64_t t = 0; t < tiles; ++t) {
      const auto s = tiling.square<size>(first + step * kStep + t);
      for (int64_t half = 0; half < rows; half += kHalf) {
        transform_square<size, size>(s, x + s.offset + c + half, line, pixel, lanes_of(rows - half),
                                     Transform<m>::input, [&](int i, int j, Vec value) {
                                       store(squares[i * size + j] + t * kStrip + half, value);
                                     });
      }
    }
    for (int p = 0; p < size * size; ++p) {
      amx::pack_left(squares[p], 1, kStrip, rows, tiles, amx::kFloatParts,
                     v + p * position + c / kStrip * strip_size + step * kStepSize);
    }
  }
}

// du (positions, channels, filters) = v w over n tiles, or with them added.
void multiply_positions(const WinogradSizes& s, const Packed* v, const Packed* w, int64_t n,
                        bool added, float* du) {
  const int64_t positions = s.positions(), strips = amx::strips_of(s.channels);
  const int64_t line_size = amx::packed_size(s.strip()), panels = amx::strips_of(s.filters);
  const int64_t steps = amx::steps_of(n), work = n * s.filters * kStrip;
  parallel_for(positions * strips, grain_for(work / 8), [&](int64_t begin, int64_t end) {
    int64_t offsets[kStrip];
    for (int64_t i = 0; i < kStrip; ++i) offsets[i] = i * s.filters;
    alignas(64) float running[kSquare];
    amx::Unit unit;
    amx::begin(unit, amx::kFloatParts);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t p = i / strips, c = i % strips * kStrip;
      for (int64_t o = 0; o < s.filters; o += kStrip) {
        float* y = du + (p * s.channels + c) * s.filters + o;
        for (int64_t step = 0; step < steps; step += amx::kMostSteps) {
          const int64_t left = steps - step;
          const int64_t count = left < amx::kMostSteps ? left : amx::kMostSteps;
          const Packed* lines = v + i * line_size + step * kStepSize;
          const int64_t panel = step / amx::kMostSteps * panels + o / kStrip;
          amx::multiply(unit, amx::packed_strip(lines, count, amx::kFloatParts),
                        w + (panel * positions + p) * kPanelPosition, count,
                        {.y = y,
                         .y_row = offsets,
                         .rows = s.channels - c < kStrip ? s.channels - c : kStrip,
                         .columns = s.filters - o < kStrip ? s.filters - o : kStrip,
                         .running = running,
                         .first = step == 0,
                         .last = step + amx::kMostSteps >= steps,
                         .addend = added ? y : nullptr,
                         .bias = nullptr,
                         .relu = false});
        }
      }
    }
    amx::flush(unit);
    amx::end(unit);
  });
}

template <int m>
void weight_gradient(const WinogradSizes& s, const float* x, const float* dy, float* dkernel,
                     float* scratch) {
  constexpr int positions = (m + 2) * (m + 2);
  const int64_t strip = s.strip(), panels = amx::strips_of(s.filters);
  const int64_t line_size = amx::packed_size(strip);
  const int64_t v_position = amx::strips_of(s.channels) * line_size;
  auto* v = reinterpret_cast<Packed*>(scratch);
  Packed* w = v + positions * v_position;
  const int64_t groups = (amx::steps_of(strip) + amx::kMostSteps - 1) / amx::kMostSteps;
  Packed* w_end = w + groups * panels * positions * kPanelPosition;
  auto* du = reinterpret_cast<float*>(w_end);  // (positions, channels, filters)
  const Tiling read = tiles_read<m>(s), written = tiles_written<m>(s);
  for (int64_t first = 0; first < s.tiles(); first += strip) {
    const int64_t n = s.tiles() - first < strip ? s.tiles() - first : strip;
    parallel_for(2 * amx::steps_of(n), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if (i % 2 == 0) {
          transform_inputs<m>(read, x, first, i / 2, n, v, line_size, v_position);
        } else {
          transform_gradients<m>(written, dy, first, i / 2, n, w);
        }
      }
    });
    multiply_positions(s, v, w, n, first > 0, du);
  }
  store_kernel_gradient<m>(s, du, dkernel);
}

}  // namespace

void winograd_amx_kernel(const WinogradSizes& s, bool turned, const float* kernel, Packed* u) {
  if (s.m == 4) {
    turned ? transform_turned_kernel<4>(s, kernel, u) : transform_kernel<4>(s, kernel, u);
  } else {
    turned ? transform_turned_kernel<2>(s, kernel, u) : transform_kernel<2>(s, kernel, u);
  }
}

void winograd_amx_conv(const WinogradSizes& s, const float* x, const Packed* u,
                       const Epilogue<float>& after, float* y, float* slots, int64_t workers) {
  if (s.m == 4) {
    multiply_tiles<4>(s, x, u, after, y, slots, workers);
  } else {
    multiply_tiles<2>(s, x, u, after, y, slots, workers);
  }
}

void winograd_amx_weight_gradient(const WinogradSizes& s, const float* x, const float* dy,
                                  float* dkernel, float* scratch) {
  if (s.m == 4) {
    weight_gradient<4>(s, x, dy, dkernel, scratch);
  } else {
    weight_gradient<2>(s, x, dy, dkernel, scratch);
  }
}

}  // namespace danlu::cpu::DL_LEVEL
#endif
