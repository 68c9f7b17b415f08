#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <system_error>

namespace tautline::usb {

struct UsbAddress {
  std::uint16_t vid = 0, pid = 0;
  std::string serial;  ///< empty: any
  int interface = -1;  ///< -1: the one that boards use, see default_interface
  bool fifo = false;   ///< the synchronous FIFO instead of the UART
  unsigned baud = 12'000'000;
  std::chrono::milliseconds timeout{5'000};
};

[[nodiscard]] std::expected<UsbAddress, std::error_code> parse_usb_url(std::string_view rest);

/// A two-port chip has its programming port first and the UART second; only the first has the FIFO.
[[nodiscard]] int default_interface(const UsbAddress& address, int interfaces) noexcept;

/// What SET_BAUD_RATE of the high-speed chips wants (120 MHz / 10).
struct BaudCode {
  std::uint16_t value = 0;
  std::uint16_t index = 0;  ///< upper byte only; the port goes into the lower one
};
[[nodiscard]] std::expected<BaudCode, std::error_code> baud_code(unsigned baud) noexcept;

}  // namespace tautline::usb
