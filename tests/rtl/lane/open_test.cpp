// Opening a connection: RFC 9293 3.5, its options (RFC 7323, MSS), lost SYNs (RFC 6298 5.7).
#include "lane_bench.hpp"

namespace lane {
namespace {

TEST(Open, ActiveOpenSendsSynWithOptionsAndAcknowledgesTheSynAck) {
  Bench b;
  ASSERT_EQ(b.command(kOpen, 77), kOk);
  ASSERT_EQ(b.sent.size(), 1u);
  EXPECT_EQ(b.text(b.sent[0]), "S 0");
  EXPECT_EQ(b.sent[0].mss, 1460);
  EXPECT_TRUE(b.sent[0].ws_ok);
  EXPECT_EQ(b.sent[0].ws, 0);
  EXPECT_EQ(b.sent[0].wnd, 0xffff);
  EXPECT_EQ(b.sent[0].ack, 0u);
  EXPECT_EQ(b.sent[0].ttl, 64);
  EXPECT_EQ(b.status[0].tag, 77u);
  EXPECT_EQ(b.status[0].state, kSynSent);
  b.sent.clear();
  b.in({.flags = S | A, .seq = 0, .ack = 1, .mss = 1400, .ws = 7});
  EXPECT_EQ(b.tx(), Strings{"A 1 a1"});
  EXPECT_EQ(b.status[0].state, kEstablished);
  EXPECT_EQ(b.status[0].mss, 1400);
  EXPECT_EQ(b.timer_on[0], 0);
  EXPECT_EQ(b.counter(kCntEstablished), 1u);
}

TEST(Open, PassiveOpenAnswersSynAckAndCountsInTheListener) {
  Bench b;
  b.syn_in({.mss = 1460, .ws = 3});
  ASSERT_EQ(b.sent.size(), 1u);
  EXPECT_EQ(b.text(b.sent[0]), "SA 0 a1");
  EXPECT_TRUE(b.sent[0].ws_ok);
  EXPECT_EQ(b.status[0].state, kSynRcvd);
  EXPECT_EQ(b.dirties, 0) << "the host does not see a half-open connection";
  b.sent.clear();
  b.in({});
  EXPECT_EQ(b.status[0].state, kEstablished);
  EXPECT_TRUE(b.status[0].listening);
  EXPECT_EQ(b.status[0].tag, 33u);
  EXPECT_EQ(b.listener_changes, std::vector<int>{0b110});
  EXPECT_EQ(b.dirties, 1);
  EXPECT_EQ(b.tx(), Strings{});
  ASSERT_EQ(b.command(kAccept, 55), kOk);
  EXPECT_EQ(b.status[0].tag, 55u);
  EXPECT_FALSE(b.status[0].listening);
  EXPECT_EQ(b.listener_changes, (std::vector<int>{0b110, 0b001}));
  EXPECT_EQ(b.command(kAccept, 56), kBadState);
}

// RFC 9293 figure 8.
TEST(Open, SimultaneousOpenEstablishesBothWays) {
  Bench b;
  b.command(kOpen);
  EXPECT_EQ(b.tx(), Strings{"S 0"});
  b.in({.flags = S, .seq = 0, .mss = 1000});
  EXPECT_EQ(b.tx(), Strings{"SA 0 a1"});
  EXPECT_EQ(b.status[0].state, kSynRcvd);
  b.in({.flags = S | A, .seq = 0, .ack = 1, .mss = 1000});
  EXPECT_EQ(b.status[0].state, kEstablished);
  EXPECT_EQ(b.status[0].mss, 1000);
}

TEST(Open, SimultaneousOpenEndsWithThePlainAckToo) {
  Bench b;
  b.command(kOpen);
  b.in({.flags = S, .seq = 0});
  b.in({.flags = A, .seq = 1, .ack = 1});
  EXPECT_EQ(b.status[0].state, kEstablished);
}

TEST(Open, MssIsTheSmallerOfPeerAndMtuWithDefault536AndFloor48) {
  struct {
    int offered;
    int effective;
  } cases[] = {{-1, 536}, {1460, 1460}, {9000, 1460}, {1, 48}, {0, 48}, {48, 48}, {500, 500}};
  for (const auto& c : cases) {
    Bench b;
    b.command(kOpen);
    b.in({.flags = S | A, .seq = 0, .ack = 1, .mss = c.offered});
    EXPECT_EQ(b.status[0].mss, c.effective) << "offered " << c.offered;
  }
  Bench b;
  b.v.mtu = 576;
  b.command(kOpen);
  EXPECT_EQ(b.sent[0].mss, 536);
  b.in({.flags = S | A, .seq = 0, .ack = 1, .mss = 1460});
  EXPECT_EQ(b.status[0].mss, 536);
}

TEST(Open, PeersShiftIsForPeersWindowsAndOursForOurs) {
  Bench b;
  b.v.rx_ring_log2 = 20;  // our shift: 4
  b.command(kOpen);
  EXPECT_EQ(b.sent[0].ws, 4);
  EXPECT_EQ(b.sent[0].wnd, 0xffff) << "the window of a SYN is not scaled";
  b.sent.clear();
  b.in({.flags = S | A, .seq = 0, .ack = 1, .wnd = 1000, .mss = 1460, .ws = 7});
  EXPECT_EQ(b.query().snd_wnd, 1000u) << "the window of a SYN is not scaled";
  EXPECT_EQ(b.info.snd_ws, 7);
  EXPECT_EQ(b.info.rcv_ws, 4);
  EXPECT_EQ(b.sent[0].wnd, (1u << 20) >> 4 > 0xffff ? 0xffff : (1u << 20) >> 4);
  b.in({.wnd = 1000});
  EXPECT_EQ(b.query().snd_wnd, 1000u << 7);
}

TEST(Open, WithoutThePeersScaleOptionNeitherSideScales) {
  Bench b;
  b.v.rx_ring_log2 = 20;
  b.syn_in({.mss = 1460});
  EXPECT_FALSE(b.sent[0].ws_ok);
  b.in({.wnd = 1000});
  EXPECT_EQ(b.query().snd_wnd, 1000u);
  EXPECT_EQ(b.info.rcv_ws, 0);
  EXPECT_EQ(b.info.snd_ws, 0);
}

TEST(Open, LostSynIsSentAgainWithBackoffThenRtoIs3sAndWindowOneSegment) {
  Bench b;
  b.command(kOpen);
  b.advance(1 * kSec);
  b.advance(2 * kSec);
  ASSERT_EQ(b.sent.size(), 3u);
  EXPECT_EQ(b.sent[1].us - b.sent[0].us, 1 * kSec);
  EXPECT_EQ(b.sent[2].us - b.sent[1].us, 2 * kSec);
  EXPECT_EQ(b.sent[2].seq, b.iss);
  b.in({.flags = S | A, .seq = 0, .ack = 1, .mss = 1460});
  EXPECT_EQ(b.query().rto, 3 * kSec);
  EXPECT_EQ(b.info.cwnd, 1460u);
  EXPECT_EQ(b.info.srtt, 0u) << "Karn: a retransmitted SYN gives no sample";
}

TEST(Open, SynGivesTheFirstRttSample) {
  Bench b;
  b.command(kOpen);
  b.now += 80 * kMs;
  b.in({.flags = S | A, .seq = 0, .ack = 1, .mss = 1460});
  EXPECT_EQ(b.query().srtt, 80 * kMs);
  EXPECT_EQ(b.info.rttvar, 40 * kMs);
  EXPECT_EQ(b.info.rto, 240 * kMs);
  EXPECT_EQ(b.info.cwnd, 14600u);
}

TEST(Open, SynTimesOutAtR2) {
  Bench b;
  b.command(kOpen);
  b.advance(179 * kSec);
  EXPECT_EQ(b.status[0].state, kSynSent);
  EXPECT_TRUE(b.status[0].r1);
  b.advance(5 * kSec);
  EXPECT_EQ(b.status[0].cause, kTimeout);
  EXPECT_TRUE(b.status[0].done);
  EXPECT_EQ(b.removals, 1);
  EXPECT_EQ(b.counter(kCntAttemptFails), 1u);
  EXPECT_EQ(b.command(kRelease), kOk);
  ASSERT_EQ(b.life.size(), 1u);
  EXPECT_EQ(b.life[0].gen, 1);
}

TEST(Open, HalfOpenConnectionThatNobodyCompletesFreesItself) {
  Bench b;
  b.syn_in({.mss = 1460});
  b.advance(190 * kSec);
  EXPECT_EQ(b.life.size(), 1u);
  EXPECT_EQ(b.removals, 1);
  EXPECT_EQ(b.listener_changes, std::vector<int>{0b100});
  EXPECT_EQ(b.dirties, 0);
}

TEST(Open, RefusedByRst) {
  Bench b;
  b.command(kOpen);
  b.in({.flags = R | A, .seq = 0, .ack = 1});
  EXPECT_EQ(b.status[0].cause, kRefused);
  EXPECT_TRUE(b.status[0].done);
}

TEST(Open, SynSentAnswersAForeignAckWithRstOfItsNumber) {
  Bench b;
  b.command(kOpen);
  b.sent.clear();
  b.in({.flags = S | A, .seq = 0, .ack = 7});
  ASSERT_EQ(b.replies.size(), 1u);
  EXPECT_EQ(b.replies[0].seq, b.iss + 7);
  EXPECT_EQ(b.replies[0].flags, R);
  EXPECT_EQ(b.status[0].state, kSynSent);
  b.in({.flags = R | A, .seq = 0, .ack = 7});
  EXPECT_EQ(b.status[0].state, kSynSent) << "a RST must acknowledge our SYN";
  b.in({.flags = R, .seq = 0});
  EXPECT_EQ(b.status[0].state, kSynSent);
  EXPECT_EQ(b.replies.size(), 1u);
}

TEST(Open, SynThatComesAgainGetsItsSynAckAgain) {
  Bench b;
  b.syn_in({.mss = 1460});
  EXPECT_EQ(b.tx(), Strings{"SA 0 a1"});
  b.in({.flags = S, .seq = 0, .mss = 1460});
  EXPECT_EQ(b.tx(), Strings{"SA 0 a1"});
  b.in({});
  EXPECT_EQ(b.status[0].state, kEstablished);
}

TEST(Open, ForeignAckInSynRcvdIsAnsweredByRstAndChangesNothing) {
  Bench b;
  b.reach(kSynRcvd);
  b.in({.ack = 99});
  ASSERT_EQ(b.replies.size(), 1u);
  EXPECT_EQ(b.replies[0].seq, b.iss + 99);
  EXPECT_EQ(b.status[0].state, kSynRcvd);
}

TEST(Open, RstInSynRcvdFreesThePassiveSlot) {
  Bench b;
  b.reach(kSynRcvd);
  b.in({.flags = R, .seq = 1});
  EXPECT_EQ(b.life.size(), 1u);
  EXPECT_EQ(b.listener_changes, std::vector<int>{0b100});
}

TEST(Open, ListenerThatHasClosedResetsTheHandshake) {
  Bench b;
  b.reach(kSynRcvd);
  b.v.listener_live = 0xffff & ~(1 << 3);
  b.in({});
  EXPECT_EQ(b.tx(), Strings{"RA 1 a1"});
  EXPECT_EQ(b.life.size(), 1u);
  EXPECT_EQ(b.listener_changes, std::vector<int>{0b100});
  EXPECT_EQ(b.dirties, 0);
}

TEST(Open, ThirdAckMayCarryDataAndFin) {
  Bench b;
  b.reach(kSynRcvd);
  b.in({.flags = A | P | F, .seq = 1, .ack = 1, .len = 10});
  EXPECT_EQ(b.status[0].state, kCloseWait);
  EXPECT_EQ(b.status[0].rx_end, 10u);
  ASSERT_EQ(b.answers.size(), 1u);
  EXPECT_TRUE(b.answers[0].commit);
  EXPECT_EQ(b.tx(), Strings{"A 1 a12"});
}

TEST(Open, UnresolvedNextHopKeepsTheSynAndUnreachableEndsTheAttempt) {
  Bench b;
  b.v.s_nbr = kPending;
  b.command(kOpen);
  EXPECT_EQ(b.tx(), Strings{});
  EXPECT_EQ(b.waiting.count(0), 1u);
  EXPECT_EQ(b.timer_on[0], 0) << "what was not sent is not timed";
  b.v.s_nbr = kResolved;
  b.ready = b.waiting;
  b.run();
  EXPECT_EQ(b.tx(), Strings{"S 0"});

  Bench c;
  c.v.s_nbr = kFailed;
  c.command(kOpen);
  EXPECT_EQ(c.status[0].cause, kUnreachable);
  EXPECT_TRUE(c.status[0].done);
}

TEST(Open, SynPayloadIsAnsweredByDropAndNotAcknowledged) {
  Bench b;
  b.syn_in({.len = 20, .mss = 1460});
  ASSERT_EQ(b.answers.size(), 1u);
  EXPECT_FALSE(b.answers[0].commit);
  EXPECT_EQ(b.tx(), Strings{"SA 0 a1"});
}

TEST(Open, InitialSequenceNumberMayWrapInTheHandshake) {
  Bench b(0xffffffff, 0xffffffff);
  b.connect_established();
  b.write(100);
  EXPECT_EQ(b.tx(), Strings{"PA 1+100 a1"});
  b.in({.flags = A | P, .seq = 1, .ack = 101, .len = 50});
  EXPECT_EQ(b.status[0].acked, 100u);
  EXPECT_EQ(b.status[0].rx_end, 50u);
}

}  // namespace
}  // namespace lane
