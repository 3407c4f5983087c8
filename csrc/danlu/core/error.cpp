#include "danlu/core/error.h"

#include <ostream>

namespace danlu {

std::string_view name_of(DType dtype) {
  constexpr std::string_view names[kDTypeCount] = {
      "bool",  "uint8", "uint16",  "uint32",   "uint64",  "int8",   "int16",
      "int32", "int64", "float16", "bfloat16", "float32", "float64"};
  return names[static_cast<int>(dtype)];
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '(';
  for (int i = 0; i < shape.ndim(); ++i) out << (i ? ", " : "") << shape[i];
  return out << (shape.ndim() == 1 ? ",)" : ")");
}

std::ostream& operator<<(std::ostream& out, Device device) {
  if (device.is_cpu()) return out << "cpu";
  return out << "cuda:" << static_cast<int>(device.index);
}

}  // namespace danlu
