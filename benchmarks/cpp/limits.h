// What this machine can do, measured in this process when first asked for, on danlu's threads.
#pragma once

#include <cstdint>

#include "limit_kernels.h"

namespace danlu::bench {

double peak_float32();   // floating-point operations a second; a multiplication and an addition: 2
double peak_bfloat16();  // of products of pairs, added in float32; 0 without an instruction for it
// Bytes a second through arrays of so many bytes together (512 MiB at most), by the better of plain
// and streaming stores.
double bandwidth(Stream stream, int64_t bytes);
const char* limit_level();  // the instruction set of these loops

}  // namespace danlu::bench
