#include <Vtl_now.h>
#include <gtest/gtest.h>

#include "rtl_bench.hpp"

namespace {
using tautline::test::Bench;

TEST(Now, IsTheNumberOfWholeMicrosecondsAtEveryCycle) {
  Bench<Vtl_now> b;
  b.reset();
  for (std::uint64_t n = 1; n < 200'000; ++n) {
    b.tick();
    ASSERT_EQ(b->now_us, (n - 1) * CYCLES_DEN / CYCLES_NUM) << "after " << n << " cycles";
  }
}

TEST(Now, BeginsAgainWithReset) {
  Bench<Vtl_now> b;
  b.reset();
  b.tick(1000);
  EXPECT_GT(b->now_us, 0U);
  b.reset();
  EXPECT_EQ(b->now_us, 0U);
}

}  // namespace
