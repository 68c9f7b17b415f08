// What only RGMII has: clocks of three speeds, and the link's state between frames.
#include <gtest/gtest.h>

#include "byte_rig.hpp"

namespace tautline::test {
namespace {

TEST(Rgmii, SendsAndReceivesAtTenMegabits) {
  Rig r(10);
  std::vector<Bytes> frames;
  for (int i = 0; i < 12; ++i) {
    frames.push_back(r.RandomFrame(50 + r.random.below(50)));
    r.engine.Send(frames.back());
    r.Put(Sent(frames.back()));
  }
  r.Finish();
  ASSERT_FALSE(HasFatalFailure());
  r.ExpectReception();
  const auto sendings = r.Sendings();
  ASSERT_EQ(sendings.size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(sendings[i].octets, Sent(frames[i]));
    if (i > 0) {
      ASSERT_EQ(sendings[i].gap, 24U);
    }
  }
}

TEST(Rgmii, DividesTheTransmitClockAndKeepsItHighForHalfOfItsPeriod) {
  for (const auto& [mbit, cycles] : {std::pair{1000, 1U}, {100, 5U}, {10, 50U}}) {
    Rig r(mbit);
    unsigned high = 0;
    for (unsigned i = 0; i < 5 * cycles; ++i) {
      r.b.run(r.tx, 1);
      high += r.b->rgmii_txc_r + r.b->rgmii_txc_f;
    }
    EXPECT_EQ(r.pins.rise_cycles, cycles) << mbit;
    EXPECT_EQ(high, 5 * cycles) << mbit;
  }
}

TEST(Rgmii, ShowsTheLinkAsThePhyTellsItBetweenFrames) {
  Rig r(1000);
  for (unsigned state = 0; state < 16; ++state) {
    r.line.assign(60, Symbol{false, false, static_cast<std::uint8_t>(state)});
    r.at = 0;
    r.b.run(r.rx, 5);
    r.b.run(r.clk, 5);
    EXPECT_EQ(r.b->link_up, state & 1);
    EXPECT_EQ(r.b->link_speed, state >> 1 & 3);
    EXPECT_EQ(r.b->link_duplex, state >> 3);
    // Neither a frame's data nor the code of a false carrier is the link's state.
    r.line.assign(60, Symbol{false, true, static_cast<std::uint8_t>(~state & 15)});
    r.at = 0;
    r.b.run(r.rx, 20);
    r.line.assign(60, Symbol{true, false, static_cast<std::uint8_t>(~state & 15)});
    r.at = 0;
    r.b.run(r.rx, 20);
    r.b.run(r.clk, 5);
    EXPECT_EQ(r.b->link_up, state & 1);
    EXPECT_EQ(r.b->link_speed, state >> 1 & 3);
    EXPECT_EQ(r.b->link_duplex, state >> 3);
  }
}

TEST(Rgmii, ChangesItsSpeedBetweenFrames) {
  Rig r(1000);
  const Bytes frame = r.RandomFrame(100);
  for (int i = 0; i < 10; ++i) {
    r.pins.SetSpeed(i % 2 == 0 ? 100 : 1000);
    r.pins.Start();
    r.bits = r.pins.bits;
    r.octet = 8 / r.bits;
    r.b.set_period(r.rx, r.pins.period_ps());
    r.b.run(r.tx, 60);
    r.b.run(r.rx, 10);
    r.sent.clear();
    r.line.clear();
    r.at = 0;
    r.engine.reception = {};
    r.engine.Send(frame);
    r.Put(Sent(frame));
    r.Finish();
    ASSERT_FALSE(HasFatalFailure());
    r.ExpectReception();
    const auto sendings = r.Sendings();
    ASSERT_EQ(sendings.size(), 1U);
    ASSERT_EQ(sendings[0].octets, Sent(frame));
  }
}

}  // namespace
}  // namespace tautline::test
