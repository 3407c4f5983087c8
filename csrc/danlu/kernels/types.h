// Small parameter structs and enums that kernels and ops share, grouped by kernel file.
#pragma once

#include <cstdint>

#include "danlu/core/shape.h"

namespace danlu {}  // namespace danlu
