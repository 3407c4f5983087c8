// y = x with a conversion from any type to any other, any strides; and y = a constant.
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

template <class To>
struct Convert {
  template <class From>
  DL_FN wide<To> operator()(From x) const {
    return formula::convert<wide<To>>(x);
  }
};
struct Move {
  template <class Word>
  DL_FN Word operator()(Word x) const {
    return x;
  }
};
template <class T>
struct Constant {
  T value;
  DL_FN T operator()() const { return value; }
};

}  // namespace

void copy(const View& x, const View& y) {
  if (x.dtype == y.dtype) {
    return dispatch_words(y.dtype,
                          [&]<class Word>(Word) { map<Word, Word>("copy", Move{}, y, x); });
  }
  dispatch_all(y.dtype, [&]<class To>(To) {
    dispatch_all(x.dtype, [&]<class From>(From) {
      if constexpr (!std::is_same_v<From, To>) map<To, From>("copy", Convert<To>{}, y, x);
    });
  });
}

void fill(const View& y, double value) {
  dispatch_all(y.dtype, [&]<class T>(T) {
    map<T>("fill", Constant<wide<T>>{formula::convert<wide<T>>(value)}, y);
  });
}

}  // namespace danlu::cuda
