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

// ---- elementwise.cpp -------------------------------------------------------------------------

// ---- reduce.cpp ------------------------------------------------------------------------------

// ---- matmul.cpp ------------------------------------------------------------------------------

// ---- conv.cpp, pool.cpp ----------------------------------------------------------------------

// ---- softmax.cpp, norm.cpp -------------------------------------------------------------------

// ---- random.cpp, optim.cpp -------------------------------------------------------------------

// ---- shape.cpp -------------------------------------------------------------------------------

// ---- index.cpp -------------------------------------------------------------------------------

}  // namespace danlu
