#include <Vtl_mailbox.h>
#include <gtest/gtest.h>

#include <array>

#include "../common/rtl_bench.hpp"

namespace {
using tautline::test::Bench;
using tautline::test::Random;

// flow_pos_t and life_t as words.
std::uint64_t flow_pos(unsigned flow, unsigned gen, std::uint32_t pos) {
  return std::uint64_t{flow} << 40 | std::uint64_t{gen} << 32 | pos;
}

class Mailbox : public ::testing::Test {
 protected:
  Mailbox() {
    b->s_tail_valid = b->s_taken_valid = b->s_life_valid = b->s_mbox_re = 0;
    b.reset();
    for (unsigned f = 0; f < 16; ++f) life(f, 0);
  }
  void life(unsigned flow, unsigned gen) {
    b->s_life_valid = 1;
    b->s_life = flow << 8 | gen;
    b.tick();
    b->s_life_valid = 0;
  }
  void tail(unsigned flow, unsigned gen, std::uint32_t pos) {
    b->s_tail_valid = 1;
    b->s_tail = flow_pos(flow, gen, pos);
    ASSERT_GE(b.until([&] { return b->s_tail_ready; }, 20), 0);
    b.tick();
    b->s_tail_valid = 0;
    b.settle();
  }
  void taken(unsigned flow, unsigned gen, std::uint32_t pos) {
    b->s_taken_valid = 1;
    b->s_taken = flow_pos(flow, gen, pos);
    ASSERT_GE(b.until([&] { return b->s_taken_ready; }, 20), 0);
    b.tick();
    b->s_taken_valid = 0;
    b.settle();
  }
  std::pair<std::uint32_t, std::uint32_t> read(unsigned flow) {
    b->s_mbox_re = 1;
    b->s_mbox_flow = flow;
    b.tick();
    b->s_mbox_re = 0;
    return {b->m_mbox_tail, b->m_mbox_taken};
  }
  Bench<Vtl_mailbox> b;
};

TEST_F(Mailbox, StartsAtZero) {
  EXPECT_EQ(read(5), (std::pair<std::uint32_t, std::uint32_t>{}));
}

TEST_F(Mailbox, WakesTheFlowAndHoldsThePositionTwoCyclesAfterIt) {
  tail(5, 0, 1234);
  EXPECT_EQ(b->m_ready_valid, 1);
  EXPECT_EQ(b->m_ready_flow, 5);
  b.tick();
  b.settle();
  EXPECT_EQ(b->m_ready_valid, 0);
  EXPECT_EQ(read(5), (std::pair<std::uint32_t, std::uint32_t>{1234, 0}));
  taken(5, 0, 99);
  b.tick();
  EXPECT_EQ(read(5), (std::pair<std::uint32_t, std::uint32_t>{1234, 99}));
}

TEST_F(Mailbox, DropsAndReportsAPositionOfAnOlderLife) {
  life(5, 1);
  tail(5, 0, 1234);
  EXPECT_EQ(b->m_stale, 1);
  EXPECT_EQ(b->m_ready_valid, 0);
  b.tick();
  EXPECT_EQ(read(5).first, 0u);
  tail(5, 1, 77);
  EXPECT_EQ(b->m_stale, 0);
  b.tick();
  EXPECT_EQ(read(5).first, 77u);
}

TEST_F(Mailbox, ALifeThatEndsWhileAPositionIsOnItsWayWins) {
  // The life notice falls in the cycle of acceptance, of the check, and after it.
  for (int when = 0; when < 3; ++when) {
    const unsigned gen = when;
    tail(5, gen, 10);
    b.tick(3);
    b->s_tail_valid = 1;
    b->s_tail = flow_pos(5, gen, 999);
    for (int c = 0; c < 6; ++c) {
      b->s_life_valid = c == when;
      b->s_life = 5 << 8 | (gen + 1);
      b.tick();
      b->s_tail_valid = 0;
    }
    b->s_life_valid = 0;
    b.tick();
    EXPECT_EQ(read(5).first, 0u) << "life in cycle " << when;
  }
}

TEST_F(Mailbox, AgreesWithAModelWhenBothStreamsAndLivesCompete) {
  Random r;
  struct Slot {
    std::uint32_t tail = 0, taken = 0;
    unsigned gen = 0;
  };
  std::array<Slot, 16> model{};
  for (int i = 0; i < 3000; ++i) {
    const unsigned flow = r.below(16), gen = r.chance(80) ? model[flow].gen : r.below(256);
    const auto pos = static_cast<std::uint32_t>(r.bits());
    switch (r.below(6)) {
      case 0:
        life(flow, model[flow].gen = (model[flow].gen + 1) & 255);
        model[flow].tail = model[flow].taken = 0;
        break;
      case 1:
      case 2:
        taken(flow, gen, pos);
        b.tick();
        if (gen == model[flow].gen) model[flow].taken = pos;
        break;
      default:
        tail(flow, gen, pos);
        b.tick();
        if (gen == model[flow].gen) model[flow].tail = pos;
    }
    const unsigned other = r.below(16);
    ASSERT_EQ(read(other), std::pair(model[other].tail, model[other].taken));
  }
}

}  // namespace
