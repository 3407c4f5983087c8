// The backend contract on a page: every kernel, with its arguments.
//
// A kernel is a plain function on views. It never allocates, never checks shapes, never throws.
// Each is compiled once for every instruction set (namespace danlu::cpu::<level>) and for CUDA
// (namespace danlu::cuda); the CPU's table is chosen when the library is loaded.
#pragma once

#include "danlu/core/random.h"
#include "danlu/core/view.h"
#include "danlu/kernels/elementwise_list.h"
#include "danlu/kernels/plans.h"
#include "danlu/kernels/types.h"

// One line a kernel, grouped by the file that defines it.
// clang-format off
#define DL_KERNEL_LIST(DL_KERNEL)                                                             \
  /* copy unary binary compare */                                                             \
  DL_KERNEL(copy, (const View& x, const View& y))  /* y = cast(x), any strides, any dtypes */ \
  DL_KERNEL(fill, (const View& y, double value))                                              \
  DL_KERNEL(unary, (Unary op, const View& x, const View& y, double parameter))                \
  DL_KERNEL(binary, (Binary op, const View& a, const View& b, const View& y, double parameter)) \
  DL_KERNEL(compare, (Compare op, const View& a, const View& b, const View& y))               \
  DL_KERNEL(predicate, (Predicate op, const View& x, const View& y))                          \
  DL_KERNEL(where, (const View& condition, const View& a, const View& b, const View& y))      \
  /* reduce.cpp */                                                                            \
  /* y has the axes of x, those that are reduced with size 1; scratch: see reduce_chunks */  \
  DL_KERNEL(reduce, (Reduce op, const View& x, const View& y, const View& scratch))           \
  DL_KERNEL(arg_reduce, (bool greatest, const View& x, const View& y))                        \
  DL_KERNEL(cumulate, (Reduce op, const View& x, const View& y, int axis))                    \
  DL_KERNEL(recurrence, (const View& a, const View& b, const View& y, int axis))              \
  /* matmul.cpp */                                                                            \
  DL_KERNEL(matmul, (const View& a, const View& b, const View& bias, const View& y, bool relu, \
                     const View& scratch))                                                    \
  /* conv.cpp: all dense */                                                                   \
  /* ready: the kernel by winograd_kernel or pack_kernel, or absent */                        \
  DL_KERNEL(conv, (const ConvSizes& sizes, const View& x, const View& kernel,                 \
                   const View& ready, const View& bias, const View& addend, const View& y,    \
                   bool relu, const View& scratch))                                           \
  DL_KERNEL(conv_data_gradient, (const ConvSizes& sizes, const View& dy, const View& kernel,  \
                                 const View& ready, const View& dx, const View& scratch))     \
  DL_KERNEL(conv_weight_gradient, (const ConvSizes& sizes, const View& x, const View& dy,     \
                                   const View& dkernel, const View& scratch))                 \
  DL_KERNEL(winograd_kernel, (const WinogradSizes& sizes, bool turned, const View& kernel,    \
                              const View& transformed))                                       \
  DL_KERNEL(pack_kernel, (const ConvSizes& sizes, const View& kernel, const View& packed))    \
  /* depthwise.cpp: what conv.cpp calls where every channel has its own window */             \
  DL_KERNEL(depthwise_conv, (const ConvSizes& sizes, const View& x, const View& kernel,       \
                             const View& bias, const View& addend, const View& y, bool relu)) \
  DL_KERNEL(depthwise_data_gradient, (const ConvSizes& sizes, const View& dy,                 \
                                      const View& kernel, const View& dx))                    \
  DL_KERNEL(depthwise_weight_gradient, (const ConvSizes& sizes, const View& x,                \
                                        const View& dy, const View& dkernel,                  \
                                        const View& scratch))                                 \
  /* pool.cpp: all dense */                                                                   \
  DL_KERNEL(max_pool, (const ConvSizes& sizes, const View& x, const View& y))                 \
  DL_KERNEL(max_pool_gradient, (const ConvSizes& sizes, const View& x, const View& dy,        \
                                const View& dx))                                              \
  DL_KERNEL(max_pool_pick, (const ConvSizes& sizes, const View& x, const View& u,             \
                            const View& y))  /* u where x has its maximum */                  \
  DL_KERNEL(average_pool, (const ConvSizes& sizes, const View& x, const View& y))             \
  DL_KERNEL(average_pool_gradient, (const ConvSizes& sizes, const View& dy, const View& dx))  \
  /* softmax.cpp */                                                                           \
  DL_KERNEL(softmax, (const View& x, const View& y))                                          \
  DL_KERNEL(log_softmax, (const View& x, const View& y))                                      \
  DL_KERNEL(softmax_grad, (const View& y, const View& dy, const View& dx))                    \
  DL_KERNEL(log_softmax_grad, (const View& y, const View& dy, const View& dx))                \
  /* cross_entropy.cpp */                                                                     \
  DL_KERNEL(sparse_softmax_cross_entropy, (const View& x, const View& labels,                 \
                                           const View& loss, const View& log_sum,             \
                                           Status& status))                                   \
  DL_KERNEL(sparse_softmax_cross_entropy_grad, (const View& x, const View& labels,            \
                                                const View& log_sum, const View& dloss,       \
                                                const View& dx, Status& status))              \
  DL_KERNEL(sparse_cross_entropy, (const View& p, const View& labels, double epsilon,         \
                                   const View& loss, Status& status))                         \
  DL_KERNEL(sparse_cross_entropy_grad, (const View& p, const View& labels, double epsilon,    \
                                        const View& dloss, const View& dp, Status& status))   \
  DL_KERNEL(cross_entropy, (const View& x, const View& target, bool from_logits,              \
                            double epsilon, const View& loss))                                \
  DL_KERNEL(cross_entropy_grad, (const View& x, const View& target, bool from_logits,         \
                                 double epsilon, const View& dloss, const View& dx,           \
                                 const View& dtarget))                                        \
  /* norm.cpp */                                                                              \
  DL_KERNEL(batch_norm_training, (const View& x, const View& gamma, const View& beta,         \
                                  double epsilon, const View& y, const View& mean,            \
                                  const View& variance, const View& scratch))                 \
  DL_KERNEL(batch_norm_training_grad, (const View& x, const View& gamma, const View& mean,    \
                                       const View& variance, double epsilon, const View& dy,  \
                                       const View& dx, const View& dgamma, const View& dbeta, \
                                       const View& scratch))                                  \
  DL_KERNEL(scale_shift, (const View& x, const View& scale, const View& shift, const View& y))\
  DL_KERNEL(layer_norm, (const View& x, const View& gamma, const View& beta, double epsilon,  \
                         bool centered, const View& y, const View& mean, const View& inverse))\
  DL_KERNEL(layer_norm_grad, (const View& x, const View& gamma, const View& mean,             \
                              const View& inverse, bool centered, const View& dy,             \
                              const View& dx, const View& dgamma, const View& dbeta,          \
                              const View& scratch))                                           \
  /* random.cpp */                                                                            \
  DL_KERNEL(random_uniform, (const View& state, double low, double high, const View& y))      \
  DL_KERNEL(random_normal, (const View& state, double mean, double stddev, const View& y))    \
  DL_KERNEL(random_truncated_normal, (const View& state, double mean, double stddev,          \
                                      const View& y))                                         \
  DL_KERNEL(random_integers, (const View& state, int64_t low, uint64_t count, const View& y)) \
  DL_KERNEL(random_permutation, (const View& state, const View& y))                           \
  DL_KERNEL(random_categorical, (const View& logits, const View& state, const View& y,        \
                                 const View& scratch))                                        \
  DL_KERNEL(random_gamma, (const View& alpha, const View& state, const View& y))              \
  DL_KERNEL(random_binomial, (const View& counts, const View& probabilities,                  \
                              const View& state, const View& y))                              \
  DL_KERNEL(dropout, (const View& x, const View& state, double rate, const View& y,           \
                      const View& key))                                                       \
  DL_KERNEL(dropout_mask, (const View& x, const View& key, double rate, const View& y))       \
  /* index.cpp */                                                                             \
  DL_KERNEL(gather, (const View& x, const IndexList& indices, int outer, const View& y,        \
                     const View& scratch, Status& status))                                    \
  DL_KERNEL(scatter, (const View& u, const IndexList& indices, int outer, bool add,           \
                      const View& y, const View& scratch, Status& status))                    \
  DL_KERNEL(nonzero, (const View& x, const View& y))                                          \
  DL_KERNEL(one_hot, (const View& labels, const View& y))                                     \
  DL_KERNEL(ramp, (const View& y, const Ramp& line))                                          \
  DL_KERNEL(triangle, (const View& x, int64_t k, bool upper, const View& y))                  \
  /* sort.cpp */                                                                              \
  DL_KERNEL(argsort, (const View& x, bool descending, const View& y, const View& scratch))    \
  DL_KERNEL(searchsorted, (const View& x, const View& values, bool right, const View& y))     \
  /* orthogonal.cpp */                                                                        \
  DL_KERNEL(orthonormalize, (const View& x))                                                  \
  /* schedule.cpp */                                                                          \
  DL_KERNEL(schedule, (const Schedule& s, const View& iterations, const View& boundaries,     \
                       const View& values, const View& rate))                                 \
  /* optim.cpp */                                                                             \
  DL_KERNEL(optimizer_update, (const OptimizerSettings& settings, OptimizerVariable* variables,\
                               int64_t count, const View& learning_rate,                      \
                               const View& iterations, const View& u_product,                 \
                               const View& partial_sums))
// clang-format on

#define DL_DECLARE(name, args) void name args;
#define DL_POINTER(name, args) void(*name) args;
#define DL_ADDRESS(name, args) &DL_LEVEL::name,

namespace danlu::cpu {

// One pointer a kernel.
struct Table {
  DL_KERNEL_LIST(DL_POINTER)
};
// The table of the best instruction set that this machine has and DANLU_ISA allows.
extern const Table* const table_pointer;
DL_INLINE const Table& table() { return *table_pointer; }
const char* isa_name();  // "baseline", "avx2", "avx512" or "portable"

#ifdef DL_LEVEL  // inside a kernel file: this level's functions
namespace DL_LEVEL {
DL_KERNEL_LIST(DL_DECLARE)
}
#endif

}  // namespace danlu::cpu

namespace danlu::cuda {
DL_KERNEL_LIST(DL_DECLARE)
}  // namespace danlu::cuda

#ifdef DANLU_CUDA
#define DL_DISPATCH(device, name, ...) \
  ((device).is_cpu() ? ::danlu::cpu::table().name(__VA_ARGS__) : ::danlu::cuda::name(__VA_ARGS__))
#else
#define DL_DISPATCH(device, name, ...) (::danlu::cpu::table().name(__VA_ARGS__))
#endif
