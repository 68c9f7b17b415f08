#include <Vtl_reset_sync.h>
#include <gtest/gtest.h>

#include "clock_bench.hpp"

namespace {
using tautline::test::ClockBench;
using tautline::test::Random;

constexpr int kStages = 3;

TEST(ResetSync, BeginsAtOnceAndEndsWithTheThirdEdge) {
  ClockBench<Vtl_reset_sync> b;
  Random r;
  b->async_rst = 0;
  const std::size_t clk = b.add(b->clk, 8000);
  b.run(clk, kStages);
  EXPECT_EQ(b->rst, 0);
  for (int i = 0; i < 50; ++i) {
    b->async_rst = 1;
    b.settle();
    ASSERT_EQ(b->rst, 1);
    b.run(clk, r.below(5));
    b->async_rst = 0;
    b.settle();
    b.run(clk, kStages - 1);
    ASSERT_EQ(b->rst, 1);
    b.run(clk, 1);
    ASSERT_EQ(b->rst, 0);
    b.run(clk, r.below(3));
  }
}

TEST(ResetSync, HoldsWhileTheClockStandsStill) {
  ClockBench<Vtl_reset_sync> b;
  b->async_rst = 0;
  const std::size_t clk = b.add(b->clk, 8000);
  b.run(clk, kStages);
  b.stop(clk);
  b->async_rst = 1;
  b.settle();
  EXPECT_EQ(b->rst, 1);
  b->async_rst = 0;
  b.settle();
  EXPECT_EQ(b->rst, 1);
  b.start(clk);
  b.run(clk, kStages);
  EXPECT_EQ(b->rst, 0);
}

}  // namespace
