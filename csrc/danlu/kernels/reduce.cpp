// y = sum, product, maximum or minimum of x over some axes; argmax and argmin; cumulative sums.
//
// Everything is cut at places that depend on the shape alone and put together in a fixed order:
// blocks of kBlock elements are summed lane by lane, blocks pairwise, chunks in order. So the bits
// do not depend on the number of threads, and the error grows with the logarithm of the length.
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/loop.h"

namespace danlu::cpu::DL_LEVEL {
namespace {

// ---- what is reduced: works on numbers and on simd vectors ------------------------------------

struct Sum {
  template <class A>
  static constexpr A identity = A(0);
  template <class V>
  DL_INLINE V operator()(V a, V b) const {
    return a + b;
  }
};
struct Product {
  template <class A>
  static constexpr A identity = A(1);
  template <class V>
  DL_INLINE V operator()(V a, V b) const {
    return a * b;
  }
};
template <class A>
constexpr A lowest() {
  if constexpr (std::is_floating_point_v<A>)
    return -A(__builtin_inff());
  else
    return std::is_signed_v<A> ? A(uint64_t{1} << 63) : A(0);
}
template <class A>
constexpr A highest() {
  if constexpr (std::is_floating_point_v<A>)
    return A(__builtin_inff());
  else
    return A(~lowest<A>());
}
struct Max {  // a NaN wins
  template <class A>
  static constexpr A identity = lowest<A>();
  template <class V>
  DL_INLINE V operator()(V a, V b) const {
    return ((a > b) | (a != a)) ? a : b;
  }
};
struct Min {
  template <class A>
  static constexpr A identity = highest<A>();
  template <class V>
  DL_INLINE V operator()(V a, V b) const {
    return ((a < b) | (a != a)) ? a : b;
  }
};

// Integers are added up as unsigned words, because signed overflow is undefined; only the order of
// int64 needs the sign.
template <class Op, class F>
DL_INLINE void dispatch_accumulator(DType dtype, F&& f) {
  constexpr bool ordered = std::is_same_v<Op, Max> || std::is_same_v<Op, Min>;
  switch (compute_dtype(dtype)) {
    case DType::float32:
      return f(float{});
    case DType::float64:
      return f(double{});
    case DType::uint64:
      return f(uint64_t{});
    default:
      if constexpr (ordered)
        return f(int64_t{});
      else
        return f(uint64_t{});
  }
}
template <class F>
DL_INLINE void dispatch_reduction(Reduce op, F&& f) {
  switch (op) {
    case Reduce::sum:
    case Reduce::mean:
      return f(Sum{});
    case Reduce::prod:
      return f(Product{});
    case Reduce::max:
      return f(Max{});
    case Reduce::min:
      return f(Min{});
  }
}

// ---- dense blocks of the accumulator's type ---------------------------------------------------

template <class A, class T>
void load_row(const void* from, int64_t stride, int64_t n, A* to) {
  const T* x = static_cast<const T*>(from);
  if (stride == 1) {
    DL_VECTORIZE
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<A>(x[i]);
  } else {
    for (int64_t i = 0; i < n; ++i, x += stride) to[i] = static_cast<A>(*one_by_one(x));
  }
}
template <class A>
using LoadRow = void (*)(const void* from, int64_t stride, int64_t n, A* to);
template <class A>
LoadRow<A> row_loader(DType dtype) {
  if constexpr (std::is_same_v<A, float>) {
    return dtype == DType::float16    ? &load_row<A, float16>
           : dtype == DType::bfloat16 ? &load_row<A, bfloat16>
                                      : &load_row<A, float>;
  } else if constexpr (std::is_same_v<A, double>) {
    return &load_row<A, double>;
  } else {
    switch (dtype) {
      case DType::bool_:
      case DType::uint8:
        return &load_row<A, uint8_t>;
      case DType::uint16:
        return &load_row<A, uint16_t>;
      case DType::uint32:
        return &load_row<A, uint32_t>;
      case DType::int8:
        return &load_row<A, int8_t>;
      case DType::int16:
        return &load_row<A, int16_t>;
      case DType::int32:
        return &load_row<A, int32_t>;
      default:
        return &load_row<A, int64_t>;  // uint64 is the same word
    }
  }
}
// Not inline: a switch over all types in every instance would be half of the code.
template <class A>
__attribute__((noinline)) void store_numbers(const View& y, int64_t offset, int64_t step, int64_t n,
                                             const A* values, A divisor) {
  dispatch_all(y.dtype, [&]<class T>(T) {
    T* to = y.ptr<T>() + offset;
    for (int64_t i = 0; i < n; ++i) {
      if constexpr (std::is_floating_point_v<A> && !std::is_integral_v<T>) {
        to[i * step] = static_cast<T>(values[i] / divisor);
      } else if constexpr (std::is_integral_v<A> && std::is_integral_v<T>) {
        to[i * step] = static_cast<T>(values[i]);
      }
    }
  });
}

template <class Op, class A>
A reduce_block(const A* x, int64_t n) {
  const Op op;
  constexpr int kUnroll = 4;
  constexpr int64_t kStep = kUnroll * kLanes<A>;
  A total = Op::template identity<A>;
  int64_t i = 0;
  if (n >= kStep) {
    simd<A> sum[kUnroll];
    for (int u = 0; u < kUnroll; ++u) sum[u] = load(x + u * kLanes<A>);
    for (i = kStep; i + kStep <= n; i += kStep) {
      for (int u = 0; u < kUnroll; ++u) sum[u] = op(sum[u], load(x + i + u * kLanes<A>));
    }
    const simd<A> all = op(op(sum[0], sum[1]), op(sum[2], sum[3]));
    total = all[0];
    for (int lane = 1; lane < kLanes<A>; ++lane) total = op(total, A(all[lane]));
  }
  for (; i < n; ++i) total = op(total, x[i]);
  return total;
}

// Adds a sequence pairwise: two sums of 2^k blocks become one of 2^(k+1).
template <class Op, class A>
struct Pairwise {
  A level[48];
  int64_t count = 0;

  DL_INLINE void add(A value) {
    int k = 0;
    for (int64_t full = count; full & 1; full >>= 1) value = Op()(level[k++], value);
    level[k] = value;
    ++count;
  }
  DL_INLINE A total() const {
    A sum = Op::template identity<A>;
    bool any = false;
    for (int k = 0; (count >> k) != 0; ++k) {
      if (!(count >> k & 1)) continue;
      sum = any ? Op()(level[k], sum) : level[k];
      any = true;
    }
    return sum;
  }
};

// ---- the nest of loops, in kept and reduced axes ----------------------------------------------

struct Nest {
  Loops kept;     // operand 0: y, operand 1: x
  Loops reduced;  // operand 0: x
  int64_t outputs = 1, length = 1;
  bool inner_reduced = true;
  int64_t item = 1;

  explicit Nest(const View& x, const View& y) : item(size_of(x.dtype)) {
    View target = y;  // seen in the shape of x
    target.shape = x.shape;
    for (int axis = 0; axis < x.ndim(); ++axis) {
      if (y.shape[axis] != x.shape[axis]) target.strides[axis] = 0;
    }
    const View* const views[] = {&target, &x};
    const Loops all = collapse(views, 2);
    for (int axis = 0; axis < all.ndim; ++axis) {
      const bool is_reduced = all.stride[0][axis] == 0;
      Loops& part = is_reduced ? reduced : kept;
      (is_reduced ? length : outputs) *= all.size[axis];
      part.size[part.ndim] = all.size[axis];
      part.stride[0][part.ndim] = all.stride[is_reduced ? 1 : 0][axis];
      part.stride[1][part.ndim++] = all.stride[1][axis];
    }
    inner_reduced = all.stride[0][all.ndim - 1] == 0;
    for (Loops* part : {&reduced, &kept}) {
      if (part->ndim > 0) continue;
      part->ndim = 1;
      part->size[0] = 1;
      part->stride[0][0] = part->stride[1][0] = 0;
    }
  }
};

// block(values, n) for every block of the reduced axes from `begin` to `end`, in order.
template <class A, class F>
DL_INLINE void for_blocks(const Nest& nest, const char* x, LoadRow<A> load_row, bool direct,
                          int64_t begin, int64_t end, F&& block) {
  const Loops& loops = nest.reduced;
  const int64_t stride = loops.stride[0][loops.ndim - 1];
  if (direct && loops.ndim == 1 && stride == 1) {
    const A* row = reinterpret_cast<const A*>(x);
    for (int64_t at = begin; at < end; at += kBlock) {
      block(row + at, end - at < kBlock ? end - at : kBlock);
    }
    return;
  }
  alignas(64) A values[kBlock];
  for (int64_t at = begin; at < end; at += kBlock) {
    const int64_t n = end - at < kBlock ? end - at : kBlock;
    A* to = values;
    for_rows(loops, 0, at, n, [&](int64_t offset, int64_t length) {
      load_row(x + offset * nest.item, stride, length, to);
      to += length;
    });
    block(values, n);
  }
}

template <class A>
DL_INLINE void store_total(const View& y, const Nest& nest, int64_t output, A total, A divisor) {
  store_numbers(y, offset_of(nest.kept, 0, output), 1, 1, &total, divisor);
}

// ---- rows: the innermost axis is reduced ------------------------------------------------------

template <class Op, class A>
void reduce_rows(const Nest& nest, const View& x, const View& y, A divisor, A* partial) {
  const LoadRow<A> load_row = row_loader<A>(x.dtype);
  const bool direct = compute_dtype(x.dtype) == x.dtype && size_of(x.dtype) == sizeof(A);
  const int64_t chunks = reduce_chunks(nest.length);
  const int64_t chunk = kReduceChunk;
  const int64_t work = nest.length < chunk ? nest.length : chunk;
  parallel_for(nest.outputs * chunks, grain_for(work), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t output = task / chunks, part = task % chunks;
      const int64_t first = part * chunk;
      const int64_t last = chunks == 1 || part + 1 == chunks ? nest.length : first + chunk;
      const char* row = x.ptr<char>() + offset_of(nest.kept, 1, output) * nest.item;
      Pairwise<Op, A> sum;
      for_blocks<A>(nest, row, load_row, direct, first, last,
                    [&](const A* values, int64_t n) { sum.add(reduce_block<Op>(values, n)); });
      if (chunks > 1)
        partial[task] = sum.total();
      else
        store_total(y, nest, output, sum.total(), divisor);
    }
  });
  if (chunks == 1) return;
  for (int64_t output = 0; output < nest.outputs; ++output) {
    Pairwise<Op, A> sum;
    for (int64_t part = 0; part < chunks; ++part) sum.add(partial[output * chunks + part]);
    store_total(y, nest, output, sum.total(), divisor);
  }
}

// ---- columns: the innermost axis is kept ------------------------------------------------------

// Adds to `sum` the columns of `rows` dense rows of n: eight rows at a time, which are one row of
// 8 n, fill vectors that a narrow row leaves empty.
template <class Op, class A>
void sum_narrow_rows(const A* x, int64_t rows, int64_t n, A* sum) {
  const Op op;
  alignas(64) A wide[kColumns];
  for (int64_t i = 0; i < 8 * n; ++i) wide[i] = Op::template identity<A>;
  for (; rows >= 8; rows -= 8, x += 8 * n) {
    DL_VECTORIZE
    for (int64_t i = 0; i < 8 * n; ++i) wide[i] = op(wide[i], x[i]);
  }
  for (int64_t i = 0; i < rows * n; ++i) wide[i] = op(wide[i], x[i]);
  for (int64_t part = 0; part < 8; ++part) {
    for (int64_t i = 0; i < n; ++i) sum[i] = op(sum[i], wide[part * n + i]);
  }
}

// n columns of a row: where they lie, or a copy of them in `values`.
template <class A>
DL_INLINE const A* row_at(const char* from, LoadRow<A> load_row, bool direct, int64_t column_step,
                          int64_t n, A* values) {
  if (direct && column_step == 1) return reinterpret_cast<const A*>(from);
  load_row(from, column_step, n, values);
  return values;
}

// The sums of columns [column, column + n) over the reduced positions [begin, end).
template <class Op, class A>
void sum_columns(const Nest& nest, const char* x, LoadRow<A> load_row, bool direct, int64_t n,
                 int64_t begin, int64_t end, A* sum) {
  const Op op;
  const Loops& loops = nest.reduced;
  const int64_t row_step = loops.stride[0][loops.ndim - 1];
  const int64_t column_step = nest.kept.stride[1][nest.kept.ndim - 1];
  alignas(64) A group[kColumns];  // a group of rows is summed by itself: the error stays small
  alignas(64) A values[kColumns];
  for (int64_t i = 0; i < n; ++i) sum[i] = Op::template identity<A>;
  constexpr int64_t kGroup = 64;
  const bool narrow = direct && column_step == 1 && row_step == n && 8 * n <= kColumns;
  for (int64_t at = begin; at < end; at += kGroup) {
    for (int64_t i = 0; i < n; ++i) group[i] = Op::template identity<A>;
    const int64_t rows = end - at < kGroup ? end - at : kGroup;
    for_rows(loops, 0, at, rows, [&](int64_t offset, int64_t length) {
      if (narrow) {
        const char* from = x + offset * nest.item;
        return sum_narrow_rows<Op>(reinterpret_cast<const A*>(from), length, n, group);
      }
      for (int64_t r = 0; r < length; ++r) {
        const char* from = x + (offset + r * row_step) * nest.item;
        const A* row = row_at(from, load_row, direct, column_step, n, values);
        DL_VECTORIZE
        for (int64_t i = 0; i < n; ++i) group[i] = op(group[i], row[i]);
      }
    });
    DL_VECTORIZE
    for (int64_t i = 0; i < n; ++i) sum[i] = op(sum[i], group[i]);
  }
}

template <class Op, class A>
void reduce_columns(const Nest& nest, const View& x, const View& y, A divisor, A* partial) {
  const LoadRow<A> load_row = row_loader<A>(x.dtype);
  const bool direct = compute_dtype(x.dtype) == x.dtype && size_of(x.dtype) == sizeof(A);
  const int64_t width = nest.kept.size[nest.kept.ndim - 1];
  const int64_t column_blocks = (width + kColumns - 1) / kColumns;
  const int64_t rows_per_chunk = column_chunk_rows(width);
  const int64_t chunks = column_chunks(nest.length, width);
  const int64_t outer = nest.outputs / width;
  const int64_t work = (nest.length < rows_per_chunk ? nest.length : rows_per_chunk) *
                       (width < kColumns ? width : kColumns);
  parallel_for(outer * column_blocks * chunks, grain_for(work), [&](int64_t begin, int64_t end) {
    alignas(64) A sum[kColumns];
    for (int64_t task = begin; task < end; ++task) {
      const int64_t part = task % chunks, column = task / chunks % column_blocks * kColumns;
      const int64_t first = task / chunks / column_blocks * width + column;  // output
      const int64_t n = width - column < kColumns ? width - column : kColumns;
      const int64_t top = part * rows_per_chunk;
      const int64_t bottom = part + 1 == chunks ? nest.length : top + rows_per_chunk;
      const char* from = x.ptr<char>() + offset_of(nest.kept, 1, first) * nest.item;
      sum_columns<Op>(nest, from, load_row, direct, n, top, bottom, sum);
      if (chunks > 1) {
        __builtin_memcpy(partial + part * nest.outputs + first, sum,
                         static_cast<size_t>(n) * sizeof(A));
        continue;
      }
      const int64_t offset = offset_of(nest.kept, 0, first);
      const int64_t step = nest.kept.stride[0][nest.kept.ndim - 1];
      store_numbers(y, offset, step, n, sum, divisor);
    }
  });
  if (chunks == 1) return;
  for (int64_t output = 0; output < nest.outputs; ++output) {
    Pairwise<Op, A> sum;
    for (int64_t part = 0; part < chunks; ++part) sum.add(partial[part * nest.outputs + output]);
    store_total(y, nest, output, sum.total(), divisor);
  }
}

// ---- argmax, cumulative sums ------------------------------------------------------------------

template <class Op, class A>
int64_t position_of_best(const Nest& nest, const char* x, LoadRow<A> load_row, bool direct) {
  A best = Op::template identity<A>;
  int64_t position = 0, at = 0;
  for_blocks<A>(nest, x, load_row, direct, 0, nest.length, [&](const A* values, int64_t n) {
    const A candidate = reduce_block<Op>(values, n);
    const bool nan = candidate != candidate && best == best;
    if (nan || at == 0 || (candidate != best && Op()(best, candidate) == candidate)) {
      int64_t i = 0;
      while (i < n - 1 && !(values[i] == candidate || values[i] != values[i])) ++i;
      position = at + i;
      best = candidate;
    }
    at += n;
  });
  return position;
}

// Wide as A, so that the two are compared and chosen in vectors of as many.
template <class A>
using Position = std::conditional_t<sizeof(A) == 4, int32_t, int64_t>;

inline constexpr int64_t kArgColumns = 128;

// The positions of the best of n <= kArgColumns columns, which are walked row by row.
template <class Op, class A>
void positions_of_best(const Nest& nest, const char* x, LoadRow<A> load_row, bool direct, int64_t n,
                       Position<A>* position) {
  const Op op;
  const Loops& loops = nest.reduced;
  const int64_t row_step = loops.stride[0][loops.ndim - 1];
  const int64_t column_step = nest.kept.stride[1][nest.kept.ndim - 1];
  alignas(64) A best[kArgColumns], values[kArgColumns];
  Position<A> at = 0;
  for_rows(loops, 0, 0, nest.length, [&](int64_t offset, int64_t length) {
    for (int64_t r = 0; r < length; ++r, ++at) {
      const char* from = x + (offset + r * row_step) * nest.item;
      const A* row = row_at(from, load_row, direct, column_step, n, values);
      DL_VECTORIZE
      for (int64_t i = 0; i < n; ++i) {
        const A winner = op(best[i], row[i]);
        const bool better = at == 0 || ((winner != best[i]) & (best[i] == best[i]));
        best[i] = at == 0 ? row[i] : winner;
        position[i] = better ? at : position[i];
      }
    }
  });
}

template <class Op, class A>
void arg_columns(const Nest& nest, const View& x, const View& y) {
  const LoadRow<A> load_row = row_loader<A>(x.dtype);
  const bool direct = compute_dtype(x.dtype) == x.dtype && size_of(x.dtype) == sizeof(A);
  const int last = nest.kept.ndim - 1;
  const int64_t width = nest.kept.size[last], step = nest.kept.stride[0][last];
  const int64_t blocks = (width + kArgColumns - 1) / kArgColumns;
  const int64_t work = nest.length * (width < kArgColumns ? width : kArgColumns);
  parallel_for(nest.outputs / width * blocks, grain_for(work), [&](int64_t begin, int64_t end) {
    alignas(64) Position<A> position[kArgColumns] = {};
    for (int64_t task = begin; task < end; ++task) {
      const int64_t column = task % blocks * kArgColumns, first = task / blocks * width + column;
      const int64_t n = width - column < kArgColumns ? width - column : kArgColumns;
      const char* from = x.ptr<char>() + offset_of(nest.kept, 1, first) * nest.item;
      positions_of_best<Op, A>(nest, from, load_row, direct, n, position);
      int64_t* to = y.ptr<int64_t>() + offset_of(nest.kept, 0, first);
      for (int64_t i = 0; i < n; ++i) to[i * step] = position[i];
    }
  });
}

template <class Op, class T>
void cumulate_line(const T* x, int64_t x_step, T* y, int64_t y_step, int64_t n) {
  using A = std::conditional_t<!std::is_arithmetic_v<T>, float, formula::wrap<T>>;
  A sum = Op::template identity<A>;
  for (int64_t i = 0; i < n; ++i) {
    sum = Op()(sum, static_cast<A>(x[i * x_step]));
    y[i * y_step] = static_cast<T>(sum);
  }
}

// n <= kColumns neighbouring lines at once, row by row.
template <class Op, class T>
void cumulate_columns(const T* x, int64_t x_step, T* y, int64_t y_step, int64_t n, int64_t length) {
  using A = std::conditional_t<!std::is_arithmetic_v<T>, float, formula::wrap<T>>;
  A sum[kColumns];
  for (int64_t j = 0; j < n; ++j) sum[j] = Op::template identity<A>;
  for (int64_t i = 0; i < length; ++i, x += x_step, y += y_step) {
    DL_VECTORIZE
    for (int64_t j = 0; j < n; ++j) {
      sum[j] = Op()(sum[j], static_cast<A>(x[j]));
      y[j] = static_cast<T>(sum[j]);
    }
  }
}

// One element for each line along `axis`.
View without_axis(const View& x, int axis) {
  View lines = x;
  lines.shape.erase(axis);
  lines.strides.erase(axis);
  return lines;
}

}  // namespace

void reduce(Reduce op, const View& x, const View& y, const View& scratch) {
  if (y.numel() == 0) return;
  const Nest nest(x, y);
  dispatch_reduction(op, [&]<class Op>(Op) {
    dispatch_accumulator<Op>(x.dtype, [&]<class A>(A) {
      const A divisor = op == Reduce::mean ? static_cast<A>(nest.length) : A(1);
      if (nest.inner_reduced)
        reduce_rows<Op, A>(nest, x, y, divisor, scratch.ptr<A>());
      else
        reduce_columns<Op, A>(nest, x, y, divisor, scratch.ptr<A>());
    });
  });
}

void arg_reduce(bool greatest, const View& x, const View& y) {
  if (y.numel() == 0) return;
  const Nest nest(x, y);
  auto run = [&]<class Op>(Op) {
    dispatch_accumulator<Op>(x.dtype, [&]<class A>(A) {
      if (!nest.inner_reduced && nest.length < INT32_MAX) return arg_columns<Op, A>(nest, x, y);
      const LoadRow<A> load_row = row_loader<A>(x.dtype);
      const bool direct = compute_dtype(x.dtype) == x.dtype && size_of(x.dtype) == sizeof(A);
      parallel_for(nest.outputs, grain_for(nest.length), [&](int64_t begin, int64_t end) {
        for (int64_t output = begin; output < end; ++output) {
          const char* row = x.ptr<char>() + offset_of(nest.kept, 1, output) * nest.item;
          y.ptr<int64_t>()[offset_of(nest.kept, 0, output)] =
              position_of_best<Op, A>(nest, row, load_row, direct);
        }
      });
    });
  };
  greatest ? run(Max{}) : run(Min{});
}

void cumulate(Reduce op, const View& x, const View& y, int axis) {
  const View x_lines = without_axis(x, axis), y_lines = without_axis(y, axis);
  const View* const views[] = {&x_lines, &y_lines};
  const Loops lines = collapse(views, 2);
  const int last = lines.ndim - 1;
  const bool neighbours = lines.stride[0][last] == 1 && lines.stride[1][last] == 1;
  const int64_t n = x.shape[axis], x_step = x.strides[axis], y_step = y.strides[axis];
  const int64_t grain = neighbours && grain_for(n) < 64 ? 64 : grain_for(n);
  dispatch_all(x.dtype, [&]<class T>(T) {
    auto run = [&]<class Op>(Op) {
      parallel_for(x_lines.numel(), grain, [&](int64_t begin, int64_t end) {
        for (int64_t line = begin; line < end;) {
          int64_t together = neighbours ? lines.size[last] - line % lines.size[last] : 1;
          if (together > kColumns) together = kColumns;
          if (together > end - line) together = end - line;
          const T* from = x.ptr<T>() + offset_of(lines, 0, line);
          T* to = y.ptr<T>() + offset_of(lines, 1, line);
          together > 1 ? cumulate_columns<Op>(from, x_step, to, y_step, together, n)
                       : cumulate_line<Op>(from, x_step, to, y_step, n);
          line += together;
        }
      });
    };
    op == Reduce::sum ? run(Sum{}) : run(Product{});
  });
}

void recurrence(const View& a, const View& b, const View& y, int axis) {
  const View lines_of[] = {without_axis(a, axis), without_axis(b, axis), without_axis(y, axis)};
  const View* const views[] = {&lines_of[0], &lines_of[1], &lines_of[2]};
  const Loops lines = collapse(views, 3);
  const int64_t n = y.shape[axis];
  dispatch_floating(y.dtype, [&]<class T>(T) {
    parallel_for(lines_of[2].numel(), grain_for(n), [&](int64_t begin, int64_t end) {
      for (int64_t line = begin; line < end; ++line) {
        const T* factor = a.ptr<T>() + offset_of(lines, 0, line);
        const T* term = b.ptr<T>() + offset_of(lines, 1, line);
        T* to = y.ptr<T>() + offset_of(lines, 2, line);
        std::conditional_t<sizeof(T) == 2, float, T> state = 0;
        for (int64_t i = 0; i < n; ++i) {
          state = state * factor[i * a.strides[axis]] + term[i * b.strides[axis]];
          to[i * y.strides[axis]] = static_cast<T>(state);
        }
      }
    });
  });
}

}  // namespace danlu::cpu::DL_LEVEL
