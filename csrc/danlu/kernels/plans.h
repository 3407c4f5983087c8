// How matrix products and convolutions are cut, which algorithm computes them and what scratch that
// takes. The choice is by shape alone, never by the number of threads.
#pragma once

#include <cstdint>

#include "danlu/core/macros.h"
#include "danlu/kernels/amx.h"
#include "danlu/kernels/parallel.h"

namespace danlu {

inline constexpr int64_t kBlockRows = 96;  // rows of a left matrix that a thread holds at a time

// ---- matmul -----------------------------------------------------------------------------------

// One product of the batch for each chunk of work, or, where a product is large, all threads on
// one product after the other.
DL_INLINE int64_t batch_pieces(int64_t batch, int64_t m, int64_t n, int64_t k) {
  if (m * n * k > int64_t{1} << 22 && batch < 16) return 1;
  const int64_t pieces = batch * m * n * k / 65536 + 1;
  return pieces < batch ? (pieces < 64 ? pieces : 64) : batch < 64 ? batch : 64;
}

// The tile unit pays where splitting the elements of a and b for it (used n and m times) takes less
// than the multiply-adds that it saves; measured, from so much work on, and sooner where the vector
// units would have to copy a or b as well.
inline constexpr int64_t kAmxLeast = int64_t{1} << 24;
DL_INLINE bool amx_pays(int64_t m, int64_t n, int64_t k, bool a_copied, bool b_copied) {
  const int64_t least = a_copied || b_copied ? kAmxLeast : 2 * kAmxLeast;
  const int64_t lines = b_copied ? 16 : 32;
  return cpu::has_amx && m * n >= lines * (m + n) && k >= 32 && m * n * k >= least;
}
// bfloat16 need no splitting, and would be copied to float32 otherwise.
DL_INLINE bool bfloat16_pays(int64_t m, int64_t n, int64_t k) {
  return cpu::has_bfloat16 && m >= 16 && n >= 16 && k >= 32;
}
DL_INLINE int64_t amx_packed_size(int64_t lines, int64_t k) {  // in float32
  return cpu::amx::strips_of(lines) * cpu::amx::packed_size(k) / 2;
}

// What is computed for y (m, n) = a (m, k) b (k, n) with these strides.
struct ProductPlan {
  bool amx;                  // by units of bfloat16
  bool amx_left, amx_right;  // with the strips of a, the panels of b packed beforehand
  bool transposed;           // y is one column: the row of the transposed product b^T a^T
  bool dots;            // few rows, and memory runs along k in both: dot products beat packing b
  int64_t stretches;    // one row: k is cut into so many, so that b is read as it lies; or 0
  bool packed;          // b is copied into panels first
  int64_t packed_size;  // elements of scratch for any of that
};
DL_INLINE ProductPlan plan_product(int64_t m, int64_t n, int64_t k, int64_t a_row, int64_t a_col,
                                   int64_t b_row, int64_t b_col, bool bias, bool bfloat16 = false) {
  ProductPlan plan{};
  plan.amx = (bfloat16 ? bfloat16_pays(m, n, k) : amx_pays(m, n, k, a_col != 1, b_col != 1)) &&
             (a_row == 1 || a_col == 1) && (b_row == 1 || b_col == 1);
  // Few rows: every thread packs its columns of b. Many: every thread packs its rows of a, unless
  // it would for one group of columns after the other.
  plan.amx_left = plan.amx && (m <= 1024 || n >= 1024);
  plan.amx_right = plan.amx && m > 128 && !bfloat16;
  if (plan.amx_left) plan.packed_size += amx_packed_size(m, k);
  if (plan.amx_right) plan.packed_size += amx_packed_size(n, k);
  plan.transposed = n == 1 && m > 1 && !bias;
  if (plan.transposed) {
    n = m;
    m = 1;
    const int64_t row = b_row;
    b_row = a_col;
    b_col = a_row;
    a_col = row;
  }
  plan.dots = m <= 4 && a_col == 1 && b_row == 1 && b_col != 1;
  if (m == 1 && b_col == 1 && n >= 64 && k >= 512 && n * k >= int64_t{1} << 17) {
    const int64_t worth = n * k >> 16;
    plan.stretches = worth < 16 ? worth : 16;
    plan.packed_size = plan.stretches * n;
    return plan;
  }
  // Always when columns are not adjacent, and when the copy (one pass over b) is small against m
  // passes over a large b.
  const bool large = m >= 256 && n * k >= 512 * 512;
  plan.packed = !plan.dots && ((b_col != 1 && n > 1) || large);
  // (float64 has no unit.)
  const int64_t columns = plan.packed && !(plan.amx && bfloat16) ? (n + 63) / 64 * 64 * k : 0;
  if (plan.packed_size < columns) plan.packed_size = columns;
  return plan;
}
// The same for rows of b that lie side by side.
DL_INLINE ProductPlan plan_product(int64_t m, int64_t n, int64_t k) {
  return plan_product(m, n, k, k, 1, n, 1, true);
}
// Scratch for the columns of a kernel: as they are, and for the tile unit.
DL_INLINE int64_t packed_columns_size(int64_t n, int64_t k) {
  return (n + 63) / 64 * 64 * k + (cpu::has_bfloat16 ? amx_packed_size(n, k) : 0);
}

// ---- conv, pool -------------------------------------------------------------------------------

// A window that slides over three spatial axes; 1-D and 2-D use the last ones, with size 1 before.
struct SlidingWindow {
  int64_t size[3] = {1, 1, 1};
  int64_t stride[3] = {1, 1, 1};
  int64_t dilation[3] = {1, 1, 1};
  int64_t before[3] = {0, 0, 0};  // padding before the first element
};

// What a convolution's kernels need of its sizes. Channels are of one group.
struct ConvSizes {
  int64_t images, in[3], out[3], channels, filters, groups;
  SlidingWindow window;
  bool exact = false;     // no algorithm that is less exact than the sum itself
  bool bfloat16 = false;  // x, kernel and dy are float32 that hold the values of bfloat16
  bool joined = false;    // neighbouring outputs stand side by side as filters of one

  DL_INLINE int64_t taps() const { return window.size[0] * window.size[1] * window.size[2]; }
  DL_INLINE int64_t positions() const { return images * out[0] * out[1] * out[2]; }
  DL_INLINE bool depthwise() const { return groups > 1 && channels == 1 && filters == 1; }
  // Whether a product (m, n, k) of this convolution is computed by units of bfloat16.
  DL_INLINE bool amx(int64_t m, int64_t n, int64_t k) const {
    return bfloat16 ? bfloat16_pays(m, n, k)
                    : amx_pays(m, n, k, /*a_copied=*/true, /*b_copied=*/false);
  }
  DL_INLINE int parts() const { return bfloat16 ? 1 : cpu::amx::kFloatParts; }
};

// Tap t of a window at position p looks at element start + p * step + t * tap_step of each axis.
struct Windows {
  int64_t in[3], out[3], start[3], step[3], taps[3], tap_step[3];
};
DL_INLINE Windows windows_of(const ConvSizes& s) {
  Windows w;
  for (int d = 0; d < 3; ++d) {
    w.in[d] = s.in[d];
    w.out[d] = s.out[d];
    w.start[d] = -s.window.before[d];
    w.step[d] = s.window.stride[d];
    w.taps[d] = s.window.size[d];
    w.tap_step[d] = s.window.dilation[d];
  }
  return w;
}

inline constexpr int64_t kMaxJoined = 4;   // neighbouring outputs computed as one
inline constexpr int64_t kMaxSplits = 16;  // partial sums of a weight gradient

// Into how many parts the positions are split, where the kernel alone gives too little to share.
DL_INLINE int64_t weight_gradient_splits(const ConvSizes& s) {
  const int64_t blocks = (s.taps() * s.channels + kBlockRows - 1) / kBlockRows;
  const int64_t wanted = (kMaxSplits + blocks - 1) / (blocks < 1 ? 1 : blocks);
  const int64_t most = s.positions() / 256;
  return most <= 1 ? 1 : wanted < most ? wanted : most;
}
DL_INLINE int64_t depthwise_splits(const ConvSizes& s) {
  const int64_t rows = s.images * s.out[0] * s.out[1];
  return rows < 1 ? 1 : rows < kMaxSplits ? rows : kMaxSplits;
}
DL_INLINE int64_t scatter_pieces(int64_t images) { return images < 32 ? images : 32; }
// Whether the data gradient is scattered (few channels) or gathered.
DL_INLINE bool scatters(const ConvSizes& s, int64_t lanes) { return s.channels < lanes; }

// ---- few channels: direct.cpp -----------------------------------------------------------------

// Images whose windows all lie inside: the images themselves, or a copy with zeros around them.
struct Frame {
  bool copies;
  bool small;       // a copy is not much larger than the images
  int64_t size[3];  // of an image
};
DL_INLINE Frame frame_of(const ConvSizes& s) {
  Frame frame{false, true, {}};
  int64_t pixels = 1;
  for (int d = 0; d < 3; ++d) {
    const int64_t first = (s.out[d] - 1) * s.window.stride[d];
    frame.size[d] = first + (s.window.size[d] - 1) * s.window.dilation[d] + 1;
    frame.copies = frame.copies || s.window.before[d] > 0 || frame.size[d] > s.in[d];
    pixels *= s.in[d];
    frame.small =
        frame.small && frame.size[d] <= 2 * s.in[d] + 64;  // the product does not overflow
  }
  if (frame.small) {
    frame.small = frame.size[0] * frame.size[1] * frame.size[2] <= 2 * pixels + 64;
  }
  for (int d = 0; d < 3 && !frame.copies; ++d) frame.size[d] = s.in[d];
  return frame;
}

inline constexpr int64_t kMostWindowRows = 32;
inline constexpr int64_t kMostDirectChannels = 16;
// Whether patches are read where they lie: where gathering one would cost as much as multiplying
// it, and where the kernel stays in the first cache, however few positions use it at a time.
DL_INLINE bool is_direct(const ConvSizes& s) {
  const SlidingWindow& w = s.window;
  return s.groups == 1 && w.dilation[2] == 1 && s.taps() > 1 && s.channels <= kMostDirectChannels &&
         w.size[0] * w.size[1] <= kMostWindowRows && s.taps() * s.channels * s.filters <= 12288 &&
         s.out[2] >= 4 && frame_of(s).small;
}
inline constexpr int kFewFilters = 8;
inline constexpr int kMostRowTaps = 64;
// Whether the vectors of a direct convolution run along rows of positions: for few filters, which
// would leave vectors half empty, and one channel, whose rows are vectors in place.
DL_INLINE bool goes_along_rows(const ConvSizes& s, int64_t lanes) {
  const int64_t vectors = (s.out[2] + lanes - 1) / lanes;
  return is_direct(s) && s.channels == 1 && s.window.stride[2] == 1 && s.filters <= kFewFilters &&
         s.taps() <= kMostRowTaps && s.filters % lanes != 0 && s.out[2] >= lanes &&
         3 * s.out[2] >= 2 * vectors * lanes;
}
DL_INLINE int64_t direct_splits(const ConvSizes& s) {
  const int64_t splits = weight_gradient_splits(s), rows = s.images * s.out[0] * s.out[1];
  return splits < rows ? splits : rows;
}

// ---- the tile unit: image.h -------------------------------------------------------------------

// Images in parts for the tile unit, with so many zeros after each row and image that a tap lies at
// one distance from all positions, whatever row or image they are in. Taps whose elements are a
// multiple of `step` apart share a phase: the pixels that one of them sees. In memory: (phases,
// steps of channels, pixels, parts, 32).
struct AmxImage {
  static constexpr int64_t kMostTaps = 64;
  // Floats of one image: a larger one is nowhere near a cache.
  static constexpr int64_t kMostSize = int64_t{1} << 23;
  bool small;           // no more zeros than pixels; of others nothing but `length` is known
  int64_t length[3];    // pixels of a phase along each axis, zeros included
  int64_t count[3];     // of phases
  int64_t lead, reach;  // zeros before the first image; pixels beyond the last row of the product
  int64_t steps;        // of 32 channels
  int64_t last;         // pixels from an image's first position to behind its last

  // Phase `f` begins at this element, tap `t` so many pixels of its phase after the position.
  static DL_INLINE int64_t first(const Windows& w, int d, int64_t f) {
    const int64_t at = (w.start[d] + f * w.tap_step[d]) % w.step[d];
    return at < 0 ? at + w.step[d] : at;
  }
  static DL_INLINE int64_t shift(const Windows& w, int d, int64_t t) {
    const int64_t at = w.start[d] + t * w.tap_step[d];
    return at >= 0 ? at / w.step[d] : -1 - (-1 - at) / w.step[d];
  }
  static DL_INLINE int64_t seen(const Windows& w, int d, int64_t f) {  // pixels of a phase
    const int64_t at = first(w, d, f);
    return at < w.in[d] ? (w.in[d] - 1 - at) / w.step[d] + 1 : 0;
  }
  DL_INLINE int64_t phases() const { return count[0] * count[1] * count[2]; }
  DL_INLINE int64_t pixels() const { return length[0] * length[1] * length[2]; }
  DL_INLINE int64_t rows(int64_t images) const { return (images - 1) * pixels() + last; }
  DL_INLINE int64_t plane(int64_t images) const {
    const int64_t seen =
        (rows(images) + cpu::amx::kStrip - 1) / cpu::amx::kStrip * cpu::amx::kStrip;
    const int64_t all = images * pixels();
    return lead + (seen + reach > all ? seen + reach : all);
  }
  DL_INLINE int64_t size(int64_t images, int parts) const {  // in float32
    return phases() * steps * plane(images) * parts * cpu::amx::kStep / 2;
  }
};
DL_INLINE AmxImage amx_image(const Windows& w, int64_t channels) {
  AmxImage image{};
  image.small = true;
  int64_t least[3], most[3];
  for (int d = 0; d < 3; ++d) {
    int64_t count = 1;  // until a tap sees the first phase again
    while (count < w.taps[d] && count * w.tap_step[d] % w.step[d] != 0) ++count;
    image.count[d] = count;
    int64_t longest = 0;
    least[d] = most[d] = AmxImage::shift(w, d, 0);
    for (int64_t t = 0; t < w.taps[d]; ++t) {
      const int64_t shift = AmxImage::shift(w, d, t), seen = AmxImage::seen(w, d, t);
      if (seen > longest) longest = seen;
      if (shift < least[d]) least[d] = shift;
      if (shift > most[d]) most[d] = shift;
    }
    // A tap before the row sees the zeros after the one before, a tap behind it those after it.
    const int64_t front = longest + (least[d] < 0 ? -least[d] : 0);
    const int64_t back = w.out[d] + (most[d] > 0 ? most[d] : 0);
    image.length[d] = front > back ? front : back;
    const int64_t most_pixels = w.in[d] > w.out[d] ? w.in[d] : w.out[d];
    image.small = image.small && image.length[d] <= 2 * most_pixels + 64;
  }
  if (!image.small) return image;  // the products below might overflow
  const auto along = [&](const int64_t* at) {
    return (at[0] * image.length[1] + at[1]) * image.length[2] + at[2];
  };
  const int64_t ends[3] = {w.out[0] - 1, w.out[1] - 1, w.out[2] - 1};
  image.last = along(ends) + 1;
  image.lead = along(least) < 0 ? -along(least) : 0;
  image.reach = along(most) > 0 ? along(most) : 0;
  image.steps = cpu::amx::steps_of(channels);
  return image;
}

// ---- Winograd's algorithm: winograd.cpp -------------------------------------------------------

// A convolution with a 3x3 window and stride 1 in tiles of m x m outputs.
struct WinogradSizes {
  int64_t m;  // 0: not by this algorithm
  int64_t in[2], out[2], before[2], channels, filters;
  int64_t images, rows, columns;  // of tiles
  int64_t block;                  // tiles that one worker transforms and multiplies at a time
  bool amx;                       // multiplied on the tile unit

  static constexpr int64_t kMostTiles = cpu::amx::kStrip;  // in a block
  // On the tile unit a block is one strip. From position to position: for a step of the strip and
  // for so many steps of a panel of tiles as are multiplied at a time (packed), and for the
  // products with a panel of filters (float). No multiples of 4 KiB, which would crowd one cache
  // set.
  static constexpr int64_t kStripPosition =
      cpu::amx::packed_size(cpu::amx::kStep) + cpu::amx::kStep;
  static constexpr int64_t kPanelPosition =
      cpu::amx::packed_size(cpu::amx::kMostSteps * cpu::amx::kStep) + cpu::amx::kStep;
  static constexpr int64_t kSumPosition = cpu::amx::kSquare + 16;
  DL_INLINE int64_t positions() const { return (m + 2) * (m + 2); }
  DL_INLINE int64_t tiles() const { return images * rows * columns; }
  DL_INLINE int64_t blocks() const { return (tiles() + block - 1) / block; }
  // Elements of a row of transformed channels. Rows a multiple of 4 KiB apart would crowd one
  // cache set.
  static DL_INLINE int64_t padded(int64_t n) { return (n + 15) / 16 * 16 + 16; }
  // Elements of scratch: the transformed kernel, and what a worker needs beside it.
  DL_INLINE int64_t kernel_size() const {
    return positions() *
           (amx ? amx_packed_size(filters, channels) : channels * ((filters + 31) / 32 * 32));
  }
  DL_INLINE int64_t sums_size() const {  // of the products
    return positions() *
           (amx ? cpu::amx::strips_of(filters) * kSumPosition : block * padded(filters));
  }
  DL_INLINE int64_t slot_size() const {
    return positions() * (amx ? cpu::amx::steps_of(channels) * kStripPosition / 2
                              : block * padded(channels)) +
           sums_size();
  }
  // Tiles that the weight gradient takes at a time: as many as the caches hold.
  DL_INLINE int64_t strip() const {
    const int64_t tile = positions() * (padded(channels) + padded(filters));
    const int64_t most = (int64_t{1} << 21) / tile;
    const int64_t wanted = most < 64 ? 64 : most > 512 ? 512 : most;
    const int64_t strips = (tiles() + wanted - 1) / wanted;
    const int64_t size = (tiles() + strips - 1) / strips;
    return amx ? (size + cpu::amx::kStep - 1) / cpu::amx::kStep * cpu::amx::kStep : size;
  }
  DL_INLINE int64_t weight_gradient_size() const {
    const int64_t group = cpu::amx::kMostSteps * cpu::amx::kStep;
    const int64_t lines =
        amx ? amx_packed_size(channels, strip()) +
                  (strip() + group - 1) / group * cpu::amx::strips_of(filters) * kPanelPosition / 2
            : strip() * (padded(channels) + padded(filters));
    return positions() * (lines + channels * filters);
  }
};

DL_INLINE WinogradSizes cut_into_tiles(const ConvSizes& s, int64_t m) {
  WinogradSizes w;
  w.m = m;
  for (int d = 0; d < 2; ++d) {
    w.in[d] = s.in[d + 1];
    w.out[d] = s.out[d + 1];
    w.before[d] = s.window.before[d + 1];
  }
  w.channels = s.channels;
  w.filters = s.filters;
  w.images = s.images;
  w.rows = (w.out[0] + m - 1) / m;
  w.columns = (w.out[1] + m - 1) / m;
  w.amx = cpu::has_amx && s.channels >= 32 && s.filters >= 32 && w.tiles() >= 32;
  w.block = w.amx ? WinogradSizes::kMostTiles : 24;
  if (w.amx && w.blocks() < 16) {  // an even number, for two threads
    const int64_t blocks = w.blocks() + w.blocks() % 2;
    w.block = (w.tiles() + blocks - 1) / blocks;
  }
  return w;
}

// The costs of the algorithms, in multiply-adds of the vector units and what takes as long. On the
// tile unit a multiply-add takes a third; splitting an element for it as long as twenty.
inline constexpr int64_t kAmxRate = 3, kAmxSplit = 20;
DL_INLINE int64_t amx_rate(const ConvSizes& s) {
  return !cpu::has_amx ? 2 : s.bfloat16 ? 3 * kAmxRate : kAmxRate;
}
// By patches, gathered and split.
DL_INLINE int64_t gather_cost(const ConvSizes& s) {
  const int64_t m = s.positions(), k = s.taps() * s.channels;
  if (!s.amx(m, s.filters, k)) return m * k * s.filters;
  return m * k * s.filters / amx_rate(s) + kAmxSplit * (m * k + k * s.filters);
}
// By images, split.
DL_INLINE int64_t image_cost(const ConvSizes& s) {
  const AmxImage image = amx_image(windows_of(s), s.channels);
  const int64_t k = s.taps() * image.steps * cpu::amx::kStep;
  const int64_t split = image.phases() * image.pixels() * s.images * s.channels;
  const int64_t columns = (s.filters + 15) / 16 * 16;
  return image.rows(s.images) * k * columns / amx_rate(s) + kAmxSplit * (split + k * s.filters);
}
// Whether a convolution that is not Winograd's reads images that were split, and gathers no
// patches: where that is cheaper. One tap of all pixels gathers nothing either way; but many
// filters would have few pixels split again for each group of them.
DL_INLINE bool takes_image(const ConvSizes& s) {
  const int64_t m = s.positions(), k = s.taps() * s.channels;
  if (s.groups > 1 || s.joined || is_direct(s) || s.taps() > AmxImage::kMostTaps) return false;
  // (Few filters, too: an element that is split once serves all taps.)
  const bool amx =
      s.bfloat16 ? bfloat16_pays(m, s.filters, k)
                 : cpu::has_amx && s.filters >= 16 && k >= 32 && m * s.filters * k >= kAmxLeast;
  if (!amx) return false;
  const AmxImage image = amx_image(windows_of(s), s.channels);
  if (!image.small || image.size(1, s.parts()) > AmxImage::kMostSize) return false;
  const bool all = s.taps() == 1 && s.images * image.pixels() == m && image.lead == 0;
  return all ? m <= 1024 && s.filters >= 1024 : image_cost(s) < gather_cost(s);
}
// As many images as the second cache holds are split and multiplied at a time.
DL_INLINE int64_t images_at_a_time(const ConvSizes& s) {
  const int64_t of_one = amx_image(windows_of(s), s.channels).size(1, s.parts());
  const int64_t most = (int64_t{1} << 19) / of_one;
  return most < 1 ? 1 : most < s.images ? most : s.images;
}
// Beside the products: the transforms of a tile, and the transformed kernel's way to memory and
// back.
DL_INLINE int64_t winograd_cost(const WinogradSizes& w) {
  const int64_t product = w.channels * w.filters, both = w.channels + w.filters;
  return w.amx ? w.positions() * (w.tiles() * (product / kAmxRate + 6 * both) + 36 * product)
               : w.positions() * (w.tiles() * (product + 4 * both) + 24 * product);
}
// Winograd's algorithm where it costs less than the direct way; else m is 0.
DL_INLINE WinogradSizes winograd_below(int64_t least, const ConvSizes& s) {
  const auto& w = s.window;
  bool fits = w.size[0] == 1 && w.size[1] == 3 && w.size[2] == 3 && s.in[0] == 1 && s.groups == 1 &&
              s.channels >= 16 && s.filters >= 16;
  for (int d = 0; d < 3; ++d) {
    fits = fits && w.stride[d] == 1 && w.dilation[d] == 1 && w.before[d] <= 2;
  }
  WinogradSizes best = cut_into_tiles(s, 2);
  best.m = 0;
  for (int64_t m = 2; fits && m <= (s.exact ? 2 : 4); m += 2) {
    const WinogradSizes tiles = cut_into_tiles(s, m);
    if (winograd_cost(tiles) >= least) continue;
    least = winograd_cost(tiles);
    best = tiles;
  }
  return best;
}
// The kernel's columns as the tile unit wants them; those of an image begin a step with each tap.
DL_INLINE int64_t packed_kernel_size(const ConvSizes& s) {
  if (!takes_image(s)) return amx_packed_size(s.filters, s.taps() * s.channels);
  return amx_packed_size(s.filters, s.taps() * cpu::amx::steps_of(s.channels) * cpu::amx::kStep);
}
DL_INLINE WinogradSizes winograd_sizes(const ConvSizes& s) {
  return winograd_below(takes_image(s) ? image_cost(s) : gather_cost(s), s);
}
DL_INLINE WinogradSizes winograd_weight_gradient_sizes(const ConvSizes& s) {
  return winograd_below(gather_cost(s), s);
}
// Whether a convolution that is not Winograd's is a product with the kernel as it is packed for the
// tile unit.
DL_INLINE bool takes_packed_kernel(const ConvSizes& s) {
  if (s.groups > 1 || is_direct(s)) return false;
  return takes_image(s) || s.amx(s.positions(), s.filters, s.taps() * s.channels);
}
// Whether the data gradient is a convolution, too. (Far taps: its sizes could overflow.)
DL_INLINE bool turns(const ConvSizes& s) {
  const SlidingWindow& w = s.window;
  for (int d = 0; d < 3; ++d) {
    if (w.stride[d] != 1 || (w.size[d] - 1) * w.dilation[d] > int64_t{1} << 31) return false;
  }
  return true;
}
// Then it is one of dy with the kernel turned by half a turn, channels and filters exchanged,
// padded so that it gives x.
DL_INLINE ConvSizes turned(ConvSizes s) {
  for (int d = 0; d < 3; ++d) {
    const int64_t out = s.out[d];
    s.out[d] = s.in[d];
    s.in[d] = out;
    s.window.before[d] = (s.window.size[d] - 1) * s.window.dilation[d] - s.window.before[d];
  }
  const int64_t filters = s.filters;
  s.filters = s.channels;
  s.channels = filters;
  return s;
}
DL_INLINE WinogradSizes winograd_data_gradient_sizes(const ConvSizes& s) {
  return turns(s) ? winograd_sizes(turned(s)) : WinogradSizes{};
}
DL_INLINE bool data_gradient_takes_image(const ConvSizes& s) {
  return turns(s) && takes_image(turned(s));
}
// With more threads there is room for more workers; the result is the same.
DL_INLINE int64_t winograd_scratch(const WinogradSizes& w) {
  if (w.m == 0) return 0;
  const int64_t threads = num_threads(), workers = w.blocks() < threads ? w.blocks() : threads;
  return w.kernel_size() + workers * w.slot_size();
}

// Elements of scratch, at most, for any vector width.
DL_INLINE int64_t joined_kernel_rows(const ConvSizes& s) {
  if (s.groups > 1 || s.filters >= 16) return 0;
  const int64_t width = s.window.size[2] + (kMaxJoined - 1) * s.window.stride[2];
  return s.window.size[0] * s.window.size[1] * width * s.channels;
}
DL_INLINE int64_t joined_kernel_size(const ConvSizes& s) {
  return joined_kernel_rows(s) * s.filters * kMaxJoined;
}
// A convolution whose outputs are joined has a frame of the same size.
DL_INLINE int64_t frame_scratch(const ConvSizes& s) {
  const Frame frame = frame_of(s);
  if (!frame.copies || !frame.small || !(is_direct(s) || joined_kernel_size(s) > 0)) return 0;
  return s.images * frame.size[0] * frame.size[1] * frame.size[2] * s.channels;
}
// The packed kernel and the images (of float32).
DL_INLINE int64_t image_scratch(const ConvSizes& s) {
  if (!takes_image(s)) return 0;
  const AmxImage plan = amx_image(windows_of(s), s.channels);
  return packed_kernel_size(s) + plan.size(images_at_a_time(s), s.parts());
}
// Of a convolution, for the algorithms that compute in float32 only.
DL_INLINE int64_t float32_scratch(const ConvSizes& s) {
  const WinogradSizes w = winograd_sizes(s);
  return w.m ? winograd_scratch(w) : image_scratch(s);
}
DL_INLINE int64_t conv_scratch(const ConvSizes& s) {
  const int64_t k = s.taps() * s.channels, joined = joined_kernel_size(s);
  return packed_columns_size(s.filters, k) + 64 * kMaxJoined + joined + frame_scratch(s) +
         (joined ? packed_columns_size(kMaxJoined * s.filters, joined_kernel_rows(s)) : 0);
}
DL_INLINE int64_t conv_data_gradient_scratch(const ConvSizes& s) {
  const int64_t k = s.taps() * s.channels;
  const int64_t gathered = packed_columns_size(s.channels, s.taps() * s.filters);
  const int64_t scattered =
      packed_columns_size(k, s.filters) + scatter_pieces(s.images) * kBlockRows * k;
  return scatters(s, 16) && scattered > gathered ? scattered : gathered;
}
DL_INLINE int64_t conv_weight_gradient_scratch(const ConvSizes& s) {
  if (s.depthwise()) return depthwise_splits(s) * s.taps() * s.groups;
  const int64_t splits = weight_gradient_splits(s);
  const int64_t joined = joined_kernel_size(s);
  return (splits > 1 ? splits * s.taps() * s.channels * s.filters : 0) + (kMaxSplits + 1) * joined +
         frame_scratch(s);
}

}  // namespace danlu
