// Boolean results: y = a < b and its kin, y = isnan(x) and its kin; and the choice by a boolean.
#include "danlu/kernels/cuda.cuh"
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"

namespace danlu::cuda {

namespace {

template <class Word>
__global__ void choose(Walk<4> walk, const bool* condition, const Word* a, const Word* b, Word* y) {
  grid_stride(walk.numel, [&](int64_t i) {
    int64_t at[4];
    walk.offsets(i, at);
    y[at[3]] = condition[at[0]] ? a[at[1]] : b[at[2]];
  });
}

template <class Word>
void run_choose(const View& condition, const View& a, const View& b, const View& y) {
  const View* const views[] = {&condition, &a, &b, &y};
  const Walk<4> walk(views);
  launch(choose<Word>, blocks_for(walk.numel), kThreads, walk, condition.ptr<bool>(), a.ptr<Word>(),
         b.ptr<Word>(), y.ptr<Word>());
}

}  // namespace

void compare(Compare op, const View& a, const View& b, const View& y) {
  switch (op) {
#define DL_COMPARE_CASE(name, functor, types) \
  case Compare::name:                         \
    return dispatch_all(a.dtype,              \
                        [&]<class T>(T) { run_map<T, bool>(formula::functor(), a, b, y); });
    DL_COMPARE_LIST(DL_COMPARE_CASE)
  }
}

void predicate(Predicate op, const View& x, const View& y) {
  switch (op) {
#define DL_PREDICATE_CASE(name, functor, types) \
  case Predicate::name:                         \
    return dispatch_floating(x.dtype,           \
                             [&]<class T>(T) { run_map<T, bool>(formula::functor(), x, y); });
    DL_PREDICATE_LIST(DL_PREDICATE_CASE)
  }
}

void where(const View& condition, const View& a, const View& b, const View& y) {
  switch (size_of(y.dtype)) {
    case 1:
      return run_choose<uint8_t>(condition, a, b, y);
    case 2:
      return run_choose<uint16_t>(condition, a, b, y);
    case 4:
      return run_choose<uint32_t>(condition, a, b, y);
    default:
      return run_choose<uint64_t>(condition, a, b, y);
  }
}

}  // namespace danlu::cuda
