// A lock for a few moves of handles, a byte in the object that it guards.
#pragma once

#include <atomic>
#include <thread>

namespace danlu {

// Never held while anything is run or freed: freeing may need Python's lock.
class SpinLock {
 public:
  void lock() {
    while (busy_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  }
  void unlock() { busy_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> busy_{false};
};

}  // namespace danlu
