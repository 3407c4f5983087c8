// y = sum, product, maximum or minimum of x over some axes; argmax and argmin; cumulative sums.
//
// The same elements are put together in the same order every time: a block's threads take every
// 256th element of a chunk and join their results as a tree; chunks are joined in order.
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

// ---- what is reduced
// ------------------------------------------------------------------------------

struct Sum {
  template <class A>
  static constexpr A identity = A(0);
  template <class A>
  __device__ A operator()(A a, A b) const {
    return a + b;
  }
};
struct Product {
  template <class A>
  static constexpr A identity = A(1);
  template <class A>
  __device__ A operator()(A a, A b) const {
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
  template <class A>
  __device__ A operator()(A a, A b) const {
    return a > b || a != a ? a : b;
  }
};
struct Min {
  template <class A>
  static constexpr A identity = highest<A>();
  template <class A>
  __device__ A operator()(A a, A b) const {
    return a < b || a != a ? a : b;
  }
};

// Floats add up in float (doubles in double), integers as unsigned words; order needs the sign.
template <class Op, class T>
using accumulator = std::conditional_t<
    !std::is_integral_v<T>, compute<T>,
    std::conditional_t<(std::is_same_v<Op, Max> || std::is_same_v<Op, Min>)&&std::is_signed_v<T>,
                       int64_t, uint64_t>>;

template <class A>
__device__ void store_number(void* y, DType dtype, int64_t at, A value, A divisor) {
  const auto put = [&]<class T>(T) {
    if constexpr (std::is_floating_point_v<A> && !std::is_integral_v<T>) {
      static_cast<T*>(y)[at] = static_cast<T>(static_cast<compute<T>>(value / divisor));
    } else if constexpr (std::is_integral_v<A> && std::is_integral_v<T>) {
      static_cast<T*>(y)[at] = static_cast<T>(value);
    }
  };
  switch (dtype) {
    case DType::bool_:
      return put(bool{});
    case DType::uint8:
      return put(uint8_t{});
    case DType::uint16:
      return put(uint16_t{});
    case DType::uint32:
      return put(uint32_t{});
    case DType::uint64:
      return put(uint64_t{});
    case DType::int8:
      return put(int8_t{});
    case DType::int16:
      return put(int16_t{});
    case DType::int32:
      return put(int32_t{});
    case DType::int64:
      return put(int64_t{});
    case DType::float16:
      return put(float16{});
    case DType::bfloat16:
      return put(bfloat16{});
    case DType::float32:
      return put(float{});
    case DType::float64:
      return put(double{});
  }
}

// ---- the nest of loops, in kept and reduced axes
// --------------------------------------------------

struct Axis {
  int64_t size, y_stride, x_stride;
};
struct Nest {
  Axis kept[kMaxDims], reduced[kMaxDims];
  int kept_axes = 0, reduced_axes = 0;
  int64_t outputs = 1, length = 1, width = 1, chunks = 1, chunk = 1;
  bool inner_reduced = true;

  Nest(const View& x, const View& y) {
    for (int axis = 0; axis < x.ndim(); ++axis) {
      if (x.shape[axis] == 1) continue;
      inner_reduced = y.shape[axis] != x.shape[axis];
      Axis& to = inner_reduced ? reduced[reduced_axes++] : kept[kept_axes++];
      to = {x.shape[axis], inner_reduced ? 0 : y.strides[axis], x.strides[axis]};
      (inner_reduced ? length : outputs) *= x.shape[axis];
    }
    if (kept_axes > 0) width = kept[kept_axes - 1].size;
    // The places that the scratch of the op is made for.
    chunks = inner_reduced ? reduce_chunks(length) : column_chunks(length, width);
    chunk = chunks == 1 ? length : inner_reduced ? kReduceChunk : column_chunk_rows(width);
  }

  __device__ int64_t end_of(int64_t part) const {
    return part + 1 == chunks ? length : (part + 1) * chunk;
  }
  __device__ static int64_t offset(const Axis* axes, int count, int64_t at, bool of_y) {
    int64_t result = 0;
    for (int axis = count - 1; axis >= 0; --axis) {
      const int64_t next = at / axes[axis].size;
      result += (at - next * axes[axis].size) * (of_y ? axes[axis].y_stride : axes[axis].x_stride);
      at = next;
    }
    return result;
  }
  __device__ int64_t y_of(int64_t output) const { return offset(kept, kept_axes, output, true); }
  __device__ int64_t x_of(int64_t output) const { return offset(kept, kept_axes, output, false); }
  __device__ int64_t step_of(int64_t position) const {
    return offset(reduced, reduced_axes, position, false);
  }
};

struct Target {
  void* y;
  DType dtype;
};

// ---- rows: a block reduces one chunk; columns: a thread does, beside its neighbours
// -----------------

template <class Op, class T, class A>
__global__ void reduce_rows(Nest nest, const T* x, Target target, A divisor, A* partial) {
  __shared__ A shared[kThreads];
  const Op op;
  for (int64_t task = blockIdx.x; task < nest.outputs * nest.chunks; task += gridDim.x) {
    const int64_t output = task / nest.chunks, part = task % nest.chunks;
    const T* row = x + nest.x_of(output);
    A sum = Op::template identity<A>;
    const int64_t end = nest.end_of(part);
    for (int64_t i = part * nest.chunk + threadIdx.x; i < end; i += kThreads) {
      sum = op(sum, static_cast<A>(row[nest.step_of(i)]));
    }
    shared[threadIdx.x] = sum;
    __syncthreads();
    for (int half = kThreads / 2; half > 0; half /= 2) {
      if (threadIdx.x < half)
        shared[threadIdx.x] = op(shared[threadIdx.x], shared[threadIdx.x + half]);
      __syncthreads();
    }
    if (threadIdx.x == 0) {
      if (nest.chunks > 1)
        partial[part * nest.outputs + output] = shared[0];
      else
        store_number(target.y, target.dtype, nest.y_of(output), shared[0], divisor);
    }
    __syncthreads();
  }
}

template <class Op, class T, class A>
__global__ void reduce_columns(Nest nest, const T* x, Target target, A divisor, A* partial) {
  const Op op;
  grid_stride(nest.outputs * nest.chunks, [&](int64_t task) {
    const int64_t output = task % nest.outputs, part = task / nest.outputs;
    const T* column = x + nest.x_of(output);
    A sum = Op::template identity<A>;
    const int64_t end = nest.end_of(part);
    for (int64_t i = part * nest.chunk; i < end; ++i) {
      sum = op(sum, static_cast<A>(column[nest.step_of(i)]));
    }
    if (nest.chunks > 1)
      partial[task] = sum;
    else
      store_number(target.y, target.dtype, nest.y_of(output), sum, divisor);
  });
}

template <class Op, class A>
__global__ void join_chunks(Nest nest, Target target, A divisor, const A* partial) {
  const Op op;
  grid_stride(nest.outputs, [&](int64_t output) {
    A sum = partial[output];
    for (int64_t part = 1; part < nest.chunks; ++part) {
      sum = op(sum, partial[part * nest.outputs + output]);
    }
    store_number(target.y, target.dtype, nest.y_of(output), sum, divisor);
  });
}

template <class Op>
void run_reduce(const View& x, const View& y, const View& scratch, bool mean) {
  const Nest nest(x, y);
  const Target target{y.data, y.dtype};
  const int64_t tasks = nest.outputs * nest.chunks;
  dispatch_all(x.dtype, [&]<class T>(T) {
    using A = accumulator<Op, T>;
    const A divisor = mean ? static_cast<A>(nest.length) : A(1);
    A* partial = scratch.ptr<A>();
    if (nest.inner_reduced && nest.length > 32) {
      launch(reduce_rows<Op, T, A>, tasks, kThreads, nest, x.ptr<T>(), target, divisor, partial);
    } else {
      launch(reduce_columns<Op, T, A>, blocks_for(tasks), kThreads, nest, x.ptr<T>(), target,
             divisor, partial);
    }
    if (nest.chunks > 1) {
      launch(join_chunks<Op, A>, blocks_for(nest.outputs), kThreads, nest, target, divisor,
             static_cast<const A*>(partial));
    }
  });
}

// ---- argmax, cumulative sums
// ----------------------------------------------------------------------

// Whether b, found after a, is the better one; the first NaN is the best of all.
template <class A>
__device__ bool better(bool greatest, A a, A b) {
  if (a != a) return false;
  if (b != b) return true;
  return greatest ? b > a : b < a;
}

template <class T, class A>
__global__ void find_best(Nest nest, bool greatest, const T* x, int64_t* y) {
  __shared__ A values[kThreads];
  __shared__ int64_t positions[kThreads];
  for (int64_t output = blockIdx.x; output < nest.outputs; output += gridDim.x) {
    const T* row = x + nest.x_of(output);
    int64_t position = threadIdx.x < nest.length ? threadIdx.x : 0;
    A best = static_cast<A>(row[nest.step_of(position)]);
    for (int64_t i = threadIdx.x + kThreads; i < nest.length; i += kThreads) {
      const A value = static_cast<A>(row[nest.step_of(i)]);
      if (!better(greatest, best, value)) continue;
      best = value;
      position = i;
    }
    values[threadIdx.x] = best;
    positions[threadIdx.x] = position;
    __syncthreads();
    for (int half = kThreads / 2; half > 0; half /= 2) {
      if (threadIdx.x < half) {
        const A mine = values[threadIdx.x], other = values[threadIdx.x + half];
        const int64_t at = positions[threadIdx.x + half];
        const bool tie = !better(greatest, mine, other) && !better(greatest, other, mine);
        if (better(greatest, mine, other) || (tie && at < positions[threadIdx.x])) {
          values[threadIdx.x] = other;
          positions[threadIdx.x] = at;
        }
      }
      __syncthreads();
    }
    if (threadIdx.x == 0) y[nest.y_of(output)] = positions[0];
    __syncthreads();
  }
}

template <class Op, class T>
__global__ void cumulate_lines(Walk<2> lines, const T* x, int64_t x_step, T* y, int64_t y_step,
                               int64_t n) {
  using A = std::conditional_t<!std::is_arithmetic_v<T>, float, formula::wrap<T>>;
  grid_stride(lines.numel, [&](int64_t line) {
    int64_t at[2];
    lines.offsets(line, at);
    A sum = Op::template identity<A>;
    for (int64_t i = 0; i < n; ++i) {
      sum = Op()(sum, static_cast<A>(x[at[0] + i * x_step]));
      y[at[1] + i * y_step] = static_cast<T>(sum);
    }
  });
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
  const Nest nest(x, y);
  dispatch_all(x.dtype, [&]<class T>(T) {
    using A = accumulator<Max, T>;
    launch(find_best<T, A>, nest.outputs, kThreads, nest, greatest, x.ptr<T>(), y.ptr<int64_t>());
  });
}

void cumulate(Reduce op, const View& x, const View& y, int axis) {
  View x_lines = x, y_lines = y;  // one element for each line
  for (View* lines : {&x_lines, &y_lines}) {
    lines->shape.erase(axis);
    lines->strides.erase(axis);
  }
  const View* const views[] = {&x_lines, &y_lines};
  const Walk<2> lines(views);
  const int64_t n = x.shape[axis], x_step = x.strides[axis], y_step = y.strides[axis];
  dispatch_all(x.dtype, [&]<class T>(T) {
    const auto run = op == Reduce::sum ? cumulate_lines<Sum, T> : cumulate_lines<Product, T>;
    launch(run, blocks_for(lines.numel), kThreads, lines, x.ptr<T>(), x_step, y.ptr<T>(), y_step,
           n);
  });
}

}  // namespace danlu::cuda
