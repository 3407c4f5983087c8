// danlu._core. Every family binds itself in a file of its own.
#include "danlu/bindings/bind.h"

namespace danlu::python {

// One line a file.
#define DL_BINDINGS(X) \
  X(dtype)             \
  X(autograd)          \
  X(elementwise)       \
  X(reduce)            \
  X(runtime)           \
  X(info)              \
  X(matmul)            \
  X(conv)              \
  X(nn)                \
  X(random)            \
  X(optim)             \
  X(shape)             \
  X(index)             \
  X(create)            \
  X(device)            \
  X(numpy)             \
  X(dlpack)

#define DL_DECLARE_BIND(name) void bind_##name(py::module_&);
DL_BINDINGS(DL_DECLARE_BIND)

void add_hints(py::module_& m);
void add_methods(py::module_& m);

}  // namespace danlu::python

PYBIND11_MODULE(_core, m) {
  using namespace danlu::python;
  m.doc() = "The compiled core of danlu.";
  py::register_exception_translator([](std::exception_ptr exception) {
    try {
      if (exception) std::rethrow_exception(exception);
    } catch (const danlu::Error&) {
      set_python_error();
    } catch (const std::bad_alloc&) {
      set_python_error();
    } catch (const pybind11::cast_error&) {
      set_python_error();
    }
  });
  make_tensor_type(m.ptr());
  make_variable_type(m.ptr());
#define DL_CALL_BIND(name) bind_##name(m);
  DL_BINDINGS(DL_CALL_BIND)
  add_methods(m);
  add_hints(m);
}
