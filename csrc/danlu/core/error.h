// Errors: check(condition, "[op] what came {}, what was expected {}", a, b).
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "danlu/core/device.h"
#include "danlu/core/dtype.h"
#include "danlu/core/shape.h"

namespace danlu {

// Becomes the Python exception of the same name.
enum class ErrorKind { value, type, index, not_implemented, runtime, buffer };

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

std::ostream& operator<<(std::ostream& out, DType dtype);
std::ostream& operator<<(std::ostream& out, const Shape& shape);  // (2, 3)
std::ostream& operator<<(std::ostream& out, Device device);       // cpu, cuda:0

namespace detail {
inline void format_to(std::ostringstream& out, std::string_view text) { out << text; }
template <class First, class... Rest>
void format_to(std::ostringstream& out, std::string_view text, const First& first,
               const Rest&... rest) {
  const size_t at = text.find("{}");
  if (at == std::string_view::npos) {
    out << text;
    return;
  }
  out << text.substr(0, at) << first;
  format_to(out, text.substr(at + 2), rest...);
}
}  // namespace detail

// "{}" stands for the next argument.
template <class... Args>
std::string format(std::string_view text, const Args&... args) {
  std::ostringstream out;
  out << std::boolalpha;
  detail::format_to(out, text, args...);
  return out.str();
}

template <class... Args>
[[noreturn]] __attribute__((noinline, cold)) void fail(ErrorKind kind, std::string_view text,
                                                       const Args&... args) {
  throw Error(kind, format(text, args...));
}

// ValueError, TypeError and IndexError, in this order.
template <class... Args>
inline void check(bool ok, std::string_view text, const Args&... args) {
  if (!ok) [[unlikely]]
    fail(ErrorKind::value, text, args...);
}
template <class... Args>
inline void check_type(bool ok, std::string_view text, const Args&... args) {
  if (!ok) [[unlikely]]
    fail(ErrorKind::type, text, args...);
}
template <class... Args>
inline void check_index(bool ok, std::string_view text, const Args&... args) {
  if (!ok) [[unlikely]]
    fail(ErrorKind::index, text, args...);
}

inline void check_ndim(std::string_view op, int64_t ndim) {
  check(ndim <= kMaxDims, "[{}] a tensor has at most {} axes, this one would have {}", op, kMaxDims,
        ndim);
}

}  // namespace danlu
