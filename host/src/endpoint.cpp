#include "tautline/endpoint.hpp"

#include <charconv>
#include <cstdio>
#include <memory>

namespace tautline {
namespace {

template <typename T>
std::expected<T, std::error_code> invalid() {
  return std::unexpected(std::make_error_code(std::errc::invalid_argument));
}

/// A number that is all of `text`.
bool number(std::string_view text, int base, unsigned max, unsigned& value) {
  const char* const begin = std::to_address(text.begin());
  const char* const end = std::to_address(text.end());
  const auto result = std::from_chars(begin, end, value, base);
  return result.ec == std::errc{} && result.ptr == end && value <= max;
}

/// Cuts the part before `separator` off `text`; the whole text if there is none.
std::string_view cut(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
  return head;
}

}  // namespace

std::string Ipv4Address::to_string() const {
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%u.%u.%u.%u", value >> 24, value >> 16 & 0xff,
                value >> 8 & 0xff, value & 0xff);
  return buffer.data();
}

std::expected<Ipv4Address, std::error_code> Ipv4Address::parse(std::string_view text) {
  Ipv4Address address;
  if (text.ends_with('.')) return invalid<Ipv4Address>();
  for (unsigned i = 0; i < 4; ++i) {
    unsigned byte = 0;
    const std::string_view part = cut(text, '.');
    if (part.size() > 3 || !number(part, 10, 255, byte)) return invalid<Ipv4Address>();
    address.value = address.value << 8 | byte;
  }
  if (!text.empty()) return invalid<Ipv4Address>();
  return address;
}

std::string Ipv4Prefix::to_string() const {
  return address.to_string() + "/" + std::to_string(length);
}

std::expected<Ipv4Prefix, std::error_code> Ipv4Prefix::parse(std::string_view text) {
  Ipv4Prefix prefix;
  const bool has_length = text.find('/') != std::string_view::npos;
  const auto address = Ipv4Address::parse(cut(text, '/'));
  if (!address || (has_length && !number(text, 10, 32, prefix.length))) {
    return invalid<Ipv4Prefix>();
  }
  prefix.address = *address;
  return prefix;
}

std::uint64_t MacAddress::value() const noexcept {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

std::string MacAddress::to_string() const {
  std::array<char, 18> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1],
                bytes[2], bytes[3], bytes[4], bytes[5]);
  return buffer.data();
}

std::expected<MacAddress, std::error_code> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  if (text.ends_with(':')) return invalid<MacAddress>();
  for (std::uint8_t& byte : mac.bytes) {
    unsigned value = 0;
    const std::string_view part = cut(text, ':');
    if (part.size() > 2 || !number(part, 16, 255, value)) return invalid<MacAddress>();
    byte = static_cast<std::uint8_t>(value);
  }
  if (!text.empty()) return invalid<MacAddress>();
  return mac;
}

std::string Endpoint::to_string() const {
  return address.to_string() + ":" + std::to_string(port);
}

std::expected<Endpoint, std::error_code> Endpoint::parse(std::string_view text) {
  const auto address = Ipv4Address::parse(cut(text, ':'));
  unsigned port = 0;
  if (!address || !number(text, 10, 65535, port)) return invalid<Endpoint>();
  return Endpoint{*address, static_cast<std::uint16_t>(port)};
}

}  // namespace tautline
