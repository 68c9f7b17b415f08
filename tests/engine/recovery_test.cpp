// Loss: RFC 6298, RFC 5681, RFC 6582, RFC 6928 and R1, R2 (RFC 9293 3.8).
#include "connection_rig.hpp"

namespace tautline::test {
namespace {

RigOptions NoDelay() {
  return {.listen = {.socket = {.nodelay = true}}};
}

TEST(Recovery, RetransmitsWithBackoffAndGivesUpAtR2) {
  Covers("MUST-19 MUST-20 SHLD-10 SHLD-11 MUST-12");
  Rig rig;
  rig.Open();
  rig.Write("lost");
  const Received first = rig.peer.Expect({.flags = kAck | kPsh, .seq = 1, .data = "lost"});
  for (const double at : {1, 3, 7, 15, 31, 63}) {
    const Received again = rig.peer.Expect({.flags = kAck | kPsh, .seq = 1, .data = "lost"}, 61s);
    EXPECT_NEAR(SecondsBetween(first, again), at, kTimerError);
  }
  rig.bench.Settle();
  EXPECT_FALSE(rig.socket.error());
  rig.peer.ExpectSilence(60s);
  rig.bench.Settle();
  EXPECT_EQ(rig.socket.error(), std::errc::timed_out);
  EXPECT_EQ(rig.Count(Counter::timeout_aborts), 1U);
}

TEST(Recovery, TellsTheApplicationBetweenR1AndR2) {
  Covers("SHLD-9");
  Rig rig;
  rig.Open();
  rig.socket.set_interest(Ready::delayed);
  const auto told = [&] {
    const auto events = rig.bench.stack().poll();
    return !events.empty() && events.front().token == rig.socket.token() &&
           events.front().ready == Ready::delayed;
  };
  rig.Write("lost");
  rig.peer.Expect({.seq = 1, .data = "lost"});
  for (unsigned again = 1; again <= rig.bench.config().r1_retries; ++again) {
    EXPECT_FALSE(told()) << again - 1 << " retransmissions";
    EXPECT_FALSE(rig.socket.delivery_delayed());
    rig.peer.Expect({.seq = 1, .data = "lost"}, 61s);
    rig.bench.Settle();
  }
  EXPECT_TRUE(told());
  EXPECT_TRUE(rig.socket.delivery_delayed());
  EXPECT_FALSE(rig.socket.error()) << "an advice, not an end";
  rig.Give({.seq = 1, .ack = 5});
  EXPECT_FALSE(told());
  EXPECT_FALSE(rig.socket.delivery_delayed()) << "the peer has answered";
}

TEST(Recovery, LetsTheApplicationSetR2) {
  Covers("MUST-21");
  Rig rig({.listen = {.socket = {.user_timeout = 5s}}});
  rig.Open();
  rig.Write("lost");
  EXPECT_EQ(rig.peer.Take(5s).size(), 3U) << "sent, and again after 1 and 3 s";
  rig.bench.Settle();
  EXPECT_EQ(rig.socket.error(), std::errc::timed_out);
}

TEST(Recovery, TakesNoSampleFromARetransmittedSegment) {
  Covers("MUST-18");
  Rig rig;
  rig.Open();
  rig.Write("a");
  rig.peer.Expect({.seq = 1});
  rig.peer.Expect({.seq = 1}, 2s);
  rig.bench.Pass(700ms);
  rig.Give({.seq = 1, .ack = 2});
  auto info = rig.socket.info();
  ASSERT_TRUE(info);
  EXPECT_LT(info->srtt, 10ms) << "the handshake's sample still stands";
  // The backoff stays until a sample is taken.
  rig.Write("b");
  const Received first = rig.peer.Expect({.seq = 2});
  const Received again = rig.peer.Expect({.seq = 2}, 10s);
  EXPECT_NEAR(SecondsBetween(first, again), 2.0, kTimerError);
  rig.Give({.seq = 1, .ack = 3});
  rig.Write("c");
  rig.peer.Expect({.seq = 3});
  rig.Give({.seq = 1, .ack = 4});
  EXPECT_EQ(rig.socket.info()->backoff, 0);
}

TEST(Recovery, FollowsTheRoundTripTime) {
  Covers("MUST-19");
  Rig rig;
  rig.Open();
  for (std::uint32_t i = 0; i < 20; ++i) {
    rig.Write("x");
    rig.peer.Expect({.seq = 1 + i});
    rig.bench.Pass(600ms);
    rig.Give({.seq = 1, .ack = 2 + i});
  }
  auto info = rig.socket.info();
  ASSERT_TRUE(info);
  EXPECT_NEAR(static_cast<double>(info->srtt.count()), 600e3, 60e3);
  rig.Write("x");
  const Received first = rig.peer.Expect({.seq = 21});
  const Received again = rig.peer.Expect({.seq = 21}, 10s);
  EXPECT_NEAR(SecondsBetween(first, again), static_cast<double>(info->rto.count()) * 1e-6,
              kTimerError);
}

TEST(Recovery, RestartsTheTimerOnlyForNewData) {
  Covers("MUST-19");
  Rig rig(NoDelay());
  rig.Open();
  rig.Write("a");
  const Received first = rig.peer.Expect({.seq = 1});
  rig.Write("b");
  rig.peer.Expect({.seq = 2});
  rig.bench.Pass(500ms);
  rig.Give({.seq = 1, .ack = 1});     // a duplicate
  rig.Give({.seq = 1, .ack = 1000});  // of bytes never sent
  rig.Give({.seq = 1, .ack = 0});     // old
  rig.peer.Take(0us);
  const Received again = rig.peer.Expect({.seq = 1, .data = "ab"}, 2s);
  EXPECT_NEAR(SecondsBetween(first, again), 1.0, kTimerError);
}

TEST(Recovery, RestartsTheTimerForNewData) {
  Rig rig(NoDelay());
  rig.Open();
  rig.Write("a");
  const Received first = rig.peer.Expect({.seq = 1});
  rig.Write("b");
  rig.peer.Expect({.seq = 2});
  rig.bench.Pass(500ms);
  rig.Give({.seq = 1, .ack = 2});
  const Received again = rig.peer.Expect({.seq = 2, .data = "b"}, 2s);
  EXPECT_NEAR(SecondsBetween(first, again), 1.5, kTimerError);
}

TEST(Recovery, BeginsWithAWindowOfTenSegments) {
  Covers("MUST-19");
  for (const std::uint16_t mss : {1460, 536}) {
    Rig rig;
    rig.Open(mss);
    rig.WriteWhole(Pattern(30'000));
    EXPECT_EQ(rig.peer.Take().size(), 10U);
  }
}

TEST(Recovery, RetransmitsFastOnTheThirdDuplicateAck) {
  Covers("MUST-19");
  Rig rig(NoDelay());
  rig.Open(1000);
  rig.WriteWhole(Pattern(10'000));
  ASSERT_EQ(rig.peer.Take().size(), 10U);
  rig.peer.Send({.seq = 1, .ack = 1});
  rig.peer.Send({.seq = 1, .ack = 1});
  rig.peer.ExpectSilence(5ms);
  rig.peer.Send({.seq = 1, .ack = 1});
  rig.peer.Expect({.seq = 1, .data = Pattern(1000)});
  rig.peer.ExpectSilence(5ms);
  EXPECT_EQ(rig.Count(Counter::fast_retrans), 1U);
  rig.Give({.seq = 1, .ack = 10'001});
  auto info = rig.socket.info();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->ssthresh, 5000U);
  EXPECT_EQ(info->congestion, CongestionState::open);
  EXPECT_LE(info->cwnd, 5000U);
  rig.peer.ExpectSilence(5s);
}

TEST(Recovery, SendsNewDataOnTheFirstTwoDuplicateAcks) {
  Rig rig(NoDelay());
  rig.Open(1000);
  rig.WriteWhole(Pattern(14'000));
  ASSERT_EQ(rig.peer.Take().size(), 10U);
  for (const std::uint32_t seq : {10'001, 11'001}) {  // RFC 3042
    rig.peer.Send({.seq = 1, .ack = 1});
    rig.peer.Expect({.seq = seq, .len = 1000});
    rig.peer.ExpectSilence(1ms);
  }
  rig.peer.Send({.seq = 1, .ack = 1});
  rig.peer.Expect({.seq = 1, .len = 1000});
}

TEST(Recovery, CountsNoDuplicateThatCarriesDataOrMovesTheWindow) {
  Rig rig(NoDelay());
  rig.Open(1000);
  rig.WriteWhole(Pattern(10'000));
  ASSERT_EQ(rig.peer.Take().size(), 10U);
  for (std::uint32_t i = 0; i < 4; ++i) {
    rig.Give({.seq = 1 + i, .ack = 1, .data = "x"});
  }
  for (std::uint16_t i = 0; i < 4; ++i) {
    rig.Give({.seq = 5, .ack = 1, .window = static_cast<std::uint16_t>(50'000 - i)});
  }
  EXPECT_EQ(rig.Count(Counter::dup_acks_in), 0U);
  for (const Received& ack : rig.peer.Take(50ms)) EXPECT_TRUE(ack.data.empty());
}

TEST(Recovery, RetransmitsTheNextHoleOnAPartialAck) {
  Covers("MUST-19");
  Rig rig(NoDelay());
  rig.Open(1000);
  rig.WriteWhole(Pattern(10'000));
  ASSERT_EQ(rig.peer.Take().size(), 10U);
  for (int i = 0; i < 3; ++i) rig.peer.Send({.seq = 1, .ack = 1});
  rig.peer.Expect({.seq = 1, .len = 1000});
  rig.peer.Send({.seq = 1, .ack = 4001});
  rig.peer.Expect({.seq = 4001, .data = Pattern(1000, 4000)});
  rig.peer.Send({.seq = 1, .ack = 7001});
  rig.peer.Expect({.seq = 7001, .data = Pattern(1000, 7000)});
  rig.Give({.seq = 1, .ack = 10'001});
  EXPECT_EQ(rig.Count(Counter::partial_acks), 2U);
  EXPECT_EQ(rig.Count(Counter::fast_retrans), 1U);
  EXPECT_EQ(rig.Count(Counter::rto), 0U);
  rig.peer.ExpectSilence(5s);
}

// Acknowledges what came in the round, segment by segment, and takes the next round.
std::vector<Received> NextRound(Rig& rig, const std::vector<Received>& round) {
  for (const Received& segment : round) {
    rig.Give({.seq = 1, .ack = segment.seq + static_cast<std::uint32_t>(segment.data.size())});
  }
  return rig.peer.Take();
}

TEST(Recovery, DoublesTheWindowEachRoundInSlowStart) {
  Covers("MUST-19");
  Rig rig(NoDelay());
  rig.Open(500);
  rig.WriteWhole(Pattern(40'000));
  auto round = rig.peer.Take();
  EXPECT_EQ(round.size(), 10U);
  round = NextRound(rig, round);
  EXPECT_EQ(round.size(), 20U);
}

TEST(Recovery, GrowsByOneSegmentARoundBehindTheSlowStartThreshold) {
  Covers("MUST-19");
  Rig rig(NoDelay());
  rig.Open(500);
  rig.WriteWhole(Pattern(60'000));
  ASSERT_EQ(rig.peer.Take().size(), 10U);
  std::vector<Received> round{rig.peer.Expect({.seq = 1, .len = 500}, 2s)};  // the timeout
  std::vector<std::size_t> sizes{1};
  for (int i = 0; i < 7; ++i) {
    round = NextRound(rig, round);
    sizes.push_back(round.size());
  }
  // ssthresh is half of ten segments: slow start to it, then one segment a round.
  EXPECT_EQ(sizes, (std::vector<std::size_t>{1, 2, 4, 5, 6, 7, 8, 9}));
}

TEST(Recovery, RestartsFromTheInitialWindowAfterAnIdleTime) {
  Rig rig(NoDelay());
  rig.Open(500);
  const std::string text = Pattern(60'000);
  EXPECT_TRUE(Carry(rig.socket, rig.peer, text, 1) == text);
  EXPECT_GT(rig.socket.info()->cwnd, 5000U);
  rig.bench.Pass(5s);
  rig.WriteWhole(Pattern(30'000), 1, 60'001);
  EXPECT_EQ(rig.peer.Take().size(), 10U) << "RFC 5681 4.1";
}

TEST(Recovery, FlightNeverExceedsWhatForgedDuplicatesClaim) {
  Rig rig(NoDelay());
  rig.Open(1000);
  rig.WriteWhole(Pattern(60'000));
  std::size_t highest = 0;
  for (const Received& s : rig.peer.Take()) highest = s.seq + s.data.size();
  for (int i = 0; i < 200; ++i) rig.Give({.seq = 1, .ack = 1});
  for (const Received& s : rig.peer.Take()) {
    highest = std::max(highest, s.seq + s.data.size());
  }
  EXPECT_LE(highest - 1, 16'384U) << "the store bounds what an optimistic peer can make us send";
  EXPECT_EQ(rig.socket.state(), State::established);
}

TEST(Recovery, SendsTheFinAgain) {
  Rig rig;
  rig.Open();
  rig.Write("end");
  rig.socket.shutdown(Shutdown::write);
  const auto sent = rig.peer.Take();
  ASSERT_FALSE(sent.empty());
  EXPECT_TRUE(sent.back().Has(kFin));
  rig.peer.Expect({.flags = kAck | kPsh | kFin, .seq = 1, .data = "end"}, 2s);
  rig.Give({.seq = 1, .ack = 4});
  rig.peer.Expect({.flags = kAck | kFin, .seq = 4}, 10s);
  rig.Give({.seq = 1, .ack = 5});
  EXPECT_EQ(rig.socket.state(), State::fin_wait_2);
}

}  // namespace
}  // namespace tautline::test
