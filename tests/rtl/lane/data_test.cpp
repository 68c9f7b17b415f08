// Data and acknowledgments without loss: segmentation, PSH, Nagle, delayed ACK, windows of both
// sides, RFC 5961 for ACK and SYN.
#include "lane_bench.hpp"

namespace lane {
namespace {

TEST(Data, IsCutToTheMssAndOnlyTheLastBufferedByteIsPushed) {
  Bench b;
  b.connect_established(1000);
  b.write(2500);
  EXPECT_EQ(b.tx(), (Strings{"A 1+1000 a1", "A 1001+1000 a1"})) << "Nagle holds the small rest";
  b.in({.ack = 2001});
  EXPECT_EQ(b.tx(), Strings{"PA 2001+500 a1"});
  EXPECT_EQ(b.acked, (std::vector<uint32_t>{0, 2000}));
  b.in({.ack = 2501});
  EXPECT_EQ(b.status[0].acked, 2500u);
  EXPECT_EQ(b.timer_on[0], 0) << "nothing is outstanding";
}

TEST(Data, NagleHoldsASmallSegmentWhileDataIsOutstandingUnlessSwitchedOff) {
  Bench b;
  b.connect_established();
  b.write(10);
  b.write(10);
  b.write(10);
  EXPECT_EQ(b.tx(), Strings{"PA 1+10 a1"});
  b.in({.ack = 11});
  EXPECT_EQ(b.tx(), Strings{"PA 11+20 a1"});
  ASSERT_EQ(b.command(kSetopt, kNoDelay, 1), kOk);
  b.write(5);
  b.write(6);
  EXPECT_EQ(b.tx(), (Strings{"PA 31+5 a1", "PA 36+6 a1"}));
}

TEST(Data, InitialWindowIsTenSegmentsAndSlowStartDoublesIt) {
  Bench b;
  b.connect_established(1000);
  b.write(100000);
  EXPECT_EQ(b.tx().size(), 10u);
  b.in({.ack = 2001});
  EXPECT_EQ(b.tx().size(), 4u);
  EXPECT_EQ(b.query().cwnd, 12000u);
  b.in({.ack = 3001});
  EXPECT_EQ(b.tx().size(), 2u);
}

TEST(Data, SlowStartCountsAtMostTwoSegmentsOfOneAck) {
  Bench b;
  b.connect_established(1000);
  b.write(100000);
  b.in({.ack = 10001});
  EXPECT_EQ(b.query().cwnd, 12000u);
}

TEST(Data, WindowGrowsOnlyWhenItIsUsed) {
  Bench b;
  b.connect_established(1000);
  for (int i = 1; i <= 20; ++i) {
    b.write(100);
    b.in({.ack = uint32_t(1 + 100 * i)});
  }
  EXPECT_EQ(b.query().cwnd, 10000u);
}

TEST(Data, IdleLongerThanTheRtoFallsBackToTheInitialWindow) {
  Bench b;
  b.connect_established(1000);
  b.write(10000);
  uint32_t acked = 1;
  for (int i = 0; i < 8; ++i) {
    b.write(20000);
    acked = b.sent.back().seq - b.iss + b.sent.back().len;
    b.in({.ack = acked});
  }
  b.in({.ack = b.sent.back().seq - b.iss + b.sent.back().len});
  while (b.status[0].acked != b.tail[0]) b.in({.ack = b.status[0].sent + 1});
  EXPECT_GT(b.query().cwnd, 12000u);
  b.advance(5 * kSec);
  b.sent.clear();
  b.write(60000);
  EXPECT_EQ(b.tx().size(), 10u);
}

TEST(Ack, IsDelayedUpToTheLimitAndSentAtOnceForTheSecondFullSegment) {
  Bench b;
  b.connect_established();
  b.in({.flags = A, .seq = 1, .len = 1000});
  EXPECT_EQ(b.tx(), Strings{});
  b.in({.flags = A, .seq = 1001, .len = 1000});
  EXPECT_EQ(b.tx(), Strings{"A 1 a2001"});
  b.in({.flags = A, .seq = 2001, .len = 1000});
  b.advance(39 * kMs);
  EXPECT_EQ(b.tx(), Strings{});
  b.advance(1 * kMs);
  EXPECT_EQ(b.tx(), Strings{"A 1 a3001"});
  b.advance(1 * kSec);
  EXPECT_EQ(b.tx(), Strings{});
}

TEST(Ack, RidesOnData) {
  Bench b;
  b.connect_established();
  b.in({.flags = A | P, .seq = 1, .len = 100});
  b.write(7);
  EXPECT_EQ(b.tx(), Strings{"PA 1+7 a101"});
  b.advance(100 * kMs);
  EXPECT_EQ(b.tx(), Strings{});
}

TEST(Ack, QuickAckAnswersEverySegment) {
  Bench b;
  b.connect_established();
  b.command(kSetopt, kQuickAck, 1);
  b.in({.flags = A, .seq = 1, .len = 1});
  b.in({.flags = A, .seq = 2, .len = 1});
  EXPECT_EQ(b.tx(), (Strings{"A 1 a2", "A 1 a3"}));
}

TEST(Ack, SegmentsThatArriveTogetherAreMergedIntoOne) {
  Bench b;
  b.connect_established();
  for (uint32_t i = 0; i < 6; ++i) b.in_quiet({.flags = A, .seq = 1 + 1000 * i, .len = 1000});
  b.run();
  EXPECT_EQ(b.tx(), Strings{"A 1 a6001"});
}

TEST(Window, SenderFillsThePeersWindowExactlyAndNeverOverrunsIt) {
  Bench b;
  b.connect_established(1000, -1, 2500);
  b.write(10000);
  EXPECT_EQ(b.tx(), (Strings{"A 1+1000 a1", "A 1001+1000 a1"}))
      << "500 bytes of window are silly while data is outstanding";
  b.in({.ack = 2001, .wnd = 2500});
  EXPECT_EQ(b.tx(), (Strings{"A 2001+1000 a1", "A 3001+1000 a1"}));
}

TEST(Window, ShrunkWindowMayMakeTheUsableOneNegative) {
  Bench b;
  b.connect_established(1000, -1, 8000);
  b.write(20000);
  EXPECT_EQ(b.tx().size(), 8u);
  b.in({.ack = 1001, .wnd = 2000});
  EXPECT_EQ(b.tx(), Strings{}) << "edge moved from 8001 to 3001: nothing new (SHLD-15)";
  b.in({.ack = 3001, .wnd = 2000});
  EXPECT_EQ(b.tx(), Strings{});
  b.in({.ack = 8001, .wnd = 2000});
  EXPECT_EQ(b.tx(), (Strings{"A 8001+1000 a1", "A 9001+1000 a1"}));
}

TEST(Window, OldSegmentDoesNotUpdateTheWindow) {
  Bench b;
  b.connect_established(1000);
  b.in({.flags = A, .seq = 1, .ack = 1, .len = 100, .wnd = 5000});
  b.in({.flags = A, .seq = 101, .ack = 1, .len = 100, .wnd = 6000});
  b.in({.flags = A, .seq = 1, .ack = 1, .len = 150, .wnd = 10});
  EXPECT_EQ(b.query().snd_wnd, 6000u);
}

TEST(Window, UpdateIsSentWhenTheReaderFreesSpaceAfterTheWindowHasClosed) {
  Bench b;
  b.v.rx_ring_log2 = 12;
  b.connect_established();
  for (uint32_t i = 0; i < 4; ++i) b.in({.flags = A, .seq = 1 + 1024 * i, .len = 1024});
  ASSERT_FALSE(b.sent.empty());
  EXPECT_EQ(b.sent.back().wnd, 0);
  b.sent.clear();
  b.take(100);
  EXPECT_EQ(b.tx(), Strings{}) << "100 bytes would be a silly window";
  b.take(1460);
  ASSERT_EQ(b.sent.size(), 1u);
  EXPECT_EQ(b.sent[0].wnd, 1460);
  EXPECT_EQ(b.counter(kCntWindowUpdates), 1u);
}

TEST(Window, EdgeNeverMovesLeftAndAdvancesInSegmentsOnly) {
  Bench b;
  b.v.rx_ring_log2 = 14;
  b.connect_established();
  uint32_t edge = 1 + (1 << 14), seq = 1, read = 0;
  b.command(kSetopt, kQuickAck, 1);
  for (int i = 0; i < 200; ++i) {
    b.in({.flags = A, .seq = seq, .len = 100});
    seq += 100;
    if (i % 3 == 0) b.take(read += 250);
    for (const Sent& s : b.sent) {
      const uint32_t e = s.ack - b.irs + s.wnd;
      EXPECT_GE(int32_t(e - edge), 0);
      EXPECT_TRUE(e == edge || e - edge >= 1460) << "grew by " << e - edge;
      EXPECT_LE(e, read + 1 + (1 << 14));
      edge = e;
    }
    b.sent.clear();
  }
}

TEST(Window, ScaledWindowDescribesALargeRing) {
  Bench b;
  b.v.rx_ring_log2 = 22;
  b.connect_established(1460, 2);
  b.in({.flags = A, .seq = 1, .len = 1460});
  b.in({.flags = A, .seq = 1461, .len = 1460});
  ASSERT_FALSE(b.sent.empty());
  const uint32_t wnd = uint32_t(b.sent.back().wnd) << 6;
  EXPECT_LE(wnd + 2920, 1u << 22);
  EXPECT_GE(wnd + 2920 + 128, 1u << 22);
}

TEST(Silly, SmallWindowIsUsedOnlyWithHalfTheLargestOrAfterTheOverride) {
  Bench b;
  b.connect_established(1000, -1, 8000);
  b.write(8000);
  b.in({.ack = 8001, .wnd = 300});
  b.sent.clear();
  b.write(5000);
  EXPECT_EQ(b.tx(), Strings{}) << "300 of 1000, and less than half of 8000 (MUST-38)";
  b.advance(199 * kMs);
  EXPECT_EQ(b.tx(), Strings{});
  b.advance(1 * kMs);
  EXPECT_EQ(b.tx(), Strings{"A 8001+300 a1"});
}

TEST(Silly, HalfOfASmallPeersWindowIsNotSilly) {
  Bench b;
  b.connect_established(1000, -1, 400);
  b.write(5000);
  EXPECT_EQ(b.tx(), Strings{"A 1+400 a1"});
  b.in({.ack = 401, .wnd = 200});
  EXPECT_EQ(b.tx(), Strings{"A 401+200 a1"});
}

TEST(ZeroWindow, IsProbedWithOneByteAndGrowingIntervals) {
  Bench b;
  b.connect_established(1000, -1, 1000);
  b.write(5000);
  b.in({.ack = 1001, .wnd = 0});
  b.sent.clear();
  const uint64_t start = b.now;
  b.advance(10 * kSec);
  ASSERT_GE(b.sent.size(), 4u);
  std::vector<uint64_t> gaps;
  uint64_t last = start;
  for (const Sent& s : b.sent) {
    EXPECT_EQ(b.text(s), "A 1001+1 a1");
    gaps.push_back(s.us - last);
    last = s.us;
  }
  EXPECT_EQ(gaps[0], b.v.rto_min_us) << "the first after one RTO (SHLD-29)";
  for (size_t i = 1; i < gaps.size(); ++i) EXPECT_EQ(gaps[i], 2 * gaps[i - 1]) << "SHLD-30";
  EXPECT_EQ(b.counter(kCntProbes), b.sent.size());
}

TEST(ZeroWindow, KeepsTheConnectionAsLongAsThePeerAnswers) {
  Bench b;
  b.connect_established(1000, -1, 1000);
  b.write(5000);
  b.in({.ack = 1001, .wnd = 0});
  b.sent.clear();
  for (int i = 0; i < 60; ++i) {
    b.advance(30 * kSec);
    for (size_t n = b.sent.size(); n != 0; --n) b.in({.ack = 1001, .wnd = 0});
    b.sent.clear();
  }
  EXPECT_EQ(b.status[0].state, kEstablished) << "MUST-37: half an hour of answers";
  EXPECT_FALSE(b.status[0].done);
  EXPECT_EQ(b.counter(kCntFastRetrans), 0u);
  // It opens: the byte of the probe goes again at once, filled up with what follows.
  b.in({.ack = 1001, .wnd = 3000});
  EXPECT_EQ(b.tx(), (Strings{"A 1001+1000 a1", "A 2001+1000 a1", "A 3001+1000 a1"}));
  EXPECT_EQ(b.query().backoff, 0);
}

TEST(ZeroWindow, GivesUpWhenProbesStayUnanswered) {
  Bench b;
  b.connect_established(1000, -1, 1000);
  b.write(5000);
  b.in({.ack = 1001, .wnd = 0});
  b.advance(101 * kSec);
  EXPECT_EQ(b.status[0].cause, kTimeout);
}

TEST(ZeroWindow, AckAndRstStillCountWhenOursIsShut) {
  Bench b;
  b.v.rx_ring_log2 = 12;
  b.connect_established();
  for (uint32_t i = 0; i < 4; ++i) b.in({.flags = A, .seq = 1 + 1024 * i, .len = 1024});
  b.write(100);
  b.sent.clear();
  b.answers.clear();
  // MUST-66: a probe's text is refused, its ACK is taken.
  b.in({.flags = A, .seq = 4097, .ack = 101, .len = 1});
  EXPECT_EQ(b.status[0].acked, 100u);
  ASSERT_EQ(b.answers.size(), 1u);
  EXPECT_FALSE(b.answers[0].commit);
  EXPECT_EQ(b.tx(), Strings{"A 101 a4097"});
  b.in({.flags = R, .seq = 4097});
  EXPECT_EQ(b.status[0].cause, kReset);
}

TEST(ZeroWindow, BareFinNeedsNoRoom) {
  Bench b;
  b.v.rx_ring_log2 = 12;
  b.connect_established();
  for (uint32_t i = 0; i < 4; ++i) b.in({.flags = A, .seq = 1 + 1024 * i, .len = 1024});
  b.in({.flags = F | A, .seq = 4097});
  EXPECT_EQ(b.status[0].state, kCloseWait);
  EXPECT_EQ(b.status[0].rx_end, 4096u);
}

TEST(ZeroWindow, AcksStayAcceptableAfterAProbe) {
  Bench b;
  b.connect_established(1000, -1, 1000);
  b.write(5000);
  b.in({.ack = 1001, .wnd = 0});
  b.advance(300 * kMs);
  b.sent.clear();
  b.in({.flags = A, .seq = 1, .ack = 1001, .len = 10, .wnd = 0});
  b.advance(40 * kMs);
  EXPECT_EQ(b.tx(), Strings{"A 1001 a11"}) << "not SND.NXT, which lies beyond the peer's edge";
}

TEST(Rfc5961, OldAndFutureAcksAreDroppedWithOneChallengePerInterval) {
  Bench b;
  b.connect_established(1000);
  b.write(500);
  b.sent.clear();
  for (int i = 0; i < 10; ++i) b.in({.ack = 5000});
  EXPECT_EQ(b.tx(), Strings{"A 501 a1"});
  EXPECT_EQ(b.counter(kCntBadAck), 10u);
  EXPECT_EQ(b.counter(kCntChallengeLimited), 9u);
  b.now += 1 * kSec + 10 * kMs;
  b.in({.ack = 1u - 0x10001});
  EXPECT_EQ(b.tx(), Strings{"A 501 a1"});
  EXPECT_EQ(b.status[0].acked, 0u);
}

TEST(Rfc5961, AnAckOfLongAgoInsideTheRangeCarriesItsData) {
  Bench b;
  b.connect_established(1000);
  b.write(5000);
  b.in({.ack = 5001});
  b.in({.flags = A, .seq = 1, .ack = 2001, .len = 10});
  EXPECT_EQ(b.status[0].rx_end, 10u);
  EXPECT_EQ(b.status[0].acked, 5000u);
}

TEST(Sequence, DataBothWaysAcrossTheWrap) {
  Bench b(0xfffffe00, 0xffffff00);
  b.connect_established(1000);
  uint32_t seq = 1, ack = 1;
  for (int i = 0; i < 20; ++i) {
    b.write(300);
    ack += 300;
    b.in({.flags = A | P, .seq = seq, .ack = ack, .len = 200});
    seq += 200;
  }
  EXPECT_EQ(b.status[0].acked, 6000u);
  EXPECT_EQ(b.status[0].rx_end, 4000u);
  EXPECT_EQ(b.query().pipe, 0u);
}

TEST(Option, TtlDscpAndBadValues) {
  Bench b;
  b.connect_established();
  EXPECT_EQ(b.command(kSetopt, kTtl, 7), kOk);
  EXPECT_EQ(b.command(kSetopt, kDscp, 46), kOk);
  EXPECT_EQ(b.command(kSetopt, kTtl, 0), kBadArg);
  EXPECT_EQ(b.command(kSetopt, kDscp, 64), kBadArg);
  EXPECT_EQ(b.command(kSetopt, kNoDelay, 2), kBadArg);
  EXPECT_EQ(b.command(kSetopt, 99, 0), kBadArg);
  b.write(1);
  ASSERT_EQ(b.sent.size(), 1u);
  EXPECT_EQ(b.sent[0].ttl, 7);
  EXPECT_EQ(b.sent[0].dscp, 46);
}

TEST(Command, OfAnOldLifeOrOutOfRangeIsStale) {
  Bench b;
  b.connect_established();
  EXPECT_EQ(b.command(kAbort, 0, 0, 0, 9), kStale);
  EXPECT_EQ(b.command(kAbort, 0, 0, 16, 0), kStale) << "flow 16 is not flow 0";
  EXPECT_EQ(b.command(kQuery, 0, 0, 5), kStale);
  EXPECT_EQ(b.status[0].state, kEstablished);
}

TEST(Segment, OfAnOldGenerationIsDroppedWithItsPayload) {
  Bench b;
  b.connect_established();
  b.put({.flags = A | P, .seq = 1, .len = 10}, 0, false, false, 7);
  b.run();
  ASSERT_EQ(b.answers.size(), 1u);
  EXPECT_FALSE(b.answers[0].commit);
  EXPECT_EQ(b.counter(kCntStaleGen), 1u);
  EXPECT_EQ(b.status[0].rx_end, 0u);
}

TEST(Neighbour, SynchronizedFlowKeepsTryingUntilR2) {
  Bench b;
  b.connect_established();
  b.v.s_nbr = kFailed;
  b.write(100);
  EXPECT_EQ(b.tx(), Strings{});
  b.advance(20 * kSec);
  EXPECT_EQ(b.status[0].state, kEstablished);
  b.v.s_nbr = kResolved;
  b.advance(40 * kSec);
  ASSERT_FALSE(b.sent.empty());
  EXPECT_EQ(b.text(b.sent[0]), "PA 1+100 a1");
  b.in({.ack = 101});
  EXPECT_EQ(b.status[0].acked, 100u);
  b.v.s_nbr = kFailed;
  b.write(100);
  b.advance(150 * kSec);
  EXPECT_EQ(b.status[0].cause, kTimeout);
}

TEST(Neighbour, PendingKeepsTheDebt) {
  Bench b;
  b.connect_established();
  b.v.s_nbr = kPending;
  b.write(100);
  b.in({.flags = F | A});
  EXPECT_EQ(b.tx(), Strings{});
  EXPECT_EQ(b.waiting.count(0), 1u);
  b.v.s_nbr = kResolved;
  b.ready.insert(0);
  b.run();
  EXPECT_EQ(b.tx(), Strings{"PA 1+100 a2"});
}

}  // namespace
}  // namespace lane
