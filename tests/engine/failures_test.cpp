// How TCP engines in hardware fail: one test each, in the order of the design's list.
#include "connection_rig.hpp"

namespace tautline::test {
namespace {

RigOptions NoDelay() {
  return {.listen = {.socket = {.nodelay = true}}};
}

TEST(Failures, ARetransmissionThatWrapsTheRingReadsItsOwnSessionsMemory) {
  Rig rig(NoDelay());
  // Neighbours on both sides, their stores full of other bytes.
  ScriptedPeer before{rig.bench, 6001, kPort}, after{rig.bench, 6002, kPort};
  Socket first = rig.Accept(before);
  rig.Open();
  Socket last = rig.Accept(after);
  const std::string others(16'384, '!');
  EXPECT_TRUE(Carry(first, before, others, 1) == others);
  EXPECT_TRUE(Carry(last, after, others, 1) == others);
  // A segment across the end of the 16 KiB store.
  const std::string text = Pattern(15'700);
  ASSERT_TRUE(Carry(rig.socket, rig.peer, text, 1) == text);
  rig.WriteWhole(Pattern(1400, 15'700), 1, 15'701);
  rig.peer.Expect({.seq = 15'701, .data = Pattern(1400, 15'700)});
  for (int i = 0; i < 3; ++i) {
    rig.peer.Expect({.seq = 15'701, .data = Pattern(1400, 15'700)}, 10s);
  }
}

TEST(Failures, APeerWhoseWindowFillsNeitherStallsTheSenderNorIsOverrun) {
  Rig rig;
  rig.Open(1000, {}, 4000);
  const std::string text = Pattern(40'000);
  std::string got;
  std::size_t written = 0;
  std::uint16_t window = 4000;
  for (int i = 0; i < 100 && got.size() < text.size(); ++i) {
    if (auto count = rig.socket.write(AsBytes(text.substr(written)))) written += *count;
    const std::size_t edge = got.size() + window;
    // A rest that would be silly to use is used after the override timeout.
    for (const Received& s : rig.peer.Take(1200ms)) {
      ASSERT_LE(s.seq - 1 + s.data.size(), edge) << "beyond the window";
      if (s.seq == 1 + got.size()) got += s.data;
    }
    if (got.size() == edge) {  // full: shut for a while, then open again
      rig.Give({.seq = 1, .ack = 1 + static_cast<std::uint32_t>(got.size()), .window = 0});
      rig.peer.ExpectSilence(100ms);
      window = 4000;
    } else {
      window = static_cast<std::uint16_t>(edge - got.size());
    }
    rig.Give({.seq = 1, .ack = 1 + static_cast<std::uint32_t>(got.size()), .window = window});
  }
  EXPECT_TRUE(got == text);
}

TEST(Failures, AWindowUpdateIsSentAfterTheReaderFreesSpace) {
  RigOptions options;
  options.config.rx_ring_log2 = 12;
  Rig rig(options);
  rig.Open();
  for (std::uint32_t round = 0; round < 5; ++round) {
    const std::uint32_t from = 1 + 4096 * round;
    for (std::uint32_t at = 0; at < 4096; at += 1024) {
      rig.Give({.seq = from + at, .ack = 1, .data = Pattern(1024, at)});
    }
    const auto acks = rig.peer.Take(50ms);
    ASSERT_FALSE(acks.empty());
    ASSERT_EQ(acks.back().window, 0U);
    EXPECT_EQ(ReadAll(rig.socket), Pattern(4096));
    rig.bench.Settle();
    const auto updates = rig.peer.Take();
    ASSERT_FALSE(updates.empty());
    EXPECT_EQ(updates.back().ack, from + 4096);
    EXPECT_EQ(updates.back().window, 4096U);
  }
}

TEST(Failures, PersistFindsAWindowWhoseUpdateWasLost) {
  Rig rig;
  rig.Open();
  rig.Give({.seq = 1, .ack = 1, .window = 0});
  rig.Write("text");
  rig.peer.Expect({.seq = 1, .data = "t"}, 2s);  // the probe
  rig.peer.Send({.seq = 1, .ack = 2, .window = 1000});
  rig.peer.Expect({.seq = 2, .data = "ext"}, 1ms);
}

TEST(Failures, AnOverlappingSegmentThatFillsAGapKeepsPayloadAndStateTogether) {
  Rig rig;
  rig.Open();
  std::uint32_t base = 0;
  // The gap is [100, 200); the segment that fills it overlaps before, behind, both, and everything.
  for (const auto& [from, to] : {std::pair{100U, 200U},
                                 {50U, 200U},
                                 {100U, 250U},
                                 {50U, 250U},
                                 {0U, 300U},
                                 {0U, 400U},
                                 {100U, 301U},
                                 {99U, 299U}}) {
    SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(to));
    rig.Give({.seq = 1 + base, .ack = 1, .data = Pattern(100, base)});
    rig.Give({.seq = 1 + base + 200, .ack = 1, .data = Pattern(100, base + 200)});
    rig.Give({.seq = 1 + base + from, .ack = 1, .data = Pattern(to - from, base + from)});
    const std::uint32_t end = base + std::max(to, 300U);
    const auto acks = rig.peer.Take(50ms);
    ASSERT_FALSE(acks.empty());
    EXPECT_EQ(acks.back().ack, 1 + end);
    EXPECT_TRUE(ReadAll(rig.socket) == Pattern(end - base, base));
    base = end;
    rig.Give({.seq = 1 + base, .ack = 1, .data = Pattern(7, base)});
    EXPECT_TRUE(ReadAll(rig.socket) == Pattern(7, base)) << "what follows is in its place";
    base += 7;
  }
}

TEST(Failures, SequenceNumbersAreComparedAroundTheWrap) {
  // The engine's ISN follows its clock (RFC 6528): the first run says which epoch puts it at the
  // wrap.
  constexpr std::uint64_t kEpoch = 1'000'000;
  std::uint32_t isn = 0;
  {
    Rig rig({.peer_isn = 0xffff'f000, .epoch_us = kEpoch});
    rig.Open();
    isn = rig.peer.engine_isn();
  }
  const std::uint32_t target = 0U - 20'000U;
  RigOptions options{.peer_isn = 0xffff'f000, .epoch_us = kEpoch + 4 * std::uint64_t{target - isn}};
  Rig rig(options);
  rig.Open(1000);
  ASSERT_GT(rig.peer.engine_isn(), 0U - 25'000U);
  const std::string text = Pattern(60'000);
  EXPECT_TRUE(Carry(rig.socket, rig.peer, text, 1) == text);
  // Out of order across the peer's wrap, then the gap; and loss across ours is what follows.
  std::string got;
  for (std::uint32_t at = 0; at < 10'000; at += 1000) {
    rig.Give({.seq = 1 + at + 500, .ack = 60'001, .data = Pattern(500, at + 500)});
    rig.Give({.seq = 1 + at, .ack = 60'001, .data = Pattern(500, at)});
    got += ReadAll(rig.socket);
  }
  EXPECT_TRUE(got == Pattern(10'000));

  Rig lossy(options);
  lossy.Open(1000);
  EXPECT_TRUE(Carry(lossy.socket, lossy.peer, Pattern(15'000), 1) == Pattern(15'000));
  lossy.WriteWhole(Pattern(10'000, 15'000), 1, 15'001);
  const auto burst = lossy.peer.Take();
  ASSERT_GE(burst.size(), 9U);
  for (int i = 0; i < 3; ++i) lossy.Give({.seq = 1, .ack = 15'001});
  lossy.peer.Expect({.seq = 15'001, .data = Pattern(1000, 15'000)});
  lossy.Give({.seq = 1, .ack = 20'001});  // a partial ACK on the other side of zero
  lossy.peer.Expect({.seq = 20'001, .data = Pattern(1000, 20'000)});
}

TEST(Failures, AnInvalidAckDoesNotRestartTheRetransmissionTimer) {
  Rig rig;
  rig.Open();
  rig.Write("lost");
  const Received first = rig.peer.Expect({.seq = 1});
  for (int i = 0; i < 9; ++i) {
    rig.bench.Pass(100ms);
    rig.Give({.seq = 1, .ack = i % 3 == 0 ? 1000U : i % 3 == 1 ? 0U : 1U});
  }
  rig.peer.Take(0us);
  const Received again = rig.peer.Expect({.seq = 1, .data = "lost"}, 2s);
  EXPECT_NEAR(SecondsBetween(first, again), 1.0, kTimerError);
}

TEST(Failures, AFullEngineRefusesANewConnectionAndKeepsTheOldOnes) {
  Rig rig;
  const unsigned flows = rig.bench.board().flows();
  std::vector<ScriptedPeer> peers;
  std::vector<Socket> sockets;
  for (unsigned i = 0; i < flows; ++i) {
    peers.emplace_back(rig.bench, static_cast<std::uint16_t>(6000 + 257 * i), kPort);
    sockets.push_back(rig.Accept(peers.back()));
  }
  for (std::uint16_t i = 0; i < 3 * flows; ++i) {
    ScriptedPeer late{rig.bench, static_cast<std::uint16_t>(20'000 + i), kPort};
    late.Send({.flags = kSyn});
    EXPECT_TRUE(late.Next().Has(kRst)) << "and the failure is told";
  }
  EXPECT_EQ(rig.Count(Counter::no_slot), 3 * flows);
  for (unsigned i = 0; i < flows; ++i) {
    peers[i].Send({.flags = kAck | kPsh, .seq = 1, .ack = 1, .data = "still there?"});
    rig.bench.Settle();
    EXPECT_EQ(ReadAll(sockets[i]), "still there?");
  }
}

TEST(Failures, AFinFromThePeerDoesNotForceOurs) {
  Rig rig;
  rig.Open();
  rig.Give({.flags = kAck | kFin, .seq = 1, .ack = 1});
  const auto answers = rig.peer.Take(5s);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(int{answers[0].flags}, int{kAck});
  EXPECT_EQ(rig.socket.state(), State::close_wait);
  const std::string text = Pattern(20'000);
  EXPECT_TRUE(Carry(rig.socket, rig.peer, text, 1, 2) == text) << "half-close loses no data";
}

TEST(Failures, ThePeersWindowScaleAndMssAreUsedAndTinyOnesAreNotObeyed) {
  RigOptions options = NoDelay();
  options.config.rx_ring_log2 = 22;  // our own shift is 6
  Rig rig(options);
  rig.Open(700, 0, 1400);
  rig.WriteWhole(Pattern(10'000), 1, 1, 1400);
  std::size_t bytes = 0;
  for (const Received& s : rig.peer.Take()) {
    EXPECT_LE(s.data.size(), 700U);
    bytes += s.data.size();
  }
  EXPECT_EQ(bytes, 1400U) << "1400 << 0, not << 6";

  Rig tiny;
  tiny.Open(1);
  tiny.WriteWhole(Pattern(96));
  tiny.peer.Expect({.seq = 1, .len = 48});
}

TEST(Failures, TheIsnHasASecretAndAClockAndAResetMustBeExact) {
  auto isn_with = [](std::byte key, std::chrono::nanoseconds later) {
    RigOptions options;
    options.config.secrets->isn_key[0] = key;
    Rig rig(options);
    rig.bench.Pass(later);
    rig.peer.Connect();
    return rig.peer.engine_isn();
  };
  const std::uint32_t isn = isn_with(std::byte{1}, 0us);
  EXPECT_NE(isn_with(std::byte{2}, 0us), isn);
  EXPECT_NEAR(isn_with(std::byte{1}, 1s) - isn, 250'000, 1000);

  Rig rig;
  rig.Open();
  for (std::uint32_t seq = 2; seq < 65'000; seq += 997) rig.Give({.flags = kRst, .seq = seq});
  EXPECT_EQ(rig.socket.state(), State::established);
  rig.Give({.flags = kRst, .seq = 1});
  EXPECT_EQ(rig.socket.error(), std::errc::connection_reset);
}

TEST(Failures, NoWayToEndAConnectionLeaksItsSlot) {
  Rig rig;
  const unsigned flows = rig.bench.board().flows();
  for (unsigned i = 0; i < 6 * flows; ++i) {
    SCOPED_TRACE(i);
    ScriptedPeer peer{rig.bench, static_cast<std::uint16_t>(6000 + i), kPort};
    Socket socket = rig.Accept(peer);
    ASSERT_TRUE(socket);
    switch (i % 6) {
      case 0:  // we reset
        socket.abort();
        break;
      case 1:  // the peer resets
        peer.Send({.flags = kRst, .seq = 1});
        rig.bench.Settle();
        socket.close();
        break;
      case 2:  // the peer closes, then we
        peer.Send({.flags = kAck | kFin, .seq = 1, .ack = 1});
        rig.bench.Settle();
        socket.close();
        rig.bench.Settle();
        peer.Send({.seq = 2, .ack = 2});
        break;
      case 3:  // we close, the peer resets
        socket.close();
        rig.bench.Settle();
        peer.Send({.flags = kRst, .seq = 1});
        break;
      case 4:  // unread data
        peer.Send({.seq = 1, .ack = 1, .data = "unread"});
        rig.bench.Settle();
        socket.close();
        break;
      default:  // the peer vanishes behind our FIN
        socket.close();
        rig.bench.Settle();
        peer.Send({.seq = 1, .ack = 2});
        rig.bench.Pass(61s);
    }
    rig.bench.Settle();
    peer.Take(100us);
  }
  std::vector<Socket> sockets;
  for (unsigned i = 0; i < flows; ++i) {
    ScriptedPeer peer{rig.bench, static_cast<std::uint16_t>(30'000 + i), kPort};
    sockets.push_back(rig.Accept(peer));
    EXPECT_EQ(sockets.back().state(), State::established);
  }
}

TEST(Failures, ASlotIsNotReusedWhileTheHostStillReads) {
  Rig rig;
  rig.Open();
  const std::string text = Pattern(3000);
  rig.Give({.seq = 1, .ack = 1, .data = text.substr(0, 1400)});
  rig.Give({.seq = 1401, .ack = 1, .data = text.substr(1400, 1400)});
  rig.Give({.flags = kAck | kPsh, .seq = 2801, .ack = 1, .data = text.substr(2800)});
  rig.Give({.flags = kRst, .seq = 3001});
  rig.peer.Take(50ms);
  // Every slot that is free is filled with other bytes; ours is not among them.
  const unsigned flows = rig.bench.board().flows();
  std::vector<Socket> sockets;
  for (unsigned i = 0; i + 1 < flows; ++i) {
    ScriptedPeer peer{rig.bench, static_cast<std::uint16_t>(6000 + i), kPort};
    sockets.push_back(rig.Accept(peer));
    peer.Send({.seq = 1, .ack = 1, .data = std::string(1400, '!')});
    peer.Send({.seq = 1401, .ack = 1, .data = std::string(1400, '!')});
    rig.bench.Settle();
  }
  ScriptedPeer late{rig.bench, 7000, kPort};
  late.Send({.flags = kSyn});
  EXPECT_TRUE(late.Next().Has(kRst)) << "the slot whose bytes are unread is taken";
  EXPECT_TRUE(ReadAll(rig.socket) == text);
  rig.socket.close();
  rig.bench.Settle();
  late.Connect();
  auto socket = rig.listener.try_accept();
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->readable_bytes(), 0U) << "nothing of the life before";
}

}  // namespace
}  // namespace tautline::test
