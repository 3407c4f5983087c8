// The small value types: SmallVector, Shape, Ref; errors; the random generator.
#include <string>

#include "check.h"
#include "danlu/core/error.h"
#include "danlu/core/random.h"
#include "danlu/core/ref.h"
#include "danlu/core/small_vector.h"

using namespace danlu;

namespace {

// Counts itself, so that an element that is lost or destroyed twice shows.
struct Counted {
  explicit Counted(int value = 0) : value(value) { ++alive; }
  Counted(const Counted& other) : value(other.value) { ++alive; }
  Counted(Counted&& other) noexcept : value(std::exchange(other.value, -1)) { ++alive; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --alive; }
  int value;
  inline static int alive = 0;
};
using Few = SmallVector<Counted, 2>;

Few count_to(int n) {
  Few list;
  for (int i = 0; i < n; ++i) list.push_back(Counted(i));
  return list;
}
bool counts_to(const Few& list, int n) {
  if (list.size() != n) return false;
  for (int i = 0; i < n; ++i) {
    if (list[i].value != i) return false;
  }
  return true;
}

struct Base : RefCounted {
  virtual ~Base() { ++destroyed; }
  static void destroy(const Base* object) { delete object; }
  inline static int destroyed = 0;
};
struct Derived final : Base {};

}  // namespace

TEST(small_vector_keeps_its_elements_in_place_and_on_the_heap) {
  for (int n : {0, 1, 2, 3, 4, 5, 100}) {
    Few list = count_to(n);
    CHECK(counts_to(list, n));
    CHECK(Counted::alive == n);
    Few copy = list;
    CHECK(counts_to(copy, n) && counts_to(list, n));
    CHECK(Counted::alive == 2 * n);
    Few moved = std::move(list);
    CHECK(counts_to(moved, n) && list.empty());
    CHECK(Counted::alive == 2 * n);
    list = std::move(moved);
    list = *&list;
    CHECK(counts_to(list, n));
    list.resize(n + 3);
    CHECK(list.size() == n + 3 && list.back().value == 0);
    list.resize(n);
    CHECK(counts_to(list, n));
    if (n > 0) {
      list.pop_back();
      CHECK(counts_to(list, n - 1));
    }
    list.clear();
    CHECK(list.empty() && Counted::alive == n);
    list.push_back(Counted(0));
    CHECK(counts_to(list, 1));
  }
  CHECK(Counted::alive == 0);
}

TEST(small_vector_pushes_an_element_of_its_own) {
  Few list = count_to(2);  // full: the next push moves all of them
  list.push_back(list[1]);
  CHECK(list.size() == 3 && list[1].value == 1 && list[2].value == 1);
}

TEST(shape_inserts_and_erases) {
  Shape shape = {2, 3, 5};
  shape.insert(1, 7);
  CHECK(shape == Shape({2, 7, 3, 5}));
  shape.insert(4, 1);
  shape.erase(0);
  CHECK(shape == Shape({7, 3, 5, 1}));
  CHECK(shape.back() == 1 && shape.back(2) == 5 && shape.numel() == 105);
  CHECK(shape.contains(5) && !shape.contains(2));
  CHECK(!(shape == Shape({7, 3, 5})));
  CHECK(Shape().numel() == 1 && Shape().empty() && Shape({3, 0}).numel() == 0);
  CHECK(Shape::filled(kMaxDims, 1).ndim() == kMaxDims);
}

TEST(strides_are_dense_or_not) {
  CHECK(contiguous_strides({2, 3, 5}) == Strides({15, 5, 1}));
  CHECK(is_contiguous({2, 3, 5}, {15, 5, 1}));
  CHECK(is_contiguous({2, 1, 5}, {5, 77, 1}));  // one row: its stride is never used
  CHECK(is_contiguous({3, 0}, {9, 9}));         // nothing to step over
  CHECK(!is_contiguous({2, 3}, {1, 2}));
  CHECK(!is_contiguous({2, 3}, {0, 1}));
  CHECK(!is_contiguous({3}, {-1}));
}

TEST(ref_destroys_once) {
  Base::destroyed = 0;
  {
    Ref<Derived> first(new Derived);
    CHECK(first->unique());
    Ref<Base> second = first;  // to the base class
    CHECK(!first->unique() && second == Ref<Base>(first));
    Ref<Base> third = std::move(second);
    CHECK(!second && third);
    third = *&third;
    CHECK(third && Base::destroyed == 0);
    first = nullptr;
    CHECK(Base::destroyed == 0 && third->unique());
  }
  CHECK(Base::destroyed == 1);
  Ref<Base> given(new Derived);
  Base* object = given.detach();
  CHECK(!given && Base::destroyed == 1);
  CHECK(object->release());
  Base::destroy(object);
  CHECK(Base::destroyed == 2);
}

TEST(errors_are_formatted) {
  CHECK(format("[{}] {} and {}", "op", Shape{2, 3}, DType::float32) == "[op] (2, 3) and float32");
  CHECK(format("{}{}", true, -1) == "true-1");
  CHECK(format("{} of {}", 1) == "1 of {}");  // too few and too many arguments do no harm
  CHECK(format("none", 1, 2) == "none");
  CHECK(format("{", 1) == "{" && format("") == "");
  CHECK(format("{}", "{}") == "{}");
  CHECK(format("{} {}", "{}", 3) == "{} 3");
  CHECK(format("{}", Shape{5}) == "(5,)" && format("{}", Shape{}) == "()");
  CHECK(format("{}", kCpu) == "cpu");
  CHECK_THROWS(Error, check(false, "[op] got {}", 3));
  check(true, "[op] not thrown");
  try {
    check_index(false, "[take] index {} of {}", 7, 5);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::index);
    CHECK(std::string(error.what()) == "[take] index 7 of 5");
  }
}

// Known answers from the file kat_vectors of Random123 1.14, which comes with the paper.
TEST(philox_gives_the_published_numbers) {
  const auto is = [](PhiloxBlock b, uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3) {
    return b.word[0] == w0 && b.word[1] == w1 && b.word[2] == w2 && b.word[3] == w3;
  };
  const uint32_t ones = 0xffffffffu;
  CHECK(is(philox4x32(0, 0, 0, 0, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  CHECK(is(philox4x32(ones, ones, ones, ones, ones, ones), 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
           0x6d5451fd));
  CHECK(is(philox4x32(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0),
           0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(uniform_numbers_are_below_one) {
  CHECK(uniform_float(0) == 0 && uniform_float(0xffffffffu) < 1);
  CHECK(uniform_double(0, 0) == 0 && uniform_double(0xffffffffu, 0xffffffffu) < 1);
  CHECK(uniform_float(0x80000000u) == 0.5f && uniform_double(0x80000000u, 0) == 0.5);
}
