// TEST(name) { CHECK(condition); CHECK_THROWS(Type, expression); }
//
// The tests of all files run in one program: `cpp_tests`, or `cpp_tests part-of-a-name`.
#pragma once

#include <cstdio>
#include <vector>

struct Test {
  const char* name;
  void (*run)();
};
inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}
inline int failures = 0;

#define TEST(name)                                                                             \
  static void name();                                                                          \
  [[maybe_unused]] static const bool name##_listed = (tests().push_back({#name, name}), true); \
  static void name()

#define CHECK(...) \
  if (!(__VA_ARGS__)) ++failures, std::printf("%s:%d: %s\n", __FILE__, __LINE__, #__VA_ARGS__)

#define CHECK_THROWS(Type, ...)      \
  try {                              \
    __VA_ARGS__;                     \
    CHECK(!"throws: " #__VA_ARGS__); \
  } catch (const Type&) {            \
  }
