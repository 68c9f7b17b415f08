// Closing in every order: RFC 9293 3.6, 3.10.4, 3.10.5 and TIME-WAIT.
#include "connection_rig.hpp"

namespace tautline::test {
namespace {

// The engine has closed first and its FIN is acknowledged; the peer's FIN is at 1.
void ReachFinWait2(Rig& rig) {
  rig.Open();
  EXPECT_FALSE(rig.socket.close());
  rig.peer.Expect({.flags = kAck | kFin, .seq = 1, .ack = 1});
  rig.Give({.seq = 1, .ack = 2});
}
void ReachTimeWait(Rig& rig) {
  ReachFinWait2(rig);
  rig.peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 2});
  rig.peer.Expect({.flags = kAck, .seq = 2, .ack = 2});
  rig.bench.Settle();
}
// What a segment into the connection meets: nothing is left of it.
void ExpectGone(Rig& rig, std::uint32_t seq, std::uint32_t ack) {
  rig.peer.Send({.seq = seq, .ack = ack});
  rig.peer.Expect({.flags = kRst, .seq = ack});
}

TEST(Close, ByUsFirstLeadsThroughFinWaitToTimeWait) {
  Covers("MUST-13");
  Rig rig;
  ReachTimeWait(rig);
  EXPECT_EQ(rig.Count(Counter::time_wait), 1U);
}

TEST(Close, ByThePeerFirstWaitsForTheApplication) {
  Covers("MUST-12");
  Rig rig;
  rig.Open();
  rig.peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 1});
  rig.peer.Expect({.flags = kAck, .seq = 1, .ack = 2});
  rig.peer.ExpectSilence(10s);
  rig.bench.Settle();
  EXPECT_EQ(rig.socket.state(), State::close_wait);
  std::byte one{};
  EXPECT_EQ(rig.socket.read({&one, 1}), 0U);
  EXPECT_FALSE(rig.socket.error()) << "an orderly end is no error";
  rig.socket.close();
  rig.peer.Expect({.flags = kAck | kFin, .seq = 1, .ack = 2});
  rig.Give({.seq = 2, .ack = 2});
  ExpectGone(rig, 2, 2);
}

TEST(Close, HalfByThePeerLetsUsSendOn) {
  Rig rig;
  rig.Open();
  rig.Give({.flags = kAck | kFin, .seq = 1, .ack = 1, .data = "last words"});
  rig.peer.Expect({.flags = kAck, .ack = 12});
  EXPECT_EQ(ReadAll(rig.socket), "last words");
  const std::string text = Pattern(30'000);
  EXPECT_TRUE(Carry(rig.socket, rig.peer, text, 1, 12) == text);
  rig.socket.close();
  rig.peer.Expect({.flags = kAck | kFin, .seq = 30'001, .ack = 12});
}

TEST(Close, HalfByUsLetsThePeerSendOn) {
  Rig rig;
  rig.Open();
  rig.Write("question");
  rig.socket.shutdown(Shutdown::write);
  std::string got;
  bool fin = false;
  for (const Received& s : rig.peer.Take()) {
    got += s.data;
    fin = s.Has(kFin);
  }
  EXPECT_EQ(got, "question");
  EXPECT_TRUE(fin);
  rig.Give({.seq = 1, .ack = 10});
  EXPECT_EQ(rig.socket.state(), State::fin_wait_2);
  std::string answer;
  for (std::uint32_t at = 0; at < 30'000; at += 1000) {
    rig.Give({.seq = 1 + at, .ack = 10, .data = Pattern(1000, at)});
    answer += ReadAll(rig.socket);
  }
  EXPECT_TRUE(answer == Pattern(30'000));
  rig.Give({.flags = kAck | kFin, .seq = 30'001, .ack = 10});
  EXPECT_TRUE(rig.socket.peer_finished());
  EXPECT_EQ(rig.peer.Take().back().ack, 30'002U);
}

TEST(Close, SimultaneouslyLeadsThroughClosingToTimeWait) {
  Rig rig;
  rig.Open();
  rig.socket.shutdown(Shutdown::write);
  rig.peer.Expect({.flags = kAck | kFin, .seq = 1, .ack = 1});
  rig.peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 1});
  rig.peer.Expect({.flags = kAck, .seq = 2, .ack = 2});
  rig.bench.Settle();
  EXPECT_EQ(rig.socket.state(), State::closing);
  rig.Give({.seq = 2, .ack = 2});
  rig.peer.ExpectSilence(10ms);
  EXPECT_EQ(rig.Count(Counter::time_wait), 1U);
}

TEST(Close, AnswersFinAndAckInOneSegment) {
  Rig rig;
  rig.Open();
  rig.socket.shutdown(Shutdown::write);
  rig.peer.Expect({.flags = kAck | kFin, .seq = 1});
  rig.peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 2});
  rig.peer.Expect({.flags = kAck, .seq = 2, .ack = 2});
  EXPECT_EQ(rig.Count(Counter::time_wait), 1U);
}

TEST(Close, PutsTheFinBehindEveryByte) {
  Rig rig({.listen = {.socket = {.nodelay = true}}});
  rig.Open(1000);
  rig.Write(Pattern(2500));
  rig.socket.close();
  std::string got;
  std::vector<Received> all = rig.peer.Take();
  for (const Received& s : all) got += s.data;
  EXPECT_TRUE(got == Pattern(2500));
  ASSERT_FALSE(all.empty());
  EXPECT_TRUE(all.back().Has(kFin));
  for (std::size_t i = 0; i + 1 < all.size(); ++i) EXPECT_FALSE(all[i].Has(kFin));
}

TEST(Close, TakesAFinThatComesBeforeItsDataInOrder) {
  Rig rig;
  rig.Open();
  rig.Give({.flags = kAck | kFin, .seq = 101, .ack = 1, .data = Pattern(100, 100)});
  rig.peer.Expect({.flags = kAck, .ack = 1});
  EXPECT_FALSE(rig.socket.peer_finished());
  rig.Give({.seq = 1, .ack = 1, .data = Pattern(100)});
  rig.peer.Expect({.flags = kAck, .ack = 202});
  EXPECT_EQ(ReadAll(rig.socket), Pattern(200));
  EXPECT_TRUE(rig.socket.peer_finished());
}

TEST(Close, DoesNotWaitForEverInFinWait2) {
  Rig rig;
  ReachFinWait2(rig);
  rig.bench.Pass(61s);
  EXPECT_EQ(rig.Count(Counter::fin_wait2_timeout), 1U);
  rig.peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 2});
  rig.peer.Expect({.flags = kRst, .seq = 2});
}

TEST(Close, StaysInFinWait2WhileTheSocketIsOpen) {
  Rig rig;
  rig.Open();
  rig.socket.shutdown(Shutdown::write);
  rig.peer.Expect({.flags = kAck | kFin, .seq = 1});
  rig.Give({.seq = 1, .ack = 2});
  rig.bench.Pass(600s);
  EXPECT_EQ(rig.socket.state(), State::fin_wait_2);
  rig.Give({.seq = 1, .ack = 2, .data = "late"});
  EXPECT_EQ(ReadAll(rig.socket), "late");
}

TEST(Close, AcknowledgesARepeatedFinInTimeWaitAndStartsItAnew) {
  Covers("MUST-13");
  Rig rig;
  ReachTimeWait(rig);
  rig.bench.Pass(200s);
  rig.peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 2});
  rig.peer.Expect({.flags = kAck, .seq = 2, .ack = 2});
  rig.bench.Pass(200s);
  rig.peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 2});
  rig.peer.Expect({.flags = kAck, .seq = 2, .ack = 2});
}

TEST(Close, EndsTimeWaitAfter240Seconds) {
  Covers("MUST-13");
  Rig rig;
  ReachTimeWait(rig);
  rig.bench.Pass(239s);
  rig.peer.Send({.seq = 0, .ack = 2, .data = "x"});  // answered, but starts nothing anew
  rig.peer.Expect({.flags = kAck, .ack = 2});
  rig.bench.Pass(2s);
  ExpectGone(rig, 2, 2);
}

TEST(Close, IgnoresAResetInTimeWait) {
  Rig rig;
  ReachTimeWait(rig);  // RFC 1337
  rig.Give({.flags = kRst, .seq = 2});
  rig.peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 2});
  rig.peer.Expect({.flags = kAck, .seq = 2, .ack = 2});
}

TEST(Close, LetsALaterSynReopenFromTimeWait) {
  Covers("MAY-2");
  Rig rig;
  ReachTimeWait(rig);
  const std::uint32_t before = rig.peer.engine_isn();
  rig.peer.Send({.flags = kSyn, .seq = 2});  // not beyond what was received
  rig.peer.Expect({.flags = kAck, .seq = 2, .ack = 2});
  rig.peer.Send({.flags = kSyn, .seq = 5000});
  const Received answer = rig.peer.Expect({.flags = kSyn | kAck, .ack = 5001});
  EXPECT_GT(static_cast<std::int32_t>(rig.peer.engine_isn() - before), 2)
      << "the new numbers lie beyond those of the incarnation before";
  rig.Give({.seq = 5001, .ack = 1, .data = "again"});
  auto socket = rig.listener.try_accept();
  ASSERT_TRUE(socket);
  EXPECT_EQ(ReadAll(*socket), "again");
  EXPECT_EQ(rig.Count(Counter::time_wait_reopened), 1U);
}

TEST(Close, FreesTheSlotInTimeWait) {
  Rig rig;
  const unsigned flows = rig.bench.board().flows();
  for (unsigned i = 0; i < 2 * flows; ++i) {
    ScriptedPeer peer{rig.bench, static_cast<std::uint16_t>(6000 + i), kPort};
    Socket socket = rig.Accept(peer);
    socket.close();
    peer.Expect({.flags = kAck | kFin, .seq = 1});
    peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 2});
    peer.Expect({.flags = kAck, .ack = 2});
    rig.bench.Settle();
  }
  EXPECT_EQ(rig.Count(Counter::time_wait), 2 * flows);
  EXPECT_EQ(rig.Count(Counter::no_slot), 0U);
}

TEST(Close, WithLingerZeroResets) {
  Rig rig({.listen = {.socket = {.linger = 0us}}});
  rig.Open();
  rig.socket.close();
  rig.peer.Expect({.flags = kRst | kAck, .seq = 1, .ack = 1});
  ExpectGone(rig, 1, 1);
}

TEST(Close, WithUnreadDataResets) {
  Covers("SHLD-3 MAY-1");
  Rig rig;
  rig.Open();
  rig.Give({.seq = 1, .ack = 1, .data = "unread"});
  rig.socket.close();
  rig.peer.Expect({.flags = kRst | kAck, .seq = 1, .ack = 7});
  ExpectGone(rig, 7, 1);
}

TEST(Close, ResetsAPeerThatSendsDataToNobody) {
  Covers("SHLD-3");
  Rig rig;
  ReachFinWait2(rig);
  rig.peer.Send({.seq = 1, .ack = 2, .data = "late"});
  EXPECT_TRUE(rig.peer.Next().Has(kRst));
  rig.bench.Settle();
  ExpectGone(rig, 5, 2);
}

TEST(Close, AbortResetsAtOnceWithTheNextSequenceNumber) {
  Rig rig({.listen = {.socket = {.nodelay = true}}});
  rig.Open(1000);
  rig.WriteWhole(Pattern(3000));
  ASSERT_EQ(rig.peer.Take().size(), 3U);
  rig.socket.abort();
  rig.peer.Expect({.flags = kRst | kAck, .seq = 3001, .ack = 1});
  rig.peer.ExpectSilence(5s);
}

TEST(Close, OfASocketStillInItsHandshakeForgetsIt) {
  Bench bench{Bench::DefaultConfig(), Bench::DefaultOptions()};
  ScriptedPeer peer{bench, 7, 40000};
  auto socket = bench.stack().start_connect({{kPeerIp}, 7}, {.local_port = 40000});
  ASSERT_TRUE(socket);
  peer.Expect({.flags = kSyn});
  bench.Settle();
  socket->close();
  bench.Settle();
  peer.Send({.flags = kSyn | kAck, .ack = 1});
  peer.Expect({.flags = kRst, .seq = 1});
  peer.ExpectSilence(5s);
}

TEST(Close, TellsAResetOnlyAfterTheBytesBeforeIt) {
  Covers("MUST-12");
  Rig rig;
  rig.Open();
  rig.Give({.seq = 1, .ack = 1, .data = "before"});
  rig.Give({.flags = kRst, .seq = 7});
  EXPECT_EQ(ReadAll(rig.socket), "before");
  std::byte one{};
  auto count = rig.socket.read({&one, 1});
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error(), std::errc::connection_reset);
}

}  // namespace
}  // namespace tautline::test
