// The few macros that every layer needs.
#pragma once

// Everything that kernel files see must leave no weak symbol behind: the linker would be free to
// take the copy that was compiled for AVX-512 and run it on a machine without.
#define DL_INLINE inline __attribute__((always_inline))

// A function of the CPU, CUDA and fused kernels alike.
#ifdef __CUDACC__
#define DL_FN __host__ __device__ __forceinline__
#else
#define DL_FN inline __attribute__((always_inline))
#endif

// A small variable of each thread, found without the call that a library loaded at run time makes.
#define DL_THREAD_LOCAL thread_local __attribute__((tls_model("initial-exec")))

// What the extension and the C++ library let others see.
#define DL_EXPORT __attribute__((visibility("default")))
