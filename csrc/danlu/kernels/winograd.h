// Convolution with a 3x3 window and stride 1 in fewer multiplications: what conv.cpp calls where
// `winograd_sizes` (plans.h) says so.
#pragma once

#include "danlu/kernels/gemm.h"

namespace danlu::cpu::DL_LEVEL {

// `transformed`: the kernel by winograd_kernel, or null.
void winograd_conv(const ConvSizes& sizes, const float* x, const float* kernel,
                   const float* transformed, const Epilogue<float>& after, float* y, float* scratch,
                   int64_t scratch_size);
void winograd_data_gradient(const ConvSizes& sizes, const float* dy, const float* kernel,
                            const float* transformed, float* dx, float* scratch,
                            int64_t scratch_size);
void winograd_weight_gradient(const ConvSizes& sizes, const float* x, const float* dy,
                              float* dkernel, float* scratch);

}  // namespace danlu::cpu::DL_LEVEL
