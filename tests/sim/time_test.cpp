#include "tautline_sim/time.hpp"

#include <gtest/gtest.h>

#include "tautline_sim/bus.hpp"
#include "tautline_sim/random.hpp"

namespace tautline::sim {
namespace {

TEST(BoardTime, ACycleIsSixPointFourNanoseconds) {
  EXPECT_EQ(cycles_to_ns(0), 0u);
  EXPECT_EQ(cycles_to_ns(1), 6u);
  EXPECT_EQ(cycles_to_ns(5), 32u);
  EXPECT_EQ(cycles_to_ns(156'250'000), 1'000'000'000u);
  EXPECT_EQ(cycles_to_us(156), 0u);
  EXPECT_EQ(cycles_to_us(157), 1u);
  EXPECT_EQ(cycles_to_us(625), 4u);
}

TEST(BoardTime, TheFirstCycleAtOrAfterATimeIsExact) {
  Random random(7);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t t = random.next() >> (14 + random.below(40));
    const Cycle c = ns_to_cycles(t);
    ASSERT_GE(cycles_to_ns(c), t);
    if (c > 0) {
      ASSERT_LT(cycles_to_ns(c - 1), t);
    }
    const Cycle u = us_to_cycles(t);
    ASSERT_GE(cycles_to_us(u), t);
    if (u > 0) {
      ASSERT_LT(cycles_to_us(u - 1), t);
    }
  }
}

TEST(BoardTime, NeverStaysNever) {
  EXPECT_EQ(ns_to_cycles(kNever), kNever);
  EXPECT_EQ(cycles_to_ns(kNever), kNever);
  EXPECT_EQ(us_to_cycles(kNever), kNever);
}

TEST(BoardTime, ASkipLandsOnTheFirstCycleOfItsMicrosecond) {
  auto memory = HostMemory::create();
  Bus bus({}, *memory);
  bus.epoch_us = 1'000'000;
  bus.derive_now();
  EXPECT_EQ(bus.now_us, 1'000'000u);
  for (const std::uint64_t deadline : {1'000'001u, 1'000'003u, 1'200'000u, 241'000'000u}) {
    const Cycle c = bus.cycle_of_us(deadline);
    EXPECT_EQ(bus.us_at(c), deadline);
    EXPECT_EQ(bus.us_at(c - 1), deadline - 1);
    bus.deadline_valid = true;
    bus.deadline = deadline;
    bus.quiescent = true;
    bus.skip_to(c - 1);
    EXPECT_TRUE(bus.quiescent) << "nothing is due before the deadline";
    bus.skip_to(c);
    EXPECT_EQ(bus.now_us, deadline);
    EXPECT_GT(bus.next_us, c);
    EXPECT_EQ(bus.us_at(bus.next_us), deadline + 1);
    EXPECT_FALSE(bus.quiescent) << "the device has to see its deadline";
    EXPECT_GT(bus.busy_until, c);
  }
  EXPECT_EQ(bus.cycle_of_us(5), 0u) << "a deadline before the epoch has passed";
}

TEST(LineRate, TenGigabitIsEightBytesACycleAndAGapOfThree) {
  const LineRate rate = LineRate::from_gbps(10);
  EXPECT_EQ(rate.per_byte, 128u);
  // 60 bytes and FCS, preamble, gap: 84 byte times are 10.5 cycles, 14.88 million frames a second.
  EXPECT_EQ(rate.frame(60), 10 * 1024u + 512u);
  EXPECT_EQ(rate.frame(14), rate.frame(60)) << "the line pads a runt";
  EXPECT_EQ(rate.frame(1514), (1514 + 24) * 128u);
  EXPECT_EQ(LineRate::from_gbps(1).per_byte, 1280u);
}

TEST(Random, IsTheSameEverywhereAndUniformEnough) {
  Random a(1), b(1), c(2);
  EXPECT_EQ(Random(1).next(), 0x910a2dec89025cc1u);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  int buckets[7] = {};
  for (int i = 0; i < 70'000; ++i) ++buckets[a.below(7)];
  for (const int n : buckets) EXPECT_NEAR(n, 10'000, 500);
}

}  // namespace
}  // namespace tautline::sim
