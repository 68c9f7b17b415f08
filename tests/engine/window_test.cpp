// Flow control: persist, silly windows, shrunk and scaled windows (RFC 9293 3.8.6, RFC 7323 2).
#include <random>

#include "connection_rig.hpp"

namespace tautline::test {
namespace {

RigOptions SmallRing() {
  RigOptions options;
  options.config.rx_ring_log2 = 12;
  return options;
}

TEST(Window, IsProbedWithBackoffForHoursWhileThePeerAnswers) {
  Covers("MUST-35 MUST-36 MUST-37 SHLD-29 SHLD-30");
  Rig rig;
  rig.Open();
  rig.Give({.seq = 1, .ack = 1, .window = 0});
  const double start = static_cast<double>(rig.bench.board().time()) * 1e-9;
  rig.Write("shut out");
  double last = start;
  double expected = 1;
  for (int i = 0; i < 130; ++i) {
    const Received probe = rig.peer.Expect({.flags = kAck, .seq = 1, .data = "s"}, 61s);
    const double now = static_cast<double>(probe.time) * 1e-9;
    ASSERT_NEAR(now - last, expected, kTimerError) << "probe " << i;
    last = now;
    expected = std::min(expected * 2, 60.0);
    rig.Give({.seq = 1, .ack = 1, .window = 0});
  }
  EXPECT_GT(last - start, 7200);
  EXPECT_EQ(rig.socket.state(), State::established);
  rig.peer.Send({.seq = 1, .ack = 1});
  rig.peer.Expect({.flags = kAck | kPsh, .seq = 1, .data = "shut out"}, 1ms);
  rig.peer.Send({.seq = 1, .ack = 9});
  rig.peer.ExpectSilence(100s);
}

TEST(Window, ThatStaysShutWithoutAnswersEndsAtR2) {
  Covers("MUST-20");
  Rig rig;
  rig.Open();
  rig.Give({.seq = 1, .ack = 1, .window = 0});
  rig.Write("shut out");
  rig.peer.Take(125s);
  rig.bench.Settle();
  EXPECT_EQ(rig.socket.error(), std::errc::timed_out);
}

TEST(Window, ThatReopensIsUsedAtOnce) {
  Rig rig;
  rig.Open();
  rig.Give({.seq = 1, .ack = 1, .window = 0});
  rig.Write("text");
  rig.peer.ExpectSilence(500ms);
  rig.peer.Send({.seq = 1, .ack = 1, .window = 1000});
  rig.peer.Expect({.seq = 1, .data = "text"}, 1ms);
}

TEST(Window, ProbeThatIsTakenMovesOn) {
  Rig rig;
  rig.Open();
  rig.Give({.seq = 1, .ack = 1, .window = 0});
  rig.Write("text");
  rig.peer.Expect({.seq = 1, .data = "t"}, 2s);
  rig.peer.Send({.seq = 1, .ack = 2, .window = 0});
  rig.peer.Expect({.seq = 2, .data = "e"}, 70s);
  rig.peer.Send({.seq = 1, .ack = 3, .window = 100});
  rig.peer.Expect({.seq = 3, .data = "xt"}, 1ms);
}

TEST(Window, IsFilledAndNeverOverrun) {
  Covers("MUST-1");
  Rig rig({.listen = {.socket = {.nodelay = true}}});
  rig.Open(1000, {}, 3000);
  rig.WriteWhole(Pattern(10'000), 1, 1, 3000);
  std::uint32_t end = 0;
  for (const Received& s : rig.peer.Take()) end = s.seq + static_cast<std::uint32_t>(s.data.size());
  EXPECT_EQ(end, 3001U);
  rig.peer.Send({.seq = 1, .ack = 2001, .window = 60'000});
  for (const Received& s : rig.peer.Take()) end = s.seq + static_cast<std::uint32_t>(s.data.size());
  EXPECT_EQ(end, 10'001U) << "a window above 32,767 is no negative number";
}

TEST(Window, ThatIsSillyIsNotUsedBeforeTheOverrideTimeout) {
  Covers("MUST-38");
  Rig rig({.listen = {.socket = {.nodelay = true}}});
  rig.Open(1000);
  rig.Give({.seq = 1, .ack = 1, .window = 100});
  rig.Write(Pattern(1000));
  rig.peer.ExpectSilence(99ms);
  rig.peer.Expect({.seq = 1, .data = Pattern(100)}, 1s);
}

TEST(Window, OfHalfTheLargestEverIsWorthASegment) {
  Covers("MUST-38");
  Rig rig;
  rig.Open(1000, {}, 600);
  rig.WriteWhole(Pattern(1000), 1, 1, 600);
  rig.peer.Expect({.seq = 1, .len = 600});
  rig.peer.Send({.seq = 1, .ack = 601, .window = 300});
  rig.peer.Expect({.seq = 601, .len = 300});
}

TEST(Window, OpensForThePeerInStepsThatAreNotSilly) {
  Covers("MUST-39");
  Rig rig(SmallRing());
  rig.Open();
  for (std::uint32_t at = 0; at < 4096; at += 1024) {
    rig.Give({.seq = 1 + at, .ack = 1, .data = Pattern(1024, at)});
  }
  auto acks = rig.peer.Take(50ms);
  ASSERT_FALSE(acks.empty());
  EXPECT_EQ(acks.back().ack, 4097U);
  EXPECT_EQ(acks.back().window, 0U);

  std::vector<std::byte> buffer(1000);
  ASSERT_EQ(rig.socket.read(buffer), 1000U);
  rig.bench.Settle();
  rig.peer.ExpectSilence(10ms);
  rig.peer.Send({.seq = 4097, .ack = 1, .data = "p"});  // a probe
  rig.peer.Expect({.flags = kAck, .ack = 4097, .window = 0}, 1ms);
  ASSERT_EQ(rig.socket.read(buffer), 1000U);
  rig.bench.Settle();
  const Received update = rig.peer.Expect({.flags = kAck, .seq = 1, .ack = 4097}, 1ms);
  EXPECT_EQ(update.window, 2000U);
}

TEST(Window, UpdateFollowsWhenTheReaderFreesSpace) {
  Rig rig(SmallRing());
  rig.Open();
  for (std::uint32_t at = 0; at < 4096; at += 1024) {
    rig.Give({.seq = 1 + at, .ack = 1, .data = Pattern(1024, at)});
  }
  rig.peer.Take(50ms);
  EXPECT_EQ(ReadAll(rig.socket), Pattern(4096));
  rig.bench.Settle();
  std::vector<Received> updates = rig.peer.Take();
  ASSERT_FALSE(updates.empty());
  EXPECT_EQ(updates.back().window, 4096U);
  EXPECT_GE(rig.Count(Counter::window_updates), 1U);
}

TEST(Window, TakesAckAndResetOfASegmentWhenItIsZero) {
  Covers("MUST-66");
  Rig rig(SmallRing());
  rig.Open();
  rig.Write("data");
  rig.peer.Expect({.data = "data"});
  for (std::uint32_t at = 0; at < 4096; at += 1024) {
    rig.Give({.seq = 1 + at, .ack = 1, .data = Pattern(1024, at)});
  }
  rig.peer.Take(50ms);
  rig.Give({.seq = 4097, .ack = 5, .data = "refused"});
  EXPECT_EQ(rig.socket.unacknowledged_bytes(), 0U);
  rig.peer.Expect({.ack = 4097, .window = 0});
  rig.Give({.flags = kRst, .seq = 4097});
  EXPECT_EQ(ReadAll(rig.socket), Pattern(4096)) << "what came before the reset stays readable";
  EXPECT_EQ(rig.socket.error(), std::errc::connection_reset);
}

TEST(Window, WeAdvertiseNeverMovesLeft) {
  Covers("SHLD-14");
  Rig rig(SmallRing());
  rig.Open();
  std::mt19937_64 random{7};
  std::uint32_t edge = 1 + 4096, next = 1;
  for (int i = 0; i < 400; ++i) {
    const std::uint32_t size = 1 + static_cast<std::uint32_t>(random() % 1460);
    rig.Give({.seq = next, .ack = 1, .data = Pattern(size, next - 1)});
    if (random() % 3 == 0) {
      std::vector<std::byte> buffer(1 + random() % 3000);
      (void)rig.socket.read(buffer);
      rig.bench.Settle();
    }
    if (random() % 4 == 0) rig.bench.Pass(50ms);
    for (const Received& ack : rig.peer.Take(0us)) {
      ASSERT_GE(ack.ack + ack.window, edge);
      edge = ack.ack + ack.window;
      next = ack.ack;
    }
  }
}

TEST(Window, ThatShrinksStopsNewDataButNotRetransmission) {
  Covers("MUST-34 SHLD-15 SHLD-16 SHLD-17");
  Rig rig({.listen = {.socket = {.nodelay = true}}});
  rig.Open(1000);
  rig.WriteWhole(Pattern(4000));
  ASSERT_EQ(rig.peer.Take().size(), 4U);
  rig.Give({.seq = 1, .ack = 1, .window = 2000});
  rig.Write(Pattern(1000, 4000));
  rig.peer.ExpectSilence(500ms);
  rig.peer.Expect({.seq = 1, .data = Pattern(1000)}, 1s);
  rig.Give({.seq = 1, .ack = 1001, .window = 1000});
  rig.peer.Expect({.seq = 1001, .data = Pattern(1000, 1000)});
  rig.Give({.seq = 1, .ack = 2001, .window = 0});
  // Bytes beyond the edge do not time the connection out: they are probed for.
  for (int i = 0; i < 10; ++i) {
    rig.peer.Expect({.seq = 2001, .data = Pattern(1, 2000)}, 61s);
    rig.Give({.seq = 1, .ack = 2001, .window = 0});
  }
  EXPECT_FALSE(rig.socket.error());
  rig.peer.Send({.seq = 1, .ack = 2001, .window = 10'000});
  EXPECT_TRUE(Carry(rig.socket, rig.peer, "", 2001).empty());
  std::string got;
  while (got.size() < 3000) {
    const auto burst = rig.peer.Take();
    ASSERT_FALSE(burst.empty());
    for (const Received& s : burst) {
      if (s.seq == 2001 + got.size()) got += s.data;
    }
    rig.Give({.seq = 1, .ack = 2001 + static_cast<std::uint32_t>(got.size())});
  }
  EXPECT_TRUE(got == Pattern(3000, 2000));
}

TEST(Window, OfASynIsNotScaledAndLaterOnesAreByThePeersShift) {
  RigOptions options{.listen = {.socket = {.nodelay = true}}};
  options.config.rx_ring_log2 = 20;  // our own shift is 4
  Rig rig(options);
  rig.peer.Send({.flags = kSyn,
                 .window = 1000,
                 .options = Join({OptionMss(500), OptionNop(), OptionWindowScale(1)})});
  const Received syn_ack = rig.peer.Expect({.flags = kSyn | kAck});
  EXPECT_EQ(syn_ack.options.window_scale, 4);
  EXPECT_EQ(syn_ack.window, 65535U) << "not scaled";
  rig.Give({.seq = 1, .ack = 1, .window = 1000});
  rig.peer.Take();
  rig.socket = std::move(*rig.listener.try_accept());
  rig.WriteWhole(Pattern(20'000), 1, 1, 1000);
  auto sent_bytes = [&] {
    std::size_t bytes = 0;
    for (const Received& s : rig.peer.Take()) bytes += s.data.size();
    return bytes;
  };
  EXPECT_EQ(sent_bytes(), 2000U);
  rig.Give({.seq = 1, .ack = 2001, .window = 1250});
  EXPECT_EQ(sent_bytes(), 2500U);

  rig.peer.Send({
      .seq = 1,
      .ack = 4501,
      .window = 0,
  });
  rig.peer.Send({.seq = 1, .ack = 4501, .data = "x", .window = 0});
  const auto acks = rig.peer.Take(50ms);
  ASSERT_FALSE(acks.empty());
  EXPECT_GT(std::uint32_t{acks.back().window} << 4, 1'000'000U);
  EXPECT_LE(std::uint32_t{acks.back().window} << 4, 1U << 20);
}

TEST(Window, ShiftAbove14IsReadAs14) {
  Rig rig;
  rig.peer.Send(
      {.flags = kSyn, .options = Join({OptionMss(1000), OptionNop(), OptionWindowScale(15)})});
  rig.peer.Expect({.flags = kSyn | kAck});
  rig.Give({.seq = 1, .ack = 1, .window = 1});
  rig.socket = std::move(*rig.listener.try_accept());
  EXPECT_EQ(rig.socket.info()->snd_wnd, 1U << 14);
  EXPECT_EQ(rig.socket.info()->snd_wscale, 14);
}

TEST(Window, FromAnOldSegmentIsIgnored) {
  Rig rig;
  rig.Open();
  rig.Give({.seq = 1, .ack = 1, .data = "abc", .window = 5000});
  rig.Give({.seq = 1, .ack = 1, .window = 9});  // sent before, arrives later
  EXPECT_EQ(rig.socket.info()->snd_wnd, 5000U);
}

}  // namespace
}  // namespace tautline::test
