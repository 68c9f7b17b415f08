// tl_mac_xgmii at its pins, frame by frame at line rate, against a model written from clauses 3, 4
// and 46.
#include <Vtl_mac_xgmii.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "clock_bench.hpp"
#include "engine_side.hpp"

namespace tautline::test {
namespace {

constexpr std::size_t kMaxFrame = MAX_FRAME;
constexpr std::uint8_t kIdle = 0x07, kSequence = 0x9c, kStart = 0xfb, kTerminate = 0xfd,
                       kError = 0xfe;

// One lane in one transfer: the line is their sequence, lane 0 first.
struct Octet {
  bool control = true;
  std::uint8_t value = kIdle;
  bool operator==(const Octet&) const = default;
};
using Lanes = std::vector<Octet>;

bool Is(const Octet& octet, std::uint8_t control) {
  return octet.control && octet.value == control;
}

// At least `gap` octets since the terminate character, itself included, and the start in lane 0
// or 4.
void Start(Lanes& line, std::size_t gap,
           const Bytes& preamble = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5}) {
  while (line.empty() ? gap > 0 : gap > 1) {
    line.push_back({});
    --gap;
  }
  while (line.size() % 4 != 0) line.push_back({});
  line.push_back({true, kStart});
  for (const std::uint8_t value : preamble) line.push_back({false, value});
}
void Data(Lanes& line, const Bytes& octets) {
  for (const std::uint8_t value : octets) line.push_back({false, value});
}
void Put(Lanes& line, const Bytes& octets, std::size_t gap) {
  Start(line, gap);
  Data(line, octets);
  line.push_back({true, kTerminate});
}
void PutFault(Lanes& line, unsigned kind) {
  while (line.size() % 4 != 0) line.push_back({});
  line.push_back({true, kSequence});
  Data(line, {0, 0, static_cast<std::uint8_t>(kind)});
}

// 46.3.2: what a start character and seven octets that end in the SFD open is a frame until the
// next control character; 46.3.3.2: only a terminate character ends it well.
Reception Receive(const Lanes& line) {
  Reception out;
  for (std::size_t at = 0; at + 8 <= line.size();) {
    if (!Is(line[at], kStart)) {
      at += 4;
      continue;
    }
    bool opens = line[at + 7].value == 0xd5;
    for (std::size_t i = at + 1; i < at + 8; ++i) opens = opens && !line[i].control;
    if (!opens) {
      at += 4;
      continue;
    }
    Bytes octets;
    std::size_t end = at + 8;
    for (; end < line.size() && !line[end].control; ++end) octets.push_back(line[end].value);
    Judge(octets, !Is(line[end], kTerminate), kMaxFrame, out);
    at = end / 4 * 4;
  }
  return out;
}

struct Rig {
  Rig() : engine(*b) {
    b->rst = 1;
    DriveRx();
    clk = b.add(b->clk, 6'400, [this] { Sample(); }, [this] { Drive(); });
    b.run(clk, 4);
    b->rst = 0;
    b.settle();
  }
  void Sample() {
    engine.Sample();
    if (b->rst != 0) return;
    for (int i = 0; i < 8; ++i) {
      sent.push_back(
          {(b->xgmii_txc >> i & 1) != 0, static_cast<std::uint8_t>(b->xgmii_txd >> (8 * i))});
    }
    faults += b->cnt_link_fault;
  }
  void Drive() {
    engine.Drive();
    DriveRx();
  }
  void DriveRx() {
    std::uint64_t data = 0;
    unsigned control = 0;
    for (unsigned i = 0; i < 8; ++i) {
      const Octet octet = at + i < line.size() ? line[at + i] : Octet{};
      data |= std::uint64_t{octet.value} << (8 * i);
      control |= octet.control ? 1U << i : 0U;
    }
    b->xgmii_rxd = data;
    b->xgmii_rxc = control;
    at = std::min(at + 8, line.size());
  }
  // Until both directions have nothing more to do.
  void Finish() {
    for (int i = 0; i < 16; ++i) line.push_back({});
    ASSERT_TRUE(b.until(clk, [&] { return at == line.size() && engine.sent_all(); }, 10'000'000));
    b.run(clk, 20);
  }
  void ExpectReception() {
    const Reception expected = Receive(line);
    ASSERT_EQ(engine.reception.frames.size(), expected.frames.size());
    for (std::size_t i = 0; i < expected.frames.size(); ++i) {
      ASSERT_EQ(engine.reception.frames[i], expected.frames[i]) << "frame " << i;
    }
    Counts counts = engine.reception.counts;
    counts.underrun = 0;
    EXPECT_EQ(counts, expected.counts) << Text(counts) << " instead of " << Text(expected.counts);
  }

  struct Sending {
    Bytes octets;
    std::size_t start;  // place of the start character
    std::size_t end;    // of the terminate character
  };
  std::vector<Sending> Sendings() const {
    std::vector<Sending> out;
    for (std::size_t i = 0; i < sent.size(); ++i) {
      if (Is(sent[i], kIdle)) continue;
      EXPECT_TRUE(Is(sent[i], kStart)) << "at " << i;
      EXPECT_EQ(i % 4, 0U);
      Sending s{{}, i, 0};
      for (++i; i < sent.size() && !sent[i].control; ++i) s.octets.push_back(sent[i].value);
      if (i == sent.size()) break;
      EXPECT_TRUE(Is(sent[i], kTerminate)) << "at " << i;
      EXPECT_GE(s.octets.size(), 7U);
      for (std::size_t k = 0; k < 7; ++k) EXPECT_EQ(s.octets[k], k < 6 ? 0x55 : 0xd5);
      s.octets.erase(s.octets.begin(), s.octets.begin() + 7);
      s.end = i;
      out.push_back(std::move(s));
    }
    return out;
  }

  Bytes RandomFrame(std::size_t n) {
    Bytes frame(n);
    for (auto& byte : frame) byte = static_cast<std::uint8_t>(random.bits());
    return frame;
  }

  Random random;
  ClockBench<Vtl_mac_xgmii> b;
  EngineSide<Vtl_mac_xgmii> engine;
  std::size_t clk = 0;
  Lanes line, sent;
  std::size_t at = 0;
  unsigned faults = 0;
};

TEST(Xgmii, PassesEveryLengthBothWaysAtLineRate) {
  Rig r;
  std::vector<Bytes> frames;
  for (std::size_t n = 1; n <= kMaxFrame - 4; ++n) {
    // Of jumbo frames some, and the longest.
    if (n > 1514 && n % 97 != 0 && n < kMaxFrame - 8) continue;
    frames.push_back(r.RandomFrame(n));
    r.engine.Send(frames.back());
    Put(r.line, Sent(frames.back()), 9 + r.random.below(4));
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
  }
}

// 46.3.1.4: the start is aligned by a shorter gap while the sum of what was taken stays below 4,
// else by a longer one. The line then carries exactly 12 octets of gap on average.
TEST(Xgmii, KeepsTheAverageGapOverALongRun) {
  Rig r;
  constexpr int kFrames = 4000;
  std::size_t octets = 0;
  for (int i = 0; i < kFrames; ++i) {
    const std::size_t n = 60 + r.random.below(70);
    r.engine.Send(r.RandomFrame(n));
    octets += 8 + n + 4 + 12;
  }
  r.Finish();
  const auto sendings = r.Sendings();
  ASSERT_EQ(sendings.size(), kFrames);
  std::size_t deficit = 0;
  for (int i = 1; i < kFrames; ++i) {
    const std::size_t end = sendings[i - 1].end, beyond = end % 4;
    std::size_t gap = 12;
    if (deficit + beyond <= 3) {
      gap -= beyond;
      deficit += beyond;
    } else {
      gap += 4 - beyond;
      deficit -= 4 - beyond;
    }
    ASSERT_EQ(sendings[i].start - end, gap) << "frame " << i;
  }
  octets -= 12 + sendings.back().octets.size() + 8;  // the last one is not followed by any
  EXPECT_EQ(sendings.back().start - sendings.front().start, octets - deficit);
}

TEST(Xgmii, BeginsInLaneZeroWithoutADeficitAfterALongerGap) {
  Rig r;
  for (int i = 0; i < 400; ++i) {
    r.engine.Send(r.RandomFrame(60 + r.random.below(9)));
    r.b.run(r.clk, 9 + r.random.below(8));
  }
  r.Finish();
  const auto sendings = r.Sendings();
  ASSERT_EQ(sendings.size(), 400U);
  std::size_t deficit = 0, other = 0;
  for (std::size_t i = 1; i < sendings.size(); ++i) {
    const std::size_t gap = sendings[i].start - sendings[i - 1].end;
    ASSERT_GE(gap, 9U);
    deficit = gap >= 12 + deficit ? 0 : deficit + 12 - gap;
    ASSERT_LE(deficit, 3U);
    if (gap > 15) {
      ASSERT_EQ(sendings[i].start % 8, 0U);
    } else {
      ++other;
    }
  }
  EXPECT_GT(other, 20U);
}

TEST(Xgmii, JudgesEveryShortLengthWithoutItsPadding) {
  Rig r;
  for (int round = 0; round < 4; ++round) {
    for (std::size_t n = 0; n < 72; ++n)
      Put(r.line, WithFcs(r.RandomFrame(n)), 5 + r.random.below(8));
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts.runt, 4 * 60U);
}

TEST(Xgmii, TakesFramesAtTheShortestGapInBothLanes) {
  Rig r;
  for (int i = 0; i < 1000; ++i) Put(r.line, WithFcs(r.RandomFrame(60 + r.random.below(16))), 5);
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.frames.size(), 1000U);
  EXPECT_EQ(r.engine.reception.counts, Counts{});
}

TEST(Xgmii, TakesTheLongestFrameAndCutsALongerOne) {
  Rig r;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t n = kMaxFrame - 9; n <= kMaxFrame + 20; ++n) {
      Put(r.line, WithFcs(r.RandomFrame(n - 4)), 5 + r.random.below(8));
      Put(r.line, WithFcs(r.RandomFrame(60)), 5 + r.random.below(8));
    }
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts.giant, 40U);
}

TEST(Xgmii, MarksAFrameWithAnyWrongBit) {
  Rig r;
  unsigned wrong = 0;
  for (std::size_t octets = 64; octets < 72; ++octets) {
    for (std::size_t bit = 0; bit < 8 * octets; ++bit) {
      Bytes frame = WithFcs(r.RandomFrame(octets - 4));
      frame[bit / 8] = static_cast<std::uint8_t>(frame[bit / 8] ^ 1U << (bit % 8));
      Put(r.line, frame, 5 + r.random.below(8));
      ++wrong;
    }
    Put(r.line, WithFcs(r.RandomFrame(octets)), 5);
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts.bad_fcs, wrong);
}

TEST(Xgmii, MarksAFrameThatAnotherCharacterEnds) {
  Rig r;
  for (const std::uint8_t control : {kError, kIdle, kSequence}) {
    for (std::size_t i = 0; i < 80; ++i) {
      Start(r.line, 5 + r.random.below(8));
      const std::size_t begin = r.line.size();
      Data(r.line, WithFcs(r.RandomFrame(76)));
      // The FCS is right up to where it ends; the end itself is not.
      if (i < 79) r.line[begin + i] = {true, control};
      r.line.push_back({true, i < 79 ? kTerminate : control});
      Put(r.line, WithFcs(r.RandomFrame(60)), 5);
    }
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts.bad_fcs + r.engine.reception.counts.runt, 240U);
}

TEST(Xgmii, MarksTruncatedFrames) {
  Rig r;
  for (std::size_t n = 0; n < 100; ++n) {
    Bytes frame = WithFcs(r.RandomFrame(96));
    frame.resize(n);
    Put(r.line, frame, 5 + r.random.below(8));
    Put(r.line, WithFcs(r.RandomFrame(60)), 5);
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.counts.bad_fcs + r.engine.reception.counts.runt, 100U);
}

// The SFD ends the column behind the start's (46.2.2, 46.3.2.1); what lies before it does not
// matter.
TEST(Xgmii, OpensAFrameOnlyWithTheSfdInItsPlace) {
  Rig r;
  for (std::size_t i = 0; i < 60; ++i) {
    Bytes preamble = {0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5};
    const std::size_t n = i % 7;
    preamble[n] = static_cast<std::uint8_t>(r.random.below(0xd5));
    Start(r.line, 5, preamble);
    Data(r.line, WithFcs(r.RandomFrame(60 + r.random.below(8))));
    r.line.push_back({true, kTerminate});
    Start(r.line, 5);
    r.line[r.line.size() - 1 - r.random.below(7)] = {true, kError};
    Data(r.line, WithFcs(r.RandomFrame(60)));
    r.line.push_back({true, kTerminate});
  }
  r.Finish();
  r.ExpectReception();
  EXPECT_EQ(r.engine.reception.frames.size(), 52U);
}

TEST(Xgmii, BeginsANewFrameWhereOneHadNoEnd) {
  Rig r;
  for (int i = 0; i < 200; ++i) {
    Start(r.line, 5 + r.random.below(8));
    Data(r.line, r.RandomFrame(70 + r.random.below(16)));
    while (r.line.size() % 4 != 0) r.line.push_back({false, 0});
    Start(r.line, 0);
    Data(r.line, WithFcs(r.RandomFrame(60 + i % 8)));
    r.line.push_back({true, kTerminate});
  }
  r.Finish();
  const auto& frames = r.engine.reception.frames;
  const Reception expected = Receive(r.line);
  ASSERT_EQ(frames.size(), 400U);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(frames[i].bad, i % 2 == 0);
    if (i % 2 == 1) {
      ASSERT_EQ(frames[i].data, expected.frames[i].data);
    }
  }
  EXPECT_EQ(r.engine.reception.counts.bad_fcs, 200U);
}

TEST(Xgmii, AgreesWithTheModelOnRandomLines) {
  Rig r;
  for (int i = 0; i < 3000; ++i) {
    const std::size_t begin = r.line.size();
    const Bytes frame = r.random.chance(70) ? WithFcs(r.RandomFrame(r.random.below(200)))
                                            : r.RandomFrame(r.random.below(100));
    Put(r.line, frame, 5 + r.random.below(14));
    for (int n = r.random.chance(20) ? 1 + r.random.below(3) : 0; n > 0; --n) {
      const std::size_t place = begin + r.random.below(r.line.size() - begin);
      const bool between = place + 9 + frame.size() < r.line.size();
      Octet& octet = r.line[place];
      // A start in the middle has a test of its own; between frames there is nothing but control.
      if (Is(octet, kStart)) continue;
      if (between || r.random.chance(50)) {
        octet = {true, r.random.chance(50) ? kError : kTerminate};
      } else {
        octet = {false, static_cast<std::uint8_t>(r.random.below(256))};
      }
    }
  }
  r.Finish();
  r.ExpectReception();
}

TEST(Xgmii, SendsAFrameThatTheEngineMarksWithAWrongFcs) {
  Rig r;
  std::vector<Bytes> frames;
  for (int i = 0; i < 400; ++i) {
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

TEST(Xgmii, SendsFramesWithGapsOfAnyLengthBetweenThem) {
  Rig r;
  std::vector<Bytes> frames;
  for (int i = 0; i < 1000; ++i) {
    frames.push_back(r.RandomFrame(1 + r.random.below(140)));
    r.engine.Send(frames.back());
  }
  r.engine.frame_chance = 30;
  r.Finish();
  const auto sendings = r.Sendings();
  ASSERT_EQ(sendings.size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQ(sendings[i].octets, Sent(frames[i]));
    if (i > 0) {
      ASSERT_GE(sendings[i].start - sendings[i - 1].end, 9U);
    }
  }
}

TEST(Xgmii, EndsAFrameThatRunsOutWithAWrongFcsAndSendsTheNextOne) {
  Rig r;
  for (std::size_t words = 1; words < 30; ++words) {
    for (std::size_t pause = 1; pause < 12; ++pause) {
      const Bytes frame = r.RandomFrame(250), next = r.RandomFrame(1 + r.random.below(100));
      r.sent.clear();
      r.engine.reception = {};
      r.engine.Send(frame);
      r.engine.Send(next);
      for (std::size_t n = 0; n < words;) {
        r.engine.hold = n + 1 == words && r.b->s_tx_tvalid;
        r.b.run(r.clk, 1);
        if (r.engine.taken) ++n;
      }
      r.engine.hold = true;
      r.b.run(r.clk, pause);
      r.engine.hold = false;
      r.Finish();
      ASSERT_FALSE(HasFatalFailure());
      ASSERT_EQ(r.engine.reception.counts.underrun, 1U) << words;
      const auto sendings = r.Sendings();
      ASSERT_EQ(sendings.size(), 2U);
      Bytes cut(frame.begin(), frame.begin() + 8 * words);
      cut.resize(cut.size() + 4);
      ASSERT_EQ(sendings[0].octets, Sent(cut, true)) << words;
      ASSERT_EQ(sendings[1].octets, Sent(next));
      ASSERT_GE(sendings[1].start - sendings[0].end, 9U);
    }
  }
}

TEST(Xgmii, TakesTheStatedTimeBothWays) {
  for (const unsigned lane : {0U, 4U}) {
    Rig r;
    const Bytes frame = r.RandomFrame(70);
    if (lane == 4) r.line.resize(4);
    Put(r.line, Sent(frame), 8);
    // The first word is the transfer behind the start's; in lane 4 it is whole one later.
    ASSERT_TRUE(r.b.until(
        r.clk,
        [&] {
          for (unsigned i = 0; i < 8; i += 4) {
            if ((r.b->xgmii_rxc >> i & 1) != 0 && (r.b->xgmii_rxd >> (8 * i) & 0xff) == kStart)
              return true;
          }
          return false;
        },
        20));
    const std::uint64_t edges = r.b.edges(r.clk) + (lane == 0 ? 1 : 2);
    ASSERT_TRUE(r.b.until(r.clk, [&] { return r.b->m_rx_tvalid != 0; }, 20));
    EXPECT_EQ(r.b.edges(r.clk) - edges, 3U);
  }
  Rig r;
  const Bytes frame = r.RandomFrame(70);
  r.engine.Send(frame);
  ASSERT_TRUE(r.b.until(r.clk, [&] { return r.engine.taken; }, 20));
  // The edge that takes the word is the first of the cycles.
  const std::uint64_t edges = r.b.edges(r.clk) - 1;
  ASSERT_TRUE(r.b.until(
      r.clk, [&] { return r.b->xgmii_txc == 1 && (r.b->xgmii_txd & 0xff) == kStart; }, 20));
  EXPECT_EQ(r.b.edges(r.clk) - edges, 3U);
  r.b.run(r.clk, 1);
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(r.b->xgmii_txd >> (8 * i) & 0xff, frame[i]);
}

TEST(Xgmii, IgnoresTheRestOfAFrameInWhichItsResetEnds) {
  Rig r;
  for (int i = 0; i < 40; ++i) {
    r.engine.Clear();
    r.line.clear();
    r.at = 0;
    Put(r.line, Sent(r.RandomFrame(200)), 12);
    const Bytes whole = r.RandomFrame(80);
    Put(r.line, Sent(whole), 12);
    r.b->rst = 1;
    r.b.run(r.clk, 5 + r.random.below(18));
    r.b->rst = 0;
    r.Finish();
    ASSERT_EQ(r.engine.reception.frames.size(), 1U);
    ASSERT_EQ(r.engine.reception.frames[0], (Received{whole, false}));
    ASSERT_EQ(r.engine.reception.counts, Counts{});
  }
}

// ------------------------------------------------------------------------------------ 46.3.4

TEST(XgmiiFault, IsSeenAfterFourOrderedSetsOfOneKind) {
  for (const unsigned kind : {1U, 2U}) {
    for (std::size_t apart : {1U, 2U, 7U, 64U, 127U, 128U}) {
      Rig r;
      for (int i = 0; i < 3; ++i) {
        PutFault(r.line, kind);
        r.line.resize(r.line.size() + 4 * (apart - 1));
      }
      r.Finish();
      EXPECT_EQ(r.b->local_fault + r.b->remote_fault, 0);
      EXPECT_EQ(r.faults, 0U);
      r.b.run(r.clk, 70);  // forgets them
      r.line.clear();
      r.at = 0;
      for (int i = 0; i < 4; ++i) {
        PutFault(r.line, kind);
        r.line.resize(r.line.size() + 4 * (apart - 1));
      }
      r.line.resize(r.line.size() - 4 * (apart - 1));
      r.Finish();
      EXPECT_EQ(r.b->local_fault, kind == 1 && apart <= 128) << apart;
      EXPECT_EQ(r.b->remote_fault, kind == 2 && apart <= 128) << apart;
      EXPECT_EQ(r.faults, 1U);
    }
    Rig r;
    for (int i = 0; i < 10; ++i) {
      PutFault(r.line, kind);
      r.line.resize(r.line.size() + 4 * 128);
    }
    r.Finish();
    EXPECT_EQ(r.faults, 0U) << "128 columns lie between them";
  }
}

TEST(XgmiiFault, CountsAnewWhenTheKindChanges) {
  Rig r;
  for (int i = 0; i < 40; ++i) PutFault(r.line, i % 4 == 3 ? 2 : 1);
  r.Finish();
  EXPECT_EQ(r.faults, 0U);
  r.line.clear();
  r.at = 0;
  for (int i = 0; i < 4; ++i) PutFault(r.line, 1);
  for (int i = 0; i < 4; ++i) PutFault(r.line, 2);
  r.Finish();
  EXPECT_EQ(r.faults, 2U);
  EXPECT_EQ(r.b->remote_fault, 1);
}

TEST(XgmiiFault, EndsAfter128ColumnsWithoutAnOrderedSet) {
  for (const std::size_t lane : {0U, 4U}) {
    Rig r;
    r.line.resize(lane);
    for (int i = 0; i < 4; ++i) PutFault(r.line, 1);
    ASSERT_TRUE(r.b.until(r.clk, [&] { return r.b->local_fault != 0; }, 20));
    const std::uint64_t edges = r.b.edges(r.clk);
    ASSERT_TRUE(r.b.until(r.clk, [&] { return r.b->local_fault == 0; }, 200));
    EXPECT_EQ(r.b.edges(r.clk) - edges, 64U);
  }
}

TEST(XgmiiFault, AnswersALocalOneWithRemoteFaultAndARemoteOneWithIdle) {
  for (const unsigned kind : {1U, 2U}) {
    Rig r;
    for (int i = 0; i < 1000; ++i) PutFault(r.line, kind);
    for (int i = 0; i < 20; ++i) r.engine.Send(r.RandomFrame(60));
    r.b.run(r.clk, 8);
    ASSERT_EQ(r.b->local_fault + r.b->remote_fault, 1);
    r.b.run(r.clk, 40);  // what was on its way is cut off
    r.sent.clear();
    r.b.run(r.clk, 300);
    ASSERT_TRUE(r.engine.sent_all()) << "the engine does not wait for the link";
    for (std::size_t i = 0; i < r.sent.size(); ++i) {
      if (kind == 2) {
        ASSERT_EQ(r.sent[i], Octet{});
      } else {
        ASSERT_EQ(r.sent[i],
                  (i % 4 == 0 ? Octet{true, kSequence}
                              : Octet{false, static_cast<std::uint8_t>(i % 4 == 3 ? 2 : 0)}));
      }
    }
    EXPECT_EQ(r.engine.reception.counts, Counts{});
  }
}

TEST(XgmiiFault, LetsOnlyWholeFramesFollow) {
  for (int round = 0; round < 60; ++round) {
    Rig r;
    std::vector<Bytes> frames;
    for (int i = 0; i < 30; ++i) {
      frames.push_back(r.RandomFrame(60 + r.random.below(100)));
      r.engine.Send(frames.back());
    }
    r.line.resize(8 * r.random.below(40));
    for (int i = 0; i < 4; ++i) PutFault(r.line, 2);
    r.Finish();
    r.b.run(r.clk, 100);
    // The frame that the fault met has no end; the others are whole.
    std::size_t next = 0, whole = 0, cut = 0;
    for (std::size_t i = 0; i < r.sent.size(); ++i) {
      if (r.sent[i].control && r.sent[i].value != kStart) continue;
      ASSERT_TRUE(Is(r.sent[i], kStart));
      Bytes octets;
      for (++i; i < r.sent.size() && !r.sent[i].control; ++i) octets.push_back(r.sent[i].value);
      if (!Is(r.sent[i], kTerminate)) {
        ++cut;
        continue;
      }
      octets.erase(octets.begin(), octets.begin() + 7);
      while (next < frames.size() && Sent(frames[next]) != octets) ++next;
      ASSERT_LT(next, frames.size());
      ++whole;
    }
    EXPECT_LE(cut, 1U);
    EXPECT_GT(whole, 10U);
    EXPECT_LT(whole, 30U);
  }
}

}  // namespace
}  // namespace tautline::test
