// How the library was built, and which OpenMP runtime it runs on: for `python -m danlu info`.
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <omp.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "danlu/bindings/bind.h"
#include "danlu/kernels/kernels.h"
#include "danlu/kernels/parallel.h"

namespace danlu::python {

namespace {

struct Library {
  std::string path;
  std::string soname;
  std::vector<std::string> needed;
};

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// One loaded library, with the names it asks for (its DT_NEEDED entries).
int add_library(dl_phdr_info* info, size_t, void* context) {
  Library library{info->dlpi_name, "", {}};
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    }
  }
  const char* strings = nullptr;
  for (auto* entry = dynamic; entry && entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_STRTAB) strings = reinterpret_cast<const char*>(entry->d_un.d_ptr);
  }
  // glibc has relocated the address in place, except in the kernel's vdso.
  const bool relocated = reinterpret_cast<ElfW(Addr)>(strings) >= info->dlpi_addr;
  for (auto* entry = dynamic; strings && relocated && entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_NEEDED) library.needed.push_back(strings + entry->d_un.d_val);
    if (entry->d_tag == DT_SONAME) library.soname = strings + entry->d_un.d_val;
  }
  static_cast<std::vector<Library>*>(context)->push_back(std::move(library));
  return 0;
}

bool is_openmp(const std::string& path) {
  const std::string name = file_name(path);
  return name.starts_with("libgomp") || name.starts_with("libomp") || name.starts_with("libiomp");
}

// path: the runtime that danlu calls; shared_with: the other libraries that ask for the same one;
// others: further OpenMP runtimes in this process.
py::dict openmp() {
  Dl_info own{}, self{};
  dladdr(reinterpret_cast<void*>(&omp_get_max_threads), &own);
  dladdr(reinterpret_cast<void*>(&openmp), &self);
  const std::string runtime = own.dli_fname ? own.dli_fname : "";
  const std::string extension = self.dli_fname ? self.dli_fname : "";

  std::vector<Library> libraries;
  dl_iterate_phdr(add_library, &libraries);
  std::string soname = file_name(runtime);
  for (const Library& library : libraries) {
    if (library.path == runtime && !library.soname.empty()) soname = library.soname;
  }
  std::vector<std::string> shared_with, others;
  for (const Library& library : libraries) {
    if (library.path != runtime && is_openmp(library.path)) others.push_back(library.path);
    if (library.path == extension) continue;
    for (const std::string& name : library.needed) {
      if (name == soname) shared_with.push_back(library.path);
    }
  }
  py::dict out;
  out["path"] = runtime;
  out["shared_with"] = shared_with;
  out["others"] = others;
  return out;
}

py::dict build_info() {
  py::dict out;
  out["isa"] = cpu::isa_name();
  out["threads"] = num_threads();
  out["openmp"] = openmp();
#ifdef DANLU_CUDA
  out["cuda"] = true;
#else
  out["cuda"] = false;
#endif
#ifdef __clang__
  out["compiler"] = "clang " __clang_version__;
#else
  out["compiler"] = "g++ " __VERSION__;
#endif
  return out;
}

}  // namespace

void bind_info(py::module_& m) {
  m.def("build_info", &build_info,
        "Instruction set, threads, OpenMP runtime and who shares it, CUDA, compiler.");
}

}  // namespace danlu::python
