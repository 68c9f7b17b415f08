// tl_ft245 at its pins: a model of the chip's synchronous FIFO (FTDI AN_130), which also checks the
// bus.

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "Vtl_ft245.h"
#include "clock_bench.hpp"

namespace tautline::test {
namespace {

constexpr std::uint64_t kFtPs = 16'667;

class Ft245 : public testing::Test {
 protected:
  void start(std::uint64_t period_ps) {
    bench->rst = 1;
    bench->s_valid = 0;
    bench->m_ready = 0;
    bench->ft_rxf_n = bench->ft_txe_n = 1;
    bench->ft_d_i = 0;
    clk = bench.add(bench->clk, period_ps, [this] { sample_engine(); }, [this] { drive_engine(); });
    ft = bench.add(bench->ft_clk, kFtPs, [this] { sample_chip(); }, [this] { drive_chip(); });
    bench.run(ft, 6);
    bench->rst = 0;
    bench.run(ft, 20);
  }

  // The chip: what it sees at an edge, and what it shows afterwards.
  void sample_chip() {
    if (bench->rst) return;
    if (!bench->ft_oe_n && bench->ft_d_oe) ++fights;
    if (!bench->ft_rd_n) {
      EXPECT_FALSE(bench->ft_oe_n) << "RD# without OE#";
      EXPECT_TRUE(oe_before) << "RD# in the first cycle of OE#";
      if (!bench->ft_rxf_n) {
        to_engine.pop_front();
        last_read = bench.edges(ft);
      }
    }
    if (!bench->ft_wr_n && !bench->ft_txe_n) {
      EXPECT_TRUE(bench->ft_d_oe);
      from_engine.push_back(bench->ft_d_o);
      if (first_write == 0) first_write = bench.edges(ft);
      ++room_used;
    }
    oe_before = !bench->ft_oe_n;
  }
  void drive_chip() {
    const bool rest = random.chance(chip_rests);
    bench->ft_rxf_n = to_engine.empty() || rest;
    bench->ft_d_i = to_engine.empty() ? 0xEE : to_engine.front();
    if (room_used > 0 && random.chance(50)) room_used -= std::min<std::size_t>(room_used, 2);
    bench->ft_txe_n = room_used >= chip_room;
  }
  void sample_engine() {
    if (bench->rst) return;
    if (bench->s_valid && bench->s_ready) to_send.pop_front();
    if (bench->m_valid && bench->m_ready) received.push_back(bench->m_data);
    if (bench->m_valid && first_received == 0) first_received = bench.edges(clk);
  }
  void drive_engine() {
    bench->s_valid = !to_send.empty();
    bench->s_data = to_send.empty() ? 0 : to_send.front();
    bench->m_ready = !random.chance(engine_rests);
  }
  std::vector<std::uint8_t> bytes(std::size_t n) {
    std::vector<std::uint8_t> v(n);
    for (auto& b : v) b = static_cast<std::uint8_t>(random.bits());
    return v;
  }

  ClockBench<Vtl_ft245> bench;
  Random random;
  std::size_t clk = 0, ft = 0;
  std::deque<std::uint8_t> to_engine, to_send;
  std::vector<std::uint8_t> from_engine, received;
  std::size_t room_used = 0, chip_room = 1024;
  unsigned chip_rests = 0, engine_rests = 0, fights = 0;
  std::uint64_t first_write = 0, first_received = 0, last_read = 0;
  bool oe_before = false;
};

class Ft245Clock : public Ft245, public testing::WithParamInterface<std::uint64_t> {};

TEST_P(Ft245Clock, CarriesBothDirectionsAtOnceWhoeverPauses) {
  start(GetParam());
  chip_rests = 20;
  chip_room = 64;
  engine_rests = 30;
  const auto in = bytes(20'000), out = bytes(20'000);
  to_engine.assign(in.begin(), in.end());
  to_send.assign(out.begin(), out.end());
  EXPECT_TRUE(bench.until(
      ft, [&] { return received.size() == in.size() && from_engine.size() == out.size(); },
      300'000));
  EXPECT_EQ(received, in);
  EXPECT_EQ(from_engine, out);
  EXPECT_EQ(fights, 0u);
}
INSTANTIATE_TEST_SUITE_P(Periods, Ft245Clock, testing::Values(6'400, 10'000, 16'667, 40'000));

TEST_F(Ft245, ReadsAByteACycleWithinATurn) {
  start(10'000);
  const auto in = bytes(512);
  to_engine.assign(in.begin(), in.end());
  const std::uint64_t begin = bench.edges(ft);
  ASSERT_TRUE(bench.until(ft, [&] { return to_engine.empty(); }, 1'000));
  EXPECT_LE(last_read - begin, 512u + 6u);
}

TEST_F(Ft245, WritesAByteACycleWithinATurn) {
  start(10'000);
  const auto out = bytes(512);
  to_send.assign(out.begin(), out.end());
  ASSERT_TRUE(bench.until(ft, [&] { return from_engine.size() == 512; }, 1'000));
  EXPECT_LE(bench.edges(ft) - first_write, 512u + 4u);
}

TEST_F(Ft245, KeepsItsLatencies) {
  // Equal clocks in step: an edge of one is an edge of the other.
  start(kFtPs);
  to_send.push_back(1);
  std::uint64_t begin = bench.edges(ft);
  ASSERT_TRUE(bench.until(ft, [&] { return from_engine.size() == 1; }, 100));
  EXPECT_LE(first_write - begin, 1u + 1u + 5u);
  bench.run(ft, 10);
  to_engine.push_back(2);
  ASSERT_TRUE(bench.until(ft, [&] { return to_engine.empty(); }, 100));
  begin = bench.edges(clk);
  first_received = 0;
  ASSERT_TRUE(bench.until(ft, [&] { return received.size() == 1; }, 100));
  EXPECT_LE(first_received - begin, 1u + 5u);
}

TEST_F(Ft245, TakesTurnsWhenBothDirectionsAreFull) {
  start(8'000);
  const auto in = bytes(4'096), out = bytes(4'096);
  to_engine.assign(in.begin(), in.end());
  to_send.assign(out.begin(), out.end());
  chip_room = 1u << 20;
  bench.run(ft, 2'200);
  // Neither starves: after four turns each has moved about the same.
  const auto read = 4'096 - to_engine.size();
  EXPECT_GT(read, 700u);
  EXPECT_GT(from_engine.size(), 700u);
}

TEST_F(Ft245, TakesNothingBeforeTheChipsClockRuns) {
  bench->rst = 1;
  bench->s_valid = 1;
  bench->s_data = 0x42;
  bench->m_ready = 0;
  bench->ft_rxf_n = bench->ft_txe_n = 1;
  bench->ft_d_i = 0;
  unsigned taken = 0;
  clk = bench.add(bench->clk, 10'000,
                  [&] { taken += !bench->rst && bench->s_valid && bench->s_ready; });
  ft = bench.add(bench->ft_clk, kFtPs, [this] { sample_chip(); }, [this] { drive_chip(); });
  bench.stop(ft);
  bench.run(clk, 6);
  bench->rst = 0;
  bench.run(clk, 50);
  EXPECT_EQ(taken, 0u);
  bench.start(ft);
  bench.run(ft, 40);
  EXPECT_GT(taken, 0u);
  ASSERT_FALSE(from_engine.empty());
  EXPECT_EQ(from_engine.front(), 0x42);
}

}  // namespace
}  // namespace tautline::test
