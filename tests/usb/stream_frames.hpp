// Frames of the byte-stream link, written from docs/usb.md alone: what the tests hold against the
// library and against the RTL.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace tautline::test {

using Bytes = std::vector<std::uint8_t>;

enum FrameType : std::uint8_t {
  kHello = 1,
  kCredit,
  kPing,
  kWrite,
  kRead,
  kValue,
  kSend,
  kTaken,
  kSpace,
  kDeliver,
  kEntry,
  kLost
};

struct StreamFrame {
  std::uint8_t type = 0, seq = 0, credit = 0;
  Bytes payload;
  std::uint64_t first_cycle = 0, last_cycle = 0;  // of its bytes, for who counts them

  [[nodiscard]] std::uint32_t word(std::size_t i) const {
    std::uint32_t w = 0;
    for (std::size_t b = 0; b < 4 && 4 * i + b < payload.size(); ++b)
      w |= std::uint32_t{payload[4 * i + b]} << (8 * b);
    return w;
  }
};

inline std::uint16_t stream_crc16(const std::uint8_t* data, std::size_t n) {
  std::uint16_t crc = 0xFFFF;
  for (std::size_t i = 0; i < n; ++i) {
    crc = static_cast<std::uint16_t>(crc ^ data[i] << 8);
    for (int b = 0; b < 8; ++b)
      crc = static_cast<std::uint16_t>(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  return crc;
}

inline std::uint32_t stream_crc32(const std::uint8_t* data, std::size_t n) {
  std::uint32_t crc = ~0u;
  for (std::size_t i = 0; i < n; ++i) {
    crc ^= data[i];
    for (int b = 0; b < 8; ++b) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  return ~crc;
}

inline void put32(Bytes& to, std::uint32_t value) {
  for (int b = 0; b < 4; ++b) to.push_back(static_cast<std::uint8_t>(value >> (8 * b)));
}

inline Bytes words(std::initializer_list<std::uint32_t> values) {
  Bytes b;
  for (const std::uint32_t v : values) put32(b, v);
  return b;
}

inline Bytes encode(const StreamFrame& f) {
  const auto n = static_cast<std::uint16_t>(f.payload.size());
  Bytes b{0xA7,  f.type,  static_cast<std::uint8_t>(n), static_cast<std::uint8_t>(n >> 8),
          f.seq, f.credit};
  const std::uint16_t check = stream_crc16(b.data(), 6);
  b.push_back(static_cast<std::uint8_t>(check));
  b.push_back(static_cast<std::uint8_t>(check >> 8));
  if (n > 0) {
    b.insert(b.end(), f.payload.begin(), f.payload.end());
    put32(b, stream_crc32(f.payload.data(), n));
  }
  return b;
}

/// Takes a stream apart; what is no frame is counted and skipped.
class Decoder {
 public:
  void push(std::uint8_t byte, std::uint64_t cycle = 0) {
    bytes_.push_back(byte);
    cycles_.push_back(cycle);
    while (scan()) {
    }
  }
  std::vector<StreamFrame> frames;
  std::size_t garbage = 0;

 private:
  bool scan() {
    if (bytes_.size() < 8) return false;
    const std::vector<std::uint8_t> head(bytes_.begin(), bytes_.begin() + 8);
    const std::size_t n = head[2] | head[3] << 8;
    if (head[0] != 0xA7 || (head[6] | head[7] << 8) != stream_crc16(head.data(), 6)) return skip();
    const std::size_t all = n == 0 ? 8 : 8 + n + 4;
    if (bytes_.size() < all) return false;
    StreamFrame f{.type = head[1],
                  .seq = head[4],
                  .credit = head[5],
                  .payload = Bytes(bytes_.begin() + 8, bytes_.begin() + 8 + static_cast<long>(n))};
    f.first_cycle = cycles_.front();
    f.last_cycle = cycles_[all - 1];
    const Bytes right = encode(f);
    if (!std::equal(right.begin(), right.end(), bytes_.begin())) return skip();
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<long>(all));
    cycles_.erase(cycles_.begin(), cycles_.begin() + static_cast<long>(all));
    frames.push_back(std::move(f));
    return true;
  }
  bool skip() {
    bytes_.pop_front();
    cycles_.pop_front();
    ++garbage;
    return true;
  }

  std::deque<std::uint8_t> bytes_;
  std::deque<std::uint64_t> cycles_;
};

}  // namespace tautline::test
