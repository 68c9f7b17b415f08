#include <Vtl_async_fifo.h>
#include <gtest/gtest.h>

#include <deque>

#include "clock_bench.hpp"

namespace {
using tautline::test::ClockBench;
using tautline::test::Random;

// A writer and a reader that offer and take with given chances.
struct Pair {
  explicit Pair(std::uint64_t s_period, std::uint64_t m_period) {
    s = b.add(b->s_clk, s_period, [this] { SampleWriter(); }, [this] { DriveWriter(); });
    m = b.add(b->m_clk, m_period, [this] { SampleReader(); }, [this] { DriveReader(); });
    b->s_rst = b->m_rst = 1;
    b->s_valid = b->m_ready = 0;
    b->s_data = 0;
    Reset();
  }
  void Reset() {
    b->s_rst = b->m_rst = 1;
    b.run(s, 4);
    b.run(m, 4);
    b->s_rst = b->m_rst = 0;
    b.settle();
    held.clear();
  }

  void SampleWriter() {
    if (b->s_rst == 0 && b->s_valid && b->s_ready) {
      held.push_back(b->s_data);
      ++written;
    }
  }
  void DriveWriter() {
    b->s_valid = r.chance(offer);
    b->s_data = static_cast<CData>(r.bits());
  }
  void SampleReader() {
    if (b->m_rst != 0 || !b->m_valid || !b->m_ready) return;
    ASSERT_FALSE(held.empty()) << "a word that was never written";
    ASSERT_EQ(b->m_data, held.front());
    held.pop_front();
    ++read;
  }
  void DriveReader() { b->m_ready = r.chance(take); }

  ClockBench<Vtl_async_fifo> b;
  Random r;
  std::size_t s = 0, m = 0;
  unsigned offer = 0, take = 0;
  std::deque<unsigned> held;
  std::uint64_t written = 0, read = 0;
};

TEST(AsyncFifo, KeepsOrderBetweenClocksOfChangingRatio) {
  Pair p(8000, 8000);
  for (int phase = 0; phase < 200; ++phase) {
    p.b.set_period(p.s, 2000 + p.r.below(18000));
    p.b.set_period(p.m, 2000 + p.r.below(18000));
    p.b.delay(p.m, p.r.below(20000));
    p.offer = 5 + p.r.below(96);
    p.take = 5 + p.r.below(96);
    p.b.run(p.s, 300);
    if (HasFatalFailure()) return;
  }
  p.offer = 0;
  p.take = 100;
  p.b.run(p.m, 4 * DEPTH);
  p.b.run(p.s, 4);
  EXPECT_EQ(p.read, p.written);
  EXPECT_TRUE(p.held.empty());
  EXPECT_GT(p.read, 1000U);
}

// Whatever is held is the depth and the output register, not less: nothing is lost, nothing wasted.
TEST(AsyncFifo, HoldsDepthWordsAndOneMore) {
  Pair p(8000, 5000);
  p.offer = 100;
  p.b.run(p.s, 5 * DEPTH);
  EXPECT_EQ(p.written, DEPTH + 1U);
  EXPECT_EQ(p.b->s_ready, 0);
}

TEST(AsyncFifo, OffersAWordAfterThreeEdgesOfTheReader) {
  for (int phase = 0; phase < 20; ++phase) {
    Pair p(8000, 6000);
    p.b.delay(p.m, 300 * phase);
    p.b->s_valid = 1;
    p.b->s_data = 0x5a;
    ASSERT_TRUE(p.b.until(p.s, [&] { return p.written == 1; }, 4));
    p.b->s_valid = 0;
    const std::uint64_t edges = p.b.edges(p.m);
    ASSERT_TRUE(p.b.until(p.m, [&] { return p.b->m_valid != 0; }, 10));
    // An edge at the very time of the write does not follow it.
    EXPECT_EQ(p.b.edges(p.m) - edges, 3U);
    EXPECT_EQ(p.b->m_data, 0x5a);
  }
}

TEST(AsyncFifo, FreesAPlaceAfterTwoEdgesOfTheWriter) {
  Pair p(7000, 9000);
  p.offer = 100;
  p.b.run(p.s, 5 * DEPTH);
  p.offer = 0;
  ASSERT_EQ(p.b->s_ready, 0);
  p.b->m_ready = 1;
  p.take = 0;
  ASSERT_TRUE(p.b.until(p.m, [&] { return p.read == 1; }, 3));
  const std::uint64_t edges = p.b.edges(p.s);
  ASSERT_TRUE(p.b.until(p.s, [&] { return p.b->s_ready != 0; }, 10));
  EXPECT_EQ(p.b.edges(p.s) - edges, 2U);
}

TEST(AsyncFifo, PassesAWordEveryCycleBetweenEqualClocksIfItIsDeepEnough) {
  // A word holds its place for five or six cycles, by the phase of the clocks.
  const unsigned least = DEPTH < 8 ? 200 * DEPTH / 6 : 200;
  const unsigned most = DEPTH < 8 ? 200 * DEPTH / 5 : 200;
  for (int phase = 0; phase < 10; ++phase) {
    Pair p(8000, 8000);
    p.b.delay(p.m, 800 * phase);
    p.offer = p.take = 100;
    p.b.run(p.s, 50);
    const std::uint64_t written = p.written, read = p.read;
    p.b.run(p.s, 200);
    EXPECT_GE(p.written - written, least);
    EXPECT_LE(p.written - written, most);
    EXPECT_NEAR(static_cast<double>(p.read - read), static_cast<double>(p.written - written), 4.0);
  }
}

TEST(AsyncFifo, IsEmptyAfterAResetInTheMiddle) {
  Pair p(8000, 3000);
  for (int i = 0; i < 50; ++i) {
    p.b.set_period(p.s, 2000 + p.r.below(10000));
    p.b.set_period(p.m, 2000 + p.r.below(10000));
    p.offer = 80;
    p.take = 10;
    p.b.run(p.s, p.r.below(60));
    p.Reset();
    p.offer = p.take = 60;
    p.b.run(p.s, 100);
    if (HasFatalFailure()) return;
  }
}

TEST(AsyncFifo, TakesNothingInReset) {
  Pair p(8000, 8000);
  p.b->s_rst = 1;
  p.b.settle();
  EXPECT_EQ(p.b->s_ready, 0);
}

}  // namespace
