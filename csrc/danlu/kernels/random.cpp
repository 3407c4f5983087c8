// Random numbers of a counter-based generator, and dropout.
//
// A draw reads its state (seed, counter) and adds one to the counter. What lies at a position of
// the result depends on (seed, counter, position) alone: group g of a draw is made of the Philox
// blocks 16 g ... 16 g + 15, and of their words word 0 of all blocks comes first, then word 1, ...
// No fused multiply-adds: the numbers are the same for every instruction set.
#if defined(__clang__)
#pragma clang fp contract(off)
#else
#pragma GCC optimize("fp-contract=off")
#endif

#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"
#include "danlu/kernels/parallel.h"
#include "danlu/kernels/rows.h"
#include "danlu/kernels/simd.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

constexpr int kBlocks = 16;  // of a group; part of the definition of the numbers

struct Words {
  uint32_t all[4 * kBlocks];
  DL_INLINE uint32_t word(int w, int j) const { return all[w * kBlocks + j]; }
};

struct Key {
  uint32_t seed, draw;
};

// The key of this draw; the state moves on to the next.
Key next_key(const View& state) {
  uint32_t* words = state.ptr<uint32_t>();
  return {words[0], words[1]++};
}

DL_INLINE void make_words(Key key, int64_t group, Words& words) {
  const uint64_t first = static_cast<uint64_t>(group) * kBlocks;
  DL_VECTORIZE
  for (int j = 0; j < kBlocks; ++j) {
    const PhiloxBlock block = philox(key.seed, key.draw, first + static_cast<uint64_t>(j));
    for (int w = 0; w < 4; ++w) words.all[w * kBlocks + j] = block.word[w];
  }
}

// fill(words, values) turns the words of a group into its kBlocks * per_block numbers.
template <class T, class V, int per_block, class Fill>
DL_INLINE void draw_groups(Key key, const View& y, Fill fill) {
  constexpr int64_t kSize = kBlocks * per_block;
  const int64_t n = y.numel();
  T* out = y.ptr<T>();
  parallel_for((n + kSize - 1) / kSize, 64, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      Words words;
      V values[kSize];
      make_words(key, group, words);
      fill(words, values);
      const int64_t at = group * kSize, count = n - at < kSize ? n - at : kSize;
      for (int64_t i = 0; i < count; ++i) out[at + i] = static_cast<T>(values[i]);
    }
  });
}

DL_INLINE uint64_t long_word(const Words& words, int pair, int j) {
  return uint64_t{words.word(2 * pair, j)} << 32 | words.word(2 * pair + 1, j);
}
// In [0, n), from 64 random bits: the upper half of the product.
DL_INLINE uint64_t below(uint64_t bits, uint64_t n) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(bits) * n) >> 64);
}

// Numbers in [0, 1).
DL_INLINE void unit(const Words& words, float* values) {
  for (int w = 0; w < 4; ++w) {
    for (int j = 0; j < kBlocks; ++j) values[w * kBlocks + j] = uniform_float(words.word(w, j));
  }
}
DL_INLINE void unit(const Words& words, double* values) {
  for (int w = 0; w < 2; ++w) {
    for (int j = 0; j < kBlocks; ++j) {
      values[w * kBlocks + j] = uniform_double(words.word(2 * w, j), words.word(2 * w + 1, j));
    }
  }
}
template <class A>
constexpr int kUnitsPerBlock = sizeof(A) == 8 ? 2 : 4;

// The largest T below x.
template <class T>
T predecessor(double x) {
  T y = static_cast<T>(static_cast<wide<T>>(x));
  if (static_cast<double>(static_cast<wide<T>>(y)) < x) return y;
  if constexpr (sizeof(T) == 2) {
    y.bits = static_cast<uint16_t>(static_cast<float>(y) > 0   ? y.bits - 1
                                   : static_cast<float>(y) < 0 ? y.bits + 1
                                                               : 0x8001);
    return y;
  } else {
    return math::nextafter(y, -static_cast<T>(__builtin_inf()));
  }
}

// ---- normal numbers ---------------------------------------------------------------------------

// Two independent standard normals of two words (Box and Muller 1958): radius and angle.
DL_INLINE void normal_pair(uint32_t a, uint32_t b, float& first, float& second) {
  const float u = (static_cast<float>(static_cast<int32_t>(a >> 1)) + 0.5f) * 0x1p-31f;  // (0, 1]
  const float radius = math::sqrt(-2.f * math::log(u));
  // The angle 2 pi b / 2^32 is already a quadrant and the signed rest.
  const int32_t rest = static_cast<int32_t>(b << 2) >> 2;
  const uint32_t quadrant = (b - static_cast<uint32_t>(rest)) >> 30;
  const float angle = static_cast<float>(rest) * 0x1.921fb6p-30f;  // pi / 2 / 2^30
  first = radius * math::sin_of({angle, quadrant + 1});
  second = radius * math::sin_of({angle, quadrant});
}
void normal_pair(uint64_t a, uint64_t b, double& first, double& second) {
  const double u = (static_cast<double>(a >> 11) + 0.5) * 0x1p-53;
  const double radius = math::sqrt(-2 * math::log(u));
  const double angle = static_cast<double>(b >> 11) * (0x1.921fb54442d18p+2 * 0x1p-53);
  first = radius * math::cos(angle);
  second = radius * math::sin(angle);
}

DL_INLINE void normals(const Words& words, float* values) {
  for (int w = 0; w < 4; w += 2) {
    float* at = values + w * kBlocks;
    DL_VECTORIZE
    for (int j = 0; j < kBlocks; ++j) {
      normal_pair(words.word(w, j), words.word(w + 1, j), at[j], at[kBlocks + j]);
    }
  }
}
DL_INLINE void normals(const Words& words, double* values) {
  for (int j = 0; j < kBlocks; ++j) {
    normal_pair(long_word(words, 0, j), long_word(words, 1, j), values[j], values[kBlocks + j]);
  }
}

// The inverse of erf for |x| < 0.99 (M. Giles, "Approximating the erfinv function", 2010).
DL_INLINE float inverse_erf(float x) {
  const float w = -math::log((1.f - x) * (1.f + x)) - 2.5f;
  float p = 2.81022636e-08f;
  p = 3.43273939e-07f + p * w;
  p = -3.5233877e-06f + p * w;
  p = -4.39150654e-06f + p * w;
  p = 0.00021858087f + p * w;
  p = -0.00125372503f + p * w;
  p = -0.00417768164f + p * w;
  p = 0.246640727f + p * w;
  p = 1.50140941f + p * w;
  return p * x;
}
// Newton's steps on erf(y) = x from the float's result.
double inverse_erf(double x) {
  double y = inverse_erf(static_cast<float>(x));
  for (int i = 0; i < 2; ++i) y -= (math::erf(y) - x) * 0.88622692545275801 * math::exp(y * y);
  return y;
}

// ---- one element, as many words as it takes ---------------------------------------------------

// The words of one element of a draw: rejection needs an unknown number of them.
class ElementStream {
 public:
  ElementStream(Key key, int64_t element) : key_(key), element_(static_cast<uint64_t>(element)) {}

  double uniform() {
    const uint32_t high = word();
    return uniform_double(high, word());
  }
  double normal() {
    double first, second;
    const uint64_t a = uint64_t{word()} << 32, b = uint64_t{word()} << 32;
    normal_pair(a | word(), b | word(), first, second);
    return first;
  }
  // Marsaglia and Tsang, "A simple method for generating gamma variables", 2000.
  double gamma(double alpha) {
    if (!(alpha > 0)) return __builtin_nan("");
    if (alpha > 1e300) return alpha;  // its deviation is far below a rounding error; also infinity
    const double boost = alpha < 1 ? __builtin_pow(1 - uniform(), 1 / alpha) : 1;
    const double d = (alpha < 1 ? alpha + 1 : alpha) - 1. / 3, c = 1 / math::sqrt(9 * d);
    for (;;) {
      const double x = normal(), root = 1 + c * x, v = root * root * root;
      if (v > 0 && math::log(1 - uniform()) < 0.5 * x * x + d - d * v + d * math::log(v)) {
        return d * v * boost;
      }
    }
  }
  // Halves n by the median of n uniforms, a beta variable, until counting is cheap
  // (Devroye, "Non-Uniform Random Variate Generation", 1986, X.4.3).
  double binomial(double n, double p) {
    if (!(n >= 0 && n < 0x1p+53 && p >= 0 && p <= 1)) return __builtin_nan("");
    n = math::floor(n);
    double successes = 0;
    while (n > 32 && p > 0 && p < 1) {
      const double below = math::floor(n / 2) + 1;
      const double a = gamma(below), median = a / (a + gamma(n + 1 - below));
      if (median >= p) {
        n = below - 1;
        p = p / median;
      } else {
        successes += below;
        n -= below;
        p = (p - median) / (1 - median);
      }
    }
    if (p <= 0) return successes;
    if (p >= 1) return successes + n;
    for (; n >= 1; --n) successes += uniform() < p;
    return successes;
  }

 private:
  uint32_t word() {
    if (left_ == 0) {
      block_ = philox(key_.seed, key_.draw, next_++ << 40 | element_);
      left_ = 4;
    }
    return block_.word[4 - left_--];
  }

  Key key_;
  uint64_t element_;
  uint64_t next_ = 0;
  PhiloxBlock block_{};
  int left_ = 0;
};

template <class F>
DL_INLINE void draw_elements(const View& state, const View& y, F number) {
  const Key key = next_key(state);
  parallel_for(y.numel(), 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      ElementStream stream(key, i);
      number(stream, i);
    }
  });
}

}  // namespace

// ---- draws ------------------------------------------------------------------------------------

// y in [low, high)
void random_uniform(const View& state, double low, double high, const View& y) {
  const Key key = next_key(state);
  dispatch_floating(y.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const A start = static_cast<A>(low), width = static_cast<A>(high - low);
    const A last = high > low ? static_cast<A>(predecessor<T>(high)) : start;
    draw_groups<T, A, kUnitsPerBlock<A>>(key, y, [&](const Words& words, A* values) {
      unit(words, values);
      for (int i = 0; i < kBlocks * kUnitsPerBlock<A>; ++i) {
        const A value = start + values[i] * width;
        values[i] = value > last ? last : value;  // rounding must not reach `high`
      }
    });
  });
}

void random_normal(const View& state, double mean, double stddev, const View& y) {
  const Key key = next_key(state);
  dispatch_floating(y.dtype, [&]<class T>(T) {
    using A = wide<T>;
    draw_groups<T, A, kUnitsPerBlock<A>>(key, y, [&](const Words& words, A* values) {
      normals(words, values);
      for (int i = 0; i < kBlocks * kUnitsPerBlock<A>; ++i) {
        values[i] = values[i] * static_cast<A>(stddev) + static_cast<A>(mean);
      }
    });
  });
}

// Normal numbers no further than two standard deviations from the mean, by the inverse of their
// distribution function.
void random_truncated_normal(const View& state, double mean, double stddev, const View& y) {
  const Key key = next_key(state);
  dispatch_floating(y.dtype, [&]<class T>(T) {
    using A = wide<T>;
    constexpr A kErf = static_cast<A>(0.95449973610364158);  // erf(2 / sqrt 2)
    draw_groups<T, A, kUnitsPerBlock<A>>(key, y, [&](const Words& words, A* values) {
      unit(words, values);
      DL_VECTORIZE
      for (int i = 0; i < kBlocks * kUnitsPerBlock<A>; ++i) {
        A z = static_cast<A>(1.4142135623730951) * inverse_erf(kErf * (2 * values[i] - 1));
        z = z < A(-2) ? A(-2) : z > A(2) ? A(2) : z;
        values[i] = z * static_cast<A>(stddev) + static_cast<A>(mean);
      }
    });
  });
}

// y in {low, ..., low + count - 1}
void random_integers(const View& state, int64_t low, uint64_t count, const View& y) {
  const Key key = next_key(state);
  dispatch_integer(y.dtype, [&]<class T>(T) {
    draw_groups<T, uint64_t, 2>(key, y, [&](const Words& words, uint64_t* values) {
      for (int i = 0; i < 2 * kBlocks; ++i) {
        const uint64_t bits = long_word(words, i / kBlocks, i % kBlocks);
        values[i] = static_cast<uint64_t>(low) + below(bits, count);
      }
    });
  });
}

// y = 0, 1, ..., n - 1 in random order (Fisher and Yates), for int64 y
void random_permutation(const View& state, const View& y) {
  const Key key = next_key(state);
  int64_t* order = y.ptr<int64_t>();
  const int64_t n = y.numel();
  Words words;
  for (int64_t i = 0; i < n; ++i) order[i] = i;
  for (int64_t i = n - 1, drawn = 0; i > 0; --i, ++drawn) {
    const int at = static_cast<int>(drawn % (2 * kBlocks));
    if (at == 0) make_words(key, drawn / (2 * kBlocks), words);
    const uint64_t bits = long_word(words, at / kBlocks, at % kBlocks);
    const int64_t j = static_cast<int64_t>(below(bits, static_cast<uint64_t>(i) + 1));
    const int64_t kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

// y (rows, samples): class c with probability exp(logits[c]) / sum exp(logits); the scratch holds
// the running sums of the probabilities, a double for each logit
void random_categorical(const View& logits, const View& state, const View& y, const View& scratch) {
  const Key key = next_key(state);
  const int64_t rows = logits.shape[0], classes = logits.shape[1], samples = y.shape[1];
  dispatch_floating(logits.dtype, [&]<class T>(T) {
    dispatch_numeric(y.dtype, [&]<class I>(I) {
      parallel_for(rows, grain_for(20 * (classes + samples)), [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
          const T* x = logits.ptr<T>() + r * classes;
          double* sums = scratch.ptr<double>() + r * classes;
          const double top = static_cast<double>(max_row<wide<T>>(x, classes));
          double sum = 0;
          for (int64_t c = 0; c < classes; ++c) {
            sum += math::exp(static_cast<double>(static_cast<wide<T>>(x[c])) - top);
            sums[c] = sum;
          }
          for (int64_t s = 0; s < samples; ++s) {
            ElementStream stream(key, r * samples + s);
            const double wanted = stream.uniform() * sum;
            int64_t low = 0, high = classes - 1;  // the first class whose sum exceeds `wanted`
            while (low < high) {
              const int64_t middle = (low + high) / 2;
              if (sums[middle] > wanted) {
                high = middle;
              } else {
                low = middle + 1;
              }
            }
            y.ptr<I>()[r * samples + s] = static_cast<I>(static_cast<wide<I>>(low));
          }
        }
      });
    });
  });
}

// y of the gamma distribution with shape alpha (float64, as large as y) and scale 1
void random_gamma(const View& alpha, const View& state, const View& y) {
  dispatch_floating(y.dtype, [&]<class T>(T) {
    draw_elements(state, y, [&](ElementStream& stream, int64_t i) {
      y.ptr<T>()[i] = static_cast<T>(static_cast<wide<T>>(stream.gamma(alpha.ptr<double>()[i])));
    });
  });
}

// y successes of `counts` trials, each with its probability (both float64, as large as y)
void random_binomial(const View& counts, const View& probabilities, const View& state,
                     const View& y) {
  dispatch_floating(y.dtype, [&]<class T>(T) {
    draw_elements(state, y, [&](ElementStream& stream, int64_t i) {
      const double n = counts.ptr<double>()[i], p = probabilities.ptr<double>()[i];
      y.ptr<T>()[i] = static_cast<T>(static_cast<wide<T>>(stream.binomial(n, p)));
    });
  });
}

// ---- dropout ----------------------------------------------------------------------------------

// y = x / (1 - rate) where the element is kept, else 0; the mask is that of the draw named by `key`
void dropout_mask(const View& x, const View& key, double rate, const View& y) {
  const Key draw{key.ptr<uint32_t>()[0], key.ptr<uint32_t>()[1]};
  const uint32_t dropped = static_cast<uint32_t>(rate * 0x1p+32);
  constexpr int64_t kSize = 4 * kBlocks;
  const int64_t n = x.numel();
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const A scale = static_cast<A>(1 / (1 - rate));
    parallel_for((n + kSize - 1) / kSize, 128, [&](int64_t begin, int64_t end) {
      for (int64_t group = begin; group < end; ++group) {
        Words words;
        make_words(draw, group, words);
        const T* xs = x.ptr<T>() + group * kSize;
        T* ys = y.ptr<T>() + group * kSize;
        const int64_t left = n - group * kSize, count = left < kSize ? left : kSize;
        DL_VECTORIZE
        for (int64_t i = 0; i < count; ++i) {
          const A kept = static_cast<A>(xs[i]) * scale;
          ys[i] = static_cast<T>(words.all[i] >= dropped ? kept : A(0));
        }
      }
    });
  });
}

// A new draw: its key, which names the mask for the gradient, and y.
void dropout(const View& x, const View& state, double rate, const View& y, const View& key) {
  const Key draw = next_key(state);
  key.ptr<uint32_t>()[0] = draw.seed;
  key.ptr<uint32_t>()[1] = draw.draw;
  dropout_mask(x, key, rate, y);
}

}  // namespace danlu::cpu::DL_LEVEL
