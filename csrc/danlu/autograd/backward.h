// Reverse-mode differentiation: one walk over the recorded operations.
#pragma once

#include <span>

#include "danlu/core/op.h"

namespace danlu {

// Adds d(loss)/d(leaf) to the gradient of every leaf (Variable, marked tensor) that `loss` depends
// on. `seed` is d(result)/d(loss); absent: 1, and then `loss` is one number. The graph is freed on
// the way unless `retain_graph`.
DL_EXPORT void backward(const Tensor& loss, Tensor seed = {}, bool retain_graph = false);

// The gradients of sum_i <outputs[i], seeds[i]> with respect to `targets`; absent where there is no
// path. With `create_graph` the walk itself is recorded, so that the result can be differentiated.
DL_EXPORT Tensors gradients(Inputs outputs, Inputs seeds, std::span<const Edge> targets,
                            bool create_graph = false, bool retain_graph = false);

// A fresh place for the gradient of `x`: a leaf, or behind an identity when x has an edge already.
DL_EXPORT Tensor watch(const Tensor& x);

}  // namespace danlu
