// Maximum and mean of sliding windows, vectorised over channels. Sizes are those of a depthwise
// convolution: one channel and one filter in each of `groups` groups.
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/windows.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// One output and the part of its window that lies inside the image.
struct Stand {
  int64_t out;       // position of the output, in pixels
  int64_t first[3];  // element under tap 0 of each axis
  int64_t image;     // first row of planes of this image
  Range taps[3];
  const ConvSizes& s;

  DL_INLINE int64_t count() const {
    return (taps[0].end - taps[0].begin) * (taps[1].end - taps[1].begin) *
           (taps[2].end - taps[2].begin);
  }
  // The same for all of a square window: what most nets have, without loops.
  template <int size, class F>
  DL_INLINE void square_taps(F&& f) const {
    const int64_t pixel = ((image + first[0]) * s.in[1] + first[1]) * s.in[2] + first[2];
    const int64_t line = s.window.dilation[1] * s.in[2], step = s.window.dilation[2];
#pragma GCC unroll 3
    for (int i = 0; i < size; ++i) {
#pragma GCC unroll 3
      for (int j = 0; j < size; ++j) f(pixel + i * line + j * step, i * size + j);
    }
  }
  // f(position of the pixel, number of the tap), in the order of memory.
  template <class F>
  DL_INLINE void for_each_tap(F&& f) const {
    const SlidingWindow& w = s.window;
    const bool flat = w.size[0] == 1;
    if (flat && w.size[1] == 2 && w.size[2] == 2 && count() == 4) return square_taps<2>(f);
    if (flat && w.size[1] == 3 && w.size[2] == 3 && count() == 9) return square_taps<3>(f);
    for (int64_t t0 = taps[0].begin; t0 < taps[0].end; ++t0) {
      for (int64_t t1 = taps[1].begin; t1 < taps[1].end; ++t1) {
        const int64_t row =
            (image + first[0] + t0 * w.dilation[0]) * s.in[1] + first[1] + t1 * w.dilation[1];
        const int64_t pixel = row * s.in[2] + first[2], tap = (t0 * w.size[1] + t1) * w.size[2];
        for (int64_t t2 = taps[2].begin; t2 < taps[2].end; ++t2) {
          f(pixel + t2 * w.dilation[2], tap + t2);
        }
      }
    }
  }
};

// f(stand) for the outputs in rows [begin, end); a row runs along the last spatial axis.
template <class F>
DL_INLINE void for_each_stand(const ConvSizes& s, int64_t begin, int64_t end, F&& f) {
  for (int64_t row = begin; row < end; ++row) {
    const int64_t o[2] = {row / s.out[1] % s.out[0], row % s.out[1]};
    Stand stand{0, {}, row / s.out[1] / s.out[0] * s.in[0], {}, s};
    for (int d = 0; d < 2; ++d) {
      stand.first[d] = o[d] * s.window.stride[d] - s.window.before[d];
      stand.taps[d] = taps_inside(s, d, o[d]);
    }
    for (int64_t o2 = 0; o2 < s.out[2]; ++o2) {
      stand.out = row * s.out[2] + o2;
      stand.first[2] = o2 * s.window.stride[2] - s.window.before[2];
      stand.taps[2] = taps_inside(s, 2, o2);
      f(stand);
    }
  }
}

// y from x: rows of outputs are independent.
template <class F>
DL_INLINE void parallel_stands(const ConvSizes& s, F&& f) {
  const int64_t rows = s.images * s.out[0] * s.out[1];
  parallel_for(rows, grain_for(s.out[2] * s.taps() * (s.groups / 8 + 4)),
               [&](int64_t begin, int64_t end) { for_each_stand(s, begin, end, f); });
}

// dx from dy: windows may overlap, so one thread takes a block of channels of an image, clears it
// and adds to it. f(stand, first channel, end of channels).
template <class T, class F>
DL_INLINE void parallel_images(const ConvSizes& s, T* dx, F&& f) {
  constexpr int64_t kBlock = 4 * kLanes<T>;
  const int64_t blocks = (s.groups + kBlock - 1) / kBlock;
  const int64_t rows = s.out[0] * s.out[1], pixels = s.in[0] * s.in[1] * s.in[2];
  const int64_t channels = s.groups < kBlock ? s.groups : kBlock;
  const int64_t work = (rows * s.out[2] * s.taps() + pixels) * (channels / 8 + 4);
  parallel_for(s.images * blocks, grain_for(work), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t image = i / blocks, from = i % blocks * kBlock;
      const int64_t to = from + kBlock < s.groups ? from + kBlock : s.groups;
      T* pixel = dx + image * pixels * s.groups;
      if (blocks == 1) {
        for (int64_t j = 0; j < pixels * s.groups; ++j) pixel[j] = 0;
      } else {
        for (int64_t p = 0; p < pixels; ++p) {
          for (int64_t c = from; c < to; ++c) pixel[p * s.groups + c] = 0;
        }
      }
      for_each_stand(s, image * rows, (image + 1) * rows,
                     [&](const Stand& stand) { f(stand, from, to); });
    }
  });
}

template <class T>
struct IndexOf {
  using type = int32_t;
};
template <>
struct IndexOf<double> {
  using type = int64_t;
};

// The largest value under the window and the tap where it stands: the first one of equals, and
// NaN before all.
template <class T>
struct Largest {
  typedef typename IndexOf<T>::type Index __attribute__((vector_size(kVectorBytes)));
  simd<T> value = {};
  Index tap = {};
  bool first = true;

  DL_INLINE Largest(const ConvSizes& s, const T* x, const Stand& stand, int64_t c, int64_t n) {
    stand.for_each_tap(
        [&](int64_t pixel, int64_t t) { take(load_some(x + pixel * s.groups + c, n), number(t)); });
    if (first) value -= static_cast<T>(__builtin_inf());  // only padding
  }
  // Of a square of pixels, whose rows lie `line` elements apart.
  DL_INLINE Largest(const ConvSizes& s, const T* x, int64_t line, int64_t n) {
    for (int t = 0; t < 4; ++t) take(load_some(x + t / 2 * line + t % 2 * s.groups, n), number(t));
  }
  Largest() = default;
  static DL_INLINE Index number(int64_t t) {
    return Index{} + static_cast<typename IndexOf<T>::type>(t);
  }
  DL_INLINE void take(simd<T> v, Index at) {
    const Index better = first ? Index{} == Index{} : (v > value) | (v != v);
    value = better ? v : value;
    tap = better ? at : tap;
    first = false;
  }
  // v where the largest value stands at tap t, else 0.
  static DL_INLINE simd<T> only(Index tap, simd<T> v, int64_t t) {
    return tap == number(t) ? v : simd<T>{};
  }
  DL_INLINE simd<T> only(simd<T> v, int64_t t) const { return only(tap, v, t); }
};

// Windows that no two share a pixel of need no sum.
DL_INLINE bool disjoint(const ConvSizes& s) {
  bool yes = true;
  for (int d = 0; d < 3; ++d) {
    yes = yes && (s.window.size[d] - 1) * s.window.dilation[d] < s.window.stride[d];
  }
  return yes;
}

// Squares of 2x2 pixels side by side, all of the image: what most nets have.
DL_INLINE bool are_squares(const ConvSizes& s) {
  bool yes = s.window.size[0] == 1 && s.in[0] == s.out[0];
  for (int d = 1; d < 3; ++d) {
    yes = yes && s.window.size[d] == 2 && s.window.stride[d] == 2 && s.window.dilation[d] == 1 &&
          s.window.before[d] == 0 && s.in[d] == 2 * s.out[d];
  }
  return yes;
}
// f(first element of the square, of the output, count) for each vector of channels. Where channels
// are few, vectors are whole while there is room in the row: what they have too much belongs to
// the next pixel and is overwritten.
template <class T, class F>
void for_each_square(const ConvSizes& s, F&& f) {
  const int64_t channels = s.groups, width = s.out[2], last = width * channels - kLanes<T>;
  const int64_t work = width * ((channels + kLanes<T> - 1) / kLanes<T>)*16;
  parallel_for(s.images * s.out[0] * s.out[1], grain_for(work), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t from = row * 4 * width * channels, to = row * width * channels;
      int64_t at = 0;
      if (channels < kLanes<T>) {
        for (; at <= last; at += channels) f(from + 2 * at, to + at, kLanes<T>);
      }
      for (; at < width * channels; at += channels) {
        for_each_vector<T>(0, channels,
                           [&](int64_t c, int64_t n) { f(from + 2 * at + c, to + at + c, n); });
      }
    }
  });
}

// Windows of 3x3 pixels at every pixel: what the branches of inception nets have.
inline constexpr int64_t kMostWidth = 128;
DL_INLINE bool are_everywhere(const ConvSizes& s) {
  bool yes = s.window.size[0] == 1 && s.in[0] == s.out[0] && s.out[2] <= kMostWidth;
  for (int d = 1; d < 3; ++d) {
    yes = yes && s.window.size[d] == 3 && s.window.stride[d] == 1 && s.window.dilation[d] == 1;
  }
  return yes;
}

// The gradient of such windows in one vector of channels of a plane. Each pixel gathers from the
// nine windows that contain it, where it is their largest: nine times fewer stores than adding to
// all pixels of each window. Three rows of windows are kept, and of the largest under each of their
// rows, so that a window compares three values and not nine. A vector is one line of the cache in
// every pixel: the processor does not guess which comes next, so that each row fetches the next.
template <class T>
struct PlaneGradient {
  using Index = typename Largest<T>::Index;
  const ConvSizes& s;
  const int64_t rows = s.out[1], width = s.out[2], groups = s.groups;
  const int64_t above = s.window.before[1], left = s.window.before[2];
  simd<T> largest[3][kMostWidth];  // of the pixels of a row under each window
  Index column[3][kMostWidth];     // where it stands
  Index tap[3][kMostWidth];        // of a window, where its largest stands
  simd<T> gradient[3][kMostWidth];

  explicit PlaneGradient(const ConvSizes& sizes) : s(sizes) {}

  // `line`: the pixels of row i.
  DL_INLINE void compare_columns(int64_t i, const T* line, int64_t n) {
    for (int64_t p = 0; p < width; ++p) {
      const Range taps = taps_inside(s, 2, p);
      __builtin_prefetch(line + (s.in[2] + p) * groups);
      Largest<T> of_row;
      for (int64_t t = taps.begin; t < taps.end; ++t) {
        of_row.take(load_some(line + (p - left + t) * groups, n), of_row.number(t));
      }
      largest[i % 3][p] = of_row.value;
      column[i % 3][p] = of_row.tap;
    }
  }
  // `line`: the gradients of the windows of row o.
  DL_INLINE void compare_rows(int64_t o, const T* line, int64_t n) {
    const Range taps = taps_inside(s, 1, o);
    for (int64_t p = 0; p < width; ++p) {
      Largest<T> of_window;
      for (int64_t t = taps.begin; t < taps.end; ++t) {
        const int64_t i = (o - above + t) % 3;
        of_window.take(largest[i][p], column[i][p] + of_window.number(3 * t));
      }
      tap[o % 3][p] = of_window.tap;
      __builtin_prefetch(line + (width + p) * groups);
      gradient[o % 3][p] = load_some(line + p * groups, n);
    }
  }
  // The sum of what the rows of windows [o0, o1) give to row i, whose pixels are `line`. A window
  // at p gives to the pixels p - left + {0, 1, 2}: the sums of the next two pixels have begun.
  DL_INLINE void gather(int64_t i, int64_t o0, int64_t o1, T* line, int64_t n) const {
    simd<T> next = {}, after = {};
    for (int64_t p = 0; p < s.in[2] + left; ++p) {  // beyond the last window too
      simd<T> sum[3] = {};
      for (int64_t o = o0; o < o1 && p < width; ++o) {
        const simd<T> v = gradient[o % 3][p];
        const Index where = tap[o % 3][p] - Largest<T>::number(3 * (i - o + above));
#pragma GCC unroll 3
        for (int t = 0; t < 3; ++t) sum[t] += Largest<T>::only(where, v, t);
      }
      const int64_t j = p - left;
      if (j >= 0) store_some(line + j * groups, next + sum[0], n);
      __builtin_prefetch(line + (s.in[2] + j) * groups, /*rw=*/1);
      next = after + sum[1];
      after = sum[2];
    }
  }

  DL_INLINE void run(const T* x, const T* dy, T* dx, int64_t n) {
    int64_t seen = 0, done = 0;  // rows of pixels, of windows
    for (int64_t i = 0; i < s.in[1]; ++i) {
      const int64_t o0 = i + above < 2 ? 0 : i + above - 2;
      const int64_t o1 = i + above + 1 < rows ? i + above + 1 : rows;
      for (; done < o1; ++done) {
        for (; seen < s.in[1] && seen <= done - above + 2; ++seen) {
          compare_columns(seen, x + seen * s.in[2] * groups, n);
        }
        compare_rows(done, dy + done * width * groups, n);
      }
      gather(i, o0, o1, dx + i * s.in[2] * groups, n);
    }
  }
};

template <class T>
void gather_max_gradient(const ConvSizes& s, const T* x, const T* dy, T* dx) {
  const int64_t planes = s.images * s.in[0], blocks = (s.groups + kLanes<T> - 1) / kLanes<T>;
  const int64_t in = s.in[1] * s.in[2] * s.groups, out = s.out[1] * s.out[2] * s.groups;
  parallel_for(planes * blocks, grain_for(s.out[1] * s.out[2] * 60),
               [&](int64_t begin, int64_t end) {
                 PlaneGradient<T> gradient(s);
                 for (int64_t item = begin; item < end; ++item) {
                   const int64_t plane = item / blocks, c = item % blocks * kLanes<T>;
                   const int64_t n = s.groups - c < kLanes<T> ? s.groups - c : kLanes<T>;
                   gradient.run(x + plane * in + c, dy + plane * out + c, dx + plane * in + c, n);
                 }
               });
}

template <class T>
DL_INLINE void add_some(T* to, simd<T> v, int64_t n, bool alone) {
  store_some(to, alone ? v : load_some(to, n) + v, n);
}

}  // namespace

void max_pool(const ConvSizes& s, const View& x, const View& y) {
  for_type(y.dtype, [&]<class T>(T) {
    if (are_squares(s)) {
      const int64_t line = s.in[2] * s.groups;
      for_each_square<T>(s, [&](int64_t from, int64_t to, int64_t n) {
        store_some(y.ptr<T>() + to, Largest<T>(s, x.ptr<T>() + from, line, n).value, n);
      });
      return;
    }
    parallel_stands(s, [&](const Stand& stand) {
      for_each_vector<T>(0, s.groups, [&](int64_t c, int64_t n) {
        const Largest<T> largest(s, x.ptr<T>(), stand, c, n);
        store_some(y.ptr<T>() + stand.out * s.groups + c, largest.value, n);
      });
    });
  });
}

void max_pool_gradient(const ConvSizes& s, const View& x, const View& dy, const View& dx) {
  const bool alone = disjoint(s);
  for_type(dx.dtype, [&]<class T>(T) {
    if (are_squares(s)) {
      const int64_t line = s.in[2] * s.groups;
      for_each_square<T>(s, [&](int64_t to, int64_t from, int64_t n) {
        const Largest<T> largest(s, x.ptr<T>() + to, line, n);
        const simd<T> v = load_some(dy.ptr<T>() + from, n);
        for (int t = 0; t < 4; ++t) {
          T* out = dx.ptr<T>() + to + t / 2 * line + t % 2 * s.groups;
          store_some(out, largest.only(v, t), n);
        }
      });
      return;
    }
    if (are_everywhere(s)) {
      return gather_max_gradient(s, x.ptr<T>(), dy.ptr<T>(), dx.ptr<T>());
    }
    parallel_images<T>(s, dx.ptr<T>(), [&](const Stand& stand, int64_t from, int64_t to) {
      for_each_vector<T>(from, to, [&](int64_t c, int64_t n) {
        const Largest<T> largest(s, x.ptr<T>(), stand, c, n);
        const simd<T> v = load_some(dy.ptr<T>() + stand.out * s.groups + c, n);
        stand.for_each_tap([&](int64_t pixel, int64_t t) {
          add_some(dx.ptr<T>() + pixel * s.groups + c, largest.only(v, t), n, alone);
        });
      });
    });
  });
}

void max_pool_pick(const ConvSizes& s, const View& x, const View& u, const View& y) {
  for_type(y.dtype, [&]<class T>(T) {
    parallel_stands(s, [&](const Stand& stand) {
      for_each_vector<T>(0, s.groups, [&](int64_t c, int64_t n) {
        const Largest<T> largest(s, x.ptr<T>(), stand, c, n);
        simd<T> sum = {};
        stand.for_each_tap([&](int64_t pixel, int64_t t) {
          sum += largest.only(load_some(u.ptr<T>() + pixel * s.groups + c, n), t);
        });
        store_some(y.ptr<T>() + stand.out * s.groups + c, sum, n);
      });
    });
  });
}

void average_pool(const ConvSizes& s, const View& x, const View& y) {
  for_type(y.dtype, [&]<class T>(T) {
    parallel_stands(s, [&](const Stand& stand) {
      const T count = static_cast<T>(stand.count());
      for_each_vector<T>(0, s.groups, [&](int64_t c, int64_t n) {
        simd<T> sum = {};
        stand.for_each_tap([&](int64_t pixel, int64_t) {
          sum += load_some(x.ptr<T>() + pixel * s.groups + c, n);
        });
        store_some(y.ptr<T>() + stand.out * s.groups + c, sum / count, n);
      });
    });
  });
}

void average_pool_gradient(const ConvSizes& s, const View& dy, const View& dx) {
  const bool alone = disjoint(s);
  for_type(dx.dtype, [&]<class T>(T) {
    parallel_images<T>(s, dx.ptr<T>(), [&](const Stand& stand, int64_t from, int64_t to) {
      const T count = static_cast<T>(stand.count());
      for_each_vector<T>(from, to, [&](int64_t c, int64_t n) {
        const simd<T> v = load_some(dy.ptr<T>() + stand.out * s.groups + c, n) / count;
        stand.for_each_tap([&](int64_t pixel, int64_t) {
          add_some(dx.ptr<T>() + pixel * s.groups + c, v, n, alone);
        });
      });
    });
  });
}

}  // namespace danlu::cpu::DL_LEVEL
