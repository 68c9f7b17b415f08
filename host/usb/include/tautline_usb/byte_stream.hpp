#pragma once
/// \file
/// Two byte streams to a board: what `UsbFunction` needs of a transport. The FTDI transport and the
/// simulated board implement it.

#include <chrono>
#include <cstddef>
#include <span>

#include "tautline/pci_function.hpp"

namespace tautline::usb {

/// One owner thread. Bytes arrive in order; a transport that loses some need not say so.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  /// Takes as many of the bytes as there is room for, from the first on. Never waits.
  virtual std::size_t send(std::span<const std::byte> bytes) = 0;
  /// Gives what has come, at most `room`. Never waits.
  virtual std::size_t receive(std::span<std::byte> room) = 0;

  /// Lets a simulated board go on; true if anything happened.
  virtual bool progress() = 0;
  /// Waits until bytes have come, there may be room again, or `timeout`, in the stream's time.
  virtual void wait(std::chrono::microseconds timeout) = 0;
  [[nodiscard]] virtual std::chrono::microseconds now() const noexcept = 0;

  /// Readable when bytes have come or the state has changed, until `acknowledge`; -1 without.
  [[nodiscard]] virtual int fd() const noexcept = 0;
  virtual void acknowledge() noexcept = 0;
  [[nodiscard]] virtual LinkState state() const noexcept = 0;
};

}  // namespace tautline::usb
