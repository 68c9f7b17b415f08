#include <Vtl_time_wait_tb.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>

#include "../common/rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

// 8 entries, 2 MSL of 1000 us.
class TimeWait : public ::testing::Test {
 protected:
  enum Op { kFind, kRestart, kRemove };
  struct Entry {
    unsigned rport;
    std::uint32_t rcv_nxt;
    std::uint64_t expiry;
  };

  TimeWait() {
    b->one_chain = 0;
    b->now_us = 500;
    b->s_tw_valid = b->s_find_valid = 0;
    b->rhost = 1;
    b.reset();
    clear_cycles = b.until([&] { return b->cleared; });
  }
  void tick() {
    b.settle();
    recycled += b->m_recycled;
    b.tick();
  }
  void insert(unsigned rport, std::uint32_t rcv_nxt) {
    b->s_tw_valid = 1;
    b->rport = rport;
    b->rcv_nxt = rcv_nxt;
    b->snd_nxt = ~rcv_nxt;
    tick();
    b->s_tw_valid = 0;
    b.settle();
  }
  std::optional<std::uint32_t> find(unsigned rport, Op op = kFind) {
    b->s_find_valid = 1;
    b->rport = rport;
    b->s_restart = op == kRestart;
    b->s_remove = op == kRemove;
    b.settle();
    for (int i = 0; i < 200 && !b->s_find_ready; ++i) tick(), b.settle();
    EXPECT_TRUE(b->s_find_ready);
    tick();
    b->s_find_valid = 0;
    b.settle();
    latency = 1;
    for (; latency < 200 && !b->m_find_valid; ++latency) tick(), b.settle();
    std::optional<std::uint32_t> r;
    if (b->m_found) {
      r = b->m_rcv_nxt;
      EXPECT_EQ(b->m_snd_nxt, ~b->m_rcv_nxt);
      EXPECT_EQ(b->m_rport, rport);
    }
    tick();
    return r;
  }
  void quiet() {
    b.settle();
    for (int i = 0; i < 500 && b->busy; ++i) tick(), b.settle();
    EXPECT_FALSE(b->busy);
  }
  Bench<Vtl_time_wait_tb> b;
  int clear_cycles = 0, latency = 0, recycled = 0;
};

TEST_F(TimeWait, IsClearEntriesCyclesAfterReset) {
  EXPECT_EQ(clear_cycles, 8);
  EXPECT_EQ(b->next_deadline_valid, 0);
  EXPECT_FALSE(find(1));
}

TEST_F(TimeWait, AnswersAnEmptyChainAfterTwoCyclesAndAnEntryAfterThree) {
  find(1);
  EXPECT_EQ(latency, 2);
  insert(1, 77);
  quiet();
  EXPECT_EQ(find(1), 77u);
  EXPECT_EQ(latency, 3);
}

TEST_F(TimeWait, AFindSeesAnInsertThatWasNoticedInTheSameCycle) {
  b->s_tw_valid = 1;
  b->s_find_valid = 1;
  b->s_restart = b->s_remove = 0;
  b->rport = 9;
  b->rcv_nxt = 5;
  b->snd_nxt = ~5u;
  b.settle();
  EXPECT_FALSE(b->s_find_ready);
  b.tick();
  b->s_tw_valid = 0;
  EXPECT_EQ(find(9), 5u);
}

TEST_F(TimeWait, ExpiresAfterTwoMslAndNotBefore) {
  insert(1, 10);
  quiet();
  EXPECT_EQ(b->next_deadline_valid, 1);
  EXPECT_EQ(b->next_deadline, 1500u);
  b->now_us = 1499;
  quiet();
  EXPECT_TRUE(find(1));
  b->now_us = 1500;
  quiet();
  EXPECT_FALSE(find(1));
  EXPECT_EQ(b->next_deadline_valid, 0);
}

TEST_F(TimeWait, ARestartedEntryLivesTwoMslMoreAndIsTheYoungest) {
  insert(1, 10);
  b->now_us = 600;
  insert(2, 20);
  quiet();
  b->now_us = 1000;
  EXPECT_EQ(find(1, kRestart), 10u);
  quiet();
  EXPECT_EQ(b->next_deadline, 1600u);
  b->now_us = 1600;
  quiet();
  EXPECT_FALSE(find(2));
  EXPECT_TRUE(find(1));
  EXPECT_EQ(b->next_deadline, 2000u);
}

TEST_F(TimeWait, WhenFullTheOldestOfTheWholeTableGivesWay) {
  for (unsigned i = 0; i < 8; ++i) {
    insert(i, i);
    quiet();
  }
  EXPECT_EQ(recycled, 0);
  EXPECT_TRUE(find(0, kRestart));
  insert(100, 100);
  quiet();
  EXPECT_EQ(recycled, 1);
  EXPECT_FALSE(find(1));
  EXPECT_TRUE(find(0));
  for (unsigned i = 2; i < 8; ++i) EXPECT_TRUE(find(i));
  EXPECT_TRUE(find(100));
}

TEST_F(TimeWait, TakesFourInsertsWhileItHasRoom) {
  // The table is busy with a find of the longest chain meanwhile.
  for (unsigned i = 0; i < 8; ++i) insert(i, i), quiet();
  for (unsigned i = 10; i < 18; ++i) {
    b.settle();
    while (!b->tw_room) tick(), b.settle();
    insert(i, i);
  }
  quiet();
  EXPECT_EQ(recycled, 8);
  for (unsigned i = 10; i < 18; ++i) EXPECT_EQ(find(i), i);
}

TEST_F(TimeWait, AgreesWithAModelUnderRandomUseInOneChainAndInMany) {
  Random r;
  for (int phase = 0; phase < 2; ++phase) {
    std::deque<Entry> model;  // in order of expiry
    b->one_chain = phase;
    b->s_tw_valid = b->s_find_valid = 0;
    b.reset();
    b.until([&] { return b->cleared; });
    recycled = 0;
    int expected_recycled = 0;
    for (int i = 0; i < 5000; ++i) {
      const unsigned rport = r.below(14);
      const auto it = std::find_if(model.begin(), model.end(),
                                   [&](const Entry& e) { return e.rport == rport; });
      const auto expected = it == model.end() ? std::nullopt : std::optional(it->rcv_nxt);
      const unsigned what = r.below(4);
      if (what == 0 && !expected) {
        if (model.size() == 8) model.pop_front(), ++expected_recycled;
        const auto value = static_cast<std::uint32_t>(r.bits());
        insert(rport, value);
        quiet();
        model.push_back({rport, value, b->now_us + 1000});
      } else if (what == 1) {
        ASSERT_EQ(find(rport, kRestart), expected);
        if (expected) {
          model.erase(it);
          model.push_back({rport, *expected, b->now_us + 1000});
        }
      } else if (what == 2 && r.chance(40)) {
        ASSERT_EQ(find(rport, kRemove), expected);
        if (expected) model.erase(it);
      } else {
        ASSERT_EQ(find(rport), expected);
      }
      if (r.chance(50)) {
        b->now_us += r.below(200);
        quiet();
        while (!model.empty() && model.front().expiry <= b->now_us) model.pop_front();
      }
      quiet();
      ASSERT_EQ(b->next_deadline_valid, !model.empty());
      if (!model.empty()) {
        ASSERT_EQ(b->next_deadline, model.front().expiry);
      }
      ASSERT_EQ(recycled, expected_recycled);
    }
  }
}

}  // namespace
