// x[key] and x[key] = value, by NumPy's rules: slices, integers, None and ... make views; integer
// and boolean arrays gather and scatter.
#include "danlu/bindings/bind.h"
#include "danlu/bindings/interop.h"
#include "danlu/core/recorder.h"
#include "danlu/ops/ops.h"

namespace danlu::python {
namespace {

// What a key says: first a view of x, then indices of some of its axes.
struct Plan {
  explicit Plan(const Tensor& x) : slices(x.shape()) { slices.layout = {}; }
  Slices slices;
  Axes axes;  // of the view
  Tensors indices;
  bool split = false;  // the indices are not side by side in the key: their axes come first
};

enum class Kind { integer, slice, new_axis, ellipsis, flag, array, mask };

struct Item {
  Kind kind;
  int64_t integer = 0;  // also a flag
  PyObject* object = nullptr;
  Tensor array;
  int consumes = 0;  // axes of x
};

constexpr std::string_view kKeepMasked =
    "in place of x[mask] and x[mask] = v take danlu.where(mask, x, v), which keeps the shape";

[[noreturn]] void fail_key(PyObject* object) {
  fail(ErrorKind::index,
       "[getitem] integers, slices, None, ... and integer or boolean arrays are indices, not {} of "
       "type '{}'",
       py::cast<std::string>(py::repr(object)).substr(0, 80), Py_TYPE(object)->tp_name);
}

Item array_item(PyObject* object) {
  Tensor array = try_tensor(object);
  if (!array) fail_key(object);
  if (array.numel() == 0 && PyList_Check(object)) array = zeros(array.shape(), DType::int64);
  if (is_bool(array.dtype())) {
    if (array.ndim() == 0) check_values_known("getitem", kKeepMasked);
    if (array.ndim() == 0) return {Kind::flag, array.item_int(), nullptr, {}, 0};
    return {Kind::mask, 0, nullptr, array, array.ndim()};
  }
  check_index(is_integer(array.dtype()), "[getitem] index arrays hold integers or booleans, not {}",
              array.dtype());
  return {Kind::array, 0, nullptr, array, 1};
}

Item item_of(PyObject* object) {
  if (object == Py_None) return {Kind::new_axis, 0, nullptr, {}, 0};
  if (object == Py_Ellipsis) return {Kind::ellipsis, 0, nullptr, {}, 0};
  if (PySlice_Check(object)) return {Kind::slice, 0, object, {}, 1};
  if (PyBool_Check(object)) return {Kind::flag, object == Py_True, nullptr, {}, 0};
  if (PyUnicode_Check(object) || PyFloat_Check(object)) fail_key(object);
  if (is_integer_like(object)) {
    const Py_ssize_t i = PyNumber_AsSsize_t(object, PyExc_IndexError);
    if (i == -1 && PyErr_Occurred()) throw py::error_already_set();
    return {Kind::integer, i, nullptr, {}, 1};
  }
  return array_item(object);
}

// The items of a key, with an ellipsis that covers what no item names.
SmallVector<Item, 4> items_of(PyObject* key, int ndim) {
  SmallVector<Item, 4> items;
  if (PyTuple_Check(key)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(key); ++i) {
      items.push_back(item_of(PyTuple_GET_ITEM(key, i)));
    }
  } else {
    items.push_back(item_of(key));
  }
  int consumed = 0, ellipses = 0;
  for (const Item& item : items) {
    consumed += item.consumes;
    ellipses += item.kind == Kind::ellipsis;
  }
  check_index(ellipses <= 1, "[getitem] only one ... may stand in an index");
  check_index(consumed <= ndim, "[getitem] {} indices for a tensor of {} axes", consumed, ndim);
  if (ellipses == 0) items.push_back({Kind::ellipsis, 0, nullptr, {}, 0});
  for (Item& item : items) {
    if (item.kind == Kind::ellipsis) item.consumes = ndim - consumed;
  }
  return items;
}

int64_t in_bounds(int64_t i, int axis, const Shape& shape) {
  check_index(i >= -shape[axis] && i < shape[axis],
              "[getitem] index {} is out of bounds for axis {} with size {} (shape {})", i, axis,
              shape[axis], shape);
  return i < 0 ? i + shape[axis] : i;
}

void add_index(Plan& plan, int64_t axis, Tensor index) {
  plan.axes.push_back(plan.slices.layout.ndim());
  plan.slices.layout.push_back(axis);
  plan.indices.push_back(std::move(index));
}

void add_slice(Plan& plan, int axis, PyObject* slice, int64_t size) {
  Py_ssize_t start, stop, step;
  if (PySlice_Unpack(slice, &start, &stop, &step) < 0) throw py::error_already_set();
  plan.slices.sizes[axis] = PySlice_AdjustIndices(size, &start, &stop, step);
  plan.slices.starts[axis] = start;
  plan.slices.steps[axis] = step;
  plan.slices.layout.push_back(axis);
}

void add_mask(Plan& plan, int axis, const Tensor& mask, const Shape& shape) {
  for (int i = 0; i < mask.ndim(); ++i) {
    // The standard lets an empty mask choose nothing of any axis.
    check_index(mask.shape()[i] == shape[axis + i] || mask.shape()[i] == 0,
                "[getitem] a mask of shape {} does not fit axes {} and following of shape {}",
                mask.shape(), axis, shape);
  }
  check_values_known("getitem", kKeepMasked);
  for (const Tensor& index : nonzero(mask)) add_index(plan, axis++, index);
}

// Returns the common shape.
Shape broadcast_indices(const Tensors& indices) {
  Shape shape;
  for (const Tensor& index : indices) {
    for (int i = 1; i <= index.ndim(); ++i) {
      const int64_t size = index.shape().back(i);
      if (i > shape.ndim()) shape.insert(0, size);
      int64_t& common = shape[shape.ndim() - i];
      if (common == 1) common = size;
      check_index(size == 1 || size == common,
                  "[getitem] index arrays of shapes {} and {} do not broadcast", shape,
                  index.shape());
    }
  }
  return shape;
}

// Of no elements no index is read; a number among the indices counts nevertheless, as in NumPy.
void check_numbers(const Plan& plan, const Shape& shape) {
  for (int i = 0; i < plan.indices.size(); ++i) {
    const Tensor& index = plan.indices[i];
    if (index.ndim() > 0 || index.is_abstract()) continue;
    in_bounds(index.item_int(),
              static_cast<int>(plan.slices.layout[static_cast<int>(plan.axes[i])]), shape);
  }
}

Plan plan_of(const Tensor& x, PyObject* key) {
  const SmallVector<Item, 4> items = items_of(key, x.ndim());
  bool arrays = false;
  int result_axes = 0;
  for (const Item& item : items) {
    arrays = arrays || item.kind >= Kind::flag;
  }
  for (const Item& item : items) {
    if (item.kind == Kind::integer && !arrays) continue;  // its axis goes
    result_axes += item.kind == Kind::new_axis || item.kind == Kind::flag ? 1 : item.consumes;
  }
  check_ndim("getitem", result_axes);
  Plan plan(x);
  int axis = 0;
  bool was_index = false;
  for (const Item& item : items) {
    const bool is_index = item.kind >= Kind::flag || (arrays && item.kind == Kind::integer);
    plan.split = plan.split || (is_index && !was_index && !plan.indices.empty());
    was_index = is_index;
    switch (item.kind) {
      case Kind::integer: {
        const int64_t i = in_bounds(item.integer, axis, x.shape());
        if (arrays) {  // among arrays an integer is an array without axes
          add_index(plan, axis, Tensor::scalar(i, DType::int64, x.device()));
        } else {
          plan.slices.starts[axis] = i;
          plan.slices.sizes[axis] = 1;
        }
        break;
      }
      case Kind::slice:
        add_slice(plan, axis, item.object, x.shape()[axis]);
        break;
      case Kind::new_axis:
        plan.slices.layout.push_back(-1);
        break;
      case Kind::ellipsis:
        for (int i = 0; i < item.consumes; ++i) plan.slices.layout.push_back(axis + i);
        break;
      case Kind::flag:  // an index of a new axis of size 1: of its one element, or of none
        add_index(plan, -1, zeros({item.integer != 0}, DType::int64, x.device()));
        break;
      case Kind::array:
        add_index(plan, axis, item.array);
        break;
      case Kind::mask:
        add_mask(plan, axis, item.array, x.shape());
        break;
    }
    axis += item.consumes;
  }
  if (plan.indices.size() > 1 && broadcast_indices(plan.indices).numel() == 0) {
    check_numbers(plan, x.shape());
  }
  return plan;
}

bool is_whole(const Slices& slices, const Shape& shape) {
  for (int i = 0; i < shape.ndim(); ++i) {
    if (slices.layout.ndim() != shape.ndim() || slices.layout[i] != i || slices.starts[i] != 0 ||
        slices.sizes[i] != shape[i] || slices.steps[i] != 1) {
      return false;
    }
  }
  return slices.layout.ndim() == shape.ndim();
}

}  // namespace

Tensor get_item(const Tensor& x, PyObject* key) {
  const Plan plan = plan_of(x, key);
  if (plan.indices.empty()) return slice(x, plan.slices);
  const Tensor view = is_whole(plan.slices, x.shape()) ? x : slice(x, plan.slices);
  MaybeReleaseGil release(plan.indices[0].numel());
  return gather(view, plan.axes, plan.indices, plan.split, "getitem");
}

Tensor set_item(Tensor& x, PyObject* key, const Tensor& value) {
  const Plan plan = plan_of(x, key);
  Tensor v = value;
  while (v.ndim() > 0 && v.ndim() > plan.slices.layout.ndim() && v.shape()[0] == 1) {
    v = squeeze(v, {0});  // as NumPy: leading axes of size 1 do not matter
  }
  if (plan.indices.empty()) return slice_update(std::move(x), v, plan.slices);
  if (is_whole(plan.slices, x.shape())) {
    return scatter_update(std::move(x), v, plan.axes, plan.indices, plan.split, "setitem");
  }
  const Tensor part =
      scatter_update(slice(x, plan.slices), v, plan.axes, plan.indices, plan.split, "setitem");
  return slice_update(std::move(x), part, plan.slices);
}

}  // namespace danlu::python
