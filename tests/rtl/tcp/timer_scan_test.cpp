#include <Vtl_timer_scan_tb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "../common/rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

constexpr int kFlows = FLOWS;

class TimerScan : public ::testing::Test {
 protected:
  TimerScan() {
    b->now_us = 1000;
    b->s_timer_valid = 0;
    b->m_tmo_ready = 1;
    b.reset();
    clear_cycles = b.until([&] { return b->cleared; }, 2 * kFlows);
  }
  void write(unsigned flow, std::optional<std::uint64_t> rtx, std::optional<std::uint64_t> ack = {},
             std::optional<std::uint64_t> life = {}) {
    b->s_timer_valid = 1;
    b->s_timer_flow = flow;
    b->on = rtx.has_value() | ack.has_value() << 1 | life.has_value() << 2;
    b->rtx = rtx.value_or(0), b->ack = ack.value_or(0), b->life = life.value_or(0);
    tick();
    b->s_timer_valid = 0;
    b.settle();
  }
  void tick() {
    b.settle();
    if (b->m_tmo_valid && b->m_tmo_ready) fired.push_back(b->m_tmo_flow);
    b.tick();
    b.settle();
  }
  void tick(int n) {
    while (n-- > 0) tick();
  }
  Bench<Vtl_timer_scan_tb> b;
  std::vector<unsigned> fired;
  int clear_cycles = 0;
};

TEST_F(TimerScan, IsClearFlowsCyclesAfterResetAndThenIdle) {
  EXPECT_EQ(clear_cycles, kFlows);
  tick(2);
  EXPECT_EQ(b->sweep_clean, 1);
  EXPECT_EQ(b->next_deadline_valid, 0);
}

TEST_F(TimerScan, TheNextDeadlineIsKnownInTheCycleAfterItsWrite) {
  write(3, 5000);
  EXPECT_EQ(b->next_deadline_valid, 1);
  EXPECT_EQ(b->next_deadline, 5000u);
  write(4, 6000, 4000, 7000);
  EXPECT_EQ(b->next_deadline, 4000u);
  EXPECT_EQ(b->sweep_clean, 1);
}

TEST_F(TimerScan, FiresNothingBeforeItsDeadline) {
  write(3, 5000);
  b->now_us = 4999;
  tick(3 * kFlows);
  EXPECT_TRUE(fired.empty());
  EXPECT_EQ(b->sweep_clean, 1);
}

TEST_F(TimerScan, PostsAReachedDeadlineOnceAndWithinASweep) {
  for (const unsigned flow : {0, 1, kFlows / 2, kFlows - 1}) {
    write(flow, b->now_us + 100);
    b->now_us += 100;
    b.settle();
    EXPECT_EQ(b->sweep_clean, 0);
    fired.clear();
    tick(kFlows + 6);
    ASSERT_EQ(fired, std::vector<unsigned>{flow});
    tick(3 * kFlows);
    ASSERT_EQ(fired.size(), 1u);
    write(flow, {});
    EXPECT_EQ(b->sweep_clean, 1);
    EXPECT_EQ(b->next_deadline_valid, 0);
  }
}

TEST_F(TimerScan, TheWorstPhaseStillFiresWithinFlowsAndSixCycles) {
  // A deadline falls due when the sweep for another has just passed its flow.
  for (int phase = 0; phase < kFlows + 8; ++phase) {
    const std::uint64_t t = b->now_us;
    write(kFlows / 2, t + 10);
    write(5, t + 11);
    b->now_us = t + 10;
    tick(phase);
    b->now_us = t + 11;
    fired.clear();
    int cycles = 0;
    while (std::find(fired.begin(), fired.end(), 5u) == fired.end()) {
      tick();
      ASSERT_LE(++cycles, kFlows + 6) << "phase " << phase;
    }
    write(kFlows / 2, {});
    write(5, {});
    tick(3 * kFlows);
  }
}

TEST_F(TimerScan, AWriteThatMovesTheDeadlineCancelsTheFiring) {
  write(7, 2000);
  write(7, 3000);
  b->now_us = 2500;
  tick(3 * kFlows);
  EXPECT_TRUE(fired.empty());
  EXPECT_EQ(b->sweep_clean, 1);
  EXPECT_EQ(b->next_deadline, 3000u);
  b->now_us = 3000;
  tick(kFlows + 6);
  EXPECT_EQ(fired, std::vector<unsigned>{7});
}

TEST_F(TimerScan, AWriteAfterThePostingArmsTheFlowAgain) {
  write(7, 2000);
  b->now_us = 2000;
  tick(kFlows + 6);
  write(7, 2001);
  b->now_us = 2001;
  tick(kFlows + 6);
  EXPECT_EQ(fired, (std::vector<unsigned>{7, 7}));
}

TEST_F(TimerScan, FiresFarDeadlinesAcrossTheWrapOfItsShortTime) {
  b->now_us = (1ull << 36) - 5;
  write(2, (1ull << 36) + 7'200'000'000ull);  // keep-alive: 2 h
  tick(3 * kFlows);
  EXPECT_TRUE(fired.empty());
  EXPECT_EQ(b->next_deadline, (1ull << 36) + 7'200'000'000ull);
  b->now_us = (1ull << 36) + 7'200'000'000ull;
  tick(kFlows + 6);
  EXPECT_EQ(fired, std::vector<unsigned>{2});
}

TEST_F(TimerScan, AWriteAtAnyMomentOfASweepBoundsTheNextDeadline) {
  for (int phase = 0; phase < kFlows + 6; ++phase) {
    write(9, b->now_us + 1);
    ++b->now_us;
    tick(phase);
    write(0, b->now_us + 100);
    tick(2 * kFlows);
    write(9, {});
    ASSERT_EQ(b->sweep_clean, 1);
    ASSERT_EQ(b->next_deadline_valid, 1) << "phase " << phase;
    ASSERT_EQ(b->next_deadline, b->now_us + 100) << "phase " << phase;
    write(0, {});
    b->now_us += 200;
    tick(3 * kFlows);
  }
}

TEST_F(TimerScan, ABlockedLaneLosesNoFiring) {
  b->m_tmo_ready = 0;
  for (unsigned f = 0; f < 12; ++f) write(f, 2000);
  b->now_us = 2000;
  tick(5 * kFlows);
  EXPECT_EQ(b->sweep_clean, 0);
  b->m_tmo_ready = 1;
  tick(5 * kFlows);
  std::sort(fired.begin(), fired.end());
  std::vector<unsigned> all(12);
  for (unsigned f = 0; f < 12; ++f) all[f] = f;
  EXPECT_EQ(fired, all);
}

TEST_F(TimerScan, AgreesWithAModelWhenTimeIsSkippedToEachDeadline) {
  Random r;
  std::map<unsigned, std::uint64_t> model;
  for (int i = 0; i < 400; ++i) {
    for (unsigned n = r.below(4); n-- > 0;) {
      const unsigned flow = r.below(kFlows);
      if (r.chance(20)) {
        write(flow, {});
        model.erase(flow);
      } else {
        const std::uint64_t at = b->now_us + 1 + r.below(1'000'000);
        write(flow, r.chance(50) ? std::optional(at + 5) : std::nullopt, at);
        model[flow] = at;
      }
      tick(r.below(3));
    }
    ASSERT_GE(b.until([&] { return b->sweep_clean; }, 5 * kFlows), 0);
    ASSERT_TRUE(fired.empty());
    if (!b->next_deadline_valid) continue;
    std::uint64_t earliest = ~0ull;
    for (const auto& [flow, at] : model) earliest = std::min(earliest, at);
    // The bound may be of a deadline that was moved since, never later than the true one.
    ASSERT_LE(b->next_deadline, earliest);
    b->now_us = b->next_deadline;
    b.settle();
    for (int c = 0; c < 3 * kFlows && !b->sweep_clean; ++c) tick();
    std::vector<unsigned> expected;
    for (const auto& [flow, at] : model)
      if (at <= b->now_us) expected.push_back(flow);
    std::sort(fired.begin(), fired.end());
    ASSERT_EQ(fired, expected);
    for (const unsigned flow : fired) {
      write(flow, {});
      model.erase(flow);
    }
    fired.clear();
  }
}

// The lane as it is: it answers a posting that is still due by a write, a stale one not at all, and
// writes deadlines of its own accord at any moment of a sweep.
TEST_F(TimerScan, LosesNoDeadlineWhenWritesRaceWithTheSweep) {
  Random r;
  struct Alarm {
    std::uint64_t at = 0;
    int overdue = 0;
    bool on = false;
  };
  std::map<unsigned, Alarm> model;
  std::deque<std::pair<int, unsigned>> lane;  // cycle of the answer, flow
  for (int cycle = 0; cycle < 60000; ++cycle) {
    if (r.chance(20)) ++b->now_us;
    b->m_tmo_ready = r.chance(80);
    b->s_timer_valid = 0;
    const auto arm = [&](unsigned flow, bool on) {
      const std::uint64_t at = b->now_us + 1 + r.below(20);
      model[flow] = {.at = at, .overdue = 0, .on = on};
      b->s_timer_valid = 1;
      b->s_timer_flow = flow;
      b->on = on ? 1 << r.below(3) : 0;
      b->rtx = b->ack = b->life = at;
    };
    if (!lane.empty() && lane.front().first <= cycle) {
      const unsigned flow = lane.front().second;
      lane.pop_front();
      if (model[flow].on && model[flow].at <= b->now_us) arm(flow, r.chance(70));
    } else if (r.chance(15)) {
      arm(r.below(kFlows), r.chance(70));
    }
    fired.clear();
    tick();
    for (const unsigned flow : fired) lane.emplace_back(cycle + 1 + r.below(6), flow);
    for (auto& [flow, alarm] : model) {
      alarm.overdue = alarm.on && alarm.at <= b->now_us ? alarm.overdue + 1 : 0;
      ASSERT_LT(alarm.overdue, 6 * kFlows + 60) << "flow " << flow << " in cycle " << cycle;
    }
  }
}

}  // namespace
