// Vectors of this level's width, and the pragma that makes a plain loop into them.
#pragma once

#include <cstdint>
#include <utility>

#include "danlu/core/macros.h"

// The iterations of the next loop are independent (an output may be the very array of an input).
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed"  // loops over libm stay plain
#define DL_VECTORIZE _Pragma("clang loop vectorize(assume_safety)")
#else
#define DL_VECTORIZE _Pragma("GCC ivdep")
#endif

namespace danlu {

// Wider than the level is ruinous: GCC splits such vectors through memory.
#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

// simd<T>: as many T as a register holds.
template <class T>
struct SimdOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};
template <class T>
using simd = typename SimdOf<T>::type;
template <class T>
inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

template <class T>
DL_INLINE simd<T> load(const T* p) {
  simd<T> v;
  __builtin_memcpy(&v, p, sizeof(v));
  return v;
}
template <class T>
DL_INLINE void store(T* p, simd<T> v) {
  __builtin_memcpy(p, &v, sizeof(v));
}

// GCC would load a vector from memory again for each of its uses.
template <class V>
DL_INLINE void keep_in_register(V& v) {
#if defined(__x86_64__)
  asm("" : "+v"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
}

// Element i of the lower (kHigh: upper) halves of a and b in turn: a0 b0 a1 b1 ...
template <bool kHigh, class V, size_t... i>
DL_INLINE V interleave(V a, V b, std::index_sequence<i...>) {
  constexpr size_t kL = sizeof...(i);
  return __builtin_shufflevector(a, b, (i / 2 + i % 2 * kL + (kHigh ? kL / 2 : 0))...);
}

}  // namespace danlu
