// Batch normalisation over all axes but the last, layer normalisation over the last axis, and
// their gradients. Tensors are dense; x is seen as (rows, channels). Statistics, gamma and beta are
// float32 for 16-bit x. gamma, beta and the gradients nobody asked for are views without data.
//
// Sums over rows are taken per block of rows (kernels/types.h says how many) and the blocks are
// joined in order.
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/math.h"
#include "danlu/kernels/rows.h"
#include "danlu/kernels/simd.h"

namespace danlu::cpu::DL_LEVEL {

namespace {

// sums[c] += term(r, c) for every row and channel, four rows at a time: the sums lie in memory, and
// getting them there and back takes longer than adding a row.
template <class A, class F>
DL_INLINE void add_rows(int64_t begin, int64_t end, int64_t channels, A* sums, F&& term) {
  int64_t r = begin;
  for (; r + 4 <= end; r += 4) {
    DL_VECTORIZE
    for (int64_t c = 0; c < channels; ++c) {
      sums[c] += (term(r, c) + term(r + 1, c)) + (term(r + 2, c) + term(r + 3, c));
    }
  }
  for (; r < end; ++r) {
    DL_VECTORIZE
    for (int64_t c = 0; c < channels; ++c) sums[c] += term(r, c);
  }
}

// Mean and sum of squared deviations of each channel in rows [begin, end).
template <class T, class A>
void block_moments(const T* x, int64_t begin, int64_t end, int64_t channels, A* mean, A* squares) {
  for (int64_t c = 0; c < channels; ++c) mean[c] = squares[c] = A(0);
  add_rows(begin, end, channels, mean,
           [=](int64_t r, int64_t c) { return static_cast<A>(x[r * channels + c]); });
  const A scale = A(1) / static_cast<A>(end - begin);
  for (int64_t c = 0; c < channels; ++c) mean[c] *= scale;
  add_rows(begin, end, channels, squares, [=](int64_t r, int64_t c) {
    const A deviation = static_cast<A>(x[r * channels + c]) - mean[c];
    return deviation * deviation;
  });
}

// Joins the moments of `more` rows to those of `rows` rows (Chan, Golub, LeVeque 1979).
template <class A>
void join_moments(A* mean, A* squares, int64_t rows, const A* more_mean, const A* more_squares,
                  int64_t more, int64_t channels) {
  const A share = static_cast<A>(more) / static_cast<A>(rows + more);
  const A weight = static_cast<A>(rows) * share;
  DL_VECTORIZE
  for (int64_t c = 0; c < channels; ++c) {
    const A delta = more_mean[c] - mean[c];
    mean[c] += delta * share;
    squares[c] += more_squares[c] + delta * delta * weight;
  }
}

template <class T, class A>
void channel_moments(const View& x, int64_t channels, A* mean, A* variance, A* scratch) {
  const int64_t rows = x.numel() / channels, block = norm_block(channels);
  if (rows == 0) {  // as any mean of nothing
    for (int64_t c = 0; c < channels; ++c)
      mean[c] = variance[c] = static_cast<A>(__builtin_nan(""));
    return;
  }
  parallel_for(rows, block, [&](int64_t begin, int64_t end) {
    A* partial = scratch + begin / block * 2 * channels;
    block_moments(x.ptr<T>(), begin, end, channels, partial, partial + channels);
  });
  A* squares = scratch + channels;
  for (int64_t begin = block; begin < rows; begin += block) {
    const A* partial = scratch + begin / block * 2 * channels;
    const int64_t more = rows - begin < block ? rows - begin : block;
    join_moments(scratch, squares, begin, partial, partial + channels, more, channels);
  }
  for (int64_t c = 0; c < channels; ++c) {
    mean[c] = scratch[c];
    variance[c] = squares[c] / static_cast<A>(rows);
  }
}

// y = x * scale + shift, channel by channel
template <class T, class A>
void scale_rows(const View& x, int64_t channels, const A* scale, const A* shift, const View& y) {
  const int64_t rows = x.numel() / channels;
  parallel_for(rows, grain_for(channels), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const T* xs = x.ptr<T>() + r * channels;
      T* ys = y.ptr<T>() + r * channels;
      DL_VECTORIZE
      for (int64_t c = 0; c < channels; ++c) {
        ys[c] = static_cast<T>(static_cast<A>(xs[c]) * scale[c] + shift[c]);
      }
    }
  });
}

// Adds the partial sums of all blocks to those of the first.
template <class A>
void join_sums(A* sums, int64_t blocks, int64_t width) {
  for (int64_t b = 1; b < blocks; ++b) {
    const A* partial = sums + b * width;
    DL_VECTORIZE
    for (int64_t i = 0; i < width; ++i) sums[i] += partial[i];
  }
}

}  // namespace

// ---- batch normalisation ----------------------------------------------------------------------

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta with the moments of this very x
void batch_norm_training(const View& x, const View& gamma, const View& beta, double epsilon,
                         const View& y, const View& mean, const View& variance,
                         const View& scratch) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const int64_t channels = x.shape.back();
    if (channels == 0) return;
    A *means = mean.ptr<A>(), *variances = variance.ptr<A>();
    A *scale = scratch.ptr<A>(), *shift = scale + channels;
    channel_moments<T>(x, channels, means, variances, scale);
    for (int64_t c = 0; c < channels; ++c) {
      scale[c] = A(1) / math::sqrt(variances[c] + static_cast<A>(epsilon));
      if (gamma.data) scale[c] *= gamma.ptr<A>()[c];
      shift[c] = (beta.data ? beta.ptr<A>()[c] : A(0)) - means[c] * scale[c];
    }
    scale_rows<T>(x, channels, scale, shift, y);
  });
}

// With h = (x - mean) / sqrt(variance + epsilon) and n rows:
// dbeta = sum dy, dgamma = sum dy h, dx = gamma / sqrt(variance + epsilon) (dy - dbeta/n - h
// dgamma/n)
void batch_norm_training_grad(const View& x, const View& gamma, const View& mean,
                              const View& variance, double epsilon, const View& dy, const View& dx,
                              const View& dgamma, const View& dbeta, const View& scratch) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const int64_t channels = x.shape.back();
    if (channels == 0) return;
    const int64_t rows = x.numel() / channels, block = norm_block(channels);
    const A* means = mean.ptr<A>();
    A* sums = scratch.ptr<A>();  // of dy, then of dy (x - mean)
    for (int64_t c = 0; c < 2 * channels; ++c) sums[c] = A(0);
    parallel_for(rows, block, [&](int64_t begin, int64_t end) {
      A* sum = sums + begin / block * 2 * channels;
      A* product = sum + channels;
      for (int64_t c = 0; c < channels; ++c) sum[c] = product[c] = A(0);
      for (int64_t r = begin; r < end; ++r) {
        const T* xs = x.ptr<T>() + r * channels;
        const T* dys = dy.ptr<T>() + r * channels;
        DL_VECTORIZE
        for (int64_t c = 0; c < channels; ++c) {
          sum[c] += static_cast<A>(dys[c]);
          product[c] += static_cast<A>(dys[c]) * (static_cast<A>(xs[c]) - means[c]);
        }
      }
    });
    join_sums(sums, (rows + block - 1) / block, 2 * channels);
    A *by_dy = sums, *by_x = sums + channels, *constant = sums + 2 * channels;
    for (int64_t c = 0; c < channels; ++c) {
      const A inverse = A(1) / math::sqrt(variance.ptr<A>()[c] + static_cast<A>(epsilon));
      const A sum = sums[c], product = sums[channels + c] * inverse;
      if (dbeta.data) dbeta.ptr<A>()[c] = sum;
      if (dgamma.data) dgamma.ptr<A>()[c] = product;
      by_dy[c] = gamma.data ? gamma.ptr<A>()[c] * inverse : inverse;
      by_x[c] = -by_dy[c] * inverse * product / static_cast<A>(rows);
      constant[c] = -by_dy[c] * sum / static_cast<A>(rows) - by_x[c] * means[c];
    }
    if (!dx.data) return;
    parallel_for(rows, grain_for(2 * channels), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const T* xs = x.ptr<T>() + r * channels;
        const T* dys = dy.ptr<T>() + r * channels;
        T* dxs = dx.ptr<T>() + r * channels;
        DL_VECTORIZE
        for (int64_t c = 0; c < channels; ++c) {
          dxs[c] = static_cast<T>(static_cast<A>(dys[c]) * by_dy[c] +
                                  (static_cast<A>(xs[c]) * by_x[c] + constant[c]));
        }
      }
    });
  });
}

// y = x * scale + shift along the last axis: batch normalisation with known moments
void scale_shift(const View& x, const View& scale, const View& shift, const View& y) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    if (x.numel() == 0) return;
    scale_rows<T>(x, x.shape.back(), scale.ptr<A>(), shift.ptr<A>(), y);
  });
}

// ---- layer normalisation ----------------------------------------------------------------------

// y = (x - mean) inverse gamma + beta, with inverse = 1 / sqrt(variance + epsilon) of each row; not
// `centered`, mean is 0 and variance the mean square
void layer_norm(const View& x, const View& gamma, const View& beta, double epsilon, bool centered,
                const View& y, const View& mean, const View& inverse) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const A *gammas = gamma.ptr<A>(), *betas = beta.ptr<A>();
    for_rows(x, [&](int64_t r, int64_t n) {
      const T* xs = x.ptr<T>() + r * n;
      T* ys = y.ptr<T>() + r * n;
      fetch_next_row(xs, n);
      A center = A(0);
      if (centered) {
        center =
            sum_row<A>(n, [&](int64_t i) { return static_cast<A>(xs[i]); }) / static_cast<A>(n);
      }
      const A squares = sum_row<A>(n, [&](int64_t i) {
        const A deviation = static_cast<A>(xs[i]) - center;
        return deviation * deviation;
      });
      const A scale = A(1) / math::sqrt(squares / static_cast<A>(n) + static_cast<A>(epsilon));
      mean.ptr<A>()[r] = center;
      inverse.ptr<A>()[r] = scale;
      DL_VECTORIZE
      for (int64_t i = 0; i < n; ++i) {
        const A normal = (static_cast<A>(xs[i]) - center) * scale;
        ys[i] = static_cast<T>(normal * (gammas ? gammas[i] : A(1)) + (betas ? betas[i] : A(0)));
      }
    });
  });
}

// With h = (x - mean) inverse and g = dy gamma: dbeta = sum dy, dgamma = sum dy h,
// dx = inverse (g - mean(g) - h mean(g h)), without mean(g) where not `centered`
void layer_norm_grad(const View& x, const View& gamma, const View& mean, const View& inverse,
                     bool centered, const View& dy, const View& dx, const View& dgamma,
                     const View& dbeta, const View& scratch) {
  dispatch_floating(x.dtype, [&]<class T>(T) {
    using A = wide<T>;
    const int64_t n = x.shape.back();
    if (n == 0) return;
    const int64_t rows = x.numel() / n, block = norm_block(n);
    const A* gammas = gamma.ptr<A>();
    A* sums = scratch.ptr<A>();
    for (int64_t i = 0; i < 2 * n; ++i) sums[i] = A(0);
    parallel_for(rows, block, [&](int64_t begin, int64_t end) {
      A* dbetas = sums + begin / block * 2 * n;
      A* dgammas = dbetas + n;
      for (int64_t i = 0; i < n; ++i) dbetas[i] = dgammas[i] = A(0);
      for (int64_t r = begin; r < end; ++r) {
        const T* xs = x.ptr<T>() + r * n;
        const T* dys = dy.ptr<T>() + r * n;
        const A center = mean.ptr<A>()[r], scale = inverse.ptr<A>()[r];
        auto normal = [&](int64_t i) { return (static_cast<A>(xs[i]) - center) * scale; };
        auto weighted = [&](int64_t i) {
          return gammas ? static_cast<A>(dys[i]) * gammas[i] : static_cast<A>(dys[i]);
        };
        const Two<A> means = sum_row_twice<A>(n, [&](int64_t i, A& g, A& gh) {
          dbetas[i] += static_cast<A>(dys[i]);
          dgammas[i] += static_cast<A>(dys[i]) * normal(i);
          g += weighted(i);
          gh += weighted(i) * normal(i);
        });
        if (!dx.data) continue;
        const A g = centered ? means.a / static_cast<A>(n) : A(0);
        const A gh = means.b / static_cast<A>(n);
        T* dxs = dx.ptr<T>() + r * n;
        DL_VECTORIZE
        for (int64_t i = 0; i < n; ++i) {
          dxs[i] = static_cast<T>(scale * (weighted(i) - g - normal(i) * gh));
        }
      }
    });
    join_sums(sums, (rows + block - 1) / block, 2 * n);
    for (int64_t i = 0; i < n; ++i) {
      if (dbeta.data) dbeta.ptr<A>()[i] = sums[i];
      if (dgamma.data) dgamma.ptr<A>()[i] = sums[n + i];
    }
  });
}

}  // namespace danlu::cpu::DL_LEVEL
