#include <Vtl_skid.h>
#include <gtest/gtest.h>

#include <deque>

#include "rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

TEST(Skid, PassesAWordEachCycle) {
  Bench<Vtl_skid> b;
  b.reset();
  b->m_ready = 1;
  b->s_valid = 1;
  for (int i = 0; i < 20; ++i) {
    b->s_data = i;
    b.settle();
    ASSERT_EQ(b->s_ready, 1);
    if (i > 0) {
      ASSERT_EQ(b->m_valid, 1);
      ASSERT_EQ(b->m_data, i - 1);
    }
    b.tick();
  }
}

TEST(Skid, ReadyDoesNotDependOnReadyInTheSameCycle) {
  Bench<Vtl_skid> b;
  b.reset();
  b->s_valid = 1;
  b->m_ready = 0;
  b.tick(2);
  b.settle();
  ASSERT_EQ(b->s_ready, 0);
  b->m_ready = 1;
  b.settle();
  EXPECT_EQ(b->s_ready, 0);
}

TEST(Skid, LosesAndRepeatsNothing) {
  Bench<Vtl_skid> b;
  Random r;
  b.reset();
  std::deque<unsigned> model;
  for (int i = 0; i < 20000; ++i) {
    b->s_valid = r.chance(60);
    b->s_data = r.below(256);
    b->m_ready = r.chance(60);
    b.settle();
    if (b->m_valid) {
      ASSERT_FALSE(model.empty());
      ASSERT_EQ(b->m_data, model.front());
    }
    if (b->m_valid && b->m_ready) model.pop_front();
    if (b->s_valid && b->s_ready) model.push_back(b->s_data);
    ASSERT_LE(model.size(), 2u);
    b.tick();
  }
}

}  // namespace
