#include <Vtl_siphash.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <vector>

#include "../common/rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

// SipHash-2-4 as its authors specify it, in plain code.
std::uint64_t sip_hash(std::uint64_t k0, std::uint64_t k1, const std::vector<std::uint8_t>& m) {
  std::uint64_t v0 = k0 ^ 0x736f6d6570736575, v1 = k1 ^ 0x646f72616e646f6d;
  std::uint64_t v2 = k0 ^ 0x6c7967656e657261, v3 = k1 ^ 0x7465646279746573;
  const auto rounds = [&](int n) {
    while (n-- > 0) {
      v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
      v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
    }
  };
  std::vector<std::uint8_t> padded = m;
  padded.resize((m.size() / 8 + 1) * 8);
  padded.back() = static_cast<std::uint8_t>(m.size());
  for (std::size_t i = 0; i < padded.size(); i += 8) {
    std::uint64_t word = 0;
    for (int j = 7; j >= 0; --j) word = word << 8 | padded[i + j];
    v3 ^= word, rounds(2), v0 ^= word;
  }
  v2 ^= 0xff, rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

// From the reference vectors: key 00..0f, message 00..(length-1).
constexpr std::array<std::pair<int, std::uint64_t>, 4> kVectors{{
    {7, 0xab0200f58b01d137},
    {8, 0x93f5f5799a932462},
    {12, 0x751e8fbc860ee5fb},
    {15, 0xa129ca6149be45e5},
}};

class SipHash : public ::testing::Test {
 protected:
  SipHash() {
    b->s_valid = 0;
    b.reset();
  }
  std::uint64_t hash(std::uint64_t k0, std::uint64_t k1, const std::vector<std::uint8_t>& m) {
    b->s_valid = 1;
    b->s_key[0] = static_cast<std::uint32_t>(k0);
    b->s_key[1] = static_cast<std::uint32_t>(k0 >> 32);
    b->s_key[2] = static_cast<std::uint32_t>(k1);
    b->s_key[3] = static_cast<std::uint32_t>(k1 >> 32);
    put(b->s_msg, m);
    b.settle();
    EXPECT_EQ(b->s_ready, 1);
    b.tick();
    b->s_valid = 0;
    latency = 1 + b.until([&] { return b->m_valid; }, 100);
    const std::uint64_t h = b->m_hash;
    b.tick();
    return h;
  }
  static void put(QData& port, const std::vector<std::uint8_t>& m) {
    port = 0;
    for (std::size_t i = 0; i < m.size(); ++i) port |= std::uint64_t{m[i]} << (8 * i);
  }
  template <std::size_t N>
  static void put(VlWide<N>& port, const std::vector<std::uint8_t>& m) {
    for (std::size_t i = 0; i < N; ++i) port[i] = 0;
    for (std::size_t i = 0; i < m.size(); ++i) port[i / 4] |= std::uint32_t{m[i]} << (8 * (i % 4));
  }
  Bench<Vtl_siphash> b;
  int latency = 0;
};

TEST_F(SipHash, AgreesWithTheReferenceVector) {
  std::vector<std::uint8_t> m(BYTES);
  for (int i = 0; i < BYTES; ++i) m[i] = static_cast<std::uint8_t>(i);
  const std::uint64_t h = hash(0x0706050403020100, 0x0f0e0d0c0b0a0908, m);
  bool known = false;
  for (const auto& [length, value] : kVectors) {
    if (length != BYTES) continue;
    known = true;
    EXPECT_EQ(h, value);
  }
  EXPECT_TRUE(known);
}

TEST_F(SipHash, AgreesWithTheSpecificationOnRandomMessages) {
  Random r;
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t k0 = r.bits(), k1 = r.bits();
    std::vector<std::uint8_t> m(BYTES);
    for (auto& byte : m) byte = static_cast<std::uint8_t>(r.bits());
    ASSERT_EQ(hash(k0, k1, m), sip_hash(k0, k1, m));
  }
}

TEST_F(SipHash, TakesOneCycleARoundAndTwoMore) {
  hash(1, 2, std::vector<std::uint8_t>(BYTES));
  EXPECT_EQ(latency, 2 * (BYTES / 8 + 1) + 4 + 1);
}

}  // namespace
