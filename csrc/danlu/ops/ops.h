// The public C++ functions, grouped by family. Each checks its arguments and returns a new tensor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "danlu/core/op.h"
#include "danlu/core/variable.h"

namespace danlu {

// ---- state.cpp -------------------------------------------------------------------------------
// The variable's value becomes `value`, cast to its dtype; one number is broadcast.
DL_EXPORT void assign(VariableState& variable, const Tensor& value);

// ---- elementwise.cpp -------------------------------------------------------------------------
DL_EXPORT Tensor add(const Tensor& a, const Tensor& b);

// ---- reduce.cpp ------------------------------------------------------------------------------

// ---- matmul.cpp ------------------------------------------------------------------------------

// ---- conv.cpp, pool.cpp ----------------------------------------------------------------------

// ---- softmax.cpp, norm.cpp -------------------------------------------------------------------

// ---- random.cpp, optim.cpp -------------------------------------------------------------------

// ---- shape.cpp -------------------------------------------------------------------------------

// ---- index.cpp -------------------------------------------------------------------------------

}  // namespace danlu
