// Compiled for AVX-512 and AMX (CMakeLists.txt), called only where `has_bfloat16`; tiles are
// touched only where `has_amx`.
#include "danlu/kernels/amx.h"

#include "danlu/kernels/amx_split.h"

namespace danlu::cpu::amx {

namespace {

// ---- packing ------------------------------------------------------------------------------------

DL_INLINE __mmask16 first(int64_t n) {
  return static_cast<__mmask16>(n >= 16 ? 0xffff : n <= 0 ? 0 : (1 << n) - 1);
}

DL_INLINE __m512 load(const float* x) { return _mm512_loadu_ps(x); }
DL_INLINE __m512 load(const float* x, __mmask16 some) { return _mm512_maskz_loadu_ps(some, x); }
DL_INLINE __m512 widened(__m256i x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}
DL_INLINE __m512 load(const bfloat16* x) {
  return widened(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
}
DL_INLINE __m512 load(const bfloat16* x, __mmask16 some) {
  return widened(_mm256_maskz_loadu_epi16(some, x));
}

// y = x^T for 16 x 16: four stages of interleaving row i with row i + 8.
DL_INLINE void transpose(__m512* v) {
  __m512 w[16];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    w[2 * i] = _mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]);
    w[2 * i + 1] = _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    const auto pair = [&](int a, int b, bool upper) {
      const __m512d p = _mm512_castps_pd(w[4 * i + a]), q = _mm512_castps_pd(w[4 * i + b]);
      return _mm512_castpd_ps(upper ? _mm512_unpackhi_pd(p, q) : _mm512_unpacklo_pd(p, q));
    };
    v[4 * i] = pair(0, 2, false);
    v[4 * i + 1] = pair(0, 2, true);
    v[4 * i + 2] = pair(1, 3, false);
    v[4 * i + 3] = pair(1, 3, true);
  }
  // v[4 i + j] holds, in its lane l, column 4 l + j of rows [4 i, 4 i + 4).
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m512 a = _mm512_shuffle_f32x4(v[j], v[4 + j], 0x88);
    const __m512 b = _mm512_shuffle_f32x4(v[8 + j], v[12 + j], 0x88);
    const __m512 c = _mm512_shuffle_f32x4(v[j], v[4 + j], 0xdd);
    const __m512 d = _mm512_shuffle_f32x4(v[8 + j], v[12 + j], 0xdd);
    w[j] = _mm512_shuffle_f32x4(a, b, 0x88);
    w[8 + j] = _mm512_shuffle_f32x4(a, b, 0xdd);
    w[4 + j] = _mm512_shuffle_f32x4(c, d, 0x88);
    w[12 + j] = _mm512_shuffle_f32x4(c, d, 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) v[i] = w[i];
}

// The 16 x 16 square at x, whose elements along the second axis are adjacent, transposed.
template <class T>
DL_INLINE void load_transposed(const T* x, int64_t stride, int64_t rows, __mmask16 columns,
                               __m512* v) {
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) {
    v[i] = i < rows ? load(x + i * stride, columns) : _mm512_setzero_ps();
  }
  transpose(v);
}

// Lines whose 32 elements are the k of a step: strips of a matrix with adjacent k.
template <int kParts, class T>
DL_INLINE void pack_lines(const T* x, int64_t stride, int64_t lines, int64_t k, Packed* out) {
  for (int64_t half = 0; half < 2; ++half) {
    for (int64_t i = 0; i < 16; ++i) {
      const int64_t line = half * 16 + i;
      const T* from = x + line * stride;
      Packed* to = out + half * kTile + i * 32;
      const bool there = line < lines;
      for (int64_t s = 0; s < k; s += kStep, to += kParts * kSquare) {
        const int64_t left = there ? k - s : 0;
        if (left >= kStep) {
          split<kParts>(load(from + s), load(from + s + 16), to);
        } else {
          split<kParts>(load(from + s, first(left)), load(from + s + 16, first(left - 16)), to);
        }
      }
    }
  }
}

// The strip of a matrix with adjacent rows.
template <int kParts, class T>
DL_INLINE void pack_turned_lines(const T* x, int64_t stride, int64_t rows, int64_t k, Packed* out) {
  for (int64_t s = 0; s < k; s += kStep, out += kParts * kSquare) {
    for (int64_t half = 0; half < 2; ++half) {
      const T* from = x + s * stride + half * 16;
      __m512 low[16], high[16];
      load_transposed(from, stride, k - s, first(rows - half * 16), low);
      load_transposed(from + 16 * stride, stride, k - s - 16, first(rows - half * 16), high);
#pragma GCC unroll 16
      for (int64_t i = 0; i < 16; ++i) split<kParts>(low[i], high[i], out + half * kTile + i * 32);
    }
  }
}

template <int kParts>
DL_INLINE void split_some_pixels(const float* x, int64_t stride, int64_t pixels, int64_t channels,
                                 Packed* out, int64_t plane) {
  for (int64_t i = 0; i < pixels; ++i, out += kParts * kStep) {
    const float* from = x + i * stride;
    Packed* to = out;
    for (int64_t c = 0; c < channels; c += kStep, to += plane) {
      const int64_t left = x ? channels - c : 0;
      if (left >= kStep) {
        split<kParts, kStep>(load(from + c), load(from + c + 16), to);
      } else {
        split<kParts, kStep>(load(from + c, first(left)), load(from + c + 16, first(left - 16)),
                             to);
      }
    }
  }
}

// A panel of a matrix with adjacent columns, in pairs of lines k and k + 16. (The job by value:
// what is stored might change it, for all that the compiler knows.)
template <int kParts, class T>
DL_INLINE void pack_pairs(const Job job, int64_t end) {
  const __mmask16 left = first(job.columns), right = first(job.columns - 16);
  const int64_t stride = job.stride;
  for (int64_t i = job.next; i < end; ++i) {
    const int64_t k = i / 16 * kStep + i % 16;
    const T* low = static_cast<const T*>(job.from) + k * stride;
    const T* high = low + 16 * stride;
    Packed* to = job.to + i / 16 * kParts * kSquare + i % 16 * kStep;
    __builtin_prefetch(low + 64 * stride, 0, 2);
    __builtin_prefetch(low + 64 * stride + 16, 0, 2);
    __builtin_prefetch(high + 64 * stride, 0, 2);
    __builtin_prefetch(high + 64 * stride + 16, 0, 2);
    if (job.columns == kStrip && k + 16 < job.k) {
      split<kParts>(load(low), load(high), to);
      split<kParts>(load(low + 16), load(high + 16), to + kTile);
      continue;
    }
    const auto some = [](bool there, __mmask16 columns, const T* from) {
      return load(from, there ? columns : __mmask16{0});
    };
    const bool has_low = k < job.k, has_high = k + 16 < job.k;
    split<kParts>(some(has_low, left, low), some(has_high, left, high), to);
    split<kParts>(some(has_low, right, low + 16), some(has_high, right, high + 16), to + kTile);
  }
}

// A panel of a matrix whose k are adjacent, in two squares transposed.
template <int kParts, class T>
DL_INLINE void pack_turned_pairs(const Job job, int64_t end) {
  for (int64_t i = job.next; i < end; ++i) {
    const int64_t k = i / 2 * kStep, column = i % 2 * 16;
    const T* from = static_cast<const T*>(job.from) + column * job.stride + k;
    Packed* to = job.to + i / 2 * kParts * kSquare + i % 2 * kTile;
    __m512 low[16], high[16];
    load_transposed(from, job.stride, job.columns - column, first(job.k - k), low);
    load_transposed(from + 16, job.stride, job.columns - column, first(job.k - k - 16), high);
#pragma GCC unroll 16
    for (int64_t line = 0; line < 16; ++line) {
      split<kParts>(low[line], high[line], to + line * kStep);
    }
  }
}

template <int kParts, class T, bool turned>
void pack_some(Job& job, int64_t end) {
  if constexpr (turned) {
    pack_turned_pairs<kParts, T>(job, end);
  } else {
    pack_pairs<kParts, T>(job, end);
  }
  job.next = end;
}

void fetch_some(Job& job, int64_t end) {
  for (int64_t i = job.next; i < end; ++i) {
    __builtin_prefetch(static_cast<const char*>(job.from) + i * 64, 0, 2);
  }
  job.next = end;
}

template <int kParts, class T>
DL_INLINE Job pack_panel(const T* b, int64_t row, int64_t col, int64_t k, int64_t columns,
                         Packed* panel) {
  Job job{};
  const bool turned = col != 1;
  job.some = turned ? pack_some<kParts, T, true> : pack_some<kParts, T, false>;
  job.pieces = steps_of(k) * (turned ? 2 : 16);
  job.from = b;
  job.stride = turned ? col : row;
  job.columns = columns;
  job.k = k;
  job.to = panel;
  return job;
}

// ---- multiplying --------------------------------------------------------------------------------

// The sum in float32 multiply-adds, from the parts: where the unit's is not finite, because the
// parts of an infinity multiply to no number, or a product that is left out would matter.
void sum_of_floats(Unit& unit) {
  unit.in_floats = true;
  const auto whole = [](const Packed* pair, int64_t distance, bool upper) {
    __m512 sum = _mm512_setzero_ps();
    for (int part = 0; part < kFloatParts; ++part) {
      const __m512i v = _mm512_loadu_si512(pair + part * distance);
      const __m512i bits =
          upper ? _mm512_and_si512(v, _mm512_set1_epi32(static_cast<int>(0xffff0000)))
                : _mm512_slli_epi32(v, 16);
      sum = part == 0 ? _mm512_castsi512_ps(bits) : _mm512_add_ps(sum, _mm512_castsi512_ps(bits));
    }
    return sum;
  };
  for (int64_t i = 0; i < 4 * 16; ++i) _mm512_store_ps(unit.sum[0] + i * 16, _mm512_setzero_ps());
  for (int64_t s = 0; s < unit.steps; ++s) {
    const Packed* a = unit.strip.step[s];
    const Packed* b = unit.panel + s * kFloatParts * kSquare;
    for (int64_t upper = 0; upper < 2; ++upper) {
      __m512 right[2][16];
      for (int64_t i = 0; i < 32; ++i) right[i / 16][i % 16] = whole(b + i * 32, kSquare, upper);
      for (int64_t row = 0; row < unit.output.rows; ++row) {
        alignas(64) float left[16];
        _mm512_store_ps(left, whole(a + row * unit.strip.row, unit.strip.part, upper));
        for (int64_t half = 0; half < 2; ++half) {
          float* to = unit.sum[row / 16 * 2 + half] + row % 16 * 16;
          __m512 sum = _mm512_load_ps(to);
          for (int k = 0; k < 16; ++k) {
            sum = _mm512_fmadd_ps(_mm512_set1_ps(left[k]), right[half][k], sum);
          }
          _mm512_store_ps(to, sum);
        }
      }
    }
  }
}

// The parts of an infinity multiply to no number.
DL_INLINE bool has_not_finite(__m512 x) {
  constexpr int kNotFinite = 0x99;  // infinities and both kinds of NaN
  return __builtin_expect(_mm512_fpclass_ps_mask(x, kNotFinite), 0);
}

DL_INLINE __m512 row_of_sum(Unit& unit, int64_t row, int64_t half) {
  const float* from = unit.sum[row / 16 * 2 + half] + row % 16 * 16;
  const __m512 z = _mm512_load_ps(from);
  if (unit.parts == 1 || unit.in_floats || !has_not_finite(z)) return z;
  sum_of_floats(unit);
  return _mm512_load_ps(from);
}

// Adds rows [row, end) of the block in unit.sum to the running sums.
DL_INLINE void add_rows(Unit& unit, const Output& to, int64_t row, int64_t end) {
  for (; row < end; ++row) {
#pragma GCC unroll 2
    for (int64_t half = 0; half < 2; ++half) {
      float* at = to.running + row * 32 + half * 16;
      const __m512 z = row_of_sum(unit, row, half);
      _mm512_storeu_ps(at, to.first ? z : _mm512_add_ps(z, _mm512_loadu_ps(at)));
    }
  }
}

// Stores them to y, with what was in the running sums.
DL_INLINE void store_rows(Unit& unit, const Output& to, int64_t row, int64_t end) {
  for (; row < end; ++row) {
    if (to.y_row[row] < 0) continue;
    float* y = to.y + to.y_row[row];
#pragma GCC unroll 2
    for (int64_t half = 0; half < 2; ++half) {
      __m512 z = row_of_sum(unit, row, half);
      if (!to.first) z = _mm512_add_ps(z, _mm512_loadu_ps(to.running + row * 32 + half * 16));
      const __mmask16 columns = first(to.columns - half * 16);
      if (to.addend) z = _mm512_add_ps(z, load(to.addend + to.y_row[row] + half * 16, columns));
      if (to.bias) z = _mm512_add_ps(z, load(to.bias + half * 16, columns));
      if (to.relu) {  // NaN stays NaN
        const __m512 zero = _mm512_setzero_ps();
        z = _mm512_mask_mov_ps(z, _mm512_cmp_ps_mask(z, zero, _CMP_LT_OQ), zero);
      }
      _mm512_mask_storeu_ps(y + half * 16, columns, z);
    }
  }
}

// Eight registers of 16 rows of 64 bytes. (A constant: GCC takes only the first word for read.)
struct alignas(64) Config {
  uint8_t palette = 1, start_row = 0, zero[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr Config kConfig;

// The registers: 0 to 3 hold the sums of 2 x 2 tiles, 4 and 5 tiles of the strip, 6 and 7 of the
// panel. `kRows` and `kColumns` count the tiles that are in use.
//
// The unit looks only a few tiles ahead: each is loaded as soon as its register was read for the
// last time, and not when it is wanted.
template <int kRows, int kColumns>
DL_INLINE void load_tiles(const Packed* a, int64_t a_row, const Packed* b) {
  _tile_loadd(4, a, a_row * 2);
  _tile_loadd(6, b, 64);
  if constexpr (kColumns == 2) _tile_loadd(7, b + kTile, 64);
  if constexpr (kRows == 2) _tile_loadd(5, a + 16 * a_row, a_row * 2);
}
// The products of what is loaded; then the tiles of the strip are those at `a`, of the panel those
// at `b`, or as they were where that is null.
template <int kRows, int kColumns>
DL_INLINE void multiply_tiles(const Packed* a, int64_t a_row, const Packed* b) {
  _tile_dpbf16ps(0, 4, 6);
  if (a) {
    if constexpr (kColumns == 2) _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(4, a, a_row * 2);
    if constexpr (kRows == 2) _tile_dpbf16ps(2, 5, 6);
    if (b) _tile_loadd(6, b, 64);
    if constexpr (kRows == 2 && kColumns == 2) _tile_dpbf16ps(3, 5, 7);
    if constexpr (kRows == 2) _tile_loadd(5, a + 16 * a_row, a_row * 2);
    if constexpr (kColumns == 2) {
      if (b) _tile_loadd(7, b + kTile, 64);
    }
  } else {
    if constexpr (kRows == 2) _tile_dpbf16ps(2, 5, 6);
    _tile_loadd(6, b, 64);
    if constexpr (kColumns == 2) _tile_dpbf16ps(1, 4, 7);
    if constexpr (kRows == 2 && kColumns == 2) _tile_dpbf16ps(3, 5, 7);
    if constexpr (kColumns == 2) _tile_loadd(7, b + kTile, 64);
  }
}

// The products of the parts, the smallest first, ordered so that each needs one tile reloaded.
// Between them the rows of the block before are stored, a few at a time: the unit never waits.
template <int kParts, int kRows, int kColumns>
void multiply_steps(Unit& unit, const Strip& strip, const Packed* b, int64_t steps) {
  const Output to = unit.output;
  const int64_t pauses = steps * (kParts == 3 ? 5 : 1);
  const int64_t rows = unit.steps > 0 ? to.rows : 0, some = (rows + pauses - 1) / pauses;
  int64_t row = 0;
  const auto meanwhile = [&] {
    const int64_t end = row + some < rows ? row + some : rows;
    if (to.last) {
      store_rows(unit, to, row, end);
    } else {
      add_rows(unit, to, row, end);
    }
    row = end;
    Job& job = unit.job;
    if (job.share > 0 && job.next < job.pieces) {
      job.some(job, job.next + job.share < job.pieces ? job.next + job.share : job.pieces);
    }
  };
  // (Loaded because _tile_zero waits for the unit to be idle: 200 cycles.)
  alignas(64) static const float kZeros[16] = {};
  _tile_loadd(0, kZeros, 0);
  _tile_loadd(1, kZeros, 0);
  _tile_loadd(2, kZeros, 0);
  _tile_loadd(3, kZeros, 0);
  const int64_t a_row = strip.row, last_part = (kParts - 1) * strip.part;
  const auto multiply = [a_row](const Packed* a_next, const Packed* b_next) {
    multiply_tiles<kRows, kColumns>(a_next, a_row, b_next);
  };
  load_tiles<kRows, kColumns>(strip.step[0] + last_part, a_row, b);
  for (int64_t s = 0; s < steps; ++s, b += kParts * kSquare) {
    const Packed* a = strip.step[s];
    if constexpr (kParts == 3) {
      multiply(a + strip.part, nullptr);  // 3 1, then 2
      meanwhile();
      multiply(nullptr, b + kSquare);  // 2 1, then 2
      meanwhile();
      multiply(a, nullptr);  // 2 2, then 1
      meanwhile();
      multiply(nullptr, b + 2 * kSquare);  // 1 2, then 3
      meanwhile();
      multiply(nullptr, b);  // 1 3, then 1
    }
    meanwhile();
    const int64_t next = s + 1 < steps ? 1 : 0;  // 0: nobody reads them
    multiply(strip.step[s + next] + last_part, b + next * kParts * kSquare);  // 1 1
  }
}

template <int kParts, class T>
DL_INLINE void pack_strip(const T* a, int64_t row, int64_t col, int64_t rows, int64_t k,
                          Packed* strip) {
  if (col == 1) {
    pack_lines<kParts>(a, row, rows, k, strip);
  } else {
    pack_turned_lines<kParts>(a, col, rows, k, strip);
  }
}
template <int kParts>
DL_INLINE void multiply_block(Unit& unit, const Strip& strip, const Packed* panel, int64_t steps,
                              const Output& output) {
  const bool tall = output.rows > 16, wide = output.columns > 16;
  if (tall && wide) {
    multiply_steps<kParts, 2, 2>(unit, strip, panel, steps);
  } else if (tall) {
    multiply_steps<kParts, 2, 1>(unit, strip, panel, steps);
  } else if (wide) {
    multiply_steps<kParts, 1, 2>(unit, strip, panel, steps);
  } else {
    multiply_steps<kParts, 1, 1>(unit, strip, panel, steps);
  }
  _tile_stored(0, unit.sum[0], 64);
  _tile_stored(1, unit.sum[1], 64);
  _tile_stored(2, unit.sum[2], 64);
  _tile_stored(3, unit.sum[3], 64);
}

}  // namespace

void pack_left(const float* a, int64_t row, int64_t col, int64_t rows, int64_t k, int parts,
               Packed* strip) {
  parts == 1 ? pack_strip<1>(a, row, col, rows, k, strip)
             : pack_strip<3>(a, row, col, rows, k, strip);
}
void pack_left(const bfloat16* a, int64_t row, int64_t col, int64_t rows, int64_t k, int,
               Packed* strip) {
  pack_strip<1>(a, row, col, rows, k, strip);
}
Job pack_right(const float* b, int64_t row, int64_t col, int64_t k, int64_t columns, int parts,
               Packed* panel) {
  return parts == 1 ? pack_panel<1>(b, row, col, k, columns, panel)
                    : pack_panel<3>(b, row, col, k, columns, panel);
}
Job pack_right(const bfloat16* b, int64_t row, int64_t col, int64_t k, int64_t columns, int,
               Packed* panel) {
  return pack_panel<1>(b, row, col, k, columns, panel);
}
Job fetch(const Packed* from, int64_t size) {
  Job job{};
  job.some = fetch_some;
  job.pieces = size / 32;
  job.from = from;
  return job;
}

void split_pixels(const float* x, int64_t stride, int64_t pixels, int64_t channels, int parts,
                  Packed* out, int64_t plane) {
  parts == 1 ? split_some_pixels<1>(x, stride, pixels, channels, out, plane)
             : split_some_pixels<kFloatParts>(x, stride, pixels, channels, out, plane);
}

void begin(Unit& unit, int parts) {
  if (has_amx) _tile_loadconfig(&kConfig);
  unit.parts = parts;
  unit.steps = 0;
  unit.job = {};
}

void multiply(Unit& unit, const Strip& strip, const Packed* panel, int64_t steps,
              const Output& output) {
  if (!has_amx) {
    flush(unit);
    dot_products(unit, strip, panel, steps, output.rows);
  } else if (unit.parts == 1) {
    multiply_block<1>(unit, strip, panel, steps, output);
  } else {
    multiply_block<3>(unit, strip, panel, steps, output);
  }
  unit.in_floats = false;
  unit.output = output;
  unit.strip = strip;
  unit.panel = panel;
  unit.steps = steps;
}

void flush(Unit& unit) {
  const Output to = unit.output;
  if (unit.steps > 0) {
    to.last ? store_rows(unit, to, 0, to.rows) : add_rows(unit, to, 0, to.rows);
  }
  unit.steps = 0;
}

void end(Unit&) {
  if (has_amx) _tile_release();
}

}  // namespace danlu::cpu::amx
