// How a tensor prints: as NumPy prints arrays, with shape and dtype. Long axes show both ends.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "danlu/bindings/bind.h"
#include "danlu/kernels/kernels.h"
#include "danlu/ops/ops.h"

namespace danlu::python {
namespace {

constexpr int64_t kAbbreviateAbove = 1000;  // elements
constexpr int64_t kEdge = 3;                // elements shown at each end of a long axis
constexpr int kDigits = 8;                  // after the point, at most
constexpr size_t kLineWidth = 75;

// Calls f(j) for the indices of an axis that are shown, f(-1) for the gap.
template <class F>
void shown(int64_t n, bool abbreviate, F&& f) {
  if (!abbreviate || n <= 2 * kEdge) {
    for (int64_t j = 0; j < n; ++j) f(j);
    return;
  }
  for (int64_t j = 0; j < kEdge; ++j) f(j);
  f(-1);
  for (int64_t j = n - kEdge; j < n; ++j) f(j);
}

// The fewest digits that read back as the same number of this dtype.
std::string shortest(double value, DType dtype, std::chars_format form) {
  char text[512];
  const auto end = dtype == DType::float64
                       ? std::to_chars(text, text + sizeof(text), value, form)
                       : std::to_chars(text, text + sizeof(text), static_cast<float>(value), form);
  std::string digits(text, end.ptr);
  const size_t mark = digits.find('e');
  std::string exponent = mark == std::string::npos ? "" : digits.substr(mark);
  digits = digits.substr(0, mark);
  const size_t point = digits.find('.');
  if (point != std::string::npos && digits.size() - point - 1 > kDigits) {  // round
    const auto rounded = std::to_chars(text, text + sizeof(text), value, form, kDigits);
    digits = std::string(text, rounded.ptr);
    const size_t at = digits.find('e');
    exponent = at == std::string::npos ? "" : digits.substr(at);
    digits = digits.substr(0, at);
    while (digits.back() == '0') digits.pop_back();
  }
  if (digits.find('.') == std::string::npos) digits += '.';
  return digits + exponent;
}

struct Printer {
  explicit Printer(const View& x) : x(x), abbreviate(x.numel() > kAbbreviateAbove) {
    collect(0, 0);
    if (is_floating(x.dtype)) choose_form();
    size_t without_point = 0;  // integers, nan, inf
    for (int64_t i : offsets) {
      texts.push_back(text_of(i));
      const std::string& text = texts.back();
      const size_t point = text.find('.');
      if (point == std::string::npos) {
        without_point = std::max(without_point, text.size());
      } else {
        before = std::max(before, point);
        after = std::max(after, text.size() - point);
      }
    }
    before = std::max(before, without_point - std::min(after, without_point));
  }

  void collect(int axis, int64_t offset) {
    if (axis == x.ndim()) {
      offsets.push_back(offset);
      return;
    }
    shown(x.shape[axis], abbreviate, [&](int64_t j) {
      if (j >= 0) collect(axis + 1, offset + j * x.strides[axis]);
    });
  }

  double real(int64_t i) const {
    double value = 0;
    dispatch_floating(x.dtype, [&]<class T>(T) { value = static_cast<double>(x.ptr<T>()[i]); });
    return value;
  }

  // Powers of ten where plain digits would not fit, by NumPy's rule.
  void choose_form() {
    double largest = 0, smallest = INFINITY;
    for (int64_t i : offsets) {
      const double a = std::fabs(real(i));
      if (!std::isfinite(a) || a == 0) continue;
      largest = std::max(largest, a);
      smallest = std::min(smallest, a);
    }
    if (largest >= 1e8 || (largest > 0 && (smallest < 1e-4 || largest / smallest > 1000.0))) {
      form = std::chars_format::scientific;
    }
  }

  std::string text_of(int64_t i) const {
    if (x.dtype == DType::bool_) return x.ptr<bool>()[i] ? "True" : "False";
    if (is_floating(x.dtype)) {
      const double value = real(i);
      if (std::isnan(value)) return "nan";
      if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
      return shortest(value, x.dtype, form);
    }
    std::string text;
    dispatch_integer(x.dtype, [&]<class T>(T) { text = std::to_string(x.ptr<T>()[i]); });
    return text;
  }

  // Points below each other: spaces in front and behind.
  std::string padded(const std::string& text) const {
    const size_t point = text.find('.');
    if (point == std::string::npos) return std::string(before + after - text.size(), ' ') + text;
    return std::string(before - point, ' ') + text +
           std::string(after - (text.size() - point), ' ');
  }

  std::string print(int axis, size_t indent) {
    if (axis == x.ndim()) return padded(texts[next++]);
    const bool innermost = axis == x.ndim() - 1;
    const std::string gap =
        innermost ? ""
                  : "\n" + std::string(static_cast<size_t>(x.ndim() - axis - 2), '\n') +
                        std::string(indent + 1, ' ');
    std::string out = "[";
    size_t column = indent + 1;
    bool first = true;
    shown(x.shape[axis], abbreviate, [&](int64_t j) {
      const std::string item = j < 0 ? "..." : print(axis + 1, indent + 1);
      if (!first) {
        out += ",";
        ++column;
        if (!innermost) {
          out += gap;
        } else if (column + 1 + item.size() > kLineWidth) {
          out += "\n" + std::string(indent + 1, ' ');
          column = indent + 1;
        } else {
          out += " ";
          ++column;
        }
      }
      first = false;
      out += item;
      column += item.size();
    });
    return out + "]";
  }

  const View& x;
  const bool abbreviate;
  std::chars_format form = std::chars_format::fixed;
  std::vector<int64_t> offsets;
  std::vector<std::string> texts;
  size_t before = 0, after = 0;  // the widest text before the point, and from the point on
  size_t next = 0;
};

}  // namespace

std::string to_repr(const Tensor& x) {
  const Tensor host = to_device(x.detach(), kCpu);
  std::string text = "Tensor(";
  if (x.numel() == 0) {
    text += "[]";
  } else {
    text += Printer(host.view()).print(0, text.size());
  }
  text += format(", shape={}, dtype={}", x.shape(), x.dtype());
  if (!x.device().is_cpu()) text += format(", device={}", x.device());
  if (x.requires_grad()) text += ", requires_grad=True";
  return text + ")";
}

}  // namespace danlu::python
