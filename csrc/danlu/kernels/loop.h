// The one driver of all elementwise kernels: y = f(x0, x1, ...) over arrays of any strides.
//
// It cuts the work into blocks, brings each operand of a block into a dense row of its compute type
// (in place where it is one already), runs the formula's loop and puts the result back. So a
// formula needs a single loop for each compute type: strides, broadcasting and the half types,
// which compute in float, cost no code of their own.
#pragma once

#if defined(__F16C__)
#include <immintrin.h>
#endif

#include "danlu/core/view.h"
#include "danlu/kernels/parallel.h"
#include "danlu/kernels/simd.h"

namespace danlu::cpu::DL_LEVEL {
namespace {

inline constexpr int kMaxOperands = 4;
inline constexpr int64_t kBlock = 512;  // elements; all blocks of a call stay in the L1 cache
inline constexpr int64_t kTileRows = 16, kTileColumns = 32;  // a block of a transposed operand

// p[0 .. inputs): dense inputs; p[inputs]: dense output.
using Loop = void (*)(char* const* p, int64_t n, double parameter);

struct Formula {
  Loop loop = nullptr;
  double parameter = 0;
  // The loop takes multiples of this; a shorter rest is padded, so that approximated functions have
  // the same bits wherever in an array an element lies.
  int64_t step = 1;
};

// A formula's loop for each compute type in the order of DType; null where its list has no such
// type.
using LoopRow = Loop[kDTypeCount];
#define DL_LOOPS(entry, F, Types) \
  {entry<F, Types, bool>(),       \
   entry<F, Types, uint8_t>(),    \
   entry<F, Types, uint16_t>(),   \
   entry<F, Types, uint32_t>(),   \
   entry<F, Types, uint64_t>(),   \
   entry<F, Types, int8_t>(),     \
   entry<F, Types, int16_t>(),    \
   entry<F, Types, int32_t>(),    \
   entry<F, Types, int64_t>(),    \
   nullptr,                       \
   nullptr,                       \
   entry<F, Types, float>(),      \
   entry<F, Types, double>()},

DL_INLINE DType compute_dtype(DType dtype) {
  return dtype == DType::float16 || dtype == DType::bfloat16 ? DType::float32 : dtype;
}

// ---- conversion of blocks between a half type and float, gather and scatter -------------------

#if defined(__F16C__)
// The processor converts eight at once; it rounds to nearest even as float16 does.
inline void widen(const float16* x, float* y, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i));
    _mm256_storeu_ps(y + i, _mm256_cvtph_ps(halves));
  }
  for (; i < n; ++i) y[i] = _cvtsh_ss(x[i].bits);
}
inline void narrow(const float* x, float16* y, int64_t n) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m128i halves = _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y + i), halves);
  }
  for (; i < n; ++i) y[i].bits = _cvtss_sh(x[i], _MM_FROUND_TO_NEAREST_INT);
}
#else
inline void widen(const float16* x, float* y, int64_t n) {
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = x[i];
}
inline void narrow(const float* x, float16* y, int64_t n) {
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = x[i];
}
#endif
inline void widen(const bfloat16* x, float* y, int64_t n) {
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = x[i];
}
inline void narrow(const float* x, bfloat16* y, int64_t n) {
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = x[i];
}

inline constexpr int kMaxLoops = kMaxDims + 2;  // two axes may be cut into tiles

struct Loops {  // a nest of loops over all operands, outermost first
  int ndim = 0;
  int operands = 0;
  int64_t size[kMaxLoops];
  int64_t stride[kMaxOperands][kMaxLoops];  // in elements
  int64_t base[kMaxOperands] = {};          // where the nest begins

  DL_INLINE int64_t numel() const {
    int64_t n = 1;
    for (int axis = 0; axis < ndim; ++axis) n *= size[axis];
    return n;
  }
};

// Drops axes of one element and merges axes that lie in one step of each other in every operand.
inline Loops collapse(const View* const* views, int operands) {
  Loops loops;
  loops.operands = operands;
  const View& y = *views[operands - 1];
  for (int axis = 0; axis < y.ndim(); ++axis) {
    const int64_t size = y.shape[axis];
    if (size == 1) continue;
    bool merges = loops.ndim > 0;
    for (int k = 0; k < operands && merges; ++k) {
      merges = loops.stride[k][loops.ndim - 1] == views[k]->strides[axis] * size;
    }
    const int at = merges ? loops.ndim - 1 : loops.ndim++;
    loops.size[at] = merges ? loops.size[at] * size : size;
    for (int k = 0; k < operands; ++k) loops.stride[k][at] = views[k]->strides[axis];
  }
  if (loops.ndim == 0) {
    loops.ndim = 1;
    loops.size[0] = 1;
    for (int k = 0; k < operands; ++k) loops.stride[k][0] = 1;
  }
  return loops;
}

// Walks the rows of operand k from flat position `at`: row(offset, length) for each piece.
template <class F>
DL_INLINE void for_rows(const Loops& loops, int k, int64_t at, int64_t n, F&& row) {
  int64_t index[kMaxLoops];
  int64_t offset = loops.base[k];
  for (int axis = loops.ndim - 1; axis >= 0; --axis) {
    index[axis] = at % loops.size[axis];
    at /= loops.size[axis];
    offset += index[axis] * loops.stride[k][axis];
  }
  const int last = loops.ndim - 1;
  while (n > 0) {
    const int64_t left = loops.size[last] - index[last];
    const int64_t length = left < n ? left : n;
    row(offset, length);
    n -= length;
    index[last] += length;
    offset += length * loops.stride[k][last];
    for (int axis = last; axis > 0 && index[axis] == loops.size[axis]; --axis) {
      offset += loops.stride[k][axis - 1] - loops.size[axis] * loops.stride[k][axis];
      index[axis] = 0;
      ++index[axis - 1];
    }
  }
}

__attribute__((noinline)) int64_t offset_of(const Loops& loops, int k, int64_t at) {
  int64_t result = 0;
  for_rows(loops, k, at, 1, [&](int64_t offset, int64_t) { result = offset; });
  return result;
}

// The address, which the compiler cannot see through: it would make a strided loop into gather
// instructions, which are slower than loads.
template <class T>
DL_INLINE T* one_by_one(T* address) {
  asm("" : "+r"(address));
  return address;
}

template <class Word>
void gather_words(const Loops& loops, int k, int64_t at, int64_t n, const void* from, void* to) {
  const Word* x = static_cast<const Word*>(from);
  Word* y = static_cast<Word*>(to);
  const int last = loops.ndim - 1;
  const int64_t step = loops.stride[k][last];
  const int64_t columns = loops.size[last], rows = last > 0 ? loops.size[last - 1] : 0;
  if (step != 1 && rows * columns == n && loops.stride[k][last - 1] == 1 && at % n == 0) {
    // A tile of a transposed operand: by its columns, so that a cache line is read at once.
    const Word* column = x + offset_of(loops, k, at);
    for (int64_t c = 0; c < columns; ++c) __builtin_prefetch(column + c * step);
    for (int64_t c = 0; c < columns; ++c, column += step) {
      Word* to_column = y + c;
      for (int64_t r = 0; r < rows; ++r, to_column += columns) *one_by_one(to_column) = column[r];
    }
    return;
  }
  for_rows(loops, k, at, n, [&](int64_t offset, int64_t length) {
    const Word* row = x + offset;
    if (step == 0) {
      const Word value = *row;
      for (int64_t i = 0; i < length; ++i) y[i] = value;
    } else if (step == 1) {
      for (int64_t i = 0; i < length; ++i) y[i] = row[i];
    } else {
      for (int64_t i = 0; i < length; ++i, row += step) y[i] = *one_by_one(row);
    }
    y += length;
  });
}
template <class Word>
void scatter_words(const Loops& loops, int k, int64_t at, int64_t n, const void* from, void* to) {
  const Word* x = static_cast<const Word*>(from);
  const int64_t step = loops.stride[k][loops.ndim - 1];
  for_rows(loops, k, at, n, [&](int64_t offset, int64_t length) {
    Word* row = static_cast<Word*>(to) + offset;
    if (step == 1) {
      for (int64_t i = 0; i < length; ++i) row[i] = x[i];
    } else {
      for (int64_t i = 0; i < length; ++i, row += step) *one_by_one(row) = x[i];
    }
    x += length;
  });
}

inline void gather(const Loops& loops, int k, int64_t item, int64_t at, int64_t n, const void* from,
                   void* to) {
  switch (item) {
    case 1:
      return gather_words<uint8_t>(loops, k, at, n, from, to);
    case 2:
      return gather_words<uint16_t>(loops, k, at, n, from, to);
    case 4:
      return gather_words<uint32_t>(loops, k, at, n, from, to);
    default:
      return gather_words<uint64_t>(loops, k, at, n, from, to);
  }
}
inline void scatter(const Loops& loops, int k, int64_t item, int64_t at, int64_t n,
                    const void* from, void* to) {
  switch (item) {
    case 1:
      return scatter_words<uint8_t>(loops, k, at, n, from, to);
    case 2:
      return scatter_words<uint16_t>(loops, k, at, n, from, to);
    case 4:
      return scatter_words<uint32_t>(loops, k, at, n, from, to);
    default:
      return scatter_words<uint64_t>(loops, k, at, n, from, to);
  }
}

// Brings n elements of dtype, from flat position `at`, into a dense row of the compute dtype.
inline void load_block(const Loops& loops, int k, DType dtype, int64_t at, int64_t n,
                       const void* from, void* to) {
  if (compute_dtype(dtype) == dtype) return gather(loops, k, size_of(dtype), at, n, from, to);
  alignas(64) uint16_t buffer[kBlock];
  const uint16_t* halves = static_cast<const uint16_t*>(from);
  if (loops.ndim == 1 && loops.stride[k][0] == 1) {
    halves += loops.base[k] + at;
  } else {
    gather(loops, k, 2, at, n, from, buffer);
    halves = buffer;
  }
  float* wide = static_cast<float*>(to);
  dtype == DType::float16 ? widen(reinterpret_cast<const float16*>(halves), wide, n)
                          : widen(reinterpret_cast<const bfloat16*>(halves), wide, n);
}
inline void store_block(const Loops& loops, int k, DType dtype, int64_t at, int64_t n,
                        const void* from, void* to) {
  if (compute_dtype(dtype) == dtype) return scatter(loops, k, size_of(dtype), at, n, from, to);
  alignas(64) uint16_t buffer[kBlock];
  const bool dense = loops.ndim == 1 && loops.stride[k][0] == 1;
  uint16_t* halves = dense ? static_cast<uint16_t*>(to) + loops.base[k] + at : buffer;
  const float* wide = static_cast<const float*>(from);
  dtype == DType::float16 ? narrow(wide, reinterpret_cast<float16*>(halves), n)
                          : narrow(wide, reinterpret_cast<bfloat16*>(halves), n);
  if (!dense) scatter(loops, k, 2, at, n, halves, to);
}

// The same array as words of its element's size, for what only moves or chooses elements.
inline View as_words(const View& x) {
  View words = x;
  const int64_t size = size_of(x.dtype);
  words.dtype = size == 1   ? DType::uint8
                : size == 2 ? DType::uint16
                : size == 4 ? DType::uint32
                            : DType::uint64;
  return words;
}

// ---- the driver -------------------------------------------------------------------------------

// The last elements of dense rows, fewer than a step, in padded rows.
__attribute__((noinline)) inline void run_rest(const Formula& f, char* const* p,
                                               const int64_t* item, int operands, int64_t whole,
                                               int64_t rest) {
  alignas(64) char rows[kMaxOperands][64 * sizeof(double)] = {};
  char* q[kMaxOperands];
  for (int k = 0; k < operands; ++k) {
    q[k] = rows[k];
    if (k + 1 == operands) break;
    __builtin_memcpy(rows[k], p[k] + whole * item[k], static_cast<size_t>(rest * item[k]));
  }
  f.loop(q, f.step, f.parameter);
  const int y = operands - 1;
  __builtin_memcpy(p[y] + whole * item[y], rows[y], static_cast<size_t>(rest * item[y]));
}
// Dense rows of any length: whole steps in place.
inline void run_dense(const Formula& f, char* const* p, const int64_t* item, int operands,
                      int64_t n) {
  const int64_t whole = n & -f.step;  // step is a power of two
  if (whole > 0) f.loop(p, whole, f.parameter);
  if (whole < n) run_rest(f, p, item, operands, whole, n - whole);
}

inline void run_loops(const Formula& f, const View* const* views, const Loops& loops) {
  const int operands = loops.operands, last = loops.ndim - 1, y = operands - 1;
  // Long rows are cut where they end, and a row of step 1 is used in place. Short rows are
  // gathered, many in a block, and only an operand that is dense throughout is used in place.
  const bool by_rows = loops.size[last] >= 128 || loops.ndim == 1;
  bool in_place[kMaxOperands];
  int64_t item[kMaxOperands], compute_item[kMaxOperands];
  for (int k = 0; k < operands; ++k) {
    const DType dtype = views[k]->dtype;
    item[k] = size_of(dtype);
    compute_item[k] = size_of(compute_dtype(dtype));
    in_place[k] = compute_dtype(dtype) == dtype && loops.stride[k][last] == 1;
    int64_t dense = loops.size[last];
    for (int axis = last - 1; axis >= 0 && !by_rows; --axis) {
      in_place[k] = in_place[k] && loops.stride[k][axis] == dense;
      dense *= loops.size[axis];
    }
  }
  // The lines of a tile lie far apart, where the processor does not fetch them ahead by itself.
  const bool prefetches = !by_rows && !in_place[y] && loops.size[last] >= kTileColumns;
  parallel_for(loops.numel(), kGrain, [&](int64_t begin, int64_t end) {
    alignas(64) char rows[kMaxOperands][kBlock * sizeof(double)];
    // A row of one value, as of a scalar, is not made again while the value stays the same.
    int64_t repeated[kMaxOperands], repeats[kMaxOperands] = {};
    for (int64_t at = begin; at < end;) {
      int64_t n = end - at < kBlock ? end - at : kBlock;
      if (by_rows) {
        const int64_t left = loops.size[last] - at % loops.size[last];
        n = left < n ? left : n;
      }
      if (prefetches) {
        const char* to = views[y]->ptr<char>();
        for_rows(loops, y, at, n, [&](int64_t offset, int64_t length) {
          for (int64_t line = 0; line < length * item[y]; line += 64) {
            __builtin_prefetch(to + offset * item[y] + line, 1);
          }
        });
      }
      char* p[kMaxOperands];
      for (int k = 0; k < operands; ++k) {
        char* data = views[k]->ptr<char>();
        p[k] = rows[k];
        const bool constant = by_rows && loops.stride[k][last] == 0;
        if (in_place[k] || constant) {
          const int64_t offset = offset_of(loops, k, at);
          if (in_place[k]) p[k] = data + offset * item[k];
          if (in_place[k] || (repeats[k] >= n && repeated[k] == offset)) continue;
          repeated[k] = offset;
          repeats[k] = n;
        }
        if (k != y) load_block(loops, k, views[k]->dtype, at, n, data, rows[k]);
      }
      run_dense(f, p, compute_item, operands, n);
      if (!in_place[y]) store_block(loops, y, views[y]->dtype, at, n, rows[y], views[y]->data);
      at += n;
    }
  });
}

// The axis along which some operand lies densely that is strided along the last axis: the operand
// is transposed. -1 if there is none, or the rows are short.
inline int transposed_axis(const Loops& loops) {
  const int last = loops.ndim - 1;
  if (last < 1 || loops.size[last] < kTileColumns) return -1;
  for (int k = 0; k < loops.operands; ++k) {
    const int64_t step = loops.stride[k][last];
    if (step >= -1 && step <= 1) continue;
    for (int axis = 0; axis < last; ++axis) {
      if (loops.stride[k][axis] == 1 && loops.size[axis] >= kTileRows) return axis;
    }
  }
  return -1;
}

// Walks a transposed operand in tiles: along whole rows it would touch a cache line an element.
inline void run_tiled(const Formula& f, const View* const* views, const Loops& loops, int axis) {
  const int last = loops.ndim - 1;
  const int64_t rows = loops.size[axis] / kTileRows * kTileRows;
  const int64_t columns = loops.size[last] / kTileColumns * kTileColumns;
  Loops tiles = loops;  // (..., rows / tile, ..., columns / tile, tile rows, tile columns)
  tiles.ndim += 2;
  tiles.size[axis] = rows / kTileRows;
  tiles.size[last] = columns / kTileColumns;
  tiles.size[last + 1] = kTileRows;
  tiles.size[last + 2] = kTileColumns;
  for (int k = 0; k < loops.operands; ++k) {
    tiles.stride[k][last + 1] = loops.stride[k][axis];
    tiles.stride[k][last + 2] = loops.stride[k][last];
    tiles.stride[k][axis] *= kTileRows;
    tiles.stride[k][last] *= kTileColumns;
  }
  run_loops(f, views, tiles);
  Loops below = loops, right = loops;  // what is left of the rows, and of the columns
  below.size[axis] -= rows;
  right.size[axis] = rows;
  right.size[last] -= columns;
  for (int k = 0; k < loops.operands; ++k) {
    below.base[k] += rows * loops.stride[k][axis];
    right.base[k] += columns * loops.stride[k][last];
  }
  run_loops(f, views, below);
  run_loops(f, views, right);
}

inline void run_strided(const Formula& f, const View* const* views, int operands) {
  const Loops loops = collapse(views, operands);
  const int axis = transposed_axis(loops);
  if (axis < 0)
    run_loops(f, views, loops);
  else
    run_tiled(f, views, loops, axis);
}

// views: inputs, then the output; all of the output's shape (a broadcast axis has stride 0).
inline void run(const Formula& f, const View* const* views, int operands) {
  const View& y = *views[operands - 1];
  bool dense = true;
  int64_t item[kMaxOperands];
  for (int k = 0; k < operands && dense; ++k) {
    dense = views[k]->contiguous() && compute_dtype(views[k]->dtype) == views[k]->dtype;
    item[k] = size_of(views[k]->dtype);
  }
  const int64_t numel = y.numel();
  if (numel == 0) return;
  if (!dense) return run_strided(f, views, operands);
  parallel_for(numel, kGrain, [&](int64_t begin, int64_t end) {
    char* p[kMaxOperands];
    for (int k = 0; k < operands; ++k) p[k] = views[k]->ptr<char>() + begin * item[k];
    if (f.step == 1) return run_dense(f, p, item, operands, end - begin);
    // Between its loads an approximated function computes so long that the processor does not look
    // far enough ahead: the next block is fetched while this one is computed.
    for (int64_t at = begin; at < end; at += kBlock) {
      for (int k = 0; k + 1 < operands; ++k) {
        for (int64_t i = 0; i < kBlock * item[k]; i += 64) {
          __builtin_prefetch(p[k] + kBlock * item[k] + i);
        }
      }
      run_dense(f, p, item, operands, end - at < kBlock ? end - at : kBlock);
      for (int k = 0; k < operands; ++k) p[k] += kBlock * item[k];
    }
  });
}

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
