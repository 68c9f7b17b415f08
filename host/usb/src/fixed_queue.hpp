#pragma once

#include <cstddef>
#include <vector>

namespace tautline::usb {

/// A queue that never allocates after its construction.
template <typename T>
class FixedQueue {
 public:
  explicit FixedQueue(std::size_t capacity) : places_(capacity) {}
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] bool full() const noexcept { return count_ == places_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept {
    return places_[(head_ + i) % places_.size()];
  }
  [[nodiscard]] T& front() noexcept { return places_[head_]; }
  [[nodiscard]] T& back() noexcept { return (*this)[count_ - 1]; }
  void push_back(const T& value) noexcept { (*this)[count_++] = value; }
  void pop_front() noexcept {
    head_ = (head_ + 1) % places_.size();
    --count_;
  }
  void clear() noexcept { head_ = count_ = 0; }

 private:
  std::vector<T> places_;
  std::size_t head_ = 0, count_ = 0;
};

}  // namespace tautline::usb
