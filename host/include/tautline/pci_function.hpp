#pragma once
/// \file
/// The one seam between the driver and a PCI function: BARs, DMA memory, an interrupt. The
/// simulated board, vfio-user and the kernel's VFIO implement it; the driver knows nothing else.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace tautline {

/// Memory that both the host and the device can reach. Zeroed, page aligned, released with the
/// object.
class DmaRegion {
 public:
  virtual ~DmaRegion() = default;
  DmaRegion() = default;
  DmaRegion(const DmaRegion&) = delete;
  DmaRegion& operator=(const DmaRegion&) = delete;
  /// The host's view, valid for the object's life.
  [[nodiscard]] virtual std::span<std::byte> bytes() const noexcept = 0;
  /// The address by which the device reaches byte 0; aligned as asked for.
  [[nodiscard]] virtual std::uint64_t device_address() const noexcept = 0;
};

/// Why a function stopped answering; sticky.
enum class LinkState { up, removed, failed };

/// One PCI function. Not thread-safe: one owner thread, as `Stack`.
///
/// Memory order: what was stored to a DmaRegion before `write32` or `write_line` is visible to the
/// device when it sees that write. What the device wrote before a word that the host reads with
/// acquire order is visible after that read.
class PciFunction {
 public:
  virtual ~PciFunction() = default;
  PciFunction() = default;
  PciFunction(const PciFunction&) = delete;
  PciFunction& operator=(const PciFunction&) = delete;

  /// A register read (never on the data path). All ones when the link is not up.
  [[nodiscard]] virtual std::uint32_t read32(unsigned bar, std::uint64_t offset) = 0;
  /// A posted register write; writes arrive in order.
  virtual void write32(unsigned bar, std::uint64_t offset, std::uint32_t value) = 0;
  /// A posted 64-byte write to a push window, 64-byte aligned, as one burst if the link can.
  virtual void write_line(unsigned bar, std::uint64_t offset,
                          std::span<const std::byte, 64> line) = 0;
  /// Size of a BAR in bytes, 0 if absent.
  [[nodiscard]] virtual std::uint64_t bar_size(unsigned bar) const noexcept = 0;

  /// Allocates DMA memory; alignment is a power of two, at least a page.
  [[nodiscard]] virtual std::expected<std::unique_ptr<DmaRegion>, std::error_code> allocate(
      std::size_t size, std::size_t alignment) = 0;

  /// A descriptor that becomes readable when an interrupt arrived; -1 if the link has none. The
  /// caller reads nothing from it: `acknowledge_interrupt` clears it.
  [[nodiscard]] virtual int interrupt_fd() const noexcept = 0;
  virtual void acknowledge_interrupt() noexcept = 0;

  /// Lets a simulated device go on; a no-op for real ones. Called once per `Stack::poll`. Returns
  /// true if the device did something (there is reason to poll again).
  virtual bool progress() = 0;
  /// Waits until an interrupt or `timeout`, in the device's time (virtual time is skipped, not
  /// slept).
  virtual void wait(std::chrono::microseconds timeout) = 0;
  /// The device's clock; the library's timeouts and linger use it and never the system's.
  [[nodiscard]] virtual std::chrono::microseconds now() const noexcept = 0;

  [[nodiscard]] virtual LinkState link_state() const noexcept = 0;
};

/// Opens a device by URL: `vfio-user:/path` and `pci:DDDD:BB:DD.F`, which the library has built in,
/// or what a backend has registered with `register_device_scheme` (`sim:[?option=value&...]`,
/// `usb:`).
[[nodiscard]] std::expected<std::unique_ptr<PciFunction>, std::error_code> open_pci_function(
    std::string_view url);

/// Why this thread's last `open_pci_function` failed and what to do, in a sentence; empty if the
/// code says it all.
[[nodiscard]] const std::string& last_open_explanation() noexcept;
/// For backends: sets that sentence.
void explain_open_failure(std::string sentence);

using PciFunctionFactory =
    std::expected<std::unique_ptr<PciFunction>, std::error_code> (*)(std::string_view rest_of_url);

/// Adds a scheme (without the colon). A later registration of the same scheme replaces the earlier
/// one.
void register_device_scheme(std::string_view scheme, PciFunctionFactory factory);

}  // namespace tautline
