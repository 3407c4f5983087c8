// What every .cu file needs of the device it works on: its stream, and checked calls.
#pragma once

#include <cuda_runtime.h>

#include "danlu/core/device.h"

namespace danlu::cuda {

// Kernels and copies of a device run in one stream: in the order in which they were started. So a
// block that is freed may be handed out again at once.
cudaStream_t stream(Device device);

// Throws when a call into CUDA has failed; `what` was being done.
void check_cuda(cudaError_t result, const char* what);

// `device` is this thread's current one until the end of the block; other libraries in the process
// find theirs unchanged.
class UseDevice {
 public:
  explicit UseDevice(Device device) {
    check_cuda(cudaGetDevice(&before_), "device");
    if (before_ != device.index) check_cuda(cudaSetDevice(device.index), "device");
    changed_ = before_ != device.index;
  }
  ~UseDevice() {
    if (changed_) cudaSetDevice(before_);
  }
  UseDevice(const UseDevice&) = delete;
  UseDevice& operator=(const UseDevice&) = delete;

 private:
  int before_ = 0;
  bool changed_ = false;
};

// The first bad index that the kernels of one op met: its flat position and its value.
struct StatusWord {
  unsigned long long position;  // kNothingReported: none
  long long value;
};
inline constexpr unsigned long long kNothingReported = ~0ull;
// Where the op that runs on this thread reports.
StatusWord* status_word();

}  // namespace danlu::cuda
