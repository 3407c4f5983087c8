// y = x with a conversion from any type to any other, any strides; and y = a constant.
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/loop.h"

namespace danlu::cpu::DL_LEVEL {
namespace {

template <class From, class To>
void convert_loop(char* const* p, int64_t n, double) {
  const From* x = reinterpret_cast<const From*>(p[0]);
  To* y = reinterpret_cast<To*>(p[1]);
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = formula::convert<To>(x[i]);
}
// A double on its way to a 16-bit type. The float that it passes through is cut off, and its last
// bit tells whether anything was: so it is rounded once, where two roundings may go the wrong way
// (round to odd: S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
void odd_loop(char* const* p, int64_t n, double) {
  const double* x = reinterpret_cast<const double*>(p[0]);
  uint32_t* y = reinterpret_cast<uint32_t*>(p[1]);
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) {
    const float nearest = static_cast<float>(x[i]);
    const double back = nearest;
    uint32_t word = std::bit_cast<uint32_t>(nearest);
    if (back < x[i] || back > x[i]) {
      word -= __builtin_fabs(back) > __builtin_fabs(x[i]);
      word |= 1;
    }
    y[i] = word;
  }
}
template <class Word>
void move_loop(char* const* p, int64_t n, double) {
  __builtin_memmove(p[1], p[0], static_cast<size_t>(n) * sizeof(Word));
}

template <class From, class Types, class To>
constexpr Loop convert_entry() {
  return &convert_loop<From, To>;
}
#define DL_FROM(T) DL_LOOPS(convert_entry, T, void)
constexpr LoopRow kConvertLoops[] = {DL_FROM(bool) DL_FROM(uint8_t) DL_FROM(uint16_t)
                                         DL_FROM(uint32_t) DL_FROM(uint64_t) DL_FROM(int8_t)
                                             DL_FROM(int16_t) DL_FROM(int32_t) DL_FROM(int64_t){},
                                     {},
                                     DL_FROM(float) DL_FROM(double)};

void move(const View& x, const View& y) {
  const View words[] = {as_words(x), as_words(y)};
  const View* const views[] = {&words[0], &words[1]};
  switch (size_of(y.dtype)) {
    case 1:
      return run({&move_loop<uint8_t>}, views, 2);
    case 2:
      return run({&move_loop<uint16_t>}, views, 2);
    case 4:
      return run({&move_loop<uint32_t>}, views, 2);
    default:
      return run({&move_loop<uint64_t>}, views, 2);
  }
}

template <class Word>
void fill_dense(const View& y, const void* word) {
  Word value;
  __builtin_memcpy(&value, word, sizeof(Word));
  parallel_for(y.numel(), kGrain, [&](int64_t begin, int64_t end) {
    Word* to = y.ptr<Word>();
    for (int64_t i = begin; i < end; ++i) to[i] = value;
  });
}

}  // namespace

void copy(const View& x, const View& y) {
  if (x.dtype == y.dtype) return move(x, y);
  const DType from = compute_dtype(x.dtype), to = compute_dtype(y.dtype);
  const View* const views[] = {&x, &y};
  if (from == to) return run({&move_loop<float>}, views, 2);  // between half types and float
  if (from == DType::float64 && y.dtype != to) return run({&odd_loop}, views, 2);
  run({kConvertLoops[static_cast<int>(from)][static_cast<int>(to)]}, views, 2);
}

void fill(const View& y, double value) {
  View x = y;
  x.strides = Strides::filled(y.ndim(), 0);
  uint64_t word = 0;
  x.data = &word;
  dispatch_all(y.dtype, [&]<class T>(T) {
    if constexpr (std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>) {
      const T converted = static_cast<float>(value);
      __builtin_memcpy(&word, &converted, sizeof(T));
    } else {
      const T converted = formula::convert<T>(value);
      __builtin_memcpy(&word, &converted, sizeof(T));
    }
  });
  if (!y.contiguous()) return move(x, y);
  switch (size_of(y.dtype)) {
    case 1:
      return fill_dense<uint8_t>(y, &word);
    case 2:
      return fill_dense<uint16_t>(y, &word);
    case 4:
      return fill_dense<uint32_t>(y, &word);
    default:
      return fill_dense<uint64_t>(y, &word);
  }
}

}  // namespace danlu::cpu::DL_LEVEL
