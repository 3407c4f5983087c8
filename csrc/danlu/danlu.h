// The one header that C++ programs include: tensors, variables, ops and gradients.
#pragma once

#include "danlu/autograd/backward.h"
#include "danlu/core/op.h"
#include "danlu/core/tensor.h"
#include "danlu/core/variable.h"
#include "danlu/kernels/parallel.h"
#include "danlu/ops/ops.h"
