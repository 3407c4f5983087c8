// The kernels that cuda_missing.h names: each raises NotImplementedError.
#include "danlu/kernels/cuda_missing.h"

#include "danlu/core/error.h"
#include "danlu/kernels/kernels.h"

// DL_PICK(marker) is DL_RAISE for a kernel that is named, else DL_NOTHING: a marker that is
// defined expands to two arguments and so moves its second into the chosen place.
#define DL_NOTHING(name, args)
#define DL_RAISE(name, args)                                                                     \
  void name args {                                                                               \
    ::danlu::fail(::danlu::ErrorKind::not_implemented,                                           \
                  "[{}] has no CUDA kernel yet: do this on the CPU, x.to_device('cpu')", #name); \
  }
#define DL_SECOND(first, second, ...) second
#define DL_PICK(...) DL_SECOND(__VA_ARGS__, DL_NOTHING, )
#define DL_DEFINE_MISSING(name, args) DL_PICK(DL_CUDA_MISSING_##name)(name, args)

namespace danlu::cuda {
DL_KERNEL_LIST(DL_DEFINE_MISSING)
}  // namespace danlu::cuda
