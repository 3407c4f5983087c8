// y = x with a conversion from any type to any other, any strides; and y = a constant.
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

template <class To>
struct Convert {
  template <class From>
  DL_FN auto operator()(From x) const {
    return formula::convert<compute<To>>(x);
  }
};

template <class T>
__global__ void set(Walk<1> walk, T value, T* y) {
  grid_stride(walk.numel, [&](int64_t i) {
    int64_t at[1];
    walk.offsets(i, at);
    y[at[0]] = value;
  });
}

}  // namespace

void copy(const View& x, const View& y) {
  dispatch_all(y.dtype, [&]<class To>(To) {
    dispatch_all(x.dtype, [&]<class From>(From) { run_map<From, To>(Convert<To>(), x, y); });
  });
}

void fill(const View& y, double value) {
  dispatch_all(y.dtype, [&]<class T>(T) {
    const View* const views[] = {&y};
    const Walk<1> walk(views);
    const T converted = static_cast<T>(formula::convert<compute<T>>(value));
    launch(set<T>, blocks_for(walk.numel), kThreads, walk, converted, y.ptr<T>());
  });
}

}  // namespace danlu::cuda
