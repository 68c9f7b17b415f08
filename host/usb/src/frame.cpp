#include "frame.hpp"

#include <bit>

namespace tautline::usb {
namespace {

static_assert(std::endian::native == std::endian::little, "frames are little-endian");

using namespace regs;

constexpr auto kCrc32Table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    table[i] = crc;
  }
  return table;
}();

// Longest that either side sends: a range of a jumbo frame.
constexpr std::size_t kLongest = 16384;

}  // namespace

std::uint16_t crc16(std::span<const std::byte> bytes) noexcept {
  std::uint32_t crc = 0xFFFF;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc & 0x8000) != 0 ? 0x1021u : 0u);
  }
  return static_cast<std::uint16_t>(crc);
}

std::uint32_t crc32(std::span<const std::byte> bytes) noexcept {
  std::uint32_t crc = ~0u;
  for (const std::byte byte : bytes) {
    crc = crc >> 8 ^ kCrc32Table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFF];
  }
  return ~crc;
}

void seal(std::span<std::byte> frame, const Header& header) noexcept {
  std::array<std::uint32_t, stream_header::words> words{};
  stream_header::magic.into(words, stream_magic);
  stream_header::kind.into(words, static_cast<std::uint32_t>(header.kind));
  stream_header::length.into(words, static_cast<std::uint32_t>(header.length));
  stream_header::seq.into(words, header.seq);
  stream_header::credit.into(words, header.credit);
  std::memcpy(frame.data(), words.data(), sizeof words);
  stream_header::check.into(words, crc16(frame.first(6)));
  std::memcpy(frame.data(), words.data(), sizeof words);
  if (header.length != 0) {
    store32(frame.data() + kHeaderBytes + header.length,
            crc32(frame.subspan(kHeaderBytes, header.length)));
  }
}

Scan scan(std::span<const std::byte> bytes, Header& header) noexcept {
  if (bytes.empty()) return Scan::more;
  if (std::to_integer<std::uint32_t>(bytes[0]) != stream_magic) return Scan::garbage;
  if (bytes.size() < kHeaderBytes) return Scan::more;
  std::array<std::uint32_t, stream_header::words> words{};
  std::memcpy(words.data(), bytes.data(), sizeof words);
  if (stream_header::check.from(words) != crc16(bytes.first(6))) return Scan::garbage;
  header.kind = static_cast<StreamType>(stream_header::kind.from(words));
  header.length = stream_header::length.from(words);
  header.seq = static_cast<std::uint8_t>(stream_header::seq.from(words));
  header.credit = static_cast<std::uint8_t>(stream_header::credit.from(words));
  if (header.length > kLongest) return Scan::garbage;
  if (bytes.size() < frame_bytes(header.length)) return Scan::more;
  if (header.length != 0 && load32(bytes.data() + kHeaderBytes + header.length) !=
                                crc32(bytes.subspan(kHeaderBytes, header.length))) {
    return Scan::garbage;
  }
  return Scan::frame;
}

}  // namespace tautline::usb
