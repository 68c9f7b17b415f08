#pragma once
/// \file
/// The chip as a USB device of this process and its children, by umockdev: an unmodified libusb
/// finds it under /sys and talks to it by the ioctls of usbfs. The process runs under
/// `umockdev-wrapper`.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tautline_sim_usb/ft_chip.hpp"

namespace tautline::sim {

class UmockdevHost {
 public:
  /// `board` outlives the host.
  [[nodiscard]] static Result<std::unique_ptr<UmockdevHost>> plug_in(ByteSide& board,
                                                                     const FtConfig& config);
  virtual ~UmockdevHost() = default;
  UmockdevHost(const UmockdevHost&) = delete;
  UmockdevHost& operator=(const UmockdevHost&) = delete;

  /// The board has bytes, or room. Any thread.
  virtual void wake() = 0;

  // What may go wrong; any thread.
  virtual void unplug() = 0;
  /// The next `count` transfers of the endpoint stall; it stays halted until it is cleared.
  virtual void stall(std::uint8_t endpoint, unsigned count) = 0;
  /// The next OUT transfer carries only so many bytes.
  virtual void shorten_out(std::size_t bytes) = 0;
  /// The next transfer of the endpoint ends with an error of the bus.
  virtual void break_transfer(std::uint8_t endpoint) = 0;
  /// Every attempt to claim an interface finds it taken.
  virtual void take_interface() = 0;

  struct Counts {
    std::uint64_t ioctls = 0, in_transfers = 0, out_transfers = 0, cleared = 0, cancelled = 0;
  };
  [[nodiscard]] virtual Counts counts() const = 0;

 protected:
  UmockdevHost() = default;
};

/// Runs a program with the host's devices in its view and passes SIGINT, SIGTERM and SIGUSR1 on;
/// its exit status, or -1. Every thread of the caller blocks these signals.
[[nodiscard]] int run_child(const std::vector<std::string>& command);

}  // namespace tautline::sim
