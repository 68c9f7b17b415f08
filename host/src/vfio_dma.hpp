#pragma once
/// \file
/// What the kernel's VFIO and vfio-user have in common: memory that the device reaches at an
/// address of our choice, a mapped BAR, and the descriptor at which interrupts arrive.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include "descriptor.hpp"
#include "tautline/pci_function.hpp"

namespace tautline::detail {

[[nodiscard]] std::error_code last_system_error() noexcept;

/// A mapping of a file, unmapped with the object.
class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  /// Shared, readable and writable.
  [[nodiscard]] static std::expected<Mapping, std::error_code> map(int fd, std::size_t size,
                                                                   std::uint64_t offset);
  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  explicit operator bool() const noexcept { return data_ != nullptr; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Addresses that a device may use, given out lowest first. Ranges in use keep a page between them,
/// so that a device that runs over the end meets a fault instead of somebody else's bytes.
class AddressSpace {
 public:
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;  ///< inclusive
  };
  static constexpr std::uint64_t page = 4096;

  /// `usable` may overlap and need not be sorted.
  explicit AddressSpace(std::vector<Range> usable);
  /// `size` bytes, rounded up to pages, at a multiple of `alignment` (a power of two, at least a
  /// page). `not_enough_memory` if there is no such gap.
  [[nodiscard]] std::expected<std::uint64_t, std::error_code> take(std::size_t size,
                                                                   std::size_t alignment);
  void give_back(std::uint64_t address) noexcept;

 private:
  std::vector<Range> usable_;  // sorted, disjoint
  std::vector<Range> taken_;   // sorted, disjoint
};

/// How a link lets its device reach memory. Regions hold it, so it lives as long as the last of
/// them.
class DmaLink {
 public:
  explicit DmaLink(std::vector<AddressSpace::Range> usable) : addresses_(std::move(usable)) {}
  virtual ~DmaLink() = default;
  DmaLink(const DmaLink&) = delete;
  DmaLink& operator=(const DmaLink&) = delete;

  /// Zeroed memory that the device reaches at the region's address.
  [[nodiscard]] static std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      const std::shared_ptr<DmaLink>& link, std::size_t size, std::size_t alignment);

 protected:
  /// `memory` is a mapping of all of `fd`.
  [[nodiscard]] virtual std::error_code map(std::uint64_t address, const Mapping& memory,
                                            int fd) = 0;
  virtual void unmap(std::uint64_t address, std::size_t size) noexcept = 0;

 private:
  friend class LinkedRegion;
  AddressSpace addresses_;
};

/// Where interrupts arrive: an eventfd that the device signals. `descriptor` is also readable when
/// one of the watched descriptors is, so that a sleeper learns of a device that is gone.
class InterruptLine {
 public:
  [[nodiscard]] static std::expected<InterruptLine, std::error_code> create();
  [[nodiscard]] int event() const noexcept { return event_.get(); }
  [[nodiscard]] int descriptor() const noexcept { return all_.get(); }
  [[nodiscard]] std::error_code watch(int fd) noexcept;
  /// Clears the interrupt; false if there was none.
  bool take() noexcept;
  /// Until `descriptor` is readable, or the time is over.
  void wait(std::chrono::microseconds timeout) const noexcept;

 private:
  Descriptor event_, all_;
};

/// Makes an eventfd; `nonblocking` reads answer EAGAIN.
[[nodiscard]] std::expected<Descriptor, std::error_code> make_event() noexcept;
/// Reads an eventfd; false if nothing was signalled.
bool take_event(int fd) noexcept;

/// The clock of a device that follows the wall's.
[[nodiscard]] std::chrono::microseconds wall_clock() noexcept;

/// Stores to memory are visible to the device before the access that follows.
void order_before_mmio() noexcept;

/// A BAR in our address space.
[[nodiscard]] std::uint32_t mmio_read32(const Mapping& bar, std::uint64_t offset) noexcept;
void mmio_write32(const Mapping& bar, std::uint64_t offset, std::uint32_t value) noexcept;
/// 64 bytes, in ascending order and then pushed out of a write-combining buffer, if there is one.
void mmio_write_line(const Mapping& bar, std::uint64_t offset,
                     std::span<const std::byte, 64> line) noexcept;

/// True if an access of `size` bytes is aligned to it and lies in a BAR of `bar_size` bytes.
[[nodiscard]] constexpr bool inside_bar(std::uint64_t bar_size, std::uint64_t offset,
                                        std::uint64_t size) noexcept {
  return offset % size == 0 && bar_size >= size && offset <= bar_size - size;
}

}  // namespace tautline::detail
