#include <Vtl_flow_set.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

// Two sources, 64 flows.
class FlowSet : public ::testing::Test {
 protected:
  FlowSet() {
    b->s_set_valid = 0;
    b->m_ready = 0;
    b.reset();
    cleared = b.until([&] { return b->empty; });
  }
  void set(int source, unsigned flow) {
    b->s_set_valid |= 1 << source;
    b->s_set_flow = (b->s_set_flow & ~(0xffffu << (16 * source))) | (flow << (16 * source));
  }
  void tick() {
    b.tick();
    b->s_set_valid = 0;
    b.settle();
  }
  Bench<Vtl_flow_set> b;
  int cleared = 0;
};

TEST_F(FlowSet, IsClearFlowsCyclesAfterReset) {
  EXPECT_EQ(cleared, 64);
  EXPECT_EQ(b->m_valid, 0);
}

TEST_F(FlowSet, OffersAFlowInTheCycleAfterItWasSet) {
  set(0, 17);
  b.settle();
  EXPECT_EQ(b->m_valid, 0);
  tick();
  EXPECT_EQ(b->m_valid, 1);
  EXPECT_EQ(b->m_flow, 17);
  EXPECT_EQ(b->empty, 0);
}

TEST_F(FlowSet, HoldsAFlowOnceHoweverOftenItIsSet) {
  for (int i = 0; i < 5; ++i) {
    set(0, 9);
    set(1, 9);
    tick();
  }
  b->m_ready = 1;
  b.settle();
  ASSERT_EQ(b->m_flow, 9);
  tick();
  EXPECT_EQ(b->m_valid, 0);
  EXPECT_EQ(b->empty, 1);
}

TEST_F(FlowSet, ASetInTheCycleOfTheIssueWins) {
  for (int source = 0; source < 2; ++source) {
    b->m_ready = 0;
    set(0, 5);
    tick();
    b->m_ready = 1;
    set(source, 5);
    tick();
    ASSERT_EQ(b->m_valid, 1);
    ASSERT_EQ(b->m_flow, 5);
    tick();
    ASSERT_EQ(b->m_valid, 0);
  }
}

TEST_F(FlowSet, ServesFlowsInTurnWhenOneIsSetAgainAndAgain) {
  b->m_ready = 0;
  for (unsigned f = 0; f < 64; ++f) {
    set(0, f);
    tick();
  }
  b->m_ready = 1;
  std::set<unsigned> seen;
  for (int i = 0; i < 64; ++i) {
    set(0, 0);
    b.settle();
    seen.insert(b->m_flow);
    tick();
  }
  EXPECT_EQ(seen.size(), 64u);
}

TEST_F(FlowSet, LosesNoWakeUpAndIssuesNothingThatWasNotSet) {
  Random r;
  std::set<unsigned> model;
  for (int phase = 0; phase < 40; ++phase) {
    const unsigned in = 2 + r.below(98), out = 2 + r.below(98), range = 1 + r.below(64);
    for (int i = 0; i < 1000; ++i) {
      for (int s = 0; s < 2; ++s)
        if (r.chance(in)) set(s, r.below(range));
      b->m_ready = r.chance(out);
      b.settle();
      ASSERT_EQ(b->m_valid, !model.empty());
      ASSERT_EQ(b->empty, model.empty());
      if (b->m_valid && b->m_ready) {
        ASSERT_EQ(model.erase(b->m_flow), 1u);
      }
      for (int s = 0; s < 2; ++s)
        if (b->s_set_valid >> s & 1) model.insert(b->s_set_flow >> (16 * s) & 0xffff);
      tick();
    }
  }
}

}  // namespace
