#pragma once
/// \file
/// The virtual board as a PCI function: configuration space, BARs, MSI-X, reset. It knows nothing
/// of sockets; its calls come from one thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <system_error>

#include "config_space.hpp"
#include "descriptor.hpp"
#include "dma_map.hpp"
#include "tautline_sim/harness.hpp"

namespace tautline::board {

/// Region indices are VFIO's: BARs 0 to 5, and 7 the configuration space.
class Device {
 public:
  static constexpr unsigned config_region = 7;
  static constexpr unsigned regions = 9;
  static constexpr std::size_t max_access = 4096;  ///< bytes of one access to a region

  /// `dma` is the board's memory target.
  Device(std::shared_ptr<sim::Board> board, std::shared_ptr<DmaMap> dma);

  [[nodiscard]] std::uint64_t region_size(unsigned region) const;
  /// `invalid_argument` outside of a region. A disabled BAR reads as ones.
  std::error_code read(unsigned region, std::uint64_t offset, std::span<std::byte> data);
  std::error_code write(unsigned region, std::uint64_t offset, std::span<const std::byte> data);

  /// Where the MSI-X vector is signalled; none: interrupts wait.
  void set_interrupt(detail::Descriptor event);
  void set_interrupt_masked(bool masked);
  /// Readable when the board raised its interrupt; then call `interrupt`.
  [[nodiscard]] int interrupt_fd() const { return function_->interrupt_fd(); }
  void interrupt();
  /// Signals the vector as if the board had.
  void trigger();

  /// Stops the engine and brings it to the state of power-up, except for its register block, which
  /// the next driver programs. False if it does not drain or does not come back.
  bool reset();
  /// A client has gone: nothing of it stays. The engine is left to the next one's attach.
  void detach();

  [[nodiscard]] DmaMap& dma() { return *dma_; }
  [[nodiscard]] sim::Board& board() { return *board_; }
  /// Accesses that no driver makes: parts of registers, parts of push lines.
  [[nodiscard]] std::uint64_t odd_accesses() const { return odd_; }

 private:
  void read_registers(std::uint64_t offset, std::span<std::byte> data);
  void write_registers(std::uint64_t offset, std::span<const std::byte> data);
  void write_push(std::uint64_t offset, std::span<const std::byte> data);
  void end_push();
  void deliver();

  std::shared_ptr<sim::Board> board_;
  std::shared_ptr<DmaMap> dma_;
  std::unique_ptr<PciFunction> function_;
  ConfigSpace config_;
  std::array<std::byte, ConfigSpace::msix_bar_size> msix_{};
  detail::Descriptor event_;
  bool masked_ = false;
  bool pending_ = false;
  // Where accesses are trapped, the processor's write-combining buffer is bypassed and a push line
  // comes in parts. They are put together here, as that buffer would.
  std::array<std::byte, 64> line_{};
  std::uint64_t line_offset_ = 0;
  std::size_t line_have_ = 0;
  std::uint64_t odd_ = 0;
};

}  // namespace tautline::board
