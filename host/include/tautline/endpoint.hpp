#pragma once
/// \file
/// Addresses as values: IPv4 address, prefix, MAC address, endpoint. Numbers are in host byte
/// order.

#include <array>
#include <compare>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <system_error>

namespace tautline {

struct Ipv4Address {
  std::uint32_t value = 0;  ///< 10.0.0.1 is 0x0a000001; 0 means "any" or "none".

  auto operator<=>(const Ipv4Address&) const = default;
  [[nodiscard]] std::string to_string() const;
  /// Four decimal numbers and nothing else; otherwise `std::errc::invalid_argument`.
  [[nodiscard]] static std::expected<Ipv4Address, std::error_code> parse(std::string_view text);
};

/// "A.B.C.D/N", an interface's own address and the length of its network prefix.
struct Ipv4Prefix {
  Ipv4Address address;
  unsigned length = 32;

  auto operator<=>(const Ipv4Prefix&) const = default;
  [[nodiscard]] std::uint32_t mask() const noexcept {
    return length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
  }
  [[nodiscard]] std::string to_string() const;
  /// Without "/N" the length is 32.
  [[nodiscard]] static std::expected<Ipv4Prefix, std::error_code> parse(std::string_view text);
};

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};  ///< In wire order; all zero means "not given".

  auto operator<=>(const MacAddress&) const = default;
  [[nodiscard]] std::uint64_t value() const noexcept;  ///< First byte on the wire in bits 47:40.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] static std::expected<MacAddress, std::error_code> parse(std::string_view text);
};

struct Endpoint {
  Ipv4Address address;
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
  [[nodiscard]] std::string to_string() const;
  /// "A.B.C.D:port".
  [[nodiscard]] static std::expected<Endpoint, std::error_code> parse(std::string_view text);
};

}  // namespace tautline
