// Convolution, channels last, as a GEMM whose left matrix (positions, taps x channels) is gathered
// block by block from the image and never stored.
#include "danlu/kernels/amx_gemm.h"
#include "danlu/kernels/direct.h"
#include "danlu/kernels/gemm.h"
#include "danlu/kernels/image.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/patches.h"
#include "danlu/kernels/winograd.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// ---- few filters: several neighbouring outputs at once ----------------------------------------

// `joined` neighbouring outputs seen as one with joined * filters channels. Its window is wider by
// the strides between them, and its kernel holds `joined` shifted copies: the vectors are fuller.
DL_INLINE ConvSizes join(const ConvSizes& s, int64_t joined) {
  ConvSizes wide = s;
  wide.window.size[2] += (joined - 1) * s.window.stride[2];
  wide.window.stride[2] *= joined;
  wide.out[2] /= joined;
  wide.filters *= joined;
  wide.joined = joined > 1;
  return wide;
}

// How many to join: the fewest vector operations for an output.
template <class T>
DL_INLINE int64_t choose_joined(const ConvSizes& s) {
  if (s.groups > 1 || s.window.dilation[2] > 1 || s.filters >= kLanes<T> ||
      goes_along_rows(s, kLanes<T>)) {
    return 1;
  }
  const auto cost = [&](int64_t joined) {
    const ConvSizes wide = join(s, joined);
    return wide.window.size[2] * ((wide.filters + kLanes<T> - 1) / kLanes<T>)*12 / joined;
  };
  int64_t best = 1;
  for (int64_t joined = 2; joined <= kMaxJoined; ++joined) {
    if (s.out[2] % joined == 0 && cost(joined) < cost(best)) best = joined;
  }
  return best;
}

// f(element of the kernel, element of the joined kernel) for all elements of the kernel, `joined`
// times each.
template <class F>
DL_INLINE void for_each_joined(const ConvSizes& s, int64_t joined, F&& f) {
  const int64_t rows = s.window.size[0] * s.window.size[1], width = join(s, joined).window.size[2];
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t tap = 0; tap < s.window.size[2]; ++tap) {
      for (int64_t c = 0; c < s.channels; ++c) {
        const int64_t from = ((row * s.window.size[2] + tap) * s.channels + c) * s.filters;
        for (int64_t p = 0; p < joined; ++p) {
          const int64_t wide_tap = row * width + tap + p * s.window.stride[2];
          const int64_t to = ((wide_tap * s.channels + c) * joined + p) * s.filters;
          for (int64_t o = 0; o < s.filters; ++o) f(from + o, to + o);
        }
      }
    }
  }
}

// ---- forward ----------------------------------------------------------------------------------

// The kernel's columns for the tile unit.
template <class T>
DL_INLINE void pack_columns(const ConvSizes& s, AmxRight<T>& right, amx::Packed* packed) {
  const int64_t k = s.taps() * s.channels, run = takes_image(s) ? s.channels : k;
  amx_pack_right(s.filters, k, {run, run * right.row}, s.parts(), right, packed);
}

#if defined(DL_AMX)
// y for some images at a time, split and read in place.
void forward_images(const ConvSizes& s, const float* x, const AmxRight<float>& right,
                    const Epilogue<float>& after, float* y, amx::Packed* packed) {
  const Patches patches = forward_patches(s);
  const AmxImage plan = amx_image(patches, s.channels);
  const int64_t most = images_at_a_time(s), k = s.taps() * plan.steps * amx::kStep;
  const int64_t of_x = s.in[0] * s.in[1] * s.in[2] * s.channels;
  const int64_t of_y = s.out[0] * s.out[1] * s.out[2] * s.filters;
  for (int64_t first = 0, images; first < s.images; first += images) {
    images = s.images - first < most ? s.images - first : most;
    split_images(patches, plan, images, s.parts(), x + first * of_x, packed);
    const ImageSource source(patches, plan, images, s.parts(), packed);
    const MatrixTarget<float> rows{y + first * of_y, s.filters};
    amx_gemm(plan.rows(images), s.filters, k, s.parts(), source, right,
             ImageTarget<MatrixTarget<float>>{plan, patches, rows}, after.from(first * of_y, 0));
  }
}
#endif

template <class T>
void forward(const ConvSizes& s, const T* x, const T* kernel, const T* ready,
             const Epilogue<T>& after, T* y, T* scratch) {
  if (is_direct(s)) return direct_conv(s, x, kernel, after, y, scratch);
  const int64_t m = s.positions(), n = s.filters, k = s.taps() * s.channels;
  const int64_t row = s.filters * s.groups;
  const bool pack = plan_product(m, n, k).packed;
  for (int64_t g = 0; g < s.groups; ++g) {
    const T* b = kernel + g * n;
    const PatchSource<T> source{forward_patches(s), x + g * s.channels};
    const MatrixTarget<T> target{y + g * n, row};
    const Epilogue<T> epilogue = after.from(g * n, g * n);
    if constexpr (kMayUseAmx<T>) {
      if (takes_image(s) || s.amx(m, n, k)) {
        AmxRight<T> right(b, row, 1);
        right.packed = reinterpret_cast<const amx::Packed*>(ready);
        if (!ready) pack_columns(s, right, reinterpret_cast<amx::Packed*>(scratch));
        if (takes_image(s)) {
          auto* image = reinterpret_cast<amx::Packed*>(scratch + packed_kernel_size(s));
          forward_images(s, x, right, after, y, image);
        } else {
          amx_gemm(m, n, k, s.parts(), source, right, target, epilogue);
        }
        continue;
      }
    }
    if (pack) pack_panels(b, row, 1, k, n, scratch);
    const auto panels = pack ? Panels<T>::packed(scratch, k) : Panels<T>::in_place(b, row);
    gemm(m, n, k, source, panels, target, epilogue);
  }
}

template <class T>
void forward_joined(const ConvSizes& s, int64_t joined, const T* x, const T* kernel,
                    Epilogue<T> after, T* y, T* scratch) {
  const ConvSizes wide = join(s, joined);
  const int64_t size = wide.taps() * wide.channels * wide.filters;
  zero_run(scratch, size);
  for_each_joined(s, joined, [&](int64_t from, int64_t to) { scratch[to] = kernel[from]; });
  T* biases = scratch + size;
  if (after.bias) {
    for (int64_t i = 0; i < wide.filters; ++i) biases[i] = after.bias[i % s.filters];
    after.bias = biases;
  }
  forward<T>(wide, x, scratch, nullptr, after, y, biases + wide.filters);
}

// ---- data gradient ----------------------------------------------------------------------------

// The positions of x that lie at `phase` modulo the stride see the same taps of the kernel: in each
// axis those with (phase + before - tap * dilation) divisible by the stride. They form a dense
// convolution of dy with stride 1.
struct Phase {
  Patches patches;
  int64_t first_tap[3], tap_stride[3];  // of the kernel's taps in use
  int64_t at[3];
  bool empty;  // no position of x has this phase
};
DL_INLINE Phase make_phase(const ConvSizes& s, int64_t index) {
  Phase phase;
  Patches& p = phase.patches;
  phase.empty = false;
  for (int d = 2; d >= 0; --d) {
    const int64_t stride = s.window.stride[d], dilation = s.window.dilation[d];
    const int64_t at = index % stride;
    index /= stride;
    phase.at[d] = at;
    int64_t count = 0, first = 0, second = 0;
    for (int64_t tap = 0; tap < s.window.size[d]; ++tap) {
      if ((at + s.window.before[d] - tap * dilation) % stride != 0) continue;
      if (count == 0) first = tap;
      if (count == 1) second = tap;
      ++count;
    }
    phase.first_tap[d] = first;
    phase.tap_stride[d] = count > 1 ? second - first : 1;
    p.in[d] = s.out[d];
    p.out[d] = (s.in[d] - at + stride - 1) / stride;
    if (p.out[d] <= 0) phase.empty = true;
    p.step[d] = 1;
    p.taps[d] = count;
    p.start[d] = (at + s.window.before[d] - first * dilation) / stride;
    p.tap_step[d] = -phase.tap_stride[d] * dilation / stride;
  }
  p.pixel = s.filters * s.groups;
  p.channels = s.filters;
  return phase;
}

// Rows of a phase's result lie `stride` apart in dx.
template <class T>
struct PhaseTarget {
  T* data;
  int64_t out[3], at[3], stride[3], in[3], pixel;

  DL_INLINE void offsets(int64_t m, int64_t rows, int64_t* offset) const {
    for (int64_t i = 0; i < rows; ++i) {
      int64_t rest = m + i, pos[3];
      for (int d = 2; d >= 0; --d) {
        pos[d] = at[d] + rest % out[d] * stride[d];
        rest /= out[d];
      }
      offset[i] = (((rest * in[0] + pos[0]) * in[1] + pos[1]) * in[2] + pos[2]) * pixel;
    }
  }
};

// dx gathered from dy: for channels that fill the vectors.
template <class T>
void gather_gradient(const ConvSizes& s, const T* dy, const T* kernel, T* dx, T* scratch) {
  const int64_t c = s.channels, o = s.filters, row = o * s.groups;
  const int64_t* stride = s.window.stride;
  for (int64_t index = 0; index < stride[0] * stride[1] * stride[2]; ++index) {
    const Phase phase = make_phase(s, index);
    if (phase.empty) continue;
    const Patches& p = phase.patches;
    const int64_t taps = p.taps[0] * p.taps[1] * p.taps[2], k = taps * o;
    PhaseTarget<T> target;
    for (int d = 0; d < 3; ++d) {
      target.out[d] = p.out[d];
      target.at[d] = phase.at[d];
      target.stride[d] = stride[d];
      target.in[d] = s.in[d];
    }
    target.pixel = c * s.groups;
    for (int64_t g = 0; g < s.groups; ++g) {
      // The kernel with inputs and outputs exchanged: rows (tap, filter), columns channels.
      parallel_for(
          panel_count<T>(c) * taps, grain_for(o * kPanel<T>), [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
              const int64_t panel = i / taps, t = i % taps;
              int64_t tap = 0, rest = t, scale = 1;
              for (int d = 2; d >= 0; --d) {
                tap += (phase.first_tap[d] + rest % p.taps[d] * phase.tap_stride[d]) * scale;
                rest /= p.taps[d];
                scale *= s.window.size[d];
              }
              const int64_t column = panel * kPanel<T>;
              const int64_t columns = c - column < kPanel<T> ? c - column : kPanel<T>;
              pack_panel(kernel + (tap * c + column) * row + g * o, 1, row, o, columns,
                         scratch + (panel * taps + t) * o * kPanel<T>);
            }
          });
      target.data = dx + g * c;
      const int64_t m = s.images * p.out[0] * p.out[1] * p.out[2];
      const PatchSource<T> source{p, dy + g * o};
      if constexpr (kMayUseAmx<T>) {
        if (s.amx(m, c, k)) {
          static_assert(kPanel<T> == amx::kStrip);
          AmxRight<T> right(scratch, kPanel<T>, 1);
          right.panel = k * kPanel<T>;
          T* packed = scratch + panel_count<T>(c) * k * kPanel<T>;
          amx_pack_right(c, k, s.parts(), right, reinterpret_cast<amx::Packed*>(packed));
          amx_gemm(m, c, k, s.parts(), source, right, target, Epilogue<T>{});
          continue;
        }
      }
      gemm(m, c, k, source, Panels<T>::packed(scratch, k), target, Epilogue<T>{});
    }
  }
}

#if defined(DL_AMX)
// dx as a convolution of dy, whose images are split and read in place.
void gradient_images(const ConvSizes& s, const float* dy, const float* kernel, float* dx,
                     float* scratch) {
  const ConvSizes t = turned(s);
  const int64_t tap = s.channels * s.filters;
  AmxRight<float> right(kernel + (s.taps() - 1) * tap, 1, s.filters);
  amx_pack_right(t.filters, t.taps() * t.channels, {t.channels, -tap}, s.parts(), right,
                 reinterpret_cast<amx::Packed*>(scratch));
  forward_images(t, dy, right, Epilogue<float>{}, dx,
                 reinterpret_cast<amx::Packed*>(scratch + packed_kernel_size(t)));
}
#endif

// Each position adds dy kernel^T to what its window sees: for few channels, whose vectors
// `gather_gradient` would leave half empty. One image is one thread's.
template <class T>
void scatter_gradient(const ConvSizes& s, const T* dy, const T* kernel, T* dx, T* scratch) {
  const int64_t o = s.filters, k = s.taps() * s.channels, row = o * s.groups;
  const int64_t positions = s.out[0] * s.out[1] * s.out[2];
  const int64_t image = s.in[0] * s.in[1] * s.in[2] * s.channels * s.groups;
  const int64_t panels = panel_count<T>(k) * kPanel<T> * o;
  const int64_t pieces = scatter_pieces(s.images);
  const Patches patches = forward_patches(s);
  parallel_for(s.images, 1, [&](int64_t begin, int64_t end) {
    zero_run(dx + begin * image, (end - begin) * image);
  });
  for (int64_t g = 0; g < s.groups; ++g) {
    pack_panels(kernel + g * o, 1, row, o, k, scratch);
    parallel_for(pieces, 1, [&](int64_t piece, int64_t piece_end) {
      for (; piece < piece_end; ++piece) {
        T* product = scratch + panels + piece * kBlockRows * k;
        int64_t offsets[kBlockRows];
        for (int64_t i = 0; i < kBlockRows; ++i) offsets[i] = i * k;
        Patches::Runs runs;
        patches.list_runs(0, k, runs);
        const int64_t end = s.images * (piece + 1) / pieces * positions;
        int64_t m = s.images * piece / pieces * positions;
        for (int64_t rows; m < end; m += rows) {
          rows = end - m < kBlockRows ? end - m : kBlockRows;
          for (int64_t d = 0; d < o || d == 0; d += kDepth<T>) {
            gemm_block({.m = rows,
                        .n = k,
                        .k = o - d < kDepth<T> ? o - d : kDepth<T>,
                        .a = dy + m * row + g * o + d,
                        .a_row = row,
                        .a_col = 1,
                        .b = scratch + d * kPanel<T>,
                        .b_row = kPanel<T>,
                        .b_panel = o * kPanel<T>,
                        .y = product,
                        .y_row = offsets,
                        .addend = d > 0 ? product : nullptr,
                        .bias = nullptr,
                        .relu = false});
          }
          auto position = patches.position(m);
          for (int64_t i = 0; i < rows; ++i, patches.advance(position)) {
            patches.for_each_run(
                position, 0, k, runs,
                [&](int64_t column, int64_t to, int64_t n) {
                  add_run(dx + g * s.channels + to, product + i * k + column, n);
                },
                [](int64_t, int64_t) {});
          }
        }
      }
    });
  }
}

// ---- weight gradient --------------------------------------------------------------------------

// dkernel (m, n), whose rows lie `row` apart, = the sum of as many dense matrices.
template <class T>
void sum_splits(int64_t m, int64_t n, int64_t splits, const T* sums, T* dkernel, int64_t row) {
  parallel_for(m, grain_for(n * splits), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        T sum = 0;
        for (int64_t split = 0; split < splits; ++split) sum += sums[(split * m + i) * n + j];
        dkernel[i * row + j] = sum;
      }
    }
  });
}

template <class T>
void weight_gradient(const ConvSizes& s, const T* x, const T* dy, T* dkernel, T* scratch) {
  const int64_t m = s.taps() * s.channels, n = s.filters, row = n * s.groups;
  if (is_direct(s)) {
    const int64_t splits = direct_splits(s);
    if (splits == 1) return direct_weight_gradient(s, x, dy, dkernel, 1, scratch);
    direct_weight_gradient(s, x, dy, scratch, splits, scratch + splits * m * n);
    return sum_splits(m, n, splits, scratch, dkernel, row);
  }
  const int64_t positions = s.positions(), splits = weight_gradient_splits(s);
  for (int64_t g = 0; g < s.groups; ++g) {
    parallel_for(splits, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = positions * i / splits, k = positions * (i + 1) / splits - first;
        const TransposedPatchSource<T> source{forward_patches(s), x + g * s.channels, first};
        const auto b = Panels<T>::in_place(dy + first * row + g * n, row);
        T* to = splits > 1 ? scratch + i * m * n : dkernel + g * n;
        if constexpr (kMayUseAmx<T>) {
          if (s.amx(m, n, k)) {
            amx_gemm(m, n, k, s.parts(), source, AmxRight<T>(dy + first * row + g * n, row, 1),
                     MatrixTarget<T>{to, splits > 1 ? n : row}, Epilogue<T>{},
                     splits > 1 ? 1 : kPieces);
            continue;
          }
        }
        gemm(m, n, k, source, b, MatrixTarget<T>{to, splits > 1 ? n : row}, Epilogue<T>{},
             splits > 1 ? 1 : kPieces);
      }
    });
    if (splits > 1) sum_splits(m, n, splits, scratch, dkernel + g * n, row);
  }
}

template <class T>
void weight_gradient_joined(const ConvSizes& s, int64_t joined, const T* x, const T* dy, T* dkernel,
                            T* scratch) {
  const ConvSizes wide = join(s, joined);
  weight_gradient(wide, x, dy, scratch, scratch + wide.taps() * wide.channels * wide.filters);
  zero_run(dkernel, s.taps() * s.channels * s.filters);
  for_each_joined(s, joined, [&](int64_t to, int64_t from) { dkernel[to] += scratch[from]; });
}

}  // namespace

// y (images, out..., filters) = the window over x (images, in..., channels) times
// kernel (window..., channels of a group, filters) [+ bias (filters)] [+ addend (as y)], with relu
// where asked.
void conv(const ConvSizes& s, const View& x, const View& kernel, const View& ready,
          const View& bias, const View& addend, const View& y, bool relu, const View& scratch) {
  for_type(y.dtype, [&]<class T>(T) {
    if (s.depthwise()) return depthwise_conv(s, x, kernel, bias, addend, y, relu);
    const T *from = x.ptr<T>(), *w = kernel.ptr<T>();
    const Epilogue<T> after{addend.ptr<T>(), bias.ptr<T>(), relu};
    if constexpr (sizeof(T) == 4) {
      if (winograd_sizes(s).m) {
        return winograd_conv(s, from, w, ready.ptr<T>(), after, y.ptr<T>(), scratch.ptr<T>(),
                             scratch.shape[0] / 4);
      }
    }
    const int64_t joined = choose_joined<T>(s);
    if (joined > 1) return forward_joined(s, joined, from, w, after, y.ptr<T>(), scratch.ptr<T>());
    forward(s, from, w, ready.ptr<T>(), after, y.ptr<T>(), scratch.ptr<T>());
  });
}

// The kernel's columns for the tile unit, where `takes_packed_kernel` (plans.h).
void pack_kernel(const ConvSizes& s, const View& kernel, const View& packed) {
  if constexpr (kMayUseAmx<float>) {
    AmxRight<float> right(kernel.ptr<float>(), s.filters, 1);
    pack_columns(s, right, packed.ptr<amx::Packed>());
  }
}

// dx = the gradient of <dy, conv(x, kernel)> in x.
void conv_data_gradient(const ConvSizes& s, const View& dy, const View& kernel, const View& ready,
                        const View& dx, const View& scratch) {
  for_type(dx.dtype, [&]<class T>(T) {
    if (s.depthwise()) {
      depthwise_data_gradient(s, dy, kernel, dx);
      return;
    }
    if constexpr (sizeof(T) == 4) {
      if (winograd_data_gradient_sizes(s).m) {
        winograd_data_gradient(s, dy.ptr<T>(), kernel.ptr<T>(), ready.ptr<T>(), dx.ptr<T>(),
                               scratch.ptr<T>(), scratch.shape[0] / 4);
        return;
      }
    }
    if constexpr (kMayUseAmx<T>) {
      if (data_gradient_takes_image(s)) {
        return gradient_images(s, dy.ptr<T>(), kernel.ptr<T>(), dx.ptr<T>(), scratch.ptr<T>());
      }
    }
    if (!scatters(s, kLanes<T>)) {
      gather_gradient(s, dy.ptr<T>(), kernel.ptr<T>(), dx.ptr<T>(), scratch.ptr<T>());
    } else if (!direct_data_gradient(s, dy.ptr<T>(), kernel.ptr<T>(), dx.ptr<T>(),
                                     scratch.ptr<T>())) {
      scatter_gradient(s, dy.ptr<T>(), kernel.ptr<T>(), dx.ptr<T>(), scratch.ptr<T>());
    }
  });
}

// dkernel = the gradient of <dy, conv(x, kernel)> in the kernel.
void conv_weight_gradient(const ConvSizes& s, const View& x, const View& dy, const View& dkernel,
                          const View& scratch) {
  for_type(dkernel.dtype, [&]<class T>(T) {
    if (s.depthwise()) {
      depthwise_weight_gradient(s, x, dy, dkernel, scratch);
      return;
    }
    if constexpr (sizeof(T) == 4) {
      if (winograd_weight_gradient_sizes(s).m) {
        winograd_weight_gradient(s, x.ptr<T>(), dy.ptr<T>(), dkernel.ptr<T>(), scratch.ptr<T>());
        return;
      }
    }
    const int64_t joined = choose_joined<T>(s);
    if (joined > 1) {
      weight_gradient_joined(s, joined, x.ptr<T>(), dy.ptr<T>(), dkernel.ptr<T>(),
                             scratch.ptr<T>());
    } else {
      weight_gradient(s, x.ptr<T>(), dy.ptr<T>(), dkernel.ptr<T>(), scratch.ptr<T>());
    }
  });
}

}  // namespace danlu::cpu::DL_LEVEL
