// A vector whose first N elements live in place: most ops have one output and two inputs.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <utility>

namespace danlu {

template <class T, int N>
class SmallVector {
 public:
  SmallVector() = default;
  SmallVector(std::initializer_list<T> values) {
    reserve(static_cast<int>(values.size()));
    std::uninitialized_copy(values.begin(), values.end(), data());
    size_ = static_cast<int>(values.size());
  }
  explicit SmallVector(int n) { resize(n); }
  explicit SmallVector(std::span<const T> values) {
    reserve(static_cast<int>(values.size()));
    for (const T& value : values) push_back(value);
  }
  SmallVector(const SmallVector& other) : SmallVector(std::span<const T>(other)) {}
  SmallVector(SmallVector&& other) noexcept { take(other); }
  SmallVector& operator=(SmallVector other) noexcept {
    clear();
    take(other);
    return *this;
  }
  ~SmallVector() { clear(); }

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return heap_ ? heap_ : inline_data(); }
  const T* data() const { return heap_ ? heap_ : inline_data(); }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  T& operator[](int i) { return data()[i]; }
  const T& operator[](int i) const { return data()[i]; }
  T& back() { return data()[size_ - 1]; }
  operator std::span<const T>() const { return {data(), static_cast<size_t>(size_)}; }
  operator std::span<T>() { return {data(), static_cast<size_t>(size_)}; }

  template <class... Args>
  void emplace_back(Args&&... args) {
    if (size_ == capacity_) reserve(2 * capacity_);
    new (data() + size_) T{std::forward<Args>(args)...};
    ++size_;
  }
  void push_back(T value) {
    if (size_ == capacity_) reserve(2 * capacity_);
    new (data() + size_) T(std::move(value));
    ++size_;
  }
  void pop_back() { data()[--size_].~T(); }
  void resize(int n) {
    reserve(n);
    while (size_ > n) pop_back();
    while (size_ < n) new (data() + size_++) T();
  }
  void reserve(int n) {
    if (n <= capacity_) return;
    T* grown = std::allocator<T>().allocate(static_cast<size_t>(n));
    std::uninitialized_move_n(data(), size_, grown);
    std::destroy_n(data(), size_);
    if (heap_) std::allocator<T>().deallocate(heap_, static_cast<size_t>(capacity_));
    heap_ = grown;
    capacity_ = n;
  }
  void clear() {
    std::destroy_n(data(), size_);
    size_ = 0;
    if (heap_) std::allocator<T>().deallocate(heap_, static_cast<size_t>(capacity_));
    heap_ = nullptr;
    capacity_ = N;
  }

 private:
  T* inline_data() { return reinterpret_cast<T*>(inline_); }
  const T* inline_data() const { return reinterpret_cast<const T*>(inline_); }
  // `this` is empty.
  void take(SmallVector& other) noexcept {
    if (other.heap_) {
      heap_ = std::exchange(other.heap_, nullptr);
      capacity_ = std::exchange(other.capacity_, N);
      size_ = std::exchange(other.size_, 0);
      return;
    }
    std::uninitialized_move_n(other.data(), other.size_, inline_data());
    size_ = other.size_;
    other.clear();
  }

  T* heap_ = nullptr;
  int size_ = 0;
  int capacity_ = N;
  alignas(T) unsigned char inline_[sizeof(T) * N];
};

}  // namespace danlu
