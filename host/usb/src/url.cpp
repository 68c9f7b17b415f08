#include "url.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <vector>

#include "tautline_usb/error.hpp"

namespace tautline::usb {
namespace {

template <typename T>
bool number(std::string_view text, T& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size();
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::expected<UsbAddress, std::error_code> parse_usb_url(std::string_view rest) {
  const std::unexpected<std::error_code> bad{make_error_code(Errc::bad_url)};
  const std::size_t mark = rest.find('?');
  const auto parts = split(rest.substr(0, mark), ':');
  UsbAddress address;
  if (parts.size() < 2 || parts.size() > 4 || parts[0].size() != 4 || parts[1].size() != 4 ||
      !number(parts[0], address.vid, 16) || !number(parts[1], address.pid, 16)) {
    return bad;
  }
  if (parts.size() > 2) address.serial = parts[2];
  if (parts.size() > 3) {
    if (parts[3].size() != 1 || parts[3][0] < 'A' || parts[3][0] > 'D') return bad;
    address.interface = parts[3][0] - 'A';
  }
  if (mark == std::string_view::npos) return address;
  for (const std::string_view option : split(rest.substr(mark + 1), '&')) {
    const std::size_t is = option.find('=');
    if (is == std::string_view::npos) return bad;
    const auto name = option.substr(0, is), value = option.substr(is + 1);
    unsigned n = 0;
    if (name == "baud" && number(value, n)) {
      address.baud = n;
    } else if (name == "mode" && (value == "uart" || value == "fifo")) {
      address.fifo = value == "fifo";
    } else if (name == "timeout" && number(value, n) && n > 0 && n <= 3'600'000) {
      address.timeout = std::chrono::milliseconds(n);
    } else {
      return bad;
    }
  }
  if (const auto code = baud_code(address.baud); !code) return std::unexpected(code.error());
  return address;
}

int default_interface(const UsbAddress& address, int interfaces) noexcept {
  if (address.interface >= 0) return address.interface;
  return interfaces > 1 && !address.fifo ? 1 : 0;
}

std::expected<BaudCode, std::error_code> baud_code(unsigned baud) noexcept {
  // Eighths of the divisor of 12 MHz, in the chip's own order.
  constexpr std::array<unsigned, 8> order{0, 3, 2, 4, 1, 5, 6, 7};
  constexpr unsigned clock = 12'000'000;
  if (baud < 183 || baud > clock) return std::unexpected(make_error_code(Errc::bad_rate));
  unsigned eighths = (8 * clock + baud / 2) / baud;
  // Between 1 and 2 there is only 1.5.
  if (eighths < 10) {
    eighths = 8;
  } else if (eighths < 16) {
    eighths = eighths < 14 ? 12 : 16;
  }
  const double made = 8.0 * clock / eighths;
  if (std::abs(made - baud) > 0.03 * baud) return std::unexpected(make_error_code(Errc::bad_rate));
  std::uint32_t code = eighths / 8 | order[eighths % 8] << 14;
  if (eighths == 8) code = 0;
  if (eighths == 12) code = 1;
  // Bit 17: the 120 MHz clock.
  code |= 0x20000;
  return BaudCode{static_cast<std::uint16_t>(code), static_cast<std::uint16_t>(code >> 8 & 0xFF00)};
}

}  // namespace tautline::usb
