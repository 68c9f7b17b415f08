#include <Vtl_sync.h>
#include <gtest/gtest.h>

#include "rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

TEST(Sync, ShowsALevelAfterItsStages) {
  Bench<Vtl_sync> b;
  Random r;
  b->d = 0;
  b.reset();
  b.tick(STAGES);
  for (int i = 0; i < 100; ++i) {
    const unsigned before = b->q, value = r.below(16);
    b->d = value;
    b.settle();
    for (int n = 0; n < STAGES; ++n) {
      ASSERT_EQ(b->q, before);
      b.tick();
    }
    ASSERT_EQ(b->q, value);
  }
}

TEST(Sync, HasItsResetValueUntilTheFirstLevelIsThrough) {
  Bench<Vtl_sync> b;
  b->d = 0;
  b.reset(1);
  EXPECT_EQ(b->q, RESET_VALUE);
  b.tick(STAGES - 1);
  EXPECT_EQ(b->q, RESET_VALUE);
  b.tick();
  EXPECT_EQ(b->q, 0);
}

}  // namespace
