// The attributes of Tensor, which but for the last few are those of Variable, too.
#include "danlu/autograd/backward.h"
#include "danlu/bindings/bind.h"
#include "danlu/ops/ops.h"

namespace danlu::python {

namespace {

PyObject* get_shape(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr,
                            [&] { return py::cast(self_tensor(self).shape()).release().ptr(); });
}
PyObject* get_dtype(PyObject* self, void*) {
  return guarded<PyObject*>(
      nullptr, [&] { return dtype_object(self_tensor(self).dtype()).release().ptr(); });
}
PyObject* get_ndim(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] { return PyLong_FromLong(self_tensor(self).ndim()); });
}
PyObject* get_size(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr,
                            [&] { return PyLong_FromLongLong(self_tensor(self).numel()); });
}
PyObject* get_itemsize(PyObject* self, void*) {
  return guarded<PyObject*>(
      nullptr, [&] { return PyLong_FromLongLong(size_of(self_tensor(self).dtype())); });
}
PyObject* get_nbytes(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] {
    const Tensor x = self_tensor(self);
    return PyLong_FromLongLong(size_of(x.dtype()) * x.numel());
  });
}
PyObject* get_device(PyObject* self, void*) {
  return guarded<PyObject*>(
      nullptr, [&] { return py::str(format("{}", self_tensor(self).device())).release().ptr(); });
}
PyObject* get_transposed(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] {
    const Tensor x = self_tensor(self);
    Axes axes;
    for (int i = x.ndim() - 1; i >= 0; --i) axes.push_back(i);
    return wrap(permute_dims(x, axes));
  });
}
PyObject* get_matrix_transposed(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] {
    const Tensor x = self_tensor(self);
    check(x.ndim() >= 2, "[mT] needs at least 2 axes, got shape {}", x.shape());
    Axes axes;
    for (int i = 0; i < x.ndim(); ++i) axes.push_back(i);
    std::swap(axes[x.ndim() - 1], axes[x.ndim() - 2]);
    return wrap(permute_dims(x, axes));
  });
}

// The gradient of a marked tensor lies on its leaf.
bool is_leaf(const Tensor& x) { return x.edge() && !x.edge().node()->op; }

PyObject* get_grad(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] {
    const Tensor& x = tensor_of(self);
    return wrap(is_leaf(x) ? x.edge().node()->grad() : Tensor());
  });
}
int set_grad(PyObject* self, PyObject* value, void*) {
  return guarded(-1, [&] {
    Tensor& x = tensor_of(self);
    check(is_leaf(x),
          "[grad] only a tensor with requires_grad = True and a Variable hold a gradient");
    Tensor grad = !value || value == Py_None ? Tensor() : to_tensor(value).detach();
    check(!grad || grad.shape() == x.shape(), "[grad] the tensor has shape {}, the gradient {}",
          x.shape(), grad ? grad.shape() : Shape());
    x.edge().node()->set_grad(grad ? astype(grad, x.dtype()) : grad);
    return 0;
  });
}
PyObject* get_requires_grad(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr,
                            [&] { return PyBool_FromLong(tensor_of(self).requires_grad()); });
}
int set_requires_grad(PyObject* self, PyObject* value, void*) {
  return guarded(-1, [&] {
    Tensor& x = tensor_of(self);
    const int wanted = value ? PyObject_IsTrue(value) : 0;
    if (wanted < 0) return -1;
    check_type(!wanted || is_floating(x.dtype()),
               "[requires_grad] only floating-point tensors have gradients, this one is {}",
               x.dtype());
    if (!wanted) {
      x = x.detach();
    } else if (!x.requires_grad()) {
      x = watch(x);
    }
    return 0;
  });
}

PyObject* get_mask(PyObject* self, void*) {
  return guarded<PyObject*>(nullptr, [&] {
    const Ref<Value>& mask = reinterpret_cast<PyTensor*>(self)->mask;
    return wrap(mask ? Tensor(mask) : Tensor());
  });
}
int set_mask(PyObject* self, PyObject* value, void*) {
  return guarded(-1, [&] {
    const bool none = !value || value == Py_None;
    check_type(none || (is_tensor(value) && value != self),
               "[_keras_mask] a mask is another tensor or None");
    reinterpret_cast<PyTensor*>(self)->mask = none ? nullptr : tensor_of(value).value();
    return 0;
  });
}

#define DL_GETTER(name, doc) \
  { #name, get_##name, nullptr, doc, nullptr }

}  // namespace

PyGetSetDef shared_attributes[] = {
    DL_GETTER(shape, R"(The size of each axis, a tuple of int.

>>> import danlu as dl
>>> dl.zeros((2, 3)).shape
(2, 3))"),
    DL_GETTER(dtype, R"(The element type, a DType, which equals its name.

>>> import danlu as dl
>>> dl.zeros(2).dtype == "float32"
True)"),
    DL_GETTER(ndim, R"(The number of axes, 0 to 8.

>>> import danlu as dl
>>> dl.zeros((2, 3)).ndim
2)"),
    DL_GETTER(size, R"(The number of elements.

>>> import danlu as dl
>>> dl.zeros((2, 3)).size
6)"),
    DL_GETTER(itemsize, R"(The bytes of one element.

>>> import danlu as dl
>>> dl.zeros(2).itemsize
4)"),
    DL_GETTER(nbytes, R"(The bytes of all elements.

>>> import danlu as dl
>>> dl.zeros((2, 3)).nbytes
24)"),
    DL_GETTER(device, R"(Where the bytes live: 'cpu' or 'cuda:0'.

>>> import danlu as dl
>>> dl.zeros(2).device
'cpu')"),
    {"T", get_transposed, nullptr, R"(The tensor with its axes backwards: a view.

>>> import danlu as dl
>>> dl.zeros((2, 3, 5)).T.shape
(5, 3, 2))",
     nullptr},
    {"mT", get_matrix_transposed, nullptr,
     R"((..., m, n) -> (..., n, m): a view. ValueError for less than 2 axes.

>>> import danlu as dl
>>> dl.zeros((2, 3, 5)).mT.shape
(2, 5, 3))",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyGetSetDef tensor_attributes[] = {
    {"grad", get_grad, set_grad,
     R"(The gradient that `backward` added up, a Tensor or None; only with requires_grad = True.

ValueError when set on another tensor, or to another shape.

>>> import danlu as dl
>>> x = dl.asarray([1.0, 2.0])
>>> x.requires_grad = True
>>> (x * x).sum().backward()
>>> x.grad.tolist()
[2.0, 4.0])",
     nullptr},
    {"requires_grad", get_requires_grad, set_requires_grad,
     R"(Whether gradients flow to this tensor. Setting it True marks the tensor, False cuts it off.

TypeError for a dtype that is not floating.

>>> import danlu as dl
>>> x = dl.asarray([1.0, 2.0])
>>> x.requires_grad = True
>>> (2 * x).requires_grad
True)",
     nullptr},
    {"_keras_mask", get_mask, set_mask,
     "Which steps count, as Keras's layers pass it on: a Tensor or None.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

}  // namespace danlu::python
