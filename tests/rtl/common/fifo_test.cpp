#include <Vtl_fifo.h>
#include <gtest/gtest.h>

#include <deque>

#include "rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

TEST(Fifo, OffersAWordInTheCycleAfterItWasWritten) {
  Bench<Vtl_fifo> b;
  b.reset();
  b->s_valid = 1;
  b->s_data = 0x5a;
  b->m_ready = 0;
  b.settle();
  EXPECT_EQ(b->m_valid, 0);
  b.tick();
  b->s_valid = 0;
  b.settle();
  EXPECT_EQ(b->m_valid, 1);
  EXPECT_EQ(b->m_data, 0x5a);
}

TEST(Fifo, TakesAWordWhileFullOnlyInExchange) {
  Bench<Vtl_fifo> b;
  b.reset();
  b->m_ready = 0;
  b->s_valid = 1;
  b.tick(DEPTH);
  b->m_ready = 1;
  b.settle();
  EXPECT_EQ(b->s_ready, EXCHANGE);
}

TEST(Fifo, TakesExactlyDepthWords) {
  Bench<Vtl_fifo> b;
  b.reset();
  b->m_ready = 0;
  b->s_valid = 1;
  for (int i = 0; i < DEPTH; ++i) {
    b->s_data = i;
    b.settle();
    ASSERT_EQ(b->s_ready, 1);
    ASSERT_EQ(b->count, i);
    b.tick();
  }
  b.settle();
  EXPECT_EQ(b->s_ready, 0);
  EXPECT_EQ(b->count, DEPTH);
}

TEST(Fifo, KeepsOrderUnderRandomTraffic) {
  Bench<Vtl_fifo> b;
  Random r;
  b.reset();
  std::deque<unsigned> model;
  for (int phase = 0; phase < 30; ++phase) {
    const unsigned in = 5 + r.below(95), out = 5 + r.below(95);
    for (int i = 0; i < 1000; ++i) {
      b->s_valid = r.chance(in);
      b->s_data = r.below(256);
      b->m_ready = r.chance(out);
      b.settle();
      ASSERT_EQ(b->count, model.size());
      ASSERT_EQ(b->m_valid, !model.empty());
      ASSERT_EQ(b->s_ready, model.size() < DEPTH || (EXCHANGE && b->m_ready));
      if (b->m_valid) {
        ASSERT_EQ(b->m_data, model.front());
      }
      if (b->m_valid && b->m_ready) model.pop_front();
      if (b->s_valid && b->s_ready) model.push_back(b->s_data);
      b.tick();
    }
  }
}

}  // namespace
