#include <cstring>

#include "check.h"

int main(int argc, char** argv) {
  int run = 0;
  for (const Test& test : tests()) {
    if (argc > 1 && !std::strstr(test.name, argv[1])) continue;
    const int before = failures;
    test.run();
    ++run;
    std::printf("%s %s\n", failures == before ? "ok    " : "FAILED", test.name);
  }
  std::printf("%d tests, %d failed checks\n", run, failures);
  return failures == 0 && run > 0 ? 0 : 1;
}
