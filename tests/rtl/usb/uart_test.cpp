// tl_uart at its pins: a transmitter and a receiver of our own on the other side.

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "Vtl_uart.h"
#include "rtl_bench.hpp"

namespace tautline::test {
namespace {

constexpr int kBit = CLOCKS_PER_BIT;

class Uart : public testing::Test {
 protected:
  Uart() {
    bench->s_valid = 0;
    bench->m_ready = 1;
    bench->uart_rxd = 1;
    bench.reset();
    bench.tick(4);
  }

  /// Line levels of one byte to the device, `clocks` times as long as it expects.
  void line_byte(std::uint8_t byte, double clocks = 1.0, bool stop = true) {
    const unsigned frame = (stop ? 0x200u : 0u) | byte << 1;
    for (int i = 0; i < 10; ++i) to_device.push_back({(frame >> i & 1) != 0, clocks * kBit});
  }

  void tick() {
    // The line to the device.
    bench->uart_rxd = to_device.empty() || to_device.front().first;
    line_time += 1;
    while (!to_device.empty() && line_time >= to_device.front().second) {
      line_time -= to_device.front().second;
      to_device.pop_front();
    }
    if (to_device.empty()) line_time = 0;
    bench->s_valid = !to_send.empty();
    bench->s_data = to_send.empty() ? 0 : to_send.front();
    bench.settle();
    if (bench->s_valid && bench->s_ready) to_send.pop_front();
    if (bench->m_valid && bench->m_ready) received.push_back(bench->m_data);
    overruns += bench->cnt_overrun;
    framings += bench->cnt_framing;
    listen(bench->uart_txd);
    bench.tick();
  }
  void run(int n) {
    while (n-- > 0) tick();
  }

  /// A receiver that samples at bit centres.
  void listen(bool level) {
    if (listening < 0) {
      if (!level) {
        listening = 0;
        starts.push_back(bench.cycle());
      } else {
        return;
      }
    }
    const int bit = listening / kBit;
    if (listening % kBit == kBit / 2) {
      if (bit == 0) {
        EXPECT_FALSE(level);
      } else if (bit <= 8) {
        sent_byte = static_cast<std::uint8_t>(sent_byte >> 1 | level << 7);
      } else {
        EXPECT_TRUE(level) << "stop bit";
        line_bytes.push_back(sent_byte);
      }
    }
    listening = listening + 1 == 10 * kBit ? -1 : listening + 1;
  }

  Bench<Vtl_uart> bench;
  Random random;
  std::deque<std::pair<bool, double>> to_device;
  double line_time = 0;  // of the level in front
  std::deque<std::uint8_t> to_send;
  std::vector<std::uint8_t> received, line_bytes;
  std::vector<std::uint64_t> starts;
  int listening = -1;
  std::uint8_t sent_byte = 0;
  unsigned overruns = 0, framings = 0;
};

TEST_F(Uart, SendsBytesBackToBackInTenBitsEach) {
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 200; ++i) bytes.push_back(static_cast<std::uint8_t>(random.bits()));
  to_send.assign(bytes.begin(), bytes.end());
  const std::uint64_t begin = bench.cycle();
  run(201 * 10 * kBit);
  EXPECT_EQ(line_bytes, bytes);
  ASSERT_EQ(starts.size(), bytes.size());
  EXPECT_EQ(starts.front() - begin, 1u);  // the stated latency
  for (std::size_t i = 1; i < starts.size(); ++i) EXPECT_EQ(starts[i] - starts[i - 1], 10u * kBit);
  EXPECT_EQ(bench->uart_txd, 1);
  EXPECT_EQ(bench->busy, 0);
}

TEST_F(Uart, ReceivesBytesBackToBackFromAClockThatIsOffByTwoPerCent) {
  for (const double clocks : {1.0, 0.98, 1.02}) {
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 200; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(random.bits()));
      line_byte(bytes.back(), clocks);
    }
    received.clear();
    run(202 * 10 * kBit * 103 / 100);
    EXPECT_EQ(received, bytes) << clocks;
  }
  EXPECT_EQ(framings, 0u);
  EXPECT_EQ(overruns, 0u);
}

TEST_F(Uart, GivesAByteFourCyclesAfterTheMiddleOfItsStopBit) {
  line_byte(0x5A);
  const std::uint64_t begin = bench.cycle();
  while (received.empty() && bench.cycle() < begin + 20 * kBit) tick();
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0], 0x5A);
  const auto middle = begin + 9 * kBit + (kBit - 1) / 2;
  EXPECT_EQ(bench.cycle() - 1 - middle, 4u);
}

TEST_F(Uart, DropsAByteWithoutStopBitAndGoesOnWhenTheLineRests) {
  line_byte(0x11);
  line_byte(0x22, 1.0, false);
  to_device.push_back({false, 30.0 * kBit});
  to_device.push_back({true, 3.0 * kBit});
  line_byte(0x33);
  run(100 * kBit);
  EXPECT_EQ(received, (std::vector<std::uint8_t>{0x11, 0x33}));
  EXPECT_EQ(framings, 1u);
}

TEST_F(Uart, TakesAShortGlitchForNoStartBit) {
  to_device.push_back({false, 1.0});
  to_device.push_back({true, 20.0 * kBit});
  line_byte(0x77);
  run(40 * kBit);
  EXPECT_EQ(received, (std::vector<std::uint8_t>{0x77}));
}

TEST_F(Uart, CountsBytesThatNobodyTakesInTime) {
  bench->m_ready = 0;
  for (int i = 1; i <= 3; ++i) line_byte(static_cast<std::uint8_t>(i));
  run(40 * kBit);
  EXPECT_EQ(overruns, 2u);
  bench->m_ready = 1;
  run(2);
  EXPECT_EQ(received, (std::vector<std::uint8_t>{1}));
}

}  // namespace
}  // namespace tautline::test
