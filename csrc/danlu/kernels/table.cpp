// This level's kernels in one table. Compiled once for every level.
#include "danlu/kernels/kernels.h"

namespace danlu::cpu::DL_LEVEL {

extern const Table kTable;
const Table kTable = {DL_KERNEL_LIST(DL_ADDRESS)};

}  // namespace danlu::cpu::DL_LEVEL
