// Convolution for few channels and a small kernel, as first layers have it. Gathering a patch would
// cost as much as multiplying it, and none is gathered: in one row of the window, the taps of all
// channels lie side by side in the image, and those of the next position a stride further. They are
// rows of a matrix whose elements overlap, which gemm_block reads in place, one row of the window
// after the other. An image with padding is copied once, with its border of zeros.
#include "danlu/kernels/direct.h"

#include "danlu/kernels/gemm.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// The images, or their copy with zeros around them.
template <class T>
struct Framed {
  const T* data;
  int64_t line, plane, image;  // elements from one row, plane, image to the next

  // The first element under the window at row `index` of all rows of positions.
  DL_INLINE int64_t row(const ConvSizes& s, int64_t index) const {
    const int64_t i1 = index % s.out[1], i0 = index / s.out[1] % s.out[0];
    return index / s.out[1] / s.out[0] * image + i0 * s.window.stride[0] * plane +
           i1 * s.window.stride[1] * line;
  }
};

// Rows [begin, end) of the copy `to`, whose rows of all images have `line` elements.
template <class T>
void copy_rows(const ConvSizes& s, const Frame& frame, int64_t line, const T* x, T* to,
               int64_t begin, int64_t end) {
  const int64_t c = s.channels, before = s.window.before[2] * c;
  const int64_t inside = s.in[2] * c < line - before ? s.in[2] * c : line - before;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t i1 = row % frame.size[1] - s.window.before[1];
    const int64_t plane = row / frame.size[1];
    const int64_t i0 = plane % frame.size[0] - s.window.before[0];
    T* out = to + row * line;
    for (int64_t i = 0; i < line; ++i) out[i] = 0;
    if (i1 < 0 || i1 >= s.in[1] || i0 < 0 || i0 >= s.in[0]) continue;
    const T* from = x + ((plane / frame.size[0] * s.in[0] + i0) * s.in[1] + i1) * s.in[2] * c;
    for (int64_t i = 0; i < inside; ++i) out[before + i] = from[i];
  }
}

template <class T>
Framed<T> make_frame(const ConvSizes& s, const T* x, T* scratch) {
  const Frame frame = frame_of(s);
  const int64_t line = frame.size[2] * s.channels, plane = frame.size[1] * line;
  if (frame.copies) {
    const int64_t rows = s.images * frame.size[0] * frame.size[1];
    parallel_for(rows, grain_for(2 * line), [&](int64_t begin, int64_t end) {
      copy_rows(s, frame, line, x, scratch, begin, end);
    });
  }
  return {frame.copies ? scratch : x, line, plane, frame.size[0] * plane};
}

// Where each row of the window begins, from the position's first element.
template <class T>
DL_INLINE void window_rows(const ConvSizes& s, const Framed<T>& x, int64_t* offset) {
  for (int64_t i = 0; i < s.window.size[0] * s.window.size[1]; ++i) {
    offset[i] = i / s.window.size[1] * s.window.dilation[0] * x.plane +
                i % s.window.size[1] * s.window.dilation[1] * x.line;
  }
}

template <class T>
void forward(const ConvSizes& s, const T* images, const T* kernel, const T* bias, T* y, bool relu,
             T* scratch) {
  const Framed<T> x = make_frame(s, images, scratch);
  const int64_t run = s.window.size[2] * s.channels, step = s.window.stride[2] * s.channels;
  const int64_t width = s.out[2], rows = s.images * s.out[0] * s.out[1];
  int64_t taps[kMostWindowRows], offsets[kBlockRows];
  window_rows(s, x, taps);
  for (int64_t i = 0; i < kBlockRows; ++i) offsets[i] = i * s.filters;
  const int64_t work = width * s.taps() * s.channels * s.filters;
  parallel_for(rows, grain_for(work / 4), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t at = 0; at < width; at += kBlockRows) {
        gemm_block({.m = width - at < kBlockRows ? width - at : kBlockRows,
                    .n = s.filters,
                    .k = run,
                    .a = x.data + x.row(s, row) + at * step,
                    .a_row = step,
                    .a_col = 1,
                    .b = kernel,
                    .b_row = s.filters,
                    .b_panel = 0,
                    .y = y + (row * width + at) * s.filters,
                    .y_row = offsets,
                    .accumulate = false,
                    .bias = bias,
                    .relu = relu,
                    .segments = s.window.size[0] * s.window.size[1],
                    .segment = taps});
      }
    }
  });
}

// Rows of the gradient are (tap, channel), the sum runs over positions: over the rows of positions
// as segments.
template <class T>
void weight_gradient(const ConvSizes& s, const T* images, const T* dy, T* dkernel, int64_t splits,
                     T* scratch) {
  const Framed<T> x = make_frame(s, images, scratch);
  const int64_t run = s.window.size[2] * s.channels, step = s.window.stride[2] * s.channels;
  const int64_t width = s.out[2], rows = s.images * s.out[0] * s.out[1];
  const int64_t window_height = s.window.size[0] * s.window.size[1];
  int64_t taps[kMostWindowRows];
  window_rows(s, x, taps);
  const int64_t work = rows * width * run * s.filters / splits;
  parallel_for(splits * window_height, grain_for(work / 4), [&](int64_t begin, int64_t end) {
    constexpr int64_t kMost = 64;
    int64_t starts[kMost], offsets[kBlockRows];
    for (int64_t i = 0; i < kBlockRows; ++i) offsets[i] = i * s.filters;
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t split = piece / window_height, tap = piece % window_height;
      const int64_t first = rows * split / splits, last = rows * (split + 1) / splits;
      T* to = dkernel + piece * run * s.filters;
      for (int64_t row = first; row < last; row += kMost) {
        const int64_t some = last - row < kMost ? last - row : kMost;
        for (int64_t i = 0; i < some; ++i) starts[i] = x.row(s, row + i);
        for (int64_t at = 0; at < run; at += kBlockRows) {
          gemm_block({.m = run - at < kBlockRows ? run - at : kBlockRows,
                      .n = s.filters,
                      .k = width,
                      .a = x.data + taps[tap] + at,
                      .a_row = 1,
                      .a_col = step,
                      .b = dy + row * width * s.filters,
                      .b_row = s.filters,
                      .b_panel = 0,
                      .y = to + at * s.filters,
                      .y_row = offsets,
                      .accumulate = row > first,
                      .bias = nullptr,
                      .relu = false,
                      .segments = some,
                      .segment = starts});
        }
      }
    }
  });
}

}  // namespace

void direct_conv(const ConvSizes& sizes, const float* x, const float* kernel, const float* bias,
                 float* y, bool relu, float* scratch) {
  forward(sizes, x, kernel, bias, y, relu, scratch);
}
void direct_conv(const ConvSizes& sizes, const double* x, const double* kernel, const double* bias,
                 double* y, bool relu, double* scratch) {
  forward(sizes, x, kernel, bias, y, relu, scratch);
}
void direct_weight_gradient(const ConvSizes& sizes, const float* x, const float* dy, float* dkernel,
                            int64_t splits, float* scratch) {
  weight_gradient(sizes, x, dy, dkernel, splits, scratch);
}
void direct_weight_gradient(const ConvSizes& sizes, const double* x, const double* dy,
                            double* dkernel, int64_t splits, double* scratch) {
  weight_gradient(sizes, x, dy, dkernel, splits, scratch);
}

}  // namespace danlu::cpu::DL_LEVEL
