// The one driver of all elementwise kernels: y = f(x0, x1, ...) over arrays of any strides.
//
// It cuts the work into blocks, brings each operand of a block into a dense row of its compute type
// (in place where it is one already), runs the formula's loop and puts the result back. So a
// formula needs a single loop for each compute type: strides, broadcasting and the half types,
// which compute in float, cost no code of their own.
#pragma once

#include "danlu/core/view.h"
#include "danlu/kernels/parallel.h"
#include "danlu/kernels/simd.h"

namespace danlu::cpu::DL_LEVEL {
namespace {

inline constexpr int kMaxOperands = 4;
inline constexpr int64_t kBlock = 512;  // elements; all blocks of a call stay in the L1 cache

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

// ---- conversion of blocks between a half type and float, gather and scatter
// -----------------------

template <class Half>
void widen(const void* from, void* to, int64_t n) {
  const Half* x = static_cast<const Half*>(from);
  float* y = static_cast<float*>(to);
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = x[i];
}
template <class Half>
void narrow(const void* from, void* to, int64_t n) {
  const float* x = static_cast<const float*>(from);
  Half* y = static_cast<Half*>(to);
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = x[i];
}

struct Loops {  // a nest of loops over all operands, outermost first
  int ndim = 0;
  int operands = 0;
  int64_t size[kMaxDims];
  int64_t stride[kMaxOperands][kMaxDims];  // in elements
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
  int64_t index[kMaxDims];
  int64_t offset = 0;
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

template <class Word>
void gather_words(const Loops& loops, int k, int64_t at, int64_t n, const void* from, void* to) {
  const Word* x = static_cast<const Word*>(from);
  Word* y = static_cast<Word*>(to);
  const int64_t step = loops.stride[k][loops.ndim - 1];
  for_rows(loops, k, at, n, [&](int64_t offset, int64_t length) {
    const Word* row = x + offset;
    if (step == 0) {
      const Word value = *row;
      for (int64_t i = 0; i < length; ++i) y[i] = value;
    } else if (step == 1) {
      for (int64_t i = 0; i < length; ++i) y[i] = row[i];
    } else {
      for (int64_t i = 0; i < length; ++i) y[i] = row[i * step];
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
    for (int64_t i = 0; i < length; ++i) row[i * step] = x[i];
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
  alignas(64) uint16_t halves[kBlock];
  gather(loops, k, 2, at, n, from, halves);
  dtype == DType::float16 ? widen<float16>(halves, to, n) : widen<bfloat16>(halves, to, n);
}
inline void store_block(const Loops& loops, int k, DType dtype, int64_t at, int64_t n,
                        const void* from, void* to) {
  if (compute_dtype(dtype) == dtype) return scatter(loops, k, size_of(dtype), at, n, from, to);
  alignas(64) uint16_t halves[kBlock];
  dtype == DType::float16 ? narrow<float16>(from, halves, n) : narrow<bfloat16>(from, halves, n);
  scatter(loops, k, 2, at, n, halves, to);
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

// ---- the driver
// -----------------------------------------------------------------------------------

// Dense rows of any length: whole steps in place, the rest in padded rows.
inline void run_dense(const Formula& f, char* const* p, const int64_t* item, int operands,
                      int64_t n) {
  const int64_t whole = n - n % f.step;
  if (whole > 0) f.loop(p, whole, f.parameter);
  const int64_t rest = n - whole;
  if (rest == 0) return;
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

inline void run_strided(const Formula& f, const View* const* views, int operands) {
  const Loops loops = collapse(views, operands);
  const int last = loops.ndim - 1;
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
  const int y = operands - 1;
  parallel_for(views[y]->numel(), kGrain, [&](int64_t begin, int64_t end) {
    alignas(64) char rows[kMaxOperands][kBlock * sizeof(double)];
    for (int64_t at = begin; at < end;) {
      int64_t n = end - at < kBlock ? end - at : kBlock;
      if (by_rows) {
        const int64_t left = loops.size[last] - at % loops.size[last];
        n = left < n ? left : n;
      }
      char* p[kMaxOperands];
      for (int k = 0; k < operands; ++k) {
        char* data = views[k]->ptr<char>();
        p[k] = rows[k];
        if (in_place[k]) {
          for_rows(loops, k, at, 1,
                   [&](int64_t offset, int64_t) { p[k] = data + offset * item[k]; });
        } else if (k != y) {
          load_block(loops, k, views[k]->dtype, at, n, data, rows[k]);
        }
      }
      run_dense(f, p, compute_item, operands, n);
      if (!in_place[y]) store_block(loops, y, views[y]->dtype, at, n, rows[y], views[y]->data);
      at += n;
    }
  });
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
    run_dense(f, p, item, operands, end - begin);
  });
}

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
