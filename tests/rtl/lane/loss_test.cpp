// Loss: retransmission timer (RFC 6298), fast retransmit and NewReno (RFC 5681, RFC 6582), limited
// transmit (RFC 3042), give-up limits (RFC 9293 3.8.3).
#include <algorithm>

#include "lane_bench.hpp"

namespace lane {
namespace {

// Established, `n` segments of 1000 bytes outstanding in a window of `n` segments.
void outstanding(Bench& b, int n) {
  b.connect_established(1000);
  b.write(10000000);
  while (int(b.query().cwnd) < n * 1000) b.in({.ack = b.status[0].sent + 1});
  b.in({.ack = b.status[0].sent + 1});
  b.sent.clear();
}

void dup(Bench& b, int n, uint32_t ack) {
  for (int i = 0; i < n; ++i) b.in({.ack = ack});
}

// The ACKs of a whole window may come before the line lets any of the data go that they allow.
TEST(SlowStart, GrowsByEveryAckOfAWindowThatWasInUse) {
  Bench b;
  b.connect_established(1000);
  b.write(10000000);
  ASSERT_EQ(b.tx().size(), 10u);
  ASSERT_EQ(b.query().cwnd, 10000u);
  for (uint32_t i = 1; i <= 10; ++i) b.in_quiet({.ack = 1 + 1000 * i});
  EXPECT_EQ(b.query().cwnd, 20000u);
}

// RFC 7661 3: the host, and not the window, held the data back.
TEST(SlowStart, DoesNotGrowWhileTheHostSendsLittle) {
  Bench b;
  b.connect_established(1000);
  for (uint32_t i = 1; i <= 20; ++i) {
    b.write(1000);
    b.in({.ack = 1 + 1000 * i});
  }
  EXPECT_EQ(b.query().cwnd, 10000u);
}

TEST(Rto, RetransmitsTheEarliestSegmentWithBackoffAndTheCwndOfOneSegment) {
  Bench b;
  b.connect_established(1000);
  b.write(4000);
  EXPECT_EQ(b.tx().size(), 4u);
  const uint64_t start = b.now;
  b.advance(3500 * kMs);
  ASSERT_EQ(b.sent.size(), 4u);
  uint64_t gap = b.v.rto_min_us, at = start;
  for (const Sent& s : b.sent) {
    EXPECT_EQ(b.text(s), "A 1+1000 a1");
    EXPECT_EQ(s.us, at += gap);
    gap *= 2;
  }
  EXPECT_EQ(b.query().cwnd, 1000u);
  EXPECT_EQ(b.info.ssthresh, 2000u) << "held constant after the first timeout";
  EXPECT_EQ(b.info.ca, 2);
  EXPECT_TRUE(b.status[0].r1);
}

// `recover` is compared modulo 2^32: it has to follow a stream without loss, or it would lie ahead
// again after 2 GiB. Text of 64 KiB keeps this short.
TEST(FastRetransmit, WorksAfterMoreThanTwoGibibytesWithoutLoss) {
  Bench b;
  b.v.mtu = 65535;
  b.connect_established(65495, 14, 8);
  uint32_t acked = 0;
  while (acked < 0x80000000u + 1000000) {
    b.write(65495);
    acked = b.status[0].sent;
    b.in({.ack = acked + 1, .wnd = 1000});
    b.sent.clear();
    ASSERT_EQ(b.status[0].acked, acked);
  }
  for (int i = 0; i < 3; ++i) b.write(65495);
  ASSERT_EQ(b.sent.size(), 3u);
  b.sent.clear();
  for (int i = 0; i < 3; ++i) b.in({.ack = acked + 1, .wnd = 1000});
  const auto again = std::count_if(b.sent.begin(), b.sent.end(), [&](const Sent& s) {
    return s.len == 65495 && s.seq == b.iss + 1 + acked;
  });
  EXPECT_EQ(again, 1) << "three duplicates, one retransmission";
  EXPECT_EQ(b.query().ca, 1);
}

TEST(Rto, EverythingUpToRecoverGoesAgainInSlowStart) {
  Bench b;
  b.connect_established(1000);
  b.write(6000);
  b.sent.clear();
  b.advance(200 * kMs);
  EXPECT_EQ(b.tx(), Strings{"A 1+1000 a1"});
  b.in({.ack = 1001});
  EXPECT_EQ(b.tx(), (Strings{"A 1001+1000 a1", "A 2001+1000 a1"}));
  b.in({.ack = 3001});
  EXPECT_EQ(b.tx(), (Strings{"A 3001+1000 a1", "A 4001+1000 a1", "PA 5001+1000 a1"}));
  b.in({.ack = 6001});
  EXPECT_EQ(b.tx(), Strings{});
  EXPECT_EQ(b.query().ca, 0);
  EXPECT_EQ(b.info.pipe, 0u);
  EXPECT_EQ(b.timer_on[0], 0);
}

TEST(Rto, AckOfWhatWasOnlyDelayedSkipsTheRest) {
  Bench b;
  b.connect_established(1000);
  b.write(6000);
  b.advance(200 * kMs);
  b.sent.clear();
  b.in({.ack = 5001});
  EXPECT_EQ(b.tx(), Strings{"PA 5001+1000 a1"});
}

TEST(Rto, OnlyNewlyAcknowledgedDataRestartsTheTimer) {
  Bench b;
  b.connect_established(1000);
  b.write(4000);
  b.sent.clear();
  b.now += 150 * kMs;
  b.in({.ack = 1});      // duplicate
  b.in({.ack = 90000});  // invalid
  b.in({.ack = 1, .wnd = 60000});
  b.sent.clear();
  b.advance(50 * kMs);
  EXPECT_EQ(b.tx(), Strings{"A 1+1000 a1"}) << "the timer still counts from the first transmission";
}

TEST(Rto, KarnNoSampleFromARetransmittedSegment) {
  Bench b;
  b.command(kOpen);
  b.now += 50 * kMs;
  b.in({.flags = S | A, .seq = 0, .ack = 1, .mss = 1000});
  b.write(1000);
  const uint32_t srtt = b.query().srtt;
  EXPECT_EQ(srtt, 50 * kMs);
  b.advance(b.info.rto);
  EXPECT_EQ(b.query().backoff, 1);
  b.now += 5 * kMs;
  b.in({.ack = 1001});
  EXPECT_EQ(b.query().srtt, srtt);
  EXPECT_EQ(b.info.backoff, 1) << "kept until a sample of new data (RFC 6298 5)";
  b.write(1000);
  b.now += 50 * kMs;
  b.in({.ack = 2001});
  EXPECT_EQ(b.query().backoff, 0);
}

TEST(Rto, EstimatorFollowsRfc6298) {
  Bench b;
  b.v.rto_min_us = 1;
  b.command(kOpen);
  b.now += 100 * kMs;
  b.in({.flags = S | A, .seq = 0, .ack = 1, .mss = 1000});
  double srtt = 100000, rttvar = 50000;
  const uint64_t samples[] = {120000, 80000, 300000, 100000, 100000, 50000};
  uint32_t ack = 1;
  for (uint64_t r : samples) {
    b.write(100);
    b.now += r;
    b.in({.ack = ack += 100});
    rttvar = 0.75 * rttvar + 0.25 * std::abs(srtt - double(r));
    srtt = 0.875 * srtt + 0.125 * double(r);
    EXPECT_NEAR(b.query().srtt, srtt, 2);
    EXPECT_NEAR(b.info.rttvar, rttvar, 3);
    EXPECT_NEAR(b.info.rto, srtt + 4 * rttvar, 12);
  }
}

TEST(Rto, IsClampedByTheRegisters) {
  Bench b;
  b.v.rto_max_us = 60 * kSec;
  b.connect_established(1000);
  b.v.user_timeout_us = 4000000 * kMs;
  b.write(1000);
  b.advance(1000 * kSec);
  EXPECT_EQ(b.query().rto, 60 * kSec);
  ASSERT_GE(b.sent.size(), 3u);
  EXPECT_EQ(b.sent.back().us - b.sent[b.sent.size() - 2].us, 60 * kSec);
}

TEST(GiveUp, AtR2AndWithAdviceAtR1) {
  Bench b;
  b.connect_established(1000);
  b.write(1000);
  b.advance(700 * kMs);
  EXPECT_FALSE(b.status[0].r1);
  b.advance(1 * kSec);
  EXPECT_TRUE(b.status[0].r1);
  EXPECT_EQ(b.status[0].state, kEstablished);
  b.advance(98 * kSec);
  EXPECT_FALSE(b.status[0].done);
  b.advance(2 * kSec);
  EXPECT_TRUE(b.status[0].done);
  EXPECT_EQ(b.status[0].cause, kTimeout);
  EXPECT_EQ(b.removals, 1);
  EXPECT_EQ(b.timer_on[0], 0);
}

TEST(GiveUp, R1IsTakenBackByAnAnswer) {
  Bench b;
  b.connect_established(1000);
  b.write(1000);
  b.advance(10 * kSec);
  EXPECT_TRUE(b.status[0].r1);
  b.in({.ack = 1001});
  EXPECT_FALSE(b.status[0].r1);
}

TEST(GiveUp, UserTimeoutOfTheFlowComesExactly) {
  Bench b;
  b.connect_established(1000);
  b.command(kSetopt, kUserTimeout, 5 * kSec);
  b.write(1000);
  const uint64_t first = b.now + b.v.rto_min_us;
  b.advance(first + 5 * kSec - 1 - b.now);
  EXPECT_FALSE(b.status[0].done);
  b.advance(1);
  EXPECT_TRUE(b.status[0].done);
}

TEST(NewReno, ThirdDuplicateRetransmitsAtOnceAndHalvesTheWindow) {
  Bench b;
  outstanding(b, 20);
  const uint32_t una = b.status[0].acked + 1, nxt = b.status[0].sent + 1;
  const uint32_t cwnd = b.query().cwnd, flight = nxt - una;
  dup(b, 2, una);
  const Strings limited = b.tx();
  EXPECT_EQ(limited.size(), 2u) << "limited transmit: new data for the first two (RFC 3042)";
  dup(b, 1, una);
  EXPECT_EQ(b.tx(), Strings{"A " + std::to_string(una) + "+1000 a1"});
  EXPECT_EQ(b.query().ca, 1);
  EXPECT_EQ(b.info.cwnd, std::min(cwnd, flight) / 2);
  EXPECT_EQ(b.info.ssthresh, b.info.cwnd);
  EXPECT_EQ(b.counter(kCntFastRetrans), 1u);
}

TEST(NewReno, SendsByPipeDuringRecoveryAndLeavesItWithoutABurst) {
  Bench b;
  outstanding(b, 20);
  const uint32_t una = b.status[0].acked + 1;
  dup(b, 3, una);
  const uint32_t recover = b.status[0].sent + 1;
  b.sent.clear();
  const int in_flight = (recover - una) / 1000;
  const int target = b.query().cwnd / 1000;
  // Every further duplicate takes one segment out; below the new window each one lets one in.
  int sent = 0;
  for (int i = 4; i <= in_flight - 1; ++i) {
    dup(b, 1, una);
    if (b.sent.empty()) continue;
    sent += int(b.sent.size());
    b.sent.clear();
    EXPECT_LE(b.query().pipe, b.info.cwnd);
  }
  EXPECT_EQ(sent, target - 1) << "of the window, one segment is the lost one";
  b.in({.ack = recover});
  EXPECT_EQ(b.query().ca, 0);
  EXPECT_LE(b.info.cwnd, b.info.ssthresh);
  EXPECT_LE(b.tx().size(), 2u) << "no burst";
}

TEST(NewReno, PartialAckRetransmitsTheNextHoleAndStaysInRecovery) {
  Bench b;
  outstanding(b, 20);
  const uint32_t una = b.status[0].acked + 1;
  dup(b, 3, una);
  b.sent.clear();
  b.in({.ack = una + 3000});
  ASSERT_FALSE(b.sent.empty());
  EXPECT_EQ(b.text(b.sent[0]), "A " + std::to_string(una + 3000) + "+1000 a1");
  EXPECT_EQ(b.query().ca, 1);
  EXPECT_EQ(b.counter(kCntPartialAcks), 1u);
  b.sent.clear();
  b.in({.ack = una + 5000});
  ASSERT_FALSE(b.sent.empty());
  EXPECT_EQ(b.text(b.sent[0]), "A " + std::to_string(una + 5000) + "+1000 a1");
}

TEST(NewReno, OnlyTheFirstPartialAckRestartsTheTimer) {
  Bench b;
  outstanding(b, 20);
  const uint32_t una = b.status[0].acked + 1;
  dup(b, 3, una);
  b.now += 50 * kMs;
  b.in({.ack = una + 1000});
  const uint64_t armed = b.deadline[0][2];
  b.now += 50 * kMs;
  b.in({.ack = una + 2000});
  EXPECT_EQ(b.deadline[0][2], armed);
}

TEST(NewReno, NoSecondFastRetransmitBeforeRecoverIsPassed) {
  Bench b;
  outstanding(b, 20);
  const uint32_t una = b.status[0].acked + 1;
  b.advance(200 * kMs);  // RTO
  b.sent.clear();
  dup(b, 10, una);
  EXPECT_EQ(b.tx(), Strings{}) << "RFC 6582 3.2 step 2";
  EXPECT_EQ(b.counter(kCntFastRetrans), 0u);
}

TEST(NewReno, WindowUpdatesAndDataAreNoDuplicates) {
  Bench b;
  outstanding(b, 20);
  const uint32_t una = b.status[0].acked + 1;
  for (uint32_t i = 0; i < 5; ++i) b.in({.ack = una, .wnd = 60000 - i});
  for (uint32_t i = 0; i < 5; ++i)
    b.in({.seq = 1 + 10 * i, .ack = una, .len = 10, .wnd = 60000 - 4});
  EXPECT_EQ(b.query().ca, 0);
  EXPECT_EQ(b.counter(kCntDupAcks), 0u);
}

TEST(NewReno, ForgedDuplicatesCannotInflateBeyondTheFlight) {
  Bench b;
  b.connect_established(1000);
  b.write(3000);
  b.sent.clear();
  dup(b, 50, 1);
  EXPECT_EQ(b.query().pipe, 0u);
  EXPECT_EQ(b.tx(), Strings{"A 1+1000 a1"});
}

TEST(NewReno, CongestionAvoidanceAddsOneSegmentPerWindow) {
  Bench b;
  outstanding(b, 20);
  const uint32_t una = b.status[0].acked + 1;
  dup(b, 3, una);
  b.in({.ack = b.status[0].sent + 1});
  // Fill the window up to ssthresh first.
  while (b.query().cwnd < b.info.ssthresh) b.in({.ack = b.status[0].acked + 1 + 1000});
  const uint32_t start = b.info.cwnd;
  uint32_t acked = 0;
  while (b.query().cwnd == start) {
    b.in({.ack = b.status[0].acked + 1 + 1000});
    acked += 1000;
  }
  EXPECT_EQ(b.info.cwnd, start + 1000);
  EXPECT_NEAR(acked, start, 1000);
}

TEST(Retransmission, StaysInsideAShrunkWindowAndCarriesTheFin) {
  Bench b;
  b.connect_established(1000, -1, 8000);
  b.write(2500);
  b.command(kShutdown, 2500);
  EXPECT_EQ(b.tx(), (Strings{"A 1+1000 a1", "A 1001+1000 a1", "FPA 2001+500 a1"}));
  b.in({.ack = 1001, .wnd = 600});
  b.advance(200 * kMs);
  EXPECT_EQ(b.tx(), Strings{"A 1001+600 a1"}) << "SHLD-16";
  b.in({.ack = 1601, .wnd = 8000});
  EXPECT_EQ(b.tx(), Strings{"FPA 1601+900 a1"});
  b.in({.ack = 2502});
  EXPECT_EQ(b.status[0].state, kFinWait2);
}

TEST(Retransmission, AcrossTheWrapOfSequenceNumbers) {
  Bench b(0xfffff000);
  b.connect_established(1000);
  b.write(8000);
  b.sent.clear();
  b.advance(200 * kMs);
  EXPECT_EQ(b.tx(), Strings{"A 1+1000 a1"});
  b.in({.ack = 4001});
  EXPECT_EQ(b.tx(), (Strings{"A 4001+1000 a1", "A 5001+1000 a1"}));
  b.in({.ack = 8001});
  EXPECT_EQ(b.query().ca, 0);
  EXPECT_EQ(b.status[0].acked, 8000u);
}

TEST(Retransmission, LostFinIsSentAgain) {
  Bench b;
  b.connect_established();
  b.command(kShutdown, 0);
  EXPECT_EQ(b.tx(), Strings{"FA 1 a1"});
  b.advance(200 * kMs);
  EXPECT_EQ(b.tx(), Strings{"FA 1 a1"});
  b.advance(400 * kMs);
  EXPECT_EQ(b.tx(), Strings{"FA 1 a1"});
}

}  // namespace
}  // namespace lane
