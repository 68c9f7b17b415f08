#include <Vtl_counters.h>
#include <gtest/gtest.h>

#include <array>

#include "rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

TEST(Counters, ReadEveryPulseOneCycleLater) {
  Bench<Vtl_counters> b;
  Random r;
  b->cnt = 0;
  b->index = 0;
  b.reset();
  b.tick(64);
  std::array<std::uint32_t, 64> model{};
  for (int i = 0; i < 20000; ++i) {
    const unsigned density = (i >> 10) % 4;
    const std::uint64_t word = density == 0   ? 0
                               : density == 1 ? r.bits() & r.bits() & r.bits() & r.bits()
                               : density == 2 ? r.bits()
                                              : ~0ull;
    const unsigned index = r.below(64);
    b->cnt = word;
    b->index = index;
    for (int c = 0; c < 64; ++c) model[c] += word >> c & 1;
    const std::uint32_t expected = model[index];
    b.tick();
    ASSERT_EQ(b->value, expected) << "counter " << index << " in cycle " << i;
  }
}

TEST(Counters, KeepPulsesThatArriveWhileTheyAreCleared) {
  Bench<Vtl_counters> b;
  b->cnt = 0;
  b->index = 7;
  b.reset();
  b->cnt = 1ull << 7;
  b.tick(5);
  b->cnt = 0;
  b.tick(200);
  EXPECT_EQ(b->value, 5u);
}

TEST(Counters, StartAtZeroAfterASecondReset) {
  Bench<Vtl_counters> b;
  b->index = 3;
  b->cnt = 0;
  b.reset();
  b->cnt = 1ull << 3;
  b.tick(300);
  b->cnt = 0;
  b.reset();
  b.tick(66);
  EXPECT_EQ(b->value, 0u);
}

}  // namespace
