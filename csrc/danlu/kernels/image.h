// Images as the tile unit reads the patches of a convolution in place: split once, not gathered and
// split again for every tap. plans.h says where they lie.
#pragma once

#include "danlu/kernels/amx_gemm.h"
#include "danlu/kernels/patches.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// Splits `images` images x of these patches. `packed`: plan.size(images, parts) elements of float.
DL_INLINE void split_images(const Patches& p, const AmxImage& plan, int64_t images, int parts,
                            const float* x, amx::Packed* packed) {
  const int64_t pixel = parts * amx::kStep, plane = plan.plane(images) * pixel;
  const int64_t rows = images * plan.length[0] * plan.length[1];
  const int64_t work = plan.length[2] * p.channels * plan.phases();
  parallel_for(rows + 1, grain_for(work), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t phase = 0; phase < plan.phases(); ++phase) {
        amx::Packed* to = packed + phase * plan.steps * plane;
        if (row == rows) {  // the zeros before the first image
          amx::split_pixels(nullptr, 0, plan.lead, p.channels, parts, to, plane);
          continue;
        }
        const int64_t f2 = phase % plan.count[2], f1 = phase / plan.count[2] % plan.count[1];
        const int64_t f0 = phase / plan.count[2] / plan.count[1];
        const int64_t r1 = row % plan.length[1], r0 = row / plan.length[1] % plan.length[0];
        const int64_t image = row / plan.length[1] / plan.length[0];
        const bool there = r0 < plan.seen(p, 0, f0) && r1 < plan.seen(p, 1, f1);
        const int64_t n = there ? plan.seen(p, 2, f2) : 0;
        const float* from = nullptr;
        if (n > 0) {
          const int64_t i0 = r0 * p.step[0] + plan.first(p, 0, f0);
          const int64_t i1 = r1 * p.step[1] + plan.first(p, 1, f1), i2 = plan.first(p, 2, f2);
          from = x + (((image * p.in[0] + i0) * p.in[1] + i1) * p.in[2] + i2) * p.pixel;
        }
        to += (plan.lead + row * plan.length[2]) * pixel;
        amx::split_pixels(from, p.step[2] * p.pixel, n, p.channels, parts, to, plane);
        amx::split_pixels(nullptr, 0, plan.length[2] - n, p.channels, parts, to + n * pixel, plane);
      }
    }
  });
}

// The strips of such images. Row m is the pixel m of all images, zeros included.
struct ImageSource {
  const amx::Packed* packed;
  int64_t steps, pixel, plane;         // of a tap; in elements
  int64_t start[AmxImage::kMostTaps];  // of each tap's first step and row 0

  ImageSource(const Patches& p, const AmxImage& plan, int64_t images, int parts,
              const amx::Packed* data)
      : packed(data),
        steps(plan.steps),
        pixel(parts * amx::kStep),
        plane(plan.plane(images) * parts * amx::kStep) {
    int64_t tap = 0;
    for (int64_t t0 = 0; t0 < p.taps[0]; ++t0) {
      for (int64_t t1 = 0; t1 < p.taps[1]; ++t1) {
        for (int64_t t2 = 0; t2 < p.taps[2]; ++t2) {
          const int64_t phase =
              (t0 % plan.count[0] * plan.count[1] + t1 % plan.count[1]) * plan.count[2] +
              t2 % plan.count[2];
          const int64_t shift =
              (plan.shift(p, 0, t0) * plan.length[1] + plan.shift(p, 1, t1)) * plan.length[2] +
              plan.shift(p, 2, t2);
          start[tap++] = phase * steps * plane + (plan.lead + shift) * pixel;
        }
      }
    }
  }
  DL_INLINE amx::Strip strip(int64_t m, int64_t step, int64_t count) const {
    amx::Strip strip{{}, pixel, amx::kStep};
    int64_t tap = step / steps, at = step % steps;
    for (int64_t s = 0; s < count; ++s) {
      strip.step[s] = packed + start[tap] + at * plane + m * pixel;
      if (++at < steps) continue;
      at = 0;
      ++tap;
    }
    return strip;
  }
};

// Rows of y for those of an ImageSource: where a window stands. `Target` knows rows of windows.
template <class Target>
struct ImageTarget {
  const AmxImage& plan;
  const Patches& p;
  const Target& target;
  decltype(target.data) data = target.data;

  DL_INLINE void offsets(int64_t m, int64_t rows, int64_t* offset) const {
    for (int64_t i = 0; i < rows; ++i) {
      int64_t rest = m + i, at[3];
      bool there = true;
      for (int d = 2; d >= 0; --d) {
        at[d] = rest % plan.length[d];
        rest /= plan.length[d];
        there = there && at[d] < p.out[d];
      }
      offset[i] = -1;
      if (!there) continue;
      target.offsets(((rest * p.out[0] + at[0]) * p.out[1] + at[1]) * p.out[2] + at[2], 1,
                     offset + i);
    }
  }
};

}  // namespace
}  // namespace danlu::cpu::DL_LEVEL
