// Convolution whose patches are read where they lie in the image: what conv.cpp calls where
// `is_direct` (plans.h) says so.
#pragma once

#include "danlu/kernels/gemm.h"

namespace danlu::cpu::DL_LEVEL {

// scratch: frame_scratch(sizes) elements.
void direct_conv(const ConvSizes& sizes, const float* x, const float* kernel,
                 const Epilogue<float>& after, float* y, float* scratch);
void direct_conv(const ConvSizes& sizes, const double* x, const double* kernel,
                 const Epilogue<double>& after, double* y, double* scratch);
// dkernel is `splits` times as long: one partial sum for each part of the images' rows.
void direct_weight_gradient(const ConvSizes& sizes, const float* x, const float* dy, float* dkernel,
                            int64_t splits, float* scratch);
void direct_weight_gradient(const ConvSizes& sizes, const double* x, const double* dy,
                            double* dkernel, int64_t splits, double* scratch);

// For few channels; false, and nothing done, where scattering the gradient is better. scratch:
// conv_data_gradient_scratch(sizes) elements.
bool direct_data_gradient(const ConvSizes& sizes, const float* dy, const float* kernel, float* dx,
                          float* scratch);
bool direct_data_gradient(const ConvSizes& sizes, const double* dy, const double* kernel,
                          double* dx, double* scratch);

}  // namespace danlu::cpu::DL_LEVEL
