// Bad indices on a GPU. A kernel runs after `call` has returned, so it reports to a word of device
// memory, which is kept here with the op until somebody waits for the device.
#pragma once

#include "danlu/core/op.h"

namespace danlu {

// Runs the op with a status word of its own: on the CPU a bad index is raised at once, on a GPU at
// the next synchronisation.
void run_reporting(const OpRef& op, Inputs in, Outputs out, const View& scratch);

// Raises the first bad index that an op reported on `device`; waits for it.
void raise_reports(Device device);

}  // namespace danlu
