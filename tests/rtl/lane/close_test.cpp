// Closing: RFC 9293 3.6, 3.10.4 to 3.10.5, orphans, TIME-WAIT, slots and their generations.
#include "lane_bench.hpp"

namespace lane {
namespace {

TEST(Close, ActiveCloseWalksToTimeWaitAndTheSlotIsFreeAfterRelease) {
  Bench b;
  b.connect_established();
  ASSERT_EQ(b.command(kShutdown, 0), kOk);
  EXPECT_EQ(b.status[0].state, kFinWait1);
  EXPECT_EQ(b.tx(), Strings{"FA 1 a1"});
  b.in({.ack = 2});
  EXPECT_EQ(b.status[0].state, kFinWait2);
  b.in({.flags = F | A, .seq = 1, .ack = 2});
  EXPECT_EQ(b.tx(), Strings{"A 2 a2"});
  EXPECT_EQ(b.status[0].state, kTimeWait);
  EXPECT_TRUE(b.status[0].done);
  EXPECT_TRUE(b.status[0].fin);
  ASSERT_EQ(b.time_waits.size(), 1u);
  EXPECT_EQ(b.time_waits[0].rcv_nxt, b.irs + 2);
  EXPECT_EQ(b.time_waits[0].snd_nxt, b.iss + 2);
  EXPECT_EQ(b.time_waits[0].mac, 0x020000000002u);
  EXPECT_EQ(b.removals, 1);
  EXPECT_TRUE(b.life.empty());
  ASSERT_EQ(b.command(kRelease), kOk);
  ASSERT_EQ(b.life.size(), 1u);
  EXPECT_EQ(b.life[0].gen, 1);
  EXPECT_FALSE(b.status[0].active);
  EXPECT_EQ(b.removals, 1);
}

TEST(Close, FinLeavesOnlyAfterAllBytesBelowIt) {
  Bench b;
  b.connect_established(1000);
  ASSERT_EQ(b.command(kShutdown, 2500), kOk);
  EXPECT_EQ(b.tx(), Strings{}) << "the bytes are still on their way from the host";
  b.write(1000);
  EXPECT_EQ(b.tx(), Strings{"PA 1+1000 a1"});
  b.write(1500);
  EXPECT_EQ(b.tx(), (Strings{"A 1001+1000 a1", "FPA 2001+500 a1"})) << "Nagle does not hold a FIN";
  b.in({.ack = 2501});
  EXPECT_EQ(b.status[0].state, kFinWait1);
  EXPECT_EQ(b.status[0].acked, 2500u);
  b.in({.ack = 2502});
  EXPECT_EQ(b.status[0].state, kFinWait2);
  EXPECT_EQ(b.status[0].acked, 2500u) << "a FIN is no byte";
}

TEST(Close, PassiveCloseKeepsSendingUntilTheHostShutsDown) {
  Bench b;
  b.connect_established(1000);
  b.in({.flags = F | A});
  EXPECT_EQ(b.tx(), Strings{"A 1 a2"});
  EXPECT_EQ(b.status[0].state, kCloseWait);
  EXPECT_TRUE(b.status[0].fin);
  b.write(3000);
  EXPECT_EQ(b.tx().size(), 3u) << "half-close";
  b.advance(10 * kMs);
  b.in({.seq = 2, .ack = 3001});
  b.command(kShutdown, 3000);
  EXPECT_EQ(b.tx(), Strings{"FA 3001 a2"});
  EXPECT_EQ(b.status[0].state, kLastAck);
  b.in({.seq = 2, .ack = 3002});
  EXPECT_TRUE(b.status[0].done);
  EXPECT_EQ(b.status[0].state, kClosed);
  EXPECT_EQ(b.status[0].cause, kNone);
  EXPECT_TRUE(b.time_waits.empty());
}

TEST(Close, HalfCloseStillReceives) {
  Bench b;
  b.connect_established();
  b.command(kShutdown, 0);
  b.in({.flags = A, .seq = 1, .ack = 2, .len = 500});
  b.in({.flags = A | F, .seq = 501, .ack = 2, .len = 500});
  EXPECT_EQ(b.status[0].rx_end, 1000u);
  EXPECT_EQ(b.status[0].state, kTimeWait);
  EXPECT_EQ(b.answers.size(), 2u);
  for (const Answer& a : b.answers) EXPECT_TRUE(a.commit);
}

TEST(Close, SimultaneousClosePassesThroughClosing) {
  Bench b;
  b.connect_established();
  b.command(kShutdown, 0);
  b.in({.flags = F | A, .seq = 1, .ack = 1});
  EXPECT_EQ(b.status[0].state, kClosing);
  b.sent.clear();
  b.in({.seq = 2, .ack = 2});
  EXPECT_EQ(b.status[0].state, kTimeWait);
  EXPECT_EQ(b.time_waits.size(), 1u);
  EXPECT_EQ(b.tx(), Strings{}) << "nothing new to acknowledge";
}

TEST(Close, FinWithTheAckOfOursGoesStraightToTimeWait) {
  Bench b;
  b.connect_established();
  b.command(kShutdown, 0);
  b.in({.flags = F | A, .seq = 1, .ack = 2});
  EXPECT_EQ(b.status[0].state, kTimeWait);
}

TEST(Close, FinOutOfOrderWaitsForItsPlace) {
  Bench b;
  b.connect_established();
  b.in({.flags = F | A, .seq = 1001, .len = 500});
  EXPECT_EQ(b.status[0].state, kEstablished);
  EXPECT_EQ(b.tx(), Strings{"A 1 a1"});
  b.in({.flags = A, .seq = 1, .len = 1000});
  EXPECT_EQ(b.status[0].state, kCloseWait);
  EXPECT_EQ(b.status[0].rx_end, 1500u);
  EXPECT_EQ(b.tx(), Strings{"A 1 a1502"});
}

TEST(Close, BareFinOutOfOrderWaitsToo) {
  Bench b;
  b.connect_established();
  b.in({.flags = F | A, .seq = 1001});
  EXPECT_EQ(b.status[0].state, kEstablished);
  b.in({.flags = A, .seq = 1, .len = 1000});
  EXPECT_EQ(b.status[0].state, kCloseWait);
  EXPECT_EQ(b.answers.back().delivered, 1000u);
}

TEST(Close, NothingIsAcceptedBeyondAFin) {
  Bench b;
  b.connect_established();
  b.in({.flags = F | A, .seq = 1001});
  b.in({.flags = A, .seq = 501, .len = 1000});
  b.in({.flags = A, .seq = 1, .len = 500});
  EXPECT_EQ(b.status[0].rx_end, 1000u);
  EXPECT_EQ(b.status[0].state, kCloseWait);
}

TEST(Close, RetransmittedFinIsAcknowledgedAgain) {
  Bench b;
  b.connect_established();
  b.in({.flags = F | A});
  b.sent.clear();
  b.in({.flags = F | A});
  EXPECT_EQ(b.tx(), Strings{"A 1 a2"});
}

TEST(Close, ShutdownBeforeTheHandshakeIsOverFollowsIt) {
  Bench b;
  b.command(kOpen);
  b.write(100);
  ASSERT_EQ(b.command(kShutdown, 100), kOk);
  b.sent.clear();
  b.in({.flags = S | A, .seq = 0, .ack = 1, .mss = 1460});
  EXPECT_EQ(b.status[0].state, kFinWait1);
  EXPECT_EQ(b.tx(), Strings{"FPA 1+100 a1"});
}

TEST(Close, ShutdownBelowWhatWasSentIsRefusedAndASecondOneChangesNothing) {
  Bench b;
  b.connect_established();
  b.write(100);
  EXPECT_EQ(b.command(kShutdown, 50), kBadArg);
  EXPECT_EQ(b.command(kShutdown, 100), kOk);
  EXPECT_EQ(b.command(kShutdown, 70), kOk);
  b.in({.ack = 102});
  EXPECT_EQ(b.status[0].state, kFinWait2);
}

TEST(Abort, SendsRstAtSndNxtAndEnds) {
  Bench b;
  b.connect_established();
  b.write(100);
  b.sent.clear();
  ASSERT_EQ(b.command(kAbort), kOk);
  EXPECT_EQ(b.tx(), Strings{"RA 101 a1"});
  EXPECT_EQ(b.status[0].cause, kAborted);
  EXPECT_TRUE(b.status[0].done);
  EXPECT_EQ(b.timer_on[0], 0);
  EXPECT_EQ(b.removals, 1);
  EXPECT_EQ(b.command(kAbort), kBadState);
  EXPECT_EQ(b.command(kShutdown, 0), kBadState);
}

TEST(Abort, OfASynIsSilent) {
  Bench b;
  b.command(kOpen);
  b.sent.clear();
  b.command(kAbort);
  EXPECT_EQ(b.tx(), Strings{});
  EXPECT_TRUE(b.status[0].done);
}

TEST(Abort, RstWaitsForTheNextHopAndTheSlotForTheRst) {
  Bench b;
  b.connect_established();
  b.v.s_nbr = kPending;
  b.command(kAbort);
  b.command(kRelease);
  EXPECT_TRUE(b.life.empty());
  b.v.s_nbr = kResolved;
  b.ready.insert(0);
  b.run();
  EXPECT_EQ(b.tx(), Strings{"RA 1 a1"});
  EXPECT_EQ(b.life.size(), 1u);
}

TEST(Reset, ByThePeerIsToldToTheHostAndKeepsTheSlotUntilRelease) {
  Bench b;
  b.connect_established();
  b.in({.flags = A, .seq = 1, .len = 100});
  b.in({.flags = R, .seq = 101});
  EXPECT_EQ(b.status[0].cause, kReset);
  EXPECT_TRUE(b.status[0].done);
  EXPECT_EQ(b.status[0].rx_end, 100u) << "bytes before the RST stay readable";
  EXPECT_TRUE(b.life.empty());
  b.sent.clear();
  b.in({.flags = A, .seq = 101, .len = 100});
  EXPECT_FALSE(b.answers.back().commit);
  EXPECT_EQ(b.tx(), Strings{});
  b.command(kRelease);
  EXPECT_EQ(b.life.size(), 1u);
}

TEST(Orphan, ClosesByItselfAndFreesItsSlot) {
  Bench b;
  b.connect_established(1000);
  b.write(2500);
  ASSERT_EQ(b.command(kRelease), kOk);
  EXPECT_EQ(b.status[0].state, kFinWait1);
  const int dirties = b.dirties;
  b.in({.ack = 2502});
  b.in({.flags = F | A, .seq = 1, .ack = 2502});
  EXPECT_EQ(b.tx().back(), "A 2502 a2");
  EXPECT_EQ(b.time_waits.size(), 1u);
  ASSERT_EQ(b.life.size(), 1u);
  EXPECT_EQ(b.dirties, dirties) << "the host has let go";
}

TEST(Orphan, NewDataIsAnsweredByReset) {
  Bench b;
  b.connect_established();
  b.command(kRelease);
  b.in({.ack = 2});
  b.sent.clear();
  b.in({.flags = A, .seq = 1, .ack = 2, .len = 100});
  EXPECT_EQ(b.tx(), Strings{"RA 2 a1"});
  EXPECT_FALSE(b.answers.back().commit);
  EXPECT_EQ(b.life.size(), 1u);
}

TEST(Orphan, WithUnreadDataIsReset) {
  Bench b;
  b.connect_established();
  b.in({.flags = A, .seq = 1, .len = 100});
  b.sent.clear();
  b.command(kRelease);
  EXPECT_EQ(b.tx(), Strings{"RA 1 a101"});
  EXPECT_EQ(b.life.size(), 1u);
}

TEST(Orphan, FinWait2EndsByItsTimer) {
  Bench b;
  b.connect_established();
  b.command(kRelease);
  b.in({.ack = 2});
  EXPECT_EQ(b.status[0].state, kFinWait2);
  b.advance(59 * kSec);
  EXPECT_TRUE(b.life.empty());
  b.advance(1 * kSec);
  EXPECT_EQ(b.life.size(), 1u);
  EXPECT_EQ(b.counter(kCntFinWait2), 1u);
}

TEST(Orphan, HalfClosedReaderMayStayInFinWait2ForEver) {
  Bench b;
  b.reach(kFinWait2);
  b.advance(3600 * kSec);
  EXPECT_EQ(b.status[0].state, kFinWait2);
  b.command(kRelease);
  b.advance(60 * kSec);
  EXPECT_EQ(b.life.size(), 1u);
}

TEST(Slot, NewLifeStartsCleanUnderTheNextGeneration) {
  Bench b;
  for (int life = 0; life < 300; ++life) {
    ASSERT_EQ(b.status[0].gen, life & 0xff);
    b.listen_established();
    b.write(10);
    b.in({.flags = A, .seq = 1, .ack = 11, .len = 20});
    b.command(kAccept, 5);
    b.command(kAbort);
    b.command(kRelease);
    ASSERT_EQ(b.life.size(), 1u);
  }
}

TEST(Slot, UnacceptedConnectionThatDiesIsGivenBackToTheListener) {
  Bench b;
  b.listen_established();
  b.in({.flags = R, .seq = 1});
  EXPECT_EQ(b.listener_changes, std::vector<int>{0b110});
  b.command(kRelease);
  EXPECT_EQ(b.listener_changes, (std::vector<int>{0b110, 0b001}));
}

TEST(Slot, LifeNoticesKeepTheirDistance) {
  Bench b;
  for (int f = 0; f < 8; ++f) b.command(kOpen, 0, 0, f);
  for (int f = 0; f < 8; ++f) {
    b.v.c_op = kRelease;
    b.v.c_flow = f;
    b.v.c_gen = 0;
    b.v.b_birth = 0;
    b.v.s_cmd_valid = 1;
    b.v.eval();
    const bool took = b.v.s_cmd_ready;
    b.clock();
    if (!took) --f;
  }
  b.v.s_cmd_valid = 0;
  b.drain();
  ASSERT_EQ(b.life.size(), 8u);
  for (size_t i = 1; i < b.life.size(); ++i) EXPECT_GE(b.life[i].cycle - b.life[i - 1].cycle, 4u);
}

}  // namespace
}  // namespace lane
