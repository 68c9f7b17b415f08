// The MACs with a byte-wide core at their pins, frame by frame at line rate, in both directions at
// once, against the model in ethernet_model.hpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "byte_rig.hpp"

namespace tautline::test {
namespace {

class ByteMac : public testing::TestWithParam<int> {
 protected:
  bool fast() const { return GetParam() >= 100; }
};

TEST_P(ByteMac, PassesEveryLengthBothWaysAtLineRate) {
  Rig r(GetParam());
  std::vector<Bytes> frames;
  // Every length where a symbol is one cycle of the simulation; of jumbo frames some.
  const bool all = fast() && r.pins.tx_period_ps() == r.pins.period_ps() && kMaxFrame < 2000;
  for (std::size_t n = 1; n <= kMaxFrame - 4; ++n) {
    if (!all && n > 70 && n < kMaxFrame - 4 && n % (fast() && kMaxFrame < 2000 ? 13 : 97) != 0)
      continue;
    frames.push_back(r.RandomFrame(n));
    r.engine.Send(frames.back());
    r.Put(Sent(frames.back()));
  }
  r.Finish();
  ASSERT_FALSE(HasFatalFailure());
  r.ExpectReception();
  ASSERT_EQ(r.engine.reception.frames.size(), frames.size());
  EXPECT_EQ(r.engine.reception.counts, Counts{});
  const auto sendings = r.Sendings();
  ASSERT_EQ(sendings.size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(sendings[i].octets, Sent(frames[i])) << frames[i].size() << " bytes";
    if (i > 0) {
      ASSERT_EQ(sendings[i].gap, 12 * r.octet);
    }
  }
}

TEST_P(ByteMac, JudgesEveryShortLengthWithoutItsPadding) {
  Rig r(GetParam());
  for (std::size_t n = 0; n < 72; ++n) r.Put(WithFcs(r.RandomFrame(n)), 1 + r.random.below(24), 15);
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts.runt, 60U);
}

TEST_P(ByteMac, TakesTheLongestFrameAndCutsALongerOne) {
  Rig r(GetParam());
  for (std::size_t n = kMaxFrame - 3; n <= kMaxFrame + 20; ++n) {
    r.Put(WithFcs(r.RandomFrame(n - 4)));
    r.Put(WithFcs(r.RandomFrame(60)), 1 + r.random.below(24), 15);
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts.giant, 20U);
}

// IEEE 802.3 4.4.2 lets the gap shrink on its way to 64 bits at 1 Gbit/s and 47 at 10 Mbit/s, and
// 35.2.3.2.2 the preamble; here both shrink to nothing.
TEST_P(ByteMac, TakesFramesAtAnyGapAndAnyPreamble) {
  Rig r(GetParam());
  for (int i = 0; i < 300; ++i) {
    r.Put(WithFcs(r.RandomFrame(60 + r.random.below(60))), 1 + r.random.below(30),
          r.random.below(40));
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts, Counts{});
}

TEST_P(ByteMac, MarksAFrameWithAnyWrongBit) {
  Rig r(GetParam());
  const std::size_t octets = 64;
  for (std::size_t bit = 0; bit < 8 * octets; ++bit) {
    Bytes frame = WithFcs(r.RandomFrame(octets - 4));
    frame[bit / 8] = static_cast<std::uint8_t>(frame[bit / 8] ^ 1U << (bit % 8));
    r.Put(frame);
  }
  r.Put(WithFcs(r.RandomFrame(100)));
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts.bad_fcs, 8 * octets);
  EXPECT_FALSE(r.engine.reception.frames.back().bad);
}

TEST_P(ByteMac, MarksAFrameInWhichThePhySawAnError) {
  Rig r(GetParam());
  const std::size_t symbols = (8 + 64) * r.octet;
  for (std::size_t i = 0; i < symbols; ++i) {
    const std::size_t begin = r.line.size() + 12 * r.octet;
    r.Put(WithFcs(r.RandomFrame(60)), 12 * r.octet, 7 * r.octet);
    r.line[begin + i].er = true;
    r.Put(WithFcs(r.RandomFrame(60)));
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts.bad_fcs, symbols);
}

// 22.2.4.4.2 and 35.2.2.8: errors without carrier. Carrier without an SFD is no frame either.
TEST_P(ByteMac, PassesOverFalseCarrierAndCarrierWithoutAnSfd) {
  Rig r(GetParam());
  for (int i = 0; i < 100; ++i) {
    Idle(r.line, r.random.below(10));
    const std::uint8_t value = r.bits == 4 ? 0xe : r.random.chance(50) ? 0x0e : 0x0f;
    r.line.insert(r.line.end(), 1 + r.random.below(10), Symbol{false, true, value});
    if (r.random.chance(50)) {
      Idle(r.line, r.random.below(2));
      r.line.insert(
          r.line.end(), 1 + r.random.below(30),
          Symbol{true, r.random.chance(20), static_cast<std::uint8_t>(r.bits == 4 ? 5 : 0x55)});
      Idle(r.line, 1);
    }
    r.Put(WithFcs(r.RandomFrame(60 + r.random.below(20))), r.random.below(3), 15);
    Idle(r.line, 1);
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.frames.size(), 100U);
}

TEST_P(ByteMac, MarksTruncatedFrames) {
  Rig r(GetParam());
  unsigned bad = 0;
  for (int i = 0; i < 200; ++i) {
    Bytes frame = WithFcs(r.RandomFrame(60 + r.random.below(100)));
    if (r.random.chance(70)) {
      frame.resize(r.random.below(frame.size()));
      ++bad;
    }
    r.Put(frame, 1 + r.random.below(24), 15);
  }
  r.Finish();
  r.ExpectReception();
  const Counts& counts = r.engine.reception.counts;
  EXPECT_EQ(counts.bad_fcs + counts.runt, bad);
}

class NibbleMac : public testing::TestWithParam<int> {};

// 4.2.4.2.1: the octets that are whole decide.
TEST_P(NibbleMac, DropsANibbleTooManyAndBelievesTheFcs) {
  Rig r(GetParam());
  for (int i = 0; i < 100; ++i) {
    Bytes frame = WithFcs(r.RandomFrame(60 + r.random.below(9)));
    const bool wrong = r.random.chance(30);
    if (wrong) frame[r.random.below(frame.size())] ^= 0x10;
    r.Put(frame);
    r.line.push_back({true, r.random.chance(30), static_cast<std::uint8_t>(r.random.below(16))});
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_GT(r.engine.reception.counts.bad_fcs, 0U);
  EXPECT_LT(r.engine.reception.counts.bad_fcs, 100U);
}

TEST_P(ByteMac, AgreesWithTheModelOnRandomLines) {
  Rig r(GetParam());
  for (int i = 0; i < (fast() ? 400 : 100); ++i) {
    Bytes frame = r.random.chance(80) ? WithFcs(r.RandomFrame(r.random.below(200)))
                                      : r.RandomFrame(r.random.below(100));
    const std::size_t begin = r.line.size();
    r.Put(frame, 1 + r.random.below(30), r.random.below(30));
    for (int n = r.random.chance(20) ? 1 + r.random.below(3) : 0; n > 0; --n) {
      Symbol& symbol = r.line[begin + r.random.below(r.line.size() - begin)];
      if (r.random.chance(30)) symbol.dv = !symbol.dv;
      if (r.random.chance(30)) symbol.er = !symbol.er;
      if (r.random.chance(30)) symbol.value = r.random.below(1U << r.bits);
    }
  }
  r.Finish();
  r.ExpectReception();
}

// Between the engine's clock and the line's lies everything; either may be the faster one.
TEST_P(ByteMac, PassesFramesBothWaysBetweenClocksOfAnyRatio) {
  for (int round = 0; round < 12; ++round) {
    // An eighth of the byte rate is the least.
    Rig r(GetParam(), 2'000);
    const std::uint64_t most = 8 * r.octet * r.pins.period_ps() * 99 / 100;
    r.b.set_period(
        r.clk,
        round == 0 ? most : 2'000 + r.random.below(std::min<std::uint64_t>(most, 80'000) - 2'000));
    r.b.set_period(r.rx, r.pins.period_ps() * (9999 + r.random.below(3)) / 10000);  // 100 ppm
    std::vector<Bytes> frames;
    for (int i = 0; i < 20; ++i) {
      frames.push_back(r.RandomFrame(1 + r.random.below(300)));
      r.engine.Send(frames.back());
      r.Put(Sent(frames.back()), 8 * r.octet, 15);
    }
    r.engine.frame_chance = 1 + r.random.below(100);
    r.Finish();
    ASSERT_FALSE(HasFatalFailure());
    r.ExpectReception();
    const auto sendings = r.Sendings();
    ASSERT_EQ(sendings.size(), frames.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
      ASSERT_EQ(sendings[i].octets, Sent(frames[i]));
      if (i > 0) {
        ASSERT_GE(sendings[i].gap, 12 * r.octet);
      }
    }
    EXPECT_EQ(r.engine.reception.counts, Counts{});
  }
}

TEST_P(ByteMac, DropsWholeFramesWhenTheEngineIsTooSlowAndRecovers) {
  Rig r(GetParam());
  r.b.set_period(r.clk, 15 * r.octet * r.pins.period_ps());
  std::vector<Bytes> frames;
  for (int i = 0; i < 200; ++i) {
    frames.push_back(r.RandomFrame(60 + r.random.below(300)));
    r.Put(Sent(frames.back()));
  }
  r.Finish();
  ASSERT_FALSE(HasFatalFailure());
  const std::size_t lost = r.engine.reception.counts.overflow;
  EXPECT_GT(lost, 20U);
  // Good ones are whole and in order; the others are marked, or nothing of them came.
  std::size_t next = 0, good = 0;
  for (const Received& frame : r.engine.reception.frames) {
    if (frame.bad) continue;
    const auto found = std::find(frames.begin() + next, frames.end(), frame.data);
    ASSERT_NE(found, frames.end());
    next = found - frames.begin() + 1;
    ++good;
  }
  EXPECT_GT(good, 20U);
  EXPECT_EQ(good + lost, frames.size());
  EXPECT_EQ(r.engine.reception.counts, (Counts{.overflow = static_cast<unsigned>(lost)}));

  r.b.set_period(r.clk, 8'000);
  r.b.run(r.clk, 40);
  r.engine.reception = {};
  r.line.clear();
  r.at = 0;
  for (int i = 0; i < 10; ++i) r.Put(Sent(r.RandomFrame(100)));
  r.Finish();
  r.ExpectReception();
}

TEST_P(ByteMac, SendsAFrameThatTheEngineMarksWithAWrongFcs) {
  Rig r(GetParam());
  std::vector<Bytes> frames;
  for (int i = 0; i < 40; ++i) {
    frames.push_back(r.RandomFrame(1 + r.random.below(140)));
    r.engine.Send(frames.back(), i % 3 == 0);
  }
  r.Finish();
  const auto sendings = r.Sendings();
  ASSERT_EQ(sendings.size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(sendings[i].octets, Sent(frames[i], i % 3 == 0));
  }
}

TEST_P(ByteMac, EndsAFrameThatRunsOutWithAWrongFcsAndSendsTheNextOne) {
  Rig r(GetParam());
  for (int i = 0; i < 20; ++i) {
    const Bytes frame = r.RandomFrame(200 + r.random.below(100)), next = r.RandomFrame(100);
    const std::size_t before = r.sent.size(), words = 1 + r.random.below(20);
    r.engine.Send(frame);
    for (std::size_t n = 0; n < words;) {
      r.b.run(r.clk, 1);
      if (r.engine.taken) ++n;
      r.engine.hold = n + 1 >= words;
    }
    r.engine.hold = true;
    // What was taken is on the line in this time.
    r.b.run(r.tx, 400 * r.octet * r.pins.period_ps() / r.pins.tx_period_ps());
    r.engine.hold = false;
    r.engine.Send(next);
    r.Finish();
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(r.engine.reception.counts.underrun, i + 1U);
    const auto sendings = r.Sendings();
    ASSERT_EQ(sendings.size(), 2U * (i + 1));
    const Bytes& cut = sendings[2 * i].octets;
    ASSERT_GE(cut.size(), 64U);
    ASSERT_LT(cut.size(), frame.size());
    ASSERT_TRUE(
        std::equal(cut.begin(), cut.begin() + std::min<std::size_t>(8, cut.size()), frame.begin()));
    ASSERT_EQ(cut, Sent(Bytes(cut.begin(), cut.end() - 4), true));
    ASSERT_EQ(sendings[2 * i + 1].octets, Sent(next));
    ASSERT_GE(sendings[2 * i + 1].gap, 12 * r.octet);
    ASSERT_GT(r.sent.size(), before);
  }
}

TEST_P(ByteMac, IgnoresTheRestOfAFrameInWhichItsResetEnds) {
  Rig r(GetParam());
  for (int i = 0; i < 30; ++i) {
    r.engine.reception = {};
    r.line.clear();
    r.at = 0;
    Bytes middle = r.RandomFrame(200);
    std::fill(middle.begin() + 100, middle.begin() + 108, 0x55);
    middle[108] = 0xd5;  // looks like a beginning
    r.Put(Sent(middle));
    const Bytes whole = r.RandomFrame(80);
    r.Put(Sent(whole));
    r.b->rst = 1;
    r.b.run(r.rx, (40 + r.random.below(60)) * r.octet);
    r.b->rst = 0;
    r.Finish();
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(r.engine.reception.frames.size(), 1U);
    ASSERT_EQ(r.engine.reception.frames[0], (Received{whole, false}));
    ASSERT_EQ(r.engine.reception.counts, Counts{});
  }
}

TEST_P(ByteMac, WaitsForALineClockThatStandsStillAtReset) {
  Rig r(GetParam());
  const Bytes frame = r.RandomFrame(100);
  for (int i = 0; i < 10; ++i) {
    // Stopped wherever it is, in the middle of frames as well.
    r.engine.Send(frame);
    r.Put(Sent(frame));
    r.b.run(r.tx, r.random.below(300));
    r.b.stop(r.tx);
    r.b.stop(r.rx);
    r.b->rst = 1;
    r.b.run(r.clk, 3);
    r.b->rst = 0;
    r.engine.Clear();
    r.engine.Send(frame);
    r.b.run(r.clk, 100);
    ASSERT_FALSE(r.engine.sent_all());
    ASSERT_EQ(r.b->s_tx_tready, 0);
    r.line.clear();
    r.at = 0;
    r.b.start(r.tx);
    r.b.start(r.rx);
    r.b.run(r.tx, 3);
    r.sent.clear();
    r.b.run(r.rx, 10);
    r.Put(Sent(frame));
    r.Finish();
    ASSERT_FALSE(HasFatalFailure());
    const auto sendings = r.Sendings();
    ASSERT_EQ(sendings.size(), 1U);
    ASSERT_EQ(sendings[0].octets, Sent(frame));
    ASSERT_EQ(r.engine.reception.frames.size(), 1U);
    ASSERT_EQ(r.engine.reception.frames[0], (Received{frame, false}));
  }
}

TEST_P(ByteMac, TakesTheStatedTimeToReceive) {
  for (int phase = 0; phase < 20; ++phase) {
    Rig r(GetParam(), 3'000 + 577 * phase);
    const std::size_t octets = 60 + phase;
    r.Put(Sent(r.RandomFrame(octets)));
    ASSERT_TRUE(r.b.until(r.rx, [&] { return r.at == r.line.size(); }, 10'000));
    // The last nibble lies at the pins: one edge takes it, the next finds carrier gone.
    r.b.run(r.rx, 1 + r.pins.rx_edges());
    const std::uint64_t edges = r.b.edges(r.clk);
    ASSERT_TRUE(r.b.until(r.clk, [&] { return r.b->m_rx_tvalid && r.b->m_rx_tlast; }, 10));
    // A last word of one octet follows the word before it at once: a slower `clk` takes them in
    // turn.
    ASSERT_GE(r.b.edges(r.clk) - edges, 3U);
    ASSERT_LE(r.b.edges(r.clk) - edges, octets % 8 == 1 ? 4U : 3U);
  }
}

TEST_P(ByteMac, TakesTheStatedTimeToSend) {
  unsigned least = ~0U, most = 0, stated_least = 0, stated_most = 0;
  for (int phase = 0; phase < 400; ++phase) {
    Rig r(GetParam(), 3'000 + 577 * (phase % 20));
    r.b.run(r.clk, phase % 50);
    r.engine.Send(r.RandomFrame(60));
    ASSERT_TRUE(r.b.until(r.clk, [&] { return r.engine.taken; }, 10));
    const std::uint64_t edges = r.b.edges(r.tx);
    ASSERT_TRUE(r.b.until(r.tx, [&] { return r.pins.sending(); }, 200));
    const auto took = static_cast<unsigned>(r.b.edges(r.tx) - edges);
    stated_least = r.pins.least_tx_edges();
    stated_most = r.pins.most_tx_edges();
    least = std::min(least, took);
    most = std::max(most, took);
  }
  EXPECT_EQ(least, stated_least);
  EXPECT_EQ(most, stated_most);
}

INSTANTIATE_TEST_SUITE_P(Speeds, ByteMac, testing::ValuesIn(kSpeeds),
                         [](const auto& mbit) { return std::to_string(mbit.param) + "Mbit"; });

INSTANTIATE_TEST_SUITE_P(Speeds, NibbleMac, testing::ValuesIn(kNibbleSpeeds),
                         [](const auto& mbit) { return std::to_string(mbit.param) + "Mbit"; });

}  // namespace
}  // namespace tautline::test
