// Makes `usb:` known to open_pci_function in whatever links this library.

#include "ftdi_stream.hpp"
#include "tautline_usb/usb_function.hpp"

namespace tautline::usb {

std::expected<std::unique_ptr<PciFunction>, std::error_code> open_usb(std::string_view rest) {
  const auto address = parse_usb_url(rest);
  if (!address) return std::unexpected(address.error());
  auto stream = open_ftdi(*address);
  if (!stream) return std::unexpected(stream.error());
  return UsbFunction::open(std::move(*stream), {.dead_after = address->timeout});
}

namespace {
[[maybe_unused]] const bool registered = (register_device_scheme("usb", open_usb), true);
}  // namespace

}  // namespace tautline::usb
