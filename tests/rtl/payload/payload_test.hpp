// What the tests of the payload modules share: the seed, a plain checksum, a clocked model.
#pragma once

#include <gtest/gtest.h>
#include <verilated.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace tautline::test {

using Bytes = std::vector<std::uint8_t>;

inline std::uint64_t Seed() {
  static const std::uint64_t seed = [] {
    const char* text = std::getenv("TAUTLINE_SEED");
    const std::uint64_t value = text != nullptr ? std::strtoull(text, nullptr, 0) : 1;
    std::cout << "TAUTLINE_SEED=" << value << "\n";
    return value;
  }();
  return seed;
}

class Random {
 public:
  explicit Random(std::uint64_t stream) : engine_(Seed() * 0x9e3779b97f4a7c15U + stream) {}
  // From 0 to bound - 1.
  std::uint32_t Below(std::uint32_t bound) {
    return static_cast<std::uint32_t>((engine_() >> 32) * bound >> 32);
  }
  std::uint32_t Between(std::uint32_t low, std::uint32_t high) {
    return low + Below(high - low + 1);
  }
  bool Percent(std::uint32_t chance) { return Below(100) < chance; }
  std::uint8_t Byte() { return static_cast<std::uint8_t>(engine_() >> 40); }

 private:
  std::mt19937_64 engine_;
};

// RFC 1071, byte by byte, folded to 16 bits.
inline std::uint16_t PlainSum(std::span<const std::uint8_t> bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += (i % 2 == 0) ? std::uint64_t{bytes[i]} << 8 : bytes[i];
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// Zero has two representations in one's complement.
inline bool SameSum(std::uint16_t a, std::uint16_t b) {
  return a % 0xffff == b % 0xffff;
}

// A port of any width as bytes, lane 0 first.
template <typename Port>
void SetLane(Port& port, std::size_t lane, std::uint8_t value) {
  std::memcpy(reinterpret_cast<std::uint8_t*>(&port) + lane, &value, 1);
}
template <typename Port>
std::uint8_t Lane(const Port& port, std::size_t lane) {
  std::uint8_t value = 0;
  std::memcpy(&value, reinterpret_cast<const std::uint8_t*>(&port) + lane, 1);
  return value;
}

// Inputs are set, `Settle` makes the combinational outputs follow, `Edge` clocks.
template <typename Top>
class Clocked {
 public:
  Clocked() {
    top.clk = 0;
    top.rst = 1;
    for (int i = 0; i < 3; ++i) {
      Settle();
      Edge();
    }
    top.rst = 0;
  }
  void Settle() { top.eval(); }
  void Edge() {
    top.clk = 1;
    top.eval();
    top.clk = 0;
    ++cycle;
  }

  VerilatedContext context;
  Top top{&context};
  std::uint64_t cycle = 0;
};

}  // namespace tautline::test
