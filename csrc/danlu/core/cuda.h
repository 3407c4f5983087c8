// What the core asks of CUDA, in plain C++: defined in core/storage.cu, in a build with DANLU_CUDA.
#pragma once

#include <cstdint>
#include <string>

#include "danlu/core/device.h"
#include "danlu/core/storage.h"

namespace danlu::cuda {

// ---- devices: without a driver there are none, and no call below fails for that --------------
int device_count();
std::string discovery_error();  // why there is none
std::string device_name(Device device);

// ---- memory ----------------------------------------------------------------------------------
void* allocate(int64_t bytes, Device device);
void free(void* block, int64_t bytes, Device device) noexcept;
void empty_cache();
MemoryStats memory_stats(Device device);
void reset_peak_memory(Device device);
// Between any two devices, at least one of them a GPU; waits until the bytes have arrived.
void copy_bytes(void* to, Device to_device, const void* from, Device from_device, int64_t bytes);
void synchronize(Device device);

// ---- status words: where kernels report a bad index (core/reports.cpp) -------------------------
inline constexpr int kStatusWords = 1024;
// The word that kernels which this thread starts report to, from now on; cleared.
void use_status_word(Device device, int word);
// Waits, and reads one word. position: -1 when nothing was reported.
void read_status_word(Device device, int word, int64_t* position, int64_t* value);

}  // namespace danlu::cuda
