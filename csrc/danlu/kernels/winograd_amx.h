// Winograd's algorithm with its products on the tile unit: what winograd.cpp calls where
// WinogradSizes::amx.
#pragma once

#include "danlu/kernels/amx.h"
#include "danlu/kernels/gemm.h"

namespace danlu::cpu::DL_LEVEL {

void winograd_amx_kernel(const WinogradSizes& s, bool turned, const float* kernel, amx::Packed* u);
// y = the convolution with the transformed kernel `u`. `slots`: scratch for each worker.
void winograd_amx_conv(const WinogradSizes& s, const float* x, const amx::Packed* u,
                       const Epilogue<float>& after, float* y, float* slots, int64_t workers);
void winograd_amx_weight_gradient(const WinogradSizes& s, const float* x, const float* dy,
                                  float* dkernel, float* scratch);

}  // namespace danlu::cpu::DL_LEVEL
