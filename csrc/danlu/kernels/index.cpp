// Reading and writing at positions that are data: gather, scatter, nonzero, one_hot, and the
// ramps and triangles that new tensors are made of.
#include <type_traits>

#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/parallel.h"

namespace danlu::cpu::DL_LEVEL {
namespace {

// Where element `flat` (row-major) of (shape, strides) lies.
DL_INLINE int64_t offset_of(int64_t flat, const Shape& shape, const Strides& strides) {
  int64_t offset = 0;
  for (int i = shape.ndim() - 1; i >= 0; --i) {
    offset += flat % shape[i] * strides[i];
    flat /= shape[i];
  }
  return offset;
}

// Axes [begin, end) of a view.
struct Part {
  Shape shape;
  Strides strides;
};
DL_INLINE Part part(const View& x, int begin, int end) {
  Part p;
  for (int i = begin; i < end; ++i) {
    p.shape.push_back(x.shape[i]);
    p.strides.push_back(x.strides[i]);
  }
  return p;
}

// offsets[b]: where the element that the b-th indices name begins along the indexed axes of x,
// which are `first`, first + 1, ... False when an index is out of bounds.
static bool resolve(const View& x, int first, const IndexList& indices, int64_t* offsets,
                    Status& status) {
  const Shape& shape = indices.index[0].shape;
  const int64_t n = shape.numel();
  const auto walk = [&](int64_t begin, int64_t end, Status& found) {
    for (int64_t b = begin; b < end; ++b) offsets[b] = 0;
    for (int j = 0; j < indices.count; ++j) {
      const View& index = indices.index[j];
      const int64_t size = x.shape[first + j], step = x.strides[first + j];
      const int64_t* values = index.ptr<int64_t>();
      const bool dense = index.contiguous();
      for (int64_t b = begin; b < end; ++b) {
        const int64_t value = values[dense ? b : offset_of(b, shape, index.strides)];
        if (value < (indices.from_end ? -size : 0) || value >= size) {
          found.report(b, value);
          continue;
        }
        offsets[b] += (value < 0 ? value + size : value) * step;
      }
    }
  };
  bool bad = false;
  parallel_for(n, grain_for(4 * indices.count), [&](int64_t begin, int64_t end) {
    Status found;
    walk(begin, end, found);
    if (!found.ok()) __atomic_store_n(&bad, true, __ATOMIC_RELAXED);
  });
  if (bad) walk(0, n, status);  // again in order: report the first
  return !bad;
}

template <class F>
DL_INLINE void dispatch_size(DType dtype, F&& f) {
  switch (size_of(dtype)) {
    case 1:
      return f(uint8_t{});
    case 2:
      return f(uint16_t{});
    case 4:
      return f(uint32_t{});
    default:
      return f(uint64_t{});
  }
}

}  // namespace

// y[o, b, i] = x[o, index(b), i]; y is dense.
void gather(const View& x, const IndexList& indices, int outer, const View& y, const View& scratch,
            Status& status) {
  int64_t* offsets = scratch.ptr<int64_t>();
  if (!resolve(x, outer, indices, offsets, status)) return;
  const Part before = part(x, 0, outer);
  const Part inside = part(x, outer + indices.count, x.ndim());
  const int64_t rows = indices.index[0].numel();
  const int64_t width = inside.shape.numel();
  if (y.numel() == 0) return;
  const bool dense = is_contiguous(inside.shape, inside.strides);
  dispatch_size(x.dtype, [&]<class T>(T) {
    const T* from = x.ptr<T>();
    T* to = y.ptr<T>();
    parallel_for(before.shape.numel() * rows, grain_for(width), [&](int64_t begin, int64_t end) {
      int64_t o = begin / rows, b = begin % rows;
      const T* base = from + offset_of(o, before.shape, before.strides);
      for (int64_t r = begin; r < end; ++r) {
        const T* source = base + offsets[b];
        T* row = to + r * width;
        if (width == 1) {
          *row = *source;
        } else if (dense) {
          __builtin_memcpy(row, source, static_cast<size_t>(width) * sizeof(T));
        } else {
          for (int64_t i = 0; i < width; ++i) {
            row[i] = source[offset_of(i, inside.shape, inside.strides)];
          }
        }
        if (++b == rows) {
          b = 0;
          base = from + offset_of(++o, before.shape, before.strides);
        }
      }
    });
  });
}

namespace {

// put(&y[o, index(b), i], u[o, b, i]) for all o, b, i, with b in increasing order for every
// element of y: the work is cut along o and i, so no two threads meet and the order is fixed.
template <class T, class Put>
void scatter_rows(const View& u, const Part& before, const Part& inside, int64_t rows,
                  const int64_t* offsets, const View& y, Put put) {
  const int64_t width = inside.shape.numel();
  const bool dense = is_contiguous(inside.shape, inside.strides);
  const int64_t block = width < 64 ? width : 64;
  const int64_t blocks = (width + block - 1) / block;
  parallel_for(before.shape.numel() * blocks, grain_for(rows * block),
               [&](int64_t begin, int64_t end) {
                 for (int64_t item = begin; item < end; ++item) {
                   const int64_t o = item / blocks, first = item % blocks * block;
                   const int64_t last = first + block < width ? first + block : width;
                   T* base = y.ptr<T>() + offset_of(o, before.shape, before.strides);
                   const T* from = u.ptr<T>() + o * rows * width;
                   for (int64_t b = 0; b < rows; ++b, from += width) {
                     T* to = base + offsets[b];
                     if (dense) {
                       for (int64_t i = first; i < last; ++i) put(to[i], from[i]);
                     } else {
                       for (int64_t i = first; i < last; ++i) {
                         put(to[offset_of(i, inside.shape, inside.strides)], from[i]);
                       }
                     }
                   }
                 }
               });
}

}  // namespace

// y[o, index(b), i] = u[o, b, i], or += ; u is dense. Of equal indices the last is kept.
void scatter(const View& u, const IndexList& indices, int outer, bool add, const View& y,
             const View& scratch, Status& status) {
  int64_t* offsets = scratch.ptr<int64_t>();
  if (!resolve(y, outer, indices, offsets, status) || u.numel() == 0) return;
  const Part before = part(y, 0, outer);
  const Part inside = part(y, outer + indices.count, y.ndim());
  const int64_t rows = indices.index[0].numel();
  if (add) {
    dispatch_numeric(y.dtype, [&]<class T>(T) {
      scatter_rows<T>(u, before, inside, rows, offsets, y, [](T& to, const T& from) {
        if constexpr (std::is_integral_v<T>)
          to = formula::Add()(to, from);
        else
          to = static_cast<T>(to + from);
      });
    });
  } else {
    dispatch_size(y.dtype, [&]<class T>(T) {
      scatter_rows<T>(u, before, inside, rows, offsets, y, [](T& to, const T& from) { to = from; });
    });
  }
}

// y[d, j]: coordinate d of the j-th true element of a mask, in row-major order; y is dense and has
// room for all of them.
void nonzero(const View& mask, const View& y) {
  const bool dense = mask.contiguous();
  const int64_t n = mask.numel(), count = y.shape[1];
  int64_t* to = y.ptr<int64_t>();
  int64_t j = 0;
  for (int64_t i = 0; i < n && j < count; ++i) {
    if (!mask.ptr<bool>()[dense ? i : offset_of(i, mask.shape, mask.strides)]) continue;
    int64_t rest = i;
    for (int d = mask.ndim() - 1; d >= 0; --d) {
      to[d * count + j] = rest % mask.shape[d];
      rest /= mask.shape[d];
    }
    ++j;
  }
}

// y[..., c] = 1 where c == labels[...], else 0; a label that is no class has a row of zeros.
// labels (int64) has the shape of y without the last axis; y may have any strides.
void one_hot(const View& labels, const View& y) {
  const int last = y.ndim() - 1;
  const int64_t classes = y.shape[last], step = y.strides[last];
  Shape rows = y.shape;
  Strides strides = y.strides;
  rows.erase(last);
  strides.erase(last);
  dispatch_all(y.dtype, [&]<class T>(T) {
    parallel_for(rows.numel(), grain_for(classes), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const int64_t label = labels.ptr<int64_t>()[offset_of(r, labels.shape, labels.strides)];
        T* row = y.ptr<T>() + offset_of(r, rows, strides);
        for (int64_t c = 0; c < classes; ++c) row[c * step] = T(0);
        if (label >= 0 && label < classes) row[label * step] = T(1);
      }
    });
  });
}

// y[i] = first + i * step; y is dense and has one axis.
void ramp(const View& y, const Ramp& line) {
  const int64_t n = y.numel();
  dispatch_numeric(y.dtype, [&]<class T>(T) {
    T* to = y.ptr<T>();
    parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if constexpr (std::is_integral_v<T>) {
          to[i] = static_cast<T>(line.first_int + i * line.step_int);
        } else {
          const double value = line.first + static_cast<double>(i) * line.step;
          to[i] = sizeof(T) < 8 ? T(static_cast<float>(value)) : static_cast<T>(value);
        }
      }
    });
  });
}

// y = x where column - row >= k (upper) or <= k (lower) of the last two axes, else 0; y is dense.
void triangle(const View& x, int64_t k, bool upper, const View& y) {
  const int64_t rows = x.shape[x.ndim() - 2], columns = x.shape[x.ndim() - 1];
  const Part matrices = part(x, 0, x.ndim() - 2);
  const int64_t row_step = x.strides[x.ndim() - 2], column_step = x.strides[x.ndim() - 1];
  dispatch_size(x.dtype, [&]<class T>(T) {
    parallel_for(
        matrices.shape.numel() * rows, grain_for(columns), [&](int64_t begin, int64_t end) {
          for (int64_t r = begin; r < end; ++r) {
            const int64_t row = r % rows;
            const T* from =
                x.ptr<T>() + offset_of(r / rows, matrices.shape, matrices.strides) + row * row_step;
            T* to = y.ptr<T>() + r * columns;
            for (int64_t c = 0; c < columns; ++c) {
              to[c] = (upper ? c - row >= k : c - row <= k) ? from[c * column_step] : T(0);
            }
          }
        });
  });
}

}  // namespace danlu::cpu::DL_LEVEL
