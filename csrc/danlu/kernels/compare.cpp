// Boolean results: y = a < b and its kin, y = isnan(x) and its kin; and the choice by a boolean.
#include "danlu/kernels/elementwise.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/loop.h"

namespace danlu::cpu::DL_LEVEL {
namespace {

template <class F, class T>
void compare_loop(char* const* p, int64_t n, double) {
  const F f;
  const T* a = reinterpret_cast<const T*>(p[0]);
  const T* b = reinterpret_cast<const T*>(p[1]);
  bool* y = reinterpret_cast<bool*>(p[2]);
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = f(a[i], b[i]);
}
template <class F, class T>
void predicate_loop(char* const* p, int64_t n, double) {
  const F f;
  const T* x = reinterpret_cast<const T*>(p[0]);
  bool* y = reinterpret_cast<bool*>(p[1]);
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
}
// By masks: a branch on the condition would be mispredicted for half of the elements.
template <class Word>
void where_loop(char* const* p, int64_t n, double) {
  const uint8_t* condition = reinterpret_cast<const uint8_t*>(p[0]);
  const Word* a = reinterpret_cast<const Word*>(p[1]);
  const Word* b = reinterpret_cast<const Word*>(p[2]);
  Word* y = reinterpret_cast<Word*>(p[3]);
  DL_VECTORIZE
  for (int64_t i = 0; i < n; ++i) {
    const Word chosen = static_cast<Word>(Word(0) - Word(condition[i]));
    y[i] = static_cast<Word>((a[i] & chosen) | (b[i] & ~chosen));
  }
}

// a > b is b < a: those two need no loops.
template <class F, class Types, class T>
constexpr Loop compare_entry() {
  if constexpr (std::is_same_v<F, formula::Greater> || std::is_same_v<F, formula::GreaterEqual>)
    return nullptr;
  else
    return &compare_loop<F, T>;
}
template <class F, class Types, class T>
constexpr Loop predicate_entry() {
  if constexpr (Types::template has<T>)
    return &predicate_loop<F, T>;
  else
    return nullptr;
}
#define DL_COMPARE_ROW(name, functor, types) \
  DL_LOOPS(compare_entry, formula::functor, formula::types)
#define DL_PREDICATE_ROW(name, functor, types) \
  DL_LOOPS(predicate_entry, formula::functor, formula::types)
constexpr LoopRow kCompareLoops[] = {DL_COMPARE_LIST(DL_COMPARE_ROW)};
constexpr LoopRow kPredicateLoops[] = {DL_PREDICATE_LIST(DL_PREDICATE_ROW)};

}  // namespace

void compare(Compare op, const View& a, const View& b, const View& y) {
  if (op == Compare::greater) return compare(Compare::less, b, a, y);
  if (op == Compare::greater_equal) return compare(Compare::less_equal, b, a, y);
  const DType compute = compute_dtype(a.dtype);
  const View* const views[] = {&a, &b, &y};
  run({kCompareLoops[static_cast<int>(op)][static_cast<int>(compute)]}, views, 3);
}

void predicate(Predicate op, const View& x, const View& y) {
  const DType compute = compute_dtype(x.dtype);
  const View* const views[] = {&x, &y};
  run({kPredicateLoops[static_cast<int>(op)][static_cast<int>(compute)]}, views, 2);
}

void where(const View& condition, const View& a, const View& b, const View& y) {
  const View words[] = {as_words(a), as_words(b), as_words(y)};
  const View* const views[] = {&condition, &words[0], &words[1], &words[2]};
  switch (size_of(y.dtype)) {
    case 1:
      return run({&where_loop<uint8_t>}, views, 4);
    case 2:
      return run({&where_loop<uint16_t>}, views, 4);
    case 4:
      return run({&where_loop<uint32_t>}, views, 4);
    default:
      return run({&where_loop<uint64_t>}, views, 4);
  }
}

}  // namespace danlu::cpu::DL_LEVEL
