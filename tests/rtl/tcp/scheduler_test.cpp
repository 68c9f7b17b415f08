#include <Vtl_scheduler.h>
#include <gtest/gtest.h>

#include <set>

#include "../common/rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

class Scheduler : public ::testing::Test {
 protected:
  Scheduler() {
    idle();
    b->s_nbr_changed = 0;
    b->m_send_ready = 0;
    b.reset();
    b.until([&] { return !b->busy; });
  }
  void idle() {
    b->s_urgent_valid = b->s_lane_valid = b->s_mbox_valid = b->s_wait_valid = b->s_nbr_changed = 0;
  }
  void urgent(unsigned flow) {
    b->s_urgent_valid = 1;
    b->s_urgent_flow = flow;
  }
  void data(unsigned flow) {
    b->s_lane_valid = 1;
    b->s_lane_flow = flow;
  }
  void tick() {
    b.tick();
    idle();
    b.settle();
  }
  Bench<Vtl_scheduler> b;
};

TEST_F(Scheduler, OffersAFlowInTheCycleAfterItBecameReady) {
  b->s_mbox_valid = 1;
  b->s_mbox_flow = 6;
  b.settle();
  EXPECT_EQ(b->m_send_valid, 0);
  tick();
  EXPECT_EQ(b->m_send_valid, 1);
  EXPECT_EQ(b->m_send_flow, 6);
}

TEST_F(Scheduler, AFlowThatOwesGoesPastTheEmptySet) {
  // Taken at once, it is not offered again.
  urgent(9);
  b->m_send_ready = 1;
  b.settle();
  EXPECT_EQ(b->m_send_valid, 1);
  EXPECT_EQ(b->m_send_flow, 9);
  tick();
  EXPECT_EQ(b->m_send_valid, 0);
  EXPECT_EQ(b->busy, 0);

  // Not taken, it stays, whatever comes behind it.
  b->m_send_ready = 0;
  urgent(9);
  tick();
  urgent(4);
  data(2);
  b->s_mbox_valid = 1;
  b->s_mbox_flow = 3;
  for (int i = 0; i < 4; ++i) {
    b.settle();
    EXPECT_EQ(b->m_send_valid, 1);
    EXPECT_EQ(b->m_send_flow, 9);
    tick();
  }
}

TEST_F(Scheduler, AFlowThatOwesTakesTheOfferFromOneThatHasData) {
  data(2);
  tick();
  EXPECT_EQ(b->m_send_flow, 2);
  urgent(9);
  b.settle();
  EXPECT_EQ(b->m_send_flow, 9) << "in the very cycle";
  tick();
  EXPECT_EQ(b->m_send_flow, 9);
  b->m_send_ready = 1;
  tick();
  EXPECT_EQ(b->m_send_valid, 1);
  EXPECT_EQ(b->m_send_flow, 2) << "which waits on";
  tick();
  EXPECT_EQ(b->m_send_valid, 0);
}

TEST_F(Scheduler, DataGetsEveryNinthTurnWhileOthersOwe) {
  data(15);
  tick();
  b->m_send_ready = 1;
  int since = 0, turns = 0;
  for (unsigned i = 0; i < 200; ++i) {
    urgent(i % 8);
    data(15);
    b.settle();
    ASSERT_EQ(b->m_send_valid, 1);
    if (b->m_send_flow == 15) {
      if (turns > 0) {
        ASSERT_EQ(since, 8);
      }
      ++turns;
      since = 0;
    } else {
      ++since;
    }
    tick();
  }
  EXPECT_GE(turns, 20);
}

TEST_F(Scheduler, AFlowThatOwesBesideItsPositionIsOfferedTwice) {
  // The position cannot be read yet, so the flow must be offered once more.
  urgent(5);
  b->s_mbox_valid = 1;
  b->s_mbox_flow = 5;
  b->m_send_ready = 1;
  b.settle();
  EXPECT_EQ(b->m_send_valid, 1);
  tick();
  EXPECT_EQ(b->m_send_valid, 1);
  EXPECT_EQ(b->m_send_flow, 5);
  tick();
  EXPECT_EQ(b->m_send_valid, 0);
}

TEST_F(Scheduler, AWaitingFlowSleepsUntilTheNeighbourChanges) {
  b->s_wait_valid = 1;
  b->s_wait_flow = 3;
  tick();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(b->m_send_valid, 0);
    tick();
  }
  EXPECT_EQ(b->busy, 0);
  b->s_nbr_changed = 1;
  tick();
  EXPECT_EQ(b->busy, 1);
  tick();
  EXPECT_EQ(b->m_send_valid, 1);
  EXPECT_EQ(b->m_send_flow, 3);
}

TEST_F(Scheduler, AFlowThatAskedJustBeforeTheChangeIsWokenToo) {
  for (int delay = 0; delay <= 8; ++delay) {
    b->m_send_ready = 0;
    b->s_nbr_changed = 1;
    tick();
    for (int i = 0; i < delay; ++i) tick();
    b->s_wait_valid = 1;
    b->s_wait_flow = 11;
    tick();
    ASSERT_GE(b.until([&] { return b->m_send_valid; }, 10), 0) << "delay " << delay;
    b->m_send_ready = 1;
    tick();
    ASSERT_GE(b.until([&] { return !b->busy; }, 100), 0);
  }
}

TEST_F(Scheduler, WakesEveryWaitingFlowWhileTheHostIsBusy) {
  std::set<unsigned> waiting;
  for (unsigned f = 0; f < 16; f += 2) {
    b->s_wait_valid = 1;
    b->s_wait_flow = f;
    waiting.insert(f);
    tick();
  }
  Random r;
  b->s_nbr_changed = 1;
  b->m_send_ready = 1;
  for (int i = 0; i < 300; ++i) {
    b->s_mbox_valid = r.chance(70);
    b->s_mbox_flow = 1 + 2 * r.below(8);
    b.settle();
    if (b->m_send_valid) waiting.erase(b->m_send_flow);
    tick();
  }
  EXPECT_TRUE(waiting.empty());
}

}  // namespace
