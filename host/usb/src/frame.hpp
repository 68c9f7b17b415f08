#pragma once
// Frames of the byte-stream link: checks, and a scanner that finds frames among bytes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "generated/regs.hpp"

namespace tautline::usb {

constexpr std::size_t kHeaderBytes = 4 * regs::stream_header::words;
constexpr std::size_t kCrcBytes = 4;

[[nodiscard]] constexpr std::uint32_t frame_cost(std::size_t length) noexcept {
  return static_cast<std::uint32_t>(length) + regs::stream_frame_cost;
}
[[nodiscard]] constexpr std::size_t frame_bytes(std::size_t length) noexcept {
  return length == 0 ? kHeaderBytes : kHeaderBytes + length + kCrcBytes;
}

/// CRC-16 (polynomial 0x1021, from all ones, highest bit first).
[[nodiscard]] std::uint16_t crc16(std::span<const std::byte> bytes) noexcept;
/// CRC-32 of IEEE 802.3.
[[nodiscard]] std::uint32_t crc32(std::span<const std::byte> bytes) noexcept;

[[nodiscard]] inline std::uint32_t load32(const std::byte* from) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return value;
}
inline void store32(std::byte* to, std::uint32_t value) noexcept {
  std::memcpy(to, &value, sizeof value);
}

struct Header {
  regs::StreamType kind{};
  std::size_t length = 0;
  std::uint8_t seq = 0;
  std::uint8_t credit = 0;
};

/// Writes the header to the first eight bytes and, behind the payload that is there, its CRC.
void seal(std::span<std::byte> frame, const Header& header) noexcept;

enum class Scan { frame, garbage, more };
/// Looks at what begins at the first byte: a whole frame, a byte of no frame, or too little to
/// tell.
[[nodiscard]] Scan scan(std::span<const std::byte> bytes, Header& header) noexcept;

}  // namespace tautline::usb
