#pragma once
/// \file
/// The simulated board with the byte-stream carrier: its two streams, for a chip's model or, in
/// virtual time, directly for the library.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "tautline_sim/harness.hpp"
#include "tautline_usb/byte_stream.hpp"

namespace tautline::sim {

/// Two byte streams of a device behind a chip. Any thread.
class ByteSide {
 public:
  virtual ~ByteSide() = default;
  /// Takes bytes for the device as far as the chip's buffer goes.
  virtual std::size_t give(std::span<const std::uint8_t> bytes) = 0;
  /// Takes bytes of the device.
  virtual std::size_t take(std::span<std::uint8_t> room) = 0;
  /// Bytes of the device that wait.
  [[nodiscard]] virtual std::size_t waiting() const = 0;
  /// Forgets bytes that wait: towards the host, towards the device.
  virtual void purge(bool to_host, bool to_device) = 0;
};

/// A board on a TAP device, in a thread that follows the wall clock.
class UsbBoard : public ByteSide {
 public:
  /// `options.tap` is set.
  [[nodiscard]] static Result<std::shared_ptr<UsbBoard>> start(BoardOptions options);
  /// Called in the board's thread when bytes for the host have come, or there is room again.
  virtual void on_change(std::function<void()> call) = 0;
  [[nodiscard]] virtual Board& board() = 0;
};

/// The stream by which a host reaches a board in virtual time (`Board::create` with
/// `options.stream`). A board outlives its streams: dropping one without a goodbye is what a host
/// that dies looks like. `bytes_per_second` 0: a byte a cycle.
[[nodiscard]] std::unique_ptr<usb::ByteStream> open_stream(const std::shared_ptr<Board>& board,
                                                           double bytes_per_second = 0);

}  // namespace tautline::sim
