// y = sum, product, maximum or minimum of x over some axes; argmax and argmin; cumulative sums.
//
// The order is fixed by the shape: each thread takes every so-many-th element of a chunk, a block
// joins its threads as a tree, and the chunks of a long reduction are joined the same way. So the
// bits are the same every time.
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

// ---- what is reduced --------------------------------------------------------------------------

struct Sum : formula::Add {
  template <class A>
  static constexpr A identity = A(0);
};
struct Product : formula::Multiply {
  template <class A>
  static constexpr A identity = A(1);
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
struct Max : formula::Maximum {  // a NaN wins
  template <class A>
  static constexpr A identity = lowest<A>();
};
struct Min : formula::Minimum {
  template <class A>
  static constexpr A identity = highest<A>();
};

// ---- where numbers come from and go to ----------------------------------------------------------

// Floats are summed in float or double.
template <class T>
struct Floats {
  using A = wide<T>;
  const T* data;

  __device__ A operator[](int64_t at) const { return static_cast<A>(data[at]); }
};
// Integers in 64 bits, unsigned unless the order counts. Their types share one kernel.
template <class Word>
struct Integers {
  using A = Word;
  const void* data;
  DType dtype;

  __device__ A operator[](int64_t at) const {
    switch (dtype) {
      case DType::bool_:
      case DType::uint8:
        return get<uint8_t>(at);
      case DType::uint16:
        return get<uint16_t>(at);
      case DType::uint32:
        return get<uint32_t>(at);
      case DType::int8:
        return get<int8_t>(at);
      case DType::int16:
        return get<int16_t>(at);
      case DType::int32:
        return get<int32_t>(at);
      default:
        return get<int64_t>(at);  // uint64 is the same word
    }
  }

 private:
  template <class T>
  __device__ A get(int64_t at) const {
    return static_cast<A>(static_cast<const T*>(data)[at]);
  }
};

// f(source) for the element type of x.
template <class Op, class F>
void dispatch_source(const View& x, F&& f) {
  if (is_floating(x.dtype)) {
    return dispatch_floating(x.dtype, [&]<class T>(T) { f(Floats<T>{x.ptr<T>()}); });
  }
  constexpr bool ordered = std::is_same_v<Op, Max> || std::is_same_v<Op, Min>;
  if constexpr (ordered) {
    if (x.dtype != DType::uint64) return f(Integers<int64_t>{x.data, x.dtype});
  }
  f(Integers<uint64_t>{x.data, x.dtype});
}

struct Target {
  void* data;
  DType dtype;

  template <class T, class A>
  __device__ void put(int64_t at, A value) const {
    static_cast<T*>(data)[at] = static_cast<T>(static_cast<wide<T>>(value));
  }
  __device__ void store(int64_t at, float value) const { store_floating(at, value); }
  __device__ void store(int64_t at, double value) const { store_floating(at, value); }
  __device__ void store(int64_t at, int64_t value) const {
    store(at, static_cast<uint64_t>(value));
  }
  __device__ void store(int64_t at, uint64_t value) const {
    switch (size_of_word()) {
      case 0:
        return put<bool>(at, value != 0);
      case 1:
        return put<uint8_t>(at, value);
      case 2:
        return put<uint16_t>(at, value);
      case 4:
        return put<uint32_t>(at, value);
      default:
        return put<uint64_t>(at, value);
    }
  }

 private:
  template <class A>
  __device__ void store_floating(int64_t at, A value) const {
    switch (dtype) {
      case DType::float16:
        return put<float16>(at, value);
      case DType::bfloat16:
        return put<bfloat16>(at, value);
      case DType::float32:
        return put<float>(at, value);
      default:
        return put<double>(at, value);
    }
  }
  __device__ int size_of_word() const {  // 0: bool
    switch (dtype) {
      case DType::bool_:
        return 0;
      case DType::uint8:
      case DType::int8:
        return 1;
      case DType::uint16:
      case DType::int16:
        return 2;
      case DType::uint32:
      case DType::int32:
        return 4;
      default:
        return 8;
    }
  }
};

// ---- the nest of loops, in kept and reduced axes ----------------------------------------------

struct Nest {
  Loops<2> kept;     // 0: y, 1: x
  Loops<1> reduced;  // 0: x
  int64_t outputs = 1, length = 1;
  int64_t chunks = 1, chunk = 1;  // of the reduced elements
  bool inner_reduced = true;

  Nest(const View& x, const View& y) {
    View target = y;  // seen in the shape of x
    target.shape = x.shape;
    for (int axis = 0; axis < x.ndim(); ++axis) {
      if (y.shape[axis] != x.shape[axis]) target.strides[axis] = 0;
    }
    const View* const views[] = {&target, &x};
    const Loops<2> all = collapse(views);
    for (int axis = 0; axis < all.ndim; ++axis) {
      inner_reduced = all.stride[0][axis] == 0;
      if (inner_reduced) {
        length *= all.size[axis];
        reduced.size[reduced.ndim] = all.size[axis];
        reduced.stride[0][reduced.ndim++] = all.stride[1][axis];
      } else {
        outputs *= all.size[axis];
        kept.size[kept.ndim] = all.size[axis];
        kept.stride[0][kept.ndim] = all.stride[0][axis];
        kept.stride[1][kept.ndim++] = all.stride[1][axis];
      }
    }
  }
  // The same chunks as on the CPU: scratch is made for them.
  void cut() {
    const int64_t width = kept.ndim > 0 ? kept.size[kept.ndim - 1] : 1;
    chunks = inner_reduced ? reduce_chunks(length) : column_chunks(length, width);
    chunk = chunks == 1 ? length : inner_reduced ? kReduceChunk : column_chunk_rows(width);
  }

  __device__ int64_t y_of(int64_t output) const {
    int64_t at[2];
    kept.offsets(output, at);
    return at[0];
  }
  __device__ int64_t x_of(int64_t output) const {
    int64_t at[2];
    kept.offsets(output, at);
    return at[1];
  }
  __device__ int64_t step_of(int64_t i) const {
    int64_t at[1];
    reduced.offsets(i, at);
    return at[0];
  }
};

// Elements first, first + step, ... of one chunk.
template <class Op, class Source>
__device__ auto reduce_part(Op op, const Nest& nest, Source x, int64_t start, int64_t part,
                            int64_t first, int64_t step) {
  using A = typename Source::A;
  A sum = Op::template identity<A>;
  const int64_t end = part + 1 == nest.chunks ? nest.length : (part + 1) * nest.chunk;
  for (int64_t i = part * nest.chunk + first; i < end; i += step) {
    sum = op(sum, x[start + nest.step_of(i)]);
  }
  return sum;
}

// The sum of chunk `part` goes to scratch when there are several, else to y.
template <class A>
__device__ void finish(const Nest& nest, Target y, A* partial, int64_t output, int64_t part, A sum,
                       A divisor) {
  if (nest.chunks > 1)
    partial[output * nest.chunks + part] = sum;
  else
    y.store(nest.y_of(output), static_cast<A>(sum / divisor));
}

// ---- rows: the innermost axis is reduced, by the threads of a row of the block ----------------

template <class Op, class Source, class A = typename Source::A>
__global__ void reduce_rows(Nest nest, Source x, Target y, A* partial, A divisor) {
  __shared__ A room[kBlock];
  const int64_t tasks = nest.outputs * nest.chunks;
  for (int64_t first = int64_t{blockIdx.x} * blockDim.y; first < tasks;
       first += int64_t{gridDim.x} * blockDim.y) {
    const int64_t task = first + threadIdx.y;
    const int64_t output = task / nest.chunks, part = task % nest.chunks;
    A sum = Op::template identity<A>;
    if (task < tasks) {
      sum = reduce_part(Op{}, nest, x, nest.x_of(output), part, threadIdx.x, blockDim.x);
    }
    sum = reduce_block_row(Op{}, sum, room);
    if (task < tasks && threadIdx.x == 0) finish(nest, y, partial, output, part, sum, divisor);
  }
}

// ---- columns: the innermost axis is kept, so neighbouring threads take neighbouring columns ---

template <class Op, class Source, class A = typename Source::A>
__global__ void reduce_columns(Nest nest, Source x, Target y, A* partial, A divisor) {
  __shared__ A room[kBlock];
  const Op op;
  const int64_t groups = (nest.outputs + blockDim.x - 1) / blockDim.x;
  for (int64_t task = blockIdx.x; task < groups * nest.chunks; task += gridDim.x) {
    const int64_t output = task % groups * blockDim.x + threadIdx.x, part = task / groups;
    const bool inside = output < nest.outputs;
    A* own = room + threadIdx.y * blockDim.x + threadIdx.x;
    *own = Op::template identity<A>;
    if (inside) {
      *own = reduce_part(op, nest, x, nest.x_of(output), part, threadIdx.y, blockDim.y);
    }
    for (unsigned half = blockDim.y / 2; half > 0; half /= 2) {
      __syncthreads();
      if (threadIdx.y < half) *own = op(*own, own[half * blockDim.x]);
    }
    if (inside && threadIdx.y == 0) finish(nest, y, partial, output, part, *own, divisor);
    __syncthreads();
  }
}

template <class Op, class A>
__global__ void join_chunks(Nest nest, const A* partial, Target y, A divisor) {
  __shared__ A room[kBlock];
  const Op op;
  for (int64_t output = blockIdx.x; output < nest.outputs; output += gridDim.x) {
    A sum = Op::template identity<A>;
    for (int64_t part = threadIdx.x; part < nest.chunks; part += blockDim.x) {
      sum = op(sum, partial[output * nest.chunks + part]);
    }
    sum = reduce_block_row(op, sum, room);
    if (threadIdx.x == 0) y.store(nest.y_of(output), static_cast<A>(sum / divisor));
  }
}

template <class Op>
void run_reduce(const View& x, const View& y, const View& scratch, bool mean) {
  Nest nest(x, y);
  nest.cut();
  const Target target{y.data, y.dtype};
  dispatch_source<Op>(x, [&]<class Source>(Source source) {
    using A = typename Source::A;
    const A divisor = mean ? static_cast<A>(nest.length) : A(1);
    A* partial = scratch.ptr<A>();
    const int64_t share = nest.chunk < nest.length ? nest.chunk : nest.length;
    if (nest.inner_reduced) {
      const dim3 block = rows_block(share);
      const int64_t blocks = (nest.outputs * nest.chunks + block.y - 1) / block.y;
      launch("reduce", x.device, grid_for(blocks), block, reduce_rows<Op, Source>, nest, source,
             target, partial, divisor);
    } else {
      const unsigned rows = rows_block(share < 8 ? share : 8).x;
      const dim3 block(kBlock / rows, rows);
      const int64_t blocks = (nest.outputs + block.x - 1) / block.x * nest.chunks;
      launch("reduce", x.device, grid_for(blocks), block, reduce_columns<Op, Source>, nest, source,
             target, partial, divisor);
    }
    if (nest.chunks > 1) {
      launch("reduce", x.device, grid_for(nest.outputs), kBlock, join_chunks<Op, A>, nest, partial,
             target, divisor);
    }
  });
}

// ---- argmax -----------------------------------------------------------------------------------

template <class A>
struct Best {
  A value;
  int64_t position;  // -1: none yet
};
struct Better {  // the first of equals; the first NaN is the best of all
  bool greatest;
  template <class A>
  __device__ bool beats(A b, A a) const {
    if (b != b) return a == a;
    return greatest ? b > a : b < a;
  }
  template <class A>
  __device__ Best<A> operator()(Best<A> a, Best<A> b) const {
    if (a.position < 0 || b.position < 0) return a.position < 0 ? b : a;
    if (beats(b.value, a.value)) return b;
    if (beats(a.value, b.value)) return a;
    return a.position < b.position ? a : b;
  }
};

template <class Source>
__global__ void find_best(Nest nest, Better better, Source x, int64_t* y) {
  using A = typename Source::A;
  __shared__ Best<A> room[kBlock];
  for (int64_t first = int64_t{blockIdx.x} * blockDim.y; first < nest.outputs;
       first += int64_t{gridDim.x} * blockDim.y) {
    const int64_t output = first + threadIdx.y;
    Best<A> best{A(0), -1};
    if (output < nest.outputs) {
      const int64_t start = nest.x_of(output);
      for (int64_t i = threadIdx.x; i < nest.length; i += blockDim.x) {
        best = better(best, Best<A>{x[start + nest.step_of(i)], i});
      }
    }
    best = reduce_block_row(better, best, room);
    if (output < nest.outputs && threadIdx.x == 0) y[nest.y_of(output)] = best.position;
  }
}

// ---- cumulative sums --------------------------------------------------------------------------

// A row of the block takes a line, blockDim.x elements at a time.
template <class Op, class A, class T>
__global__ void cumulate_lines(Loops<2> lines, int64_t count, const T* x, int64_t x_step, T* y,
                               int64_t y_step, int64_t n) {
  __shared__ A room[kBlock];
  const Op op;
  A* row = room + threadIdx.y * blockDim.x;
  for (int64_t first = int64_t{blockIdx.x} * blockDim.y; first < count;
       first += int64_t{gridDim.x} * blockDim.y) {
    const int64_t line = first + threadIdx.y;
    int64_t at[2] = {0, 0};
    if (line < count) lines.offsets(line, at);
    A before = Op::template identity<A>;
    for (int64_t start = 0; start < n; start += blockDim.x) {
      const int64_t i = start + threadIdx.x;
      const bool inside = line < count && i < n;
      A sum = inside ? static_cast<A>(x[at[0] + i * x_step]) : Op::template identity<A>;
      row[threadIdx.x] = sum;
      __syncthreads();
      for (unsigned step = 1; step < blockDim.x; step *= 2) {  // sums of 2, 4, 8 ... elements
        if (threadIdx.x >= step) sum = op(row[threadIdx.x - step], sum);
        __syncthreads();
        row[threadIdx.x] = sum;
        __syncthreads();
      }
      if (inside) y[at[1] + i * y_step] = static_cast<T>(op(before, sum));
      before = op(before, row[blockDim.x - 1]);
      __syncthreads();
    }
  }
}

// One element for each line along the axis.
View without_axis(View x, int axis) {
  x.shape.erase(axis);
  x.strides.erase(axis);
  return x;
}

template <class Op>
void run_cumulate(const View& x, const View& y, int axis) {
  const View x_lines = without_axis(x, axis), y_lines = without_axis(y, axis);
  const View* const views[] = {&x_lines, &y_lines};
  const int64_t n = x.shape[axis], count = x_lines.numel();
  if (n * count == 0) return;
  const dim3 block = rows_block(n);
  const auto run = [&]<class T>(T) {
    using A = formula::wrap<wide<T>>;
    launch("cumulate", x.device, grid_for((count + block.y - 1) / block.y), block,
           cumulate_lines<Op, A, T>, collapse(views), count, x.ptr<T>(), x.strides[axis],
           y.ptr<T>(), y.strides[axis], n);
  };
  // Sums and products of signed numbers are those of the unsigned words.
  is_floating(x.dtype) ? dispatch_floating(x.dtype, run) : dispatch_words(x.dtype, run);
}

// y[i] = y[i - 1] a[i] + b[i]: a thread takes a line.
template <class T>
__global__ void recurrence_lines(Loops<3> lines, int64_t count, const T* a, int64_t a_step,
                                 const T* b, int64_t b_step, T* y, int64_t y_step, int64_t n) {
  const int64_t threads = int64_t{gridDim.x} * blockDim.x;
  for (int64_t line = int64_t{blockIdx.x} * blockDim.x + threadIdx.x; line < count;
       line += threads) {
    int64_t at[3] = {0, 0, 0};
    lines.offsets(line, at);
    wide<T> state = 0;
    for (int64_t i = 0; i < n; ++i) {
      const auto factor = static_cast<wide<T>>(a[at[0] + i * a_step]);
      state = state * factor + static_cast<wide<T>>(b[at[1] + i * b_step]);
      y[at[2] + i * y_step] = static_cast<T>(state);
    }
  }
}

}  // namespace

void reduce(Reduce op, const View& x, const View& y, const View& scratch) {
  if (y.numel() == 0) return;
  switch (op) {
    case Reduce::sum:
      return run_reduce<Sum>(x, y, scratch, /*mean=*/false);
    case Reduce::mean:
      return run_reduce<Sum>(x, y, scratch, /*mean=*/true);
    case Reduce::prod:
      return run_reduce<Product>(x, y, scratch, /*mean=*/false);
    case Reduce::max:
      return run_reduce<Max>(x, y, scratch, /*mean=*/false);
    case Reduce::min:
      return run_reduce<Min>(x, y, scratch, /*mean=*/false);
  }
}

void arg_reduce(bool greatest, const View& x, const View& y) {
  if (y.numel() == 0) return;
  const Nest nest(x, y);
  const dim3 block = rows_block(nest.length);
  dispatch_source<Max>(x, [&]<class Source>(Source source) {
    launch("arg_reduce", x.device, grid_for((nest.outputs + block.y - 1) / block.y), block,
           find_best<Source>, nest, Better{greatest}, source, y.ptr<int64_t>());
  });
}

void cumulate(Reduce op, const View& x, const View& y, int axis) {
  op == Reduce::sum ? run_cumulate<Sum>(x, y, axis) : run_cumulate<Product>(x, y, axis);
}

void recurrence(const View& a, const View& b, const View& y, int axis) {
  const View lines[] = {without_axis(a, axis), without_axis(b, axis), without_axis(y, axis)};
  const View* const views[] = {&lines[0], &lines[1], &lines[2]};
  const int64_t n = y.shape[axis], count = lines[2].numel();
  if (n * count == 0) return;
  dispatch_floating(y.dtype, [&]<class T>(T) {
    launch("recurrence", y.device, threads_grid(count), kBlock, recurrence_lines<T>,
           collapse(views), count, a.ptr<T>(), a.strides[axis], b.ptr<T>(), b.strides[axis],
           y.ptr<T>(), y.strides[axis], n);
  });
}

}  // namespace danlu::cuda
