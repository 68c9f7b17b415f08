// Bytes both ways: read, write, views, reservations, doorbells, push lines, long streams.

#include "rig.hpp"

namespace tautline {
namespace {

using test::bytes_of;
using test::pattern_range;
using test::read_text;
using test::ready_of;
using test::Rig;
using test::text_of;

bool would_block(const std::expected<std::size_t, std::error_code>& result) {
  return !result && is_would_block(result.error());
}

TEST(Read, ReturnsWhatWasDeliveredAndThenWouldBlock) {
  Rig rig;
  Socket socket = rig.connected();
  std::array<std::byte, 16> buffer;
  EXPECT_TRUE(would_block(socket.read(buffer)));
  rig.mock.land(0, "hello");
  EXPECT_TRUE(would_block(socket.read(buffer))) << "nothing was reported yet";
  const auto events = rig.report(0);
  EXPECT_EQ(ready_of(events, socket.token()), Ready::readable);
  EXPECT_EQ(read_text(socket, 3), "hel");
  EXPECT_EQ(socket.readable_bytes(), 2u);
  EXPECT_EQ(read_text(socket), "lo");
  EXPECT_TRUE(would_block(socket.read(buffer)));
  EXPECT_EQ(socket.read({}), 0u);
}

TEST(Read, BytesReceivedButNotYetLandedAreNotReadable) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, "abc");
  rig.mock.flow(0).rx_end = 10;
  rig.report(0);
  EXPECT_EQ(socket.readable_bytes(), 3u);
}

TEST(Read, PositionIsToldAtTheNextPollAndAtOnceAfterAQuarterOfTheRing) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, pattern_range(0, 2000));
  rig.report(0);
  (void)read_text(socket, 100);
  EXPECT_EQ(rig.mock.flow(0).taken_bells, 0u) << "coalesced";
  rig.stack.poll();
  EXPECT_EQ(rig.mock.flow(0).taken_bells, 1u);
  EXPECT_EQ(rig.mock.flow(0).told_taken, 100u);
  rig.stack.poll();
  EXPECT_EQ(rig.mock.flow(0).taken_bells, 1u) << "said once";
  (void)read_text(socket, 1024);
  EXPECT_EQ(rig.mock.flow(0).told_taken, 1124u) << "the window must not close on a busy reader";
}

TEST(Delay, IsToldToWhoAskedAndTakenBack) {
  Rig rig;
  Socket socket = rig.connected();
  EXPECT_FALSE(socket.delivery_delayed());
  rig.mock.flow(0).r1 = true;
  EXPECT_EQ(ready_of(rig.report(0), socket.token()), Ready::none) << "only if asked for (SHLD-9)";
  EXPECT_TRUE(socket.delivery_delayed());
  EXPECT_TRUE(has(socket.ready(), Ready::delayed));
  socket.set_interest(Ready::readable | Ready::delayed);
  EXPECT_EQ(ready_of(rig.stack.poll(), socket.token()), Ready::delayed);
  EXPECT_EQ(ready_of(rig.stack.poll(), socket.token()), Ready::delayed) << "level-triggered";
  EXPECT_FALSE(socket.error());
  rig.mock.flow(0).r1 = false;
  EXPECT_EQ(ready_of(rig.report(0), socket.token()), Ready::none);
  EXPECT_FALSE(socket.delivery_delayed());
}

TEST(Delay, EndsWithTheConnection) {
  Rig rig;
  Socket socket = rig.connected();
  socket.set_interest(Ready::delayed);
  rig.mock.flow(0).r1 = true;
  rig.report(0);
  rig.mock.flow(0).done = true;
  rig.mock.flow(0).cause = regs::Cause::timeout;
  EXPECT_EQ(ready_of(rig.report(0), socket.token()), Ready::hangup | Ready::error);
  EXPECT_FALSE(socket.delivery_delayed());
  EXPECT_EQ(socket.error(), std::errc::timed_out);
}

TEST(Read, ViewOfARangeThatWrapsHasTwoSpans) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.land(0, pattern_range(0, 4000));
  rig.report(0);
  EXPECT_FALSE(socket.consume(4000));
  rig.stack.poll();
  rig.mock.land(0, pattern_range(4000, 300));
  rig.report(0);
  const ReceiveView view = socket.receive_view();
  ASSERT_EQ(view.size(), 300u);
  EXPECT_EQ(view.first.size(), 96u);
  EXPECT_EQ(view.second.size(), 204u);
  EXPECT_EQ(view.second.data(), rig.mock.rx_ring(0).data()) << "in place, not copied";
  const auto expected = pattern_range(4000, 300);
  EXPECT_TRUE(std::ranges::equal(view.first, std::span(expected).first(96)));
  EXPECT_TRUE(std::ranges::equal(view.second, std::span(expected).subspan(96)));
  EXPECT_EQ(socket.consume(301), std::errc::invalid_argument);
  EXPECT_FALSE(socket.consume(100));
  EXPECT_EQ(socket.receive_view().size(), 200u);
  EXPECT_TRUE(socket.receive_view().second.empty());
}

TEST(Read, CopiesAcrossTheWrap) {
  Rig rig;
  Socket socket = rig.connected();
  std::uint64_t position = 0;
  std::vector<std::byte> buffer(4096);
  for (const std::size_t count : {4095u, 3u, 4096u, 1000u, 4096u, 4096u}) {
    rig.mock.land(0, pattern_range(position, count));
    rig.report(0);
    ASSERT_EQ(socket.read(buffer), count);
    const auto expected = pattern_range(position, count);
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), buffer.begin()));
    position += count;
    rig.stack.poll();
    ASSERT_EQ(rig.mock.flow(0).told_taken, position);
  }
}

TEST(Write, CopiesIntoTheRingAndRingsTheDoorbell) {
  Rig rig;
  Socket socket = rig.connected();
  const auto data = pattern_range(0, 500);
  ASSERT_EQ(socket.write(data), 500u);
  EXPECT_EQ(rig.mock.flow(0).tail, 500u);
  EXPECT_EQ(rig.mock.flow(0).tail_bells, 1u);
  EXPECT_EQ(rig.mock.transmitted(0, 0, 500), data);
  EXPECT_EQ(socket.unacknowledged_bytes(), 500u);
  EXPECT_TRUE(rig.mock.push_lines.empty());
  EXPECT_EQ(socket.write({}), 0u);
}

TEST(Write, FillsTheRingWrapsAndWaitsForAcknowledgments) {
  Rig rig;
  Socket socket = rig.connected();
  std::uint64_t written = 0;
  std::uint64_t acked = 0;
  for (int round = 0; round < 20; ++round) {
    const auto data = pattern_range(written, 5000);
    const auto taken = socket.write(data);
    ASSERT_TRUE(taken);
    ASSERT_EQ(*taken, 4096 - (written - acked)) << "as much as fits";
    written += *taken;
    ASSERT_EQ(rig.mock.flow(0).tail, written);
    EXPECT_EQ(socket.writable_bytes(), 0u);
    ASSERT_TRUE(would_block(socket.write(data)));
    ASSERT_EQ(rig.mock.transmitted(0, acked, written), pattern_range(acked, written - acked));
    acked += 777 + static_cast<std::uint64_t>(round);
    rig.mock.flow(0).acked = rig.mock.flow(0).sent = acked;
    rig.report(0);
  }
}

TEST(Write, LaterLeavesOneDoorbellToThePoll) {
  Rig rig;
  Socket socket = rig.connected();
  for (int i = 0; i < 5; ++i) (void)socket.write(bytes_of("0123456789"), Push::later);
  EXPECT_EQ(rig.mock.flow(0).tail_bells, 0u);
  rig.stack.poll();
  EXPECT_EQ(rig.mock.flow(0).tail_bells, 1u);
  EXPECT_EQ(rig.mock.flow(0).tail, 50u);
  EXPECT_TRUE(rig.mock.push_lines.empty());
  (void)socket.write(bytes_of("x"), Push::later);
  socket.flush();
  EXPECT_EQ(rig.mock.flow(0).tail, 51u);
  rig.stack.poll();
  EXPECT_EQ(rig.mock.flow(0).tail_bells, 2u);
}

TEST(Write, ReservationIsFilledInPlaceAcrossTheWrap) {
  Rig rig;
  Socket socket = rig.connected();
  ASSERT_EQ(socket.write(pattern_range(0, 4000)), 4000u);
  rig.mock.flow(0).acked = rig.mock.flow(0).sent = 4000;
  rig.report(0);
  TransmitView view = socket.reserve(200);
  ASSERT_EQ(view.first.size(), 96u);
  ASSERT_EQ(view.second.size(), 104u);
  const auto data = pattern_range(4000, 200);
  std::copy_n(data.begin(), 96, view.first.begin());
  std::copy_n(data.begin() + 96, 104, view.second.begin());
  EXPECT_EQ(rig.mock.flow(0).tail, 4000u) << "nothing is sent before commit";
  EXPECT_FALSE(socket.commit(200));
  EXPECT_EQ(rig.mock.flow(0).tail, 4200u);
  EXPECT_EQ(rig.mock.transmitted(0, 4000, 4200), data);
  EXPECT_EQ(socket.reserve(100'000).size(), 4096u - 200);
  EXPECT_EQ(socket.commit(4000), std::errc::invalid_argument);
}

TEST(Push, AFewBytesGoThroughTheWindowBeforeTheirDoorbell) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.writes.clear();
  ASSERT_EQ(socket.write(bytes_of("order")), 5u);
  ASSERT_EQ(rig.mock.push_lines.size(), 1u);
  EXPECT_EQ(text_of(rig.mock.push_lines[0].payload), "order");
  EXPECT_EQ(rig.mock.push_lines[0].position, 0u);
  EXPECT_EQ(rig.mock.flow(0).tail, 5u);
  EXPECT_EQ(text_of(rig.mock.transmitted(0, 0, 5)), "order") << "the ring holds them as well";
  ASSERT_EQ(socket.write(bytes_of("again")), 5u);
  EXPECT_EQ(rig.mock.push_lines.size(), 2u) << "the pushed bytes needed no fetch";
  EXPECT_EQ(rig.mock.push_lines[1].position, 5u);
}

TEST(Push, ExactlyWhatFitsALineIsPushed) {
  Rig rig;
  Socket socket = rig.connected();
  ASSERT_EQ(socket.write(pattern_range(0, 3)), 3u);
  ASSERT_EQ(socket.write(pattern_range(3, 45)), 45u);  // 48 - 3 % 8
  EXPECT_EQ(rig.mock.push_lines.size(), 2u);
  ASSERT_EQ(socket.write(pattern_range(48, 49)), 49u);
  EXPECT_EQ(rig.mock.push_lines.size(), 2u);
}

TEST(Push, IsNotTriedWhileBytesBeforeItMustBeFetched) {
  Rig rig;
  Socket socket = rig.connected();
  ASSERT_EQ(socket.write(pattern_range(0, 1000)), 1000u);
  ASSERT_EQ(socket.write(bytes_of("late")), 4u);
  EXPECT_TRUE(rig.mock.push_lines.empty());
  rig.mock.flow(0).sent = 1004;  // fetched, as it was sent
  rig.report(0);
  ASSERT_EQ(socket.write(bytes_of("now")), 3u);
  EXPECT_EQ(rig.mock.push_lines.size(), 1u);
  ASSERT_EQ(socket.write(bytes_of("more"), Push::later), 4u);
  ASSERT_EQ(socket.write(bytes_of("!")), 1u);
  EXPECT_EQ(rig.mock.push_lines.size(), 1u) << "the engine's tail is not there yet";
  EXPECT_EQ(rig.mock.flow(0).tail, 1012u);
}

TEST(Push, CommitPushesFromTheRing) {
  Rig rig;
  Socket socket = rig.connected();
  const TransmitView view = socket.reserve(4);
  std::ranges::copy(bytes_of("abcd"), view.first.begin());
  EXPECT_FALSE(socket.commit(4));
  ASSERT_EQ(rig.mock.push_lines.size(), 1u);
  EXPECT_EQ(text_of(rig.mock.push_lines[0].payload), "abcd");
}

// More than 2^32 bytes each way, in steps of a ring, without touching the bytes in between.
TEST(Positions, StreamsRunPastFourGibibytes) {
  StackConfig config = test::small_config();
  config.rx_ring_log2 = config.tx_ring_log2 = 22;
  Rig rig({}, config);
  rig.mock.record = false;
  Socket socket = rig.connected();
  test::MockFlow& flow = rig.mock.flow(0);
  constexpr std::uint64_t step = 3'000'000;
  constexpr std::uint64_t goal = (std::uint64_t{1} << 32) + 3 * step;
  while (flow.delivered < goal) {
    flow.delivered += step;
    flow.rx_end = flow.delivered;
    ASSERT_EQ(socket.reserve(step).size(), step);
    ASSERT_FALSE(socket.commit(step));
    rig.report(0);
    ASSERT_EQ(socket.receive_view().size(), step);
    ASSERT_FALSE(socket.consume(step));
    rig.stack.poll();
    ASSERT_EQ(flow.told_taken, flow.delivered);
    ASSERT_EQ(flow.tail, flow.delivered);
    flow.acked = flow.sent = flow.tail;
    rig.report(0);
    ASSERT_EQ(socket.unacknowledged_bytes(), 0u);
  }
  rig.mock.land(0, "end");
  rig.report(0);
  EXPECT_EQ(read_text(socket), "end");
  ASSERT_EQ(socket.write(bytes_of("bye")), 3u);
  EXPECT_EQ(text_of(rig.mock.transmitted(0, flow.tail - 3, flow.tail)), "bye");
  EXPECT_GT(flow.tail, std::uint64_t{1} << 32);
}

TEST(Positions, AReportThatNoCorrectEngineMakesIsIgnored) {
  Rig rig;
  Socket socket = rig.connected();
  ASSERT_EQ(socket.write(bytes_of("abc")), 3u);
  rig.mock.flow(0).acked = 4;  // more than was written
  rig.report(0);
  EXPECT_EQ(socket.unacknowledged_bytes(), 3u);
  rig.mock.flow(0).acked = 0;
  rig.mock.flow(0).delivered = rig.mock.flow(0).rx_end = 4097;  // more than the ring
  rig.report(0);
  EXPECT_EQ(socket.readable_bytes(), 0u);
  rig.mock.flow(0).delivered = rig.mock.flow(0).rx_end = 0xffffffff;  // backwards
  rig.report(0);
  EXPECT_EQ(socket.readable_bytes(), 0u);
  EXPECT_EQ(rig.stack.counters().malformed_reports, 3u);
}

TEST(Readiness, IsLevelTriggeredAndFollowsTheInterest) {
  Rig rig;
  Socket socket = rig.connected();
  socket.set_token(4711);
  rig.mock.land(0, "xy");
  EXPECT_EQ(ready_of(rig.report(0), 4711), Ready::readable);
  EXPECT_EQ(ready_of(rig.stack.poll(), 4711), Ready::readable) << "still unread";
  socket.set_interest(Ready::none);
  EXPECT_TRUE(rig.stack.poll().empty());
  socket.set_interest(Ready::readable | Ready::writable);
  EXPECT_EQ(ready_of(rig.stack.poll(), 4711), Ready::readable | Ready::writable);
  (void)read_text(socket);
  EXPECT_EQ(ready_of(rig.stack.poll(), 4711), Ready::writable);
}

TEST(Readiness, WritableMeansAQuarterOfTheRing) {
  Rig rig;
  Socket socket = rig.connected();
  socket.set_interest(Ready::writable);
  ASSERT_EQ(socket.write(pattern_range(0, 4096)), 4096u);
  EXPECT_TRUE(rig.stack.poll().empty());
  rig.mock.flow(0).acked = rig.mock.flow(0).sent = 1000;
  EXPECT_TRUE(rig.report(0).empty());
  rig.mock.flow(0).acked = rig.mock.flow(0).sent = 1024;
  EXPECT_EQ(ready_of(rig.report(0), socket.token()), Ready::writable);
}

TEST(Blocking, ReadSomeSleepsInTheDevicesTimeUntilBytesCome) {
  Rig rig;
  Socket socket = rig.connected();
  const auto start = rig.mock.now();
  rig.mock.after(std::chrono::seconds{30}, [&] {
    rig.mock.land(0, "late");
    rig.mock.report(0);
  });
  std::array<std::byte, 16> buffer;
  const auto count = socket.read_some(buffer);
  ASSERT_EQ(count, 4u);
  EXPECT_EQ(rig.mock.now() - start, std::chrono::seconds{30});
  EXPECT_LE(rig.mock.waits, 40u) << "sleeps, does not spin";
}

TEST(Blocking, TimesOutAtTheDeadlineAsPosixDoes) {
  Rig rig;
  Socket socket = rig.connected();
  std::array<std::byte, 16> buffer;
  const auto start = rig.mock.now();
  EXPECT_EQ(socket.read_some(buffer, std::chrono::milliseconds{5}).error(),
            std::errc::resource_unavailable_try_again);
  EXPECT_EQ(rig.mock.now() - start, std::chrono::milliseconds{5});
  EXPECT_FALSE(socket.set_options({.send_timeout = std::chrono::milliseconds{7},
                                   .recv_timeout = std::chrono::milliseconds{3}}));
  EXPECT_FALSE(socket.read_exact(buffer));
  EXPECT_EQ(rig.mock.now() - start, std::chrono::milliseconds{8});
  EXPECT_EQ(socket.write_all(pattern_range(0, 5000)).error(),
            std::errc::resource_unavailable_try_again);
  EXPECT_EQ(rig.mock.now() - start, std::chrono::milliseconds{15});
}

TEST(Blocking, ReadExactGathersAndStopsAtTheEnd) {
  Rig rig;
  Socket socket = rig.connected();
  for (int i = 0; i < 3; ++i) {
    rig.mock.after(std::chrono::milliseconds{i + 1}, [&] {
      rig.mock.land(0, "abcd");
      rig.mock.report(0);
    });
  }
  std::array<std::byte, 10> buffer;
  EXPECT_EQ(socket.read_exact(buffer), 10u);
  EXPECT_EQ(text_of(buffer), "abcdabcdab");
  rig.mock.after(std::chrono::milliseconds{1}, [&] {
    rig.mock.flow(0).fin = true;
    rig.mock.report(0);
  });
  EXPECT_EQ(socket.read_exact(buffer), 2u) << "the stream ended";
}

TEST(Blocking, WriteAllGoesOnAsThePeerAcknowledges) {
  Rig rig;
  Socket socket = rig.connected();
  std::vector<std::byte> out;
  for (int i = 1; i <= 20; ++i) {
    rig.mock.after(std::chrono::milliseconds{i}, [&] {
      test::MockFlow& flow = rig.mock.flow(0);
      const auto more = rig.mock.transmitted(0, flow.acked, flow.tail);
      out.insert(out.end(), more.begin(), more.end());
      flow.acked = flow.sent = flow.tail;
      rig.mock.report(0);
    });
  }
  const auto data = pattern_range(0, 50'000);
  EXPECT_EQ(socket.write_all(data), 50'000u);
  EXPECT_FALSE(socket.drain(std::chrono::seconds{1}));
  EXPECT_EQ(out, data);
}

TEST(Options, BecomeCommandsAndAreChecked) {
  Rig rig;
  Socket socket = rig.connected();
  EXPECT_EQ(socket.set_options({.ttl = std::uint8_t{0}}), std::errc::invalid_argument);
  EXPECT_EQ(socket.set_options({.dscp = std::uint8_t{64}}), std::errc::invalid_argument);
  EXPECT_EQ(socket.set_options({.linger = Microseconds{-1}}), std::errc::invalid_argument);
  EXPECT_TRUE(rig.mock.commands.empty());
  EXPECT_FALSE(socket.set_options({.nodelay = true,
                                   .quickack = true,
                                   .ttl = std::uint8_t{9},
                                   .dscp = std::uint8_t{46},
                                   .user_timeout = std::chrono::seconds{5}}));
  std::map<std::uint32_t, std::uint32_t> seen;
  while (const auto command = rig.mock.take(regs::Op::setopt)) seen[command->arg0] = command->arg1;
  const std::map<std::uint32_t, std::uint32_t> expected{
      {0, 1}, {1, 9}, {2, 46}, {3, 5'000'000}, {4, 1}};
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(socket.options().ttl, 9);
}

TEST(Options, GivenToConnectWaitForTheSlot) {
  Rig rig;
  rig.mock.next_slot = 5;
  Socket socket = rig.stack.start_connect(test::peer, {.socket = {.nodelay = true}}).value();
  EXPECT_FALSE(rig.mock.saw(regs::Op::setopt));
  rig.stack.poll();
  const auto command = rig.mock.take(regs::Op::setopt);
  ASSERT_TRUE(command);
  EXPECT_EQ(command->slot, 5u);
}

TEST(Info, CombinesTheEnginesSnapshotWithThePositions) {
  Rig rig;
  Socket socket = rig.connected();
  ASSERT_EQ(socket.write(bytes_of("12345678")), 8u);
  rig.mock.flow(0).sent = 8;
  rig.mock.flow(0).acked = 3;
  rig.mock.land(0, "ab");
  rig.report(0);
  rig.mock.on_command = [&](const test::MockCommand& command) {
    EXPECT_EQ(command.op, regs::Op::query);
    const std::array<std::uint32_t, 11> words{200'000,
                                              1500,
                                              750,
                                              14600,
                                              65535,
                                              29200,
                                              4096,
                                              5,
                                              2,
                                              1460u << 16 | 1400,
                                              7u << 28 | 3u << 24 | 1u << 20 | 2u << 16 | 4u << 12};
    rig.mock.after(std::chrono::microseconds{2}, [&, command, words] {
      rig.mock.complete(command, regs::Result::ok, command.slot, command.gen, words);
    });
  };
  const auto info = socket.info();
  rig.mock.on_command = nullptr;
  ASSERT_TRUE(info);
  EXPECT_EQ(info->rto, std::chrono::milliseconds{200});
  EXPECT_EQ(info->srtt, Microseconds{1500});
  EXPECT_EQ(info->rttvar, Microseconds{750});
  EXPECT_EQ(info->cwnd, 14600u);
  EXPECT_EQ(info->ssthresh, 65535u);
  EXPECT_EQ(info->snd_wnd, 29200u);
  EXPECT_EQ(info->rcv_wnd, 4096u);
  EXPECT_EQ(info->pipe, 5u);
  EXPECT_EQ(info->retransmissions, 2u);
  EXPECT_EQ(info->snd_mss, 1460u);
  EXPECT_EQ(info->rcv_mss, 1400u);
  EXPECT_EQ(info->snd_wscale, 7u);
  EXPECT_EQ(info->rcv_wscale, 3u);
  EXPECT_EQ(info->congestion, CongestionState::recovery);
  EXPECT_EQ(info->backoff, 2u);
  EXPECT_EQ(info->state, State::established);
  EXPECT_EQ(info->bytes_written, 8u);
  EXPECT_EQ(info->bytes_sent, 8u);
  EXPECT_EQ(info->bytes_acked, 3u);
  EXPECT_EQ(info->bytes_received, 2u);
  EXPECT_EQ(info->bytes_read, 0u);
}

TEST(Info, TellsWhatTheEngineRefuses) {
  Rig rig;
  Socket socket = rig.connected();
  rig.mock.on_command = [&](const test::MockCommand& c) {
    rig.mock.complete(c, regs::Result::stale);
  };
  EXPECT_EQ(socket.info().error(), std::errc::bad_file_descriptor);
  rig.mock.on_command = [](const auto&) {};
  EXPECT_EQ(socket.info().error(), std::errc::timed_out) << "never answered";
}

TEST(Handles, MoveAndClosedSocketsAnswerBadDescriptor) {
  Rig rig;
  Socket socket = rig.connected();
  Socket moved = std::move(socket);
  std::array<std::byte, 4> buffer;
  EXPECT_FALSE(socket.is_open());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(socket.read(buffer).error(), std::errc::bad_file_descriptor);
  EXPECT_EQ(socket.write(buffer).error(), std::errc::bad_file_descriptor);
  EXPECT_EQ(socket.shutdown(Shutdown::both), std::errc::bad_file_descriptor);
  EXPECT_EQ(socket.close(), std::errc::bad_file_descriptor);
  EXPECT_TRUE(moved.is_open());
  EXPECT_EQ(moved.peer_endpoint(), test::peer);
  EXPECT_EQ(moved.local_endpoint(), (Endpoint{test::our_address, 50000}));
  EXPECT_FALSE(moved.close());
  EXPECT_FALSE(moved.is_open());
}

}  // namespace
}  // namespace tautline
