// Order: argsort, searchsorted.
#include <type_traits>

#include "danlu/kernels/kernels.h"
#include "danlu/kernels/parallel.h"

namespace danlu::cpu::DL_LEVEL {
namespace {

// An unsigned number in the order of x: -0.0 equals 0.0, NaN comes after everything.
template <class T>
DL_INLINE uint64_t order_key(T x) {
  if constexpr (__is_same(T, double)) {
    if (x != x) return ~uint64_t{0};
    const uint64_t bits = __builtin_bit_cast(uint64_t, x == 0.0 ? 0.0 : x);
    return bits >> 63 ? ~bits : bits | uint64_t{1} << 63;
  } else if constexpr (!std::is_integral_v<T>) {  // the small floats in the 32 bits of float
    const float value = static_cast<float>(x);
    if (value != value) return 0xffffffffu;
    const uint32_t bits = __builtin_bit_cast(uint32_t, value == 0.0f ? 0.0f : value);
    return bits >> 31 ? static_cast<uint32_t>(~bits) : bits | 0x80000000u;
  } else if constexpr (std::is_signed_v<T>) {
    constexpr uint64_t middle = uint64_t{1} << (8 * sizeof(T) - 1);
    return (static_cast<uint64_t>(static_cast<int64_t>(x)) + middle) & (2 * middle - 1);
  } else {
    return static_cast<uint64_t>(x);
  }
}

template <class T>
inline constexpr int kKeyBytes = sizeof(T) == 2 && !std::is_integral_v<T> ? 4 : int{sizeof(T)};

// Stable, for a few elements.
static void insertion_sort(uint64_t* keys, int64_t* order, int64_t n) {
  for (int64_t i = 1; i < n; ++i) {
    const uint64_t key = keys[i];
    const int64_t at = order[i];
    int64_t j = i;
    for (; j > 0 && keys[j - 1] > key; --j) {
      keys[j] = keys[j - 1];
      order[j] = order[j - 1];
    }
    keys[j] = key;
    order[j] = at;
  }
}

// Stable: the lowest byte first. The result is in `keys` and `order`.
static void radix_sort(uint64_t* keys, int64_t* order, uint64_t* keys2, int64_t* order2, int64_t n,
                       int bytes) {
  uint64_t *from = keys, *to = keys2;
  int64_t *order_from = order, *order_to = order2;
  for (int byte = 0; byte < bytes; ++byte) {
    int64_t start[257] = {};
    const int shift = 8 * byte;
    for (int64_t i = 0; i < n; ++i) ++start[(from[i] >> shift & 255) + 1];
    bool one_bucket = false;
    for (int b = 1; b < 257; ++b) {
      one_bucket = one_bucket || start[b] == n;
      start[b] += start[b - 1];
    }
    if (one_bucket) continue;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t at = start[from[i] >> shift & 255]++;
      to[at] = from[i];
      order_to[at] = order_from[i];
    }
    uint64_t* keys_swap = from;
    from = to;
    to = keys_swap;
    int64_t* order_swap = order_from;
    order_from = order_to;
    order_to = order_swap;
  }
  if (order_from == order) return;
  for (int64_t i = 0; i < n; ++i) order[i] = order_from[i];
}

}  // namespace

// y[r] = the indices that sort row r of x, stably; NaN counts as the greatest. x and y (int64)
// are dense with two axes; scratch has kSortLanes rows of 3 n words.
void argsort(const View& x, bool descending, const View& y, const View& scratch) {
  const int64_t rows = x.shape[0], n = x.shape[1];
  const int64_t lane_rows = (rows + kSortLanes - 1) / kSortLanes;
  dispatch_all(x.dtype, [&]<class T>(T) {
    parallel_for(rows, lane_rows, [&](int64_t begin, int64_t end) {
      uint64_t* keys = scratch.ptr<uint64_t>() + begin / lane_rows * 3 * n;
      uint64_t* keys2 = keys + n;
      int64_t* order2 = reinterpret_cast<int64_t*>(keys + 2 * n);
      for (int64_t r = begin; r < end; ++r) {
        const T* values = x.ptr<T>() + r * n;
        int64_t* order = y.ptr<int64_t>() + r * n;
        for (int64_t i = 0; i < n; ++i) {
          keys[i] = descending ? ~order_key(values[i]) : order_key(values[i]);
          order[i] = i;
        }
        if (n <= 48) {
          insertion_sort(keys, order, n);
        } else {
          radix_sort(keys, order, keys2, order2, n, kKeyBytes<T>);
        }
      }
    });
  });
}

// y[i] = where values[i] would be inserted into the sorted x: before (left) or after equal ones.
// All are dense; x has one axis and the dtype of values; y is int64.
void searchsorted(const View& x, const View& values, bool right, const View& y) {
  const int64_t n = x.numel();
  dispatch_all(x.dtype, [&]<class T>(T) {
    const T* sorted = x.ptr<T>();
    parallel_for(values.numel(), 1024, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const uint64_t key = order_key(values.ptr<T>()[i]);
        int64_t low = 0, high = n;
        while (low < high) {
          const int64_t middle = low + (high - low) / 2;
          const uint64_t at = order_key(sorted[middle]);
          if (right ? at <= key : at < key) {
            low = middle + 1;
          } else {
            high = middle;
          }
        }
        y.ptr<int64_t>()[i] = low;
      }
    });
  });
}

}  // namespace danlu::cpu::DL_LEVEL
