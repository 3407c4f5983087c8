// Threads and memory.
#include "danlu/bindings/bind.h"
#include "danlu/bindings/device.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/parallel.h"

namespace danlu::python {

void bind_runtime(py::module_& m) {
  m.def("num_threads", &num_threads, "How many threads kernels use.");
  m.def("set_num_threads", &set_num_threads, "n"_a, "0: what OMP_NUM_THREADS and the machine say.");
  m.def("isa", &cpu::isa_name, "The instruction set of the kernels in use.");
  m.def(
      "memory_stats",
      [](py::handle device) {
        const MemoryStats stats = memory_stats(to_device_argument("memory_stats", device));
        return py::dict("in_use"_a = stats.in_use, "peak"_a = stats.peak, "cached"_a = stats.cached,
                        "allocations"_a = stats.allocations, "requests"_a = stats.requests);
      },
      "device"_a = py::none(),
      "Bytes in use, the most there were, bytes kept for reuse; requests to the system, and all.");
  m.def(
      "reset_peak_memory",
      [](py::handle device) { reset_peak_memory(to_device_argument("reset_peak_memory", device)); },
      "device"_a = py::none(), "The peak starts again from what is in use.");
  m.def("empty_cache", &empty_cache, "Gives all cached blocks back to the operating system.");
}

}  // namespace danlu::python
