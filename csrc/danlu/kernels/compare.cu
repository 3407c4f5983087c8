// Boolean results: y = a < b and its kin, y = isnan(x) and its kin; and the choice by a boolean.
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

template <class F>
void run_compare(const char* name, const View& a, const View& b, const View& y) {
  dispatch_all(a.dtype, [&]<class T>(T) { map<bool, T, T>(name, F{}, y, a, b); });
}
template <class F>
void run_predicate(const char* name, const View& x, const View& y) {
  dispatch_floating(x.dtype, [&]<class T>(T) { map<bool, T>(name, F{}, y, x); });
}

struct Choose {
  template <class Word>
  DL_FN Word operator()(bool condition, Word a, Word b) const {
    return condition ? a : b;
  }
};

}  // namespace

void compare(Compare op, const View& a, const View& b, const View& y) {
  switch (op) {
#define DL_CASE(name, functor, types) \
  case Compare::name:                 \
    return run_compare<formula::functor>(#name, a, b, y);
    DL_COMPARE_LIST(DL_CASE)
#undef DL_CASE
  }
}

void predicate(Predicate op, const View& x, const View& y) {
  switch (op) {
#define DL_CASE(name, functor, types) \
  case Predicate::name:               \
    return run_predicate<formula::functor>(#name, x, y);
    DL_PREDICATE_LIST(DL_CASE)
#undef DL_CASE
  }
}

void where(const View& condition, const View& a, const View& b, const View& y) {
  dispatch_words(y.dtype, [&]<class Word>(Word) {
    map<Word, bool, Word, Word>("where", Choose{}, y, condition, a, b);
  });
}

}  // namespace danlu::cuda
