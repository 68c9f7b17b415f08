#pragma once
/// \file
/// The configuration space of the virtual board.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tautline::board {

/// What a write to configuration space asks of the function.
struct ConfigEffect {
  bool reset = false;  ///< a function-level reset
};

/// 256 bytes: a type 0 header, BARs 0 (registers), 2 (push window) and 4 (MSI-X table),
/// capabilities PCI Express (with function-level reset) and MSI-X. Bytes outside are zero and
/// cannot be written.
class ConfigSpace {
 public:
  static constexpr std::size_t size = 256;
  static constexpr unsigned msix_vectors = 1;
  static constexpr std::uint64_t msix_bar_size = 4096;
  static constexpr std::uint16_t vendor_id = 0x1234;  // the vendor of virtual devices
  static constexpr std::uint16_t device_id = 0x7461;

  /// Sizes of BARs 0 and 2, powers of two.
  ConfigSpace(std::uint64_t registers, std::uint64_t push_window);

  void read(std::uint64_t offset, std::span<std::byte> data) const;
  ConfigEffect write(std::uint64_t offset, std::span<const std::byte> data);
  /// As after power-up.
  void reset();

  [[nodiscard]] bool memory_enabled() const;
  [[nodiscard]] bool bus_master() const;

 private:
  void set16(unsigned offset, std::uint16_t value, std::uint16_t writable = 0);
  void set32(unsigned offset, std::uint32_t value, std::uint32_t writable = 0);
  [[nodiscard]] std::uint16_t get16(unsigned offset) const;

  std::array<std::byte, size> initial_{}, bytes_{}, writable_{};
};

}  // namespace tautline::board
