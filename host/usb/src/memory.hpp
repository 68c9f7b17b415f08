#pragma once
// The rings of a board that cannot reach memory: ordinary memory, found again by the address that
// the driver wrote into a base register.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include "tautline/pci_function.hpp"

namespace tautline::usb {

class Memory : public std::enable_shared_from_this<Memory> {
 public:
  [[nodiscard]] std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment);
  /// The bytes from `address` to the end of their region; empty if nothing lies there.
  [[nodiscard]] std::span<std::byte> find(std::uint64_t address) const noexcept;

 private:
  class Region;
  std::vector<std::span<std::byte>> regions_;
};

}  // namespace tautline::usb
