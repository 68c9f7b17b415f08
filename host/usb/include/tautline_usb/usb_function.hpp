#pragma once
/// \file
/// The host's half of the byte-stream carrier: a `PciFunction` whose rings lie in this process, on
/// top of two byte streams (docs/usb.md). Driver, stack and sockets above do not see the
/// difference.

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>
#include <system_error>

#include "tautline/pci_function.hpp"
#include "tautline_usb/byte_stream.hpp"

namespace tautline::usb {

struct LinkOptions {
  /// A board that is silent so long after it was asked is gone.
  std::chrono::microseconds dead_after{5'000'000};
  /// How long HELLO may go without answer.
  std::chrono::microseconds hello_timeout{5'000'000};
};

/// What went over the link, for tables and tests.
struct LinkCounts {
  std::uint64_t frames_out = 0, bytes_out = 0, payload_out = 0;
  std::uint64_t frames_in = 0, bytes_in = 0, payload_in = 0;
  std::uint64_t garbage = 0;  ///< bytes that were of no frame
};

class UsbFunction : public PciFunction {
 public:
  /// Begins a session, which resets the board, whatever state it is in.
  [[nodiscard]] static std::expected<std::unique_ptr<UsbFunction>, std::error_code> open(
      std::unique_ptr<ByteStream> stream, const LinkOptions& options = {});
  [[nodiscard]] virtual LinkCounts counts() const noexcept = 0;
};

/// Opens `VID:PID[:serial][:interface][?baud=N&mode=uart|fifo&timeout=MS]`, numbers in hexadecimal;
/// what `usb:` of `open_pci_function` does.
[[nodiscard]] std::expected<std::unique_ptr<PciFunction>, std::error_code> open_usb(
    std::string_view rest_of_url);

}  // namespace tautline::usb
