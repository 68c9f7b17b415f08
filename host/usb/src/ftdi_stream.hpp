#pragma once
// Byte streams through an FTDI chip, by libusb: transfers in flight both ways, a thread that ends
// and renews them.

#include <expected>
#include <memory>
#include <system_error>

#include "tautline_usb/byte_stream.hpp"
#include "url.hpp"

namespace tautline::usb {

[[nodiscard]] std::expected<std::unique_ptr<ByteStream>, std::error_code> open_ftdi(
    const UsbAddress& address);

}  // namespace tautline::usb
