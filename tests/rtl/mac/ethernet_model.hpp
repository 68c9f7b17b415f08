// IEEE 802.3 as the MACs' tests see it, written from the text of the standard and not from the RTL:
// the frame check sequence by division of polynomials, the transmitter's frame, and a receiver that
// reads a whole line at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tautline::test {

using Bytes = std::vector<std::uint8_t>;

// 3.2.9: the first 32 bits of the frame are complemented; the frame in order of transmission, times
// x^32, is divided by G(x); the complement of the remainder is sent, highest coefficient first.
inline Bytes FrameCheckSequence(std::span<const std::uint8_t> frame) {
  constexpr std::uint32_t kG = 0x04c11db7;
  std::uint32_t remainder = 0;
  const std::size_t bits = 8 * frame.size();
  for (std::size_t i = 0; i < bits + 32; ++i) {
    unsigned bit = i < bits ? frame[i / 8] >> (i % 8) & 1U : 0U;  // low bit first
    if (i < 32) bit ^= 1U;
    const bool carry = (remainder >> 31) != 0;
    remainder = remainder << 1 | bit;
    if (carry) remainder ^= kG;
  }
  Bytes fcs(4);
  for (unsigned i = 0; i < 32; ++i) {
    const unsigned bit = ~remainder >> (31 - i) & 1U;
    fcs[i / 8] = static_cast<std::uint8_t>(fcs[i / 8] | bit << (i % 8));
  }
  return fcs;
}

// The frame as it is sent: padded to 60 bytes (4.2.3.3), with its FCS, right or wrong in every bit.
inline Bytes Sent(Bytes frame, bool wrong_fcs = false) {
  if (frame.size() < 60) frame.resize(60);
  for (const std::uint8_t byte : FrameCheckSequence(frame)) {
    frame.push_back(wrong_fcs ? static_cast<std::uint8_t>(~byte) : byte);
  }
  return frame;
}

// Without padding.
inline Bytes WithFcs(Bytes frame) {
  const Bytes fcs = FrameCheckSequence(frame);
  frame.insert(frame.end(), fcs.begin(), fcs.end());
  return frame;
}

// What the engine sees of a received frame.
struct Received {
  Bytes data;
  bool bad = false;
  bool operator==(const Received&) const = default;
};

struct Counts {
  unsigned bad_fcs = 0, overflow = 0, runt = 0, giant = 0, underrun = 0;
  bool operator==(const Counts&) const = default;
};

inline std::string Text(const Counts& c) {
  char text[120];
  std::snprintf(text, sizeof text, "bad_fcs %u overflow %u runt %u giant %u underrun %u", c.bad_fcs,
                c.overflow, c.runt, c.giant, c.underrun);
  return text;
}

struct Reception {
  std::vector<Received> frames;
  Counts counts;
};

// A frame behind its SFD, FCS included, as the MAC judges it: 4.2.4.2.2 drops what is shorter than
// minFrameSize, 4.2.4.2.1 what is too long; `error` is the PHY's word (22.2.1.5, 46.3.3.1).
inline void Judge(const Bytes& octets, bool error, std::size_t max_frame, Reception& out) {
  const std::size_t n = octets.size();
  if (n <= 4) {
    ++out.counts.runt;  // nothing is left of it
    return;
  }
  if (n > max_frame) {
    ++out.counts.giant;
    out.frames.push_back({Bytes(octets.begin(), octets.begin() + max_frame - 4), true});
    return;
  }
  const Bytes data(octets.begin(), octets.end() - 4);
  const bool wrong = error || FrameCheckSequence(data) != Bytes(octets.end() - 4, octets.end());
  if (n < 64) {
    ++out.counts.runt;
  } else if (wrong) {
    ++out.counts.bad_fcs;
  }
  out.frames.push_back({data, wrong || n < 64});
}

// One cycle of a line of 4 or 8 bits.
struct Symbol {
  bool dv = false, er = false;
  std::uint8_t value = 0;
};
using Line = std::vector<Symbol>;

// `octets` are sent as they are; the preamble has `preamble` symbols before the SFD.
inline void Carry(Line& line, std::span<const std::uint8_t> octets, unsigned bits,
                  std::size_t preamble) {
  const std::uint8_t filler = bits == 4 ? 0x5 : 0x55;
  line.insert(line.end(), preamble, Symbol{true, false, filler});
  const auto put = [&](std::uint8_t octet) {
    if (bits == 8) {
      line.push_back({true, false, octet});
    } else {
      line.push_back({true, false, static_cast<std::uint8_t>(octet & 15)});
      line.push_back({true, false, static_cast<std::uint8_t>(octet >> 4)});
    }
  };
  put(0xd5);
  for (const std::uint8_t octet : octets) put(octet);
}
inline void Idle(Line& line, std::size_t symbols) {
  line.insert(line.end(), symbols, Symbol{});
}

// What a receiver makes of a line. The line begins and ends idle.
inline Reception Receive(const Line& line, unsigned bits, std::size_t max_frame) {
  Reception out;
  for (std::size_t at = 0; at < line.size();) {
    if (!line[at].dv) {
      ++at;
      continue;
    }
    std::size_t end = at;
    bool error = false;
    for (; end < line.size() && line[end].dv; ++end) error = error || line[end].er;
    // The SFD may lie at any symbol of the carrier.
    std::optional<std::size_t> first;
    for (std::size_t i = at; i < end && !first; ++i) {
      if (bits == 8 && line[i].value == 0xd5) first = i + 1;
      if (bits == 4 && i + 1 < end && line[i].value == 5 && line[i + 1].value == 13) first = i + 2;
    }
    if (first) {
      Bytes octets;
      if (bits == 8) {
        for (std::size_t i = *first; i < end; ++i) octets.push_back(line[i].value);
      } else {
        for (std::size_t i = *first; i + 1 < end; i += 2) {
          octets.push_back(static_cast<std::uint8_t>(line[i].value | line[i + 1].value << 4));
        }
      }
      Judge(octets, error, max_frame, out);
    }
    at = end;
  }
  return out;
}

}  // namespace tautline::test
